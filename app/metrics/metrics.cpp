#include "relay_gateway/app/metrics/metrics.hpp"

#include "relay_gateway/app/metrics/process_metrics.hpp"
#include "relay_gateway/app/metrics/quantile.hpp"
#include "relay_gateway/app/version.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <mutex>

namespace relay {

namespace {

constexpr auto counter_count = static_cast<std::size_t>(counter::count_);
constexpr auto gauge_count = static_cast<std::size_t>(gauge::count_);
constexpr auto histogram_count = static_cast<std::size_t>(histogram::count_);

struct counter_entry {
  metric_text text;
  prometheus::Counter* plain = nullptr;                    // without a label
  std::map<std::string_view, prometheus::Counter*> values; // with one; never changes
  prometheus::Counter* other = nullptr;                    // of values that are not declared
};

/// Seconds; from a fast disk to a slow agent.
const prometheus::Histogram::BucketBoundaries buckets{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                      0.25,   0.5,   1,      2.5,   5,    10,    30,   60};

constexpr std::array platform_stages{platform_step::pending, platform_step::done, platform_step::failed,
                                     platform_step::pinned, platform_step::skipped};

std::string short_name(std::string_view name) {
  constexpr std::string_view prefix = "relay_gateway_", suffix = "_total";
  if (name.substr(0, prefix.size()) == prefix) name.remove_prefix(prefix.size());
  if (name.size() > suffix.size() && name.substr(name.size() - suffix.size()) == suffix)
    name.remove_suffix(suffix.size());
  return std::string{name};
}

std::vector<histogram_bucket> buckets_of(const prometheus::ClientMetric::Histogram& x) {
  std::vector<histogram_bucket> result;
  for (const auto& one : x.bucket)
    result.push_back({one.upper_bound, static_cast<double>(one.cumulative_count)});
  return result;
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
  std::array<prometheus::Histogram*, histogram_count> histograms{};
  prometheus::Family<prometheus::Gauge>& platforms;
  std::vector<std::pair<metric_text, std::function<std::uint64_t()>>> others;
  std::map<std::pair<std::string, std::string>, prometheus::Gauge*> shown; // platform and stage
  mutable std::mutex growing;                                              // others and shown
  const std::chrono::system_clock::time_point started = std::chrono::system_clock::now();

  impl()
      : platforms(prometheus::BuildGauge()
                      .Name("relay_gateway_platform_state")
                      .Help("1 for the stage at which provisioning of a platform is.")
                      .Register(registry)) {
    for (std::size_t i = 0; i < counter_count; ++i) declare(counters[i], describe(static_cast<counter>(i)));
    for (std::size_t i = 0; i < gauge_count; ++i) {
      auto text = describe(static_cast<gauge>(i));
      gauges[i] = &prometheus::BuildGauge()
                       .Name(std::string{text.name})
                       .Help(std::string{text.help})
                       .Register(registry)
                       .Add({});
    }
    for (std::size_t i = 0; i < histogram_count; ++i) {
      auto text = describe(static_cast<histogram>(i));
      histograms[i] = &prometheus::BuildHistogram()
                           .Name(std::string{text.name})
                           .Help(std::string{text.help})
                           .Register(registry)
                           .Add({}, buckets);
    }
    prometheus::BuildGauge()
        .Name("relay_gateway_build_info")
        .Help("Always 1; the labels tell what is running.")
        .Register(registry)
        .Add({{"version", std::string{version()}}, {"revision", std::string{revision()}}})
        .Set(1);
  }

  void declare(counter_entry& entry, const metric_text& text) {
    entry.text = text;
    auto& family = prometheus::BuildCounter()
                       .Name(std::string{text.name})
                       .Help(std::string{text.help})
                       .Register(registry);
    if (text.label.empty()) {
      entry.plain = &family.Add({});
      return;
    }
    const std::string label{text.label};
    for (auto rest = text.values; !rest.empty();) {
      const auto value = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(rest.size(), value.size() + 1));
      entry.values.emplace(value, &family.Add({{label, std::string{value}}}));
    }
    auto& other = entry.values["other"];
    if (other == nullptr) other = &family.Add({{label, "other"}});
    entry.other = other;
  }

  void show_platform(const platform_report& x) {
    for (auto stage : platform_stages) {
      const std::string name{to_string(stage)};
      auto& series = shown[{x.who.platform, name}];
      if (series == nullptr) series = &platforms.Add({{"platform", x.who.platform}, {"stage", name}});
      series->Set(x.provisioning.step == stage ? 1 : 0);
    }
  }
};

metrics::metrics() : impl_(std::make_unique<impl>()) {}
metrics::~metrics() = default;

void metrics::add(counter what, std::uint64_t n) noexcept {
  auto& entry = impl_->counters[static_cast<std::size_t>(what)];
  auto* count = entry.plain != nullptr ? entry.plain : entry.other; // a label was forgotten: still counted
  count->Increment(static_cast<double>(n));
}

void metrics::add(counter what, std::string_view value, std::uint64_t n) noexcept {
  auto& entry = impl_->counters[static_cast<std::size_t>(what)];
  if (entry.plain != nullptr) return add(what, n);
  auto it = entry.values.find(value);
  (it == entry.values.end() ? entry.other : it->second)->Increment(static_cast<double>(n));
}

void metrics::observe(histogram what, std::chrono::nanoseconds took) noexcept {
  impl_->histograms[static_cast<std::size_t>(what)]->Observe(std::chrono::duration<double>{took}.count());
}

void metrics::apply(const gateway_report& now) {
  const auto put = [this](gauge what, std::uint64_t value) { set(what, static_cast<std::int64_t>(value)); };
  put(gauge::connected, now.link.phase == link_phase::connected ? 1 : 0);
  put(gauge::chats_active, now.egress.chats);
  put(gauge::actions_pending, now.egress.pending);
  put(gauge::outcomes_recorded, now.egress.recorded);
  put(gauge::routes_known, now.egress.routes);
  put(gauge::turns_open, now.egress.turns);
  put(gauge::events_pending, now.inbound.pending);
  put(gauge::events_in_flight, now.inbound.in_flight);
  put(gauge::dead_letters, now.inbound.dead_letters);
  put(gauge::events_oldest, now.inbound.oldest_ms / 1000);
  put(gauge::restart_pending, now.waiting_for_restart.size());
  set(gauge::link_next_dial, now.link.next_dial_ms / 1000);
  put(gauge::agents_now, now.inbound.agents);
  put(gauge::store_ok, now.store.ok && now.store.room ? 1 : 0);
  std::lock_guard held{impl_->growing};
  for (auto& [name, series] : impl_->shown) series->Set(0); // also of platforms that are gone
  for (const auto& x : now.platforms) impl_->show_platform(x);
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

std::vector<latency> metrics::latencies() const {
  std::vector<latency> result;
  for (std::size_t i = 0; i < histogram_count; ++i) {
    auto name = short_name(describe(static_cast<histogram>(i)).name);
    if (const auto end = name.rfind("_seconds"); end != std::string::npos) name.resize(end);
    const auto now = impl_->histograms[i]->Collect().histogram;
    const auto by_bound = buckets_of(now);
    result.push_back({std::move(name), now.sample_count, now.sample_sum, quantile(by_bound, 0.5),
                      quantile(by_bound, 0.99)});
  }
  return result;
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
    for (const auto& [value, count] : entry.values) {
      if (whole(*count) == 0) continue;
      result[at].second += whole(*count);
      result.emplace_back(name + "." + std::string{value}, whole(*count));
    }
  }
  std::lock_guard held{impl_->growing};
  for (const auto& [text, read] : impl_->others) result.emplace_back(short_name(text.name), read());
  return result;
}

} // namespace relay
