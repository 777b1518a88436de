#include "relay_gateway/app/metrics/metrics.hpp"

#include "relay_gateway/app/metrics/process_metrics.hpp"
#include "relay_gateway/app/version.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <atomic>
#include <chrono>
#include <mutex>

namespace relay {

namespace {

constexpr auto counter_count = static_cast<std::size_t>(counter::count_);
constexpr auto gauge_count = static_cast<std::size_t>(gauge::count_);

using counter_family = prometheus::Family<prometheus::Counter>;

/// The values of one label. They are only ever added, so readers need no lock: a slot below `used` is
/// complete.
struct label_values {
  struct slot {
    std::string value;
    prometheus::Counter* count = nullptr;
  };
  std::array<slot, metrics::max_values + 1> slots; // one more for `other`
  std::atomic<std::size_t> used = 0;

  prometheus::Counter* find(std::string_view value) const noexcept {
    auto n = used.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < n; ++i)
      if (slots[i].value == value) return slots[i].count;
    return nullptr;
  }
};

struct counter_entry {
  metric_text text;
  counter_family* family = nullptr;
  prometheus::Counter* plain = nullptr; // without a label
  label_values labelled;
};

std::string short_name(std::string_view name) {
  constexpr std::string_view prefix = "relay_gateway_", suffix = "_total";
  if (name.substr(0, prefix.size()) == prefix) name.remove_prefix(prefix.size());
  if (name.size() > suffix.size() && name.substr(name.size() - suffix.size()) == suffix)
    name.remove_suffix(suffix.size());
  return std::string{name};
}

std::uint64_t whole(const prometheus::Counter& x) { return static_cast<std::uint64_t>(x.Value()); }

prometheus::MetricFamily watched(const metric_text& what, std::uint64_t value) {
  prometheus::MetricFamily result;
  result.name = what.name;
  result.help = what.help;
  result.type = prometheus::MetricType::Counter;
  result.metric.emplace_back().counter.value = static_cast<double>(value);
  return result;
}

} // namespace

struct metrics::impl {
  prometheus::Registry registry;
  std::array<counter_entry, counter_count> counters;
  std::array<prometheus::Gauge*, gauge_count> gauges{};
  std::vector<std::pair<metric_text, std::function<std::uint64_t()>>> others;
  mutable std::mutex growing; // adds label values and others
  const std::chrono::system_clock::time_point started = std::chrono::system_clock::now();

  impl() {
    for (std::size_t i = 0; i < counter_count; ++i) {
      auto& entry = counters[i];
      entry.text = describe(static_cast<counter>(i));
      entry.family = &prometheus::BuildCounter()
                          .Name(std::string{entry.text.name})
                          .Help(std::string{entry.text.help})
                          .Register(registry);
      if (entry.text.label.empty()) entry.plain = &entry.family->Add({});
    }
    for (std::size_t i = 0; i < gauge_count; ++i) {
      auto text = describe(static_cast<gauge>(i));
      gauges[i] = &prometheus::BuildGauge()
                       .Name(std::string{text.name})
                       .Help(std::string{text.help})
                       .Register(registry)
                       .Add({});
    }
    prometheus::BuildGauge()
        .Name("relay_gateway_build_info")
        .Help("Always 1; the label tells what is running.")
        .Register(registry)
        .Add({{"version", std::string{version()}}})
        .Set(1);
  }

  prometheus::Counter& grow(counter_entry& entry, std::string_view value) {
    std::lock_guard held{growing};
    if (auto* known = entry.labelled.find(value)) return *known;
    auto n = entry.labelled.used.load(std::memory_order_relaxed);
    if (n >= max_values && value != "other") {
      if (auto* known = entry.labelled.find("other")) return *known;
      value = "other";
    }
    auto& slot = entry.labelled.slots[n];
    slot.value = value;
    slot.count = &entry.family->Add({{std::string{entry.text.label}, slot.value}});
    entry.labelled.used.store(n + 1, std::memory_order_release);
    return *slot.count;
  }
};

metrics::metrics() : impl_(std::make_unique<impl>()) {}
metrics::~metrics() = default;

void metrics::add(counter what, std::uint64_t n) noexcept {
  auto& entry = impl_->counters[static_cast<std::size_t>(what)];
  if (entry.plain != nullptr)
    entry.plain->Increment(static_cast<double>(n));
  else
    add(what, "none", n); // a label was forgotten: still counted
}

void metrics::add(counter what, std::string_view value, std::uint64_t n) noexcept {
  auto& entry = impl_->counters[static_cast<std::size_t>(what)];
  if (entry.plain != nullptr) return add(what, n);
  try {
    auto* count = entry.labelled.find(value);
    (count != nullptr ? *count : impl_->grow(entry, value)).Increment(static_cast<double>(n));
  } catch (...) {
    // No memory for a new value. A count is not worth an actor's life.
  }
}

void metrics::set(gauge what, std::int64_t value) noexcept {
  impl_->gauges[static_cast<std::size_t>(what)]->Set(static_cast<double>(value));
}

void metrics::watch(const metric_text& what, std::function<std::uint64_t()> read) {
  std::lock_guard held{impl_->growing};
  impl_->others.emplace_back(what, std::move(read));
}

std::string metrics::expose() const {
  auto families = impl_->registry.Collect();
  {
    std::lock_guard held{impl_->growing};
    for (const auto& [text, read] : impl_->others) families.push_back(watched(text, read()));
  }
  for (auto& x : process_metrics(impl_->started)) families.push_back(std::move(x));
  return prometheus::TextSerializer{}.Serialize(families);
}

std::vector<std::pair<std::string, std::uint64_t>> metrics::values() const {
  std::vector<std::pair<std::string, std::uint64_t>> result;
  for (const auto& entry : impl_->counters) {
    auto name = short_name(entry.text.name);
    if (entry.plain != nullptr) {
      result.emplace_back(std::move(name), whole(*entry.plain));
      continue;
    }
    auto at = result.size();
    result.emplace_back(name, 0);
    auto n = entry.labelled.used.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < n; ++i) {
      const auto& slot = entry.labelled.slots[i];
      auto value = whole(*slot.count);
      result[at].second += value;
      result.emplace_back(name + "." + slot.value, value);
    }
  }
  std::lock_guard held{impl_->growing};
  for (const auto& [text, read] : impl_->others) result.emplace_back(short_name(text.name), read());
  return result;
}

} // namespace relay
