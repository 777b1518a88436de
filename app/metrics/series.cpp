#include "relay_gateway/app/metrics/series.hpp"

#include "relay_gateway/app/metrics/quantile.hpp"
#include "relay_gateway/app/version.hpp"

#include <algorithm>
#include <limits>

namespace relay {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr auto counter_count = static_cast<std::size_t>(counter::count_);
constexpr auto gauge_count = static_cast<std::size_t>(gauge::count_);
constexpr auto histogram_count = static_cast<std::size_t>(histogram::count_);

constexpr std::array platform_stages{platform_step::pending, platform_step::done, platform_step::failed,
                                     platform_step::pinned, platform_step::skipped};

/// Where a counter's values are in series::counts_.
struct counter_place {
  std::size_t first = 0;
  std::vector<std::string_view> values; ///< of its label; empty without one
};

struct counter_layout {
  std::array<counter_place, counter_count> places;
  std::size_t size = 0;

  counter_layout() {
    for (std::size_t i = 0; i < counter_count; ++i) {
      auto& place = places[i];
      place.first = size;
      const auto text = describe(static_cast<counter>(i));
      if (!text.label.empty()) place.values = words_of(text.values);
      size += std::max<std::size_t>(place.values.size(), 1);
    }
  }
  static std::vector<std::string_view> words_of(std::string_view rest) {
    std::vector<std::string_view> out;
    while (!rest.empty()) {
      const auto word = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(rest.size(), word.size() + 1));
      if (word != "other") out.push_back(word);
    }
    out.emplace_back("other");
    return out;
  }
};

const counter_layout& layout() {
  static const counter_layout all;
  return all;
}

MetricFamily family(const metric_text& what, MetricType type) {
  MetricFamily out;
  out.name = what.name;
  out.help = what.help;
  out.type = type;
  return out;
}

ClientMetric& value_in(MetricFamily& to, const metric_labels& with) {
  auto& out = to.metric.emplace_back();
  out.label = with;
  return out;
}

void label(ClientMetric& x, std::string_view name, std::string_view value) {
  x.label.push_back({std::string{name}, std::string{value}});
}

std::vector<histogram_bucket> buckets_of(const ClientMetric::Histogram& x) {
  std::vector<histogram_bucket> result;
  for (const auto& one : x.bucket)
    result.push_back({one.upper_bound, static_cast<double>(one.cumulative_count)});
  return result;
}

} // namespace

std::string short_name(std::string_view name) {
  constexpr std::string_view prefix = "relay_gateway_", suffix = "_total";
  if (name.substr(0, prefix.size()) == prefix) name.remove_prefix(prefix.size());
  if (name.size() > suffix.size() && name.substr(name.size() - suffix.size()) == suffix)
    name.remove_suffix(suffix.size());
  return std::string{name};
}

MetricFamily kept_elsewhere(const metric_text& what, std::uint64_t value) {
  auto out = family(what, MetricType::Counter);
  out.metric.emplace_back().counter.value = static_cast<double>(value);
  return out;
}

MetricFamily build_info() {
  auto out = family({"relay_gateway_build_info", "Always 1; the labels tell what is running.", "", ""},
                    MetricType::Gauge);
  auto& one = out.metric.emplace_back();
  label(one, "revision", revision());
  label(one, "version", version());
  one.gauge.value = 1;
  return out;
}

series::series() : counts_(layout().size) {}

void series::add(counter what, std::uint64_t n) noexcept {
  const auto& place = layout().places[static_cast<std::size_t>(what)];
  // A label was forgotten: still counted, as `other`.
  counts_[place.first + (place.values.empty() ? 0 : place.values.size() - 1)] += n;
}

void series::add(counter what, std::string_view value, std::uint64_t n) noexcept {
  const auto& place = layout().places[static_cast<std::size_t>(what)];
  for (std::size_t i = 0; i < place.values.size(); ++i)
    if (place.values[i] == value) {
      counts_[place.first + i] += n;
      return;
    }
  add(what, n);
}

void series::set(gauge what, std::int64_t value) noexcept { gauges_[static_cast<std::size_t>(what)] = value; }

void series::observe(histogram what, std::chrono::nanoseconds took) noexcept {
  auto& x = times_[static_cast<std::size_t>(what)];
  const auto seconds = std::chrono::duration<double>{took}.count();
  const auto place = std::lower_bound(bounds.begin(), bounds.end(), seconds) - bounds.begin();
  ++x.buckets[static_cast<std::size_t>(place)];
  x.nanoseconds += static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 0));
}

void series::show(const std::vector<platform_report>& platforms) {
  std::lock_guard held{lock_};
  for (auto& [platform, stage] : stages_) stage.clear(); // also of platforms that are gone
  for (const auto& x : platforms) stages_[x.who.platform] = to_string(x.provisioning.step);
}

void series::merge(const series& x) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += x.counts_[i];
  for (std::size_t i = 0; i < gauge_count; ++i) gauges_[i] += x.gauges_[i];
  for (std::size_t i = 0; i < histogram_count; ++i) {
    for (std::size_t k = 0; k < times_[i].buckets.size(); ++k) times_[i].buckets[k] += x.times_[i].buckets[k];
    times_[i].nanoseconds += x.times_[i].nanoseconds;
  }
}

metric_families series::families() {
  metric_families out;
  for (std::size_t i = 0; i < counter_count; ++i)
    out.push_back(family(describe(static_cast<counter>(i)), MetricType::Counter));
  for (std::size_t i = 0; i < gauge_count; ++i)
    out.push_back(family(describe(static_cast<gauge>(i)), MetricType::Gauge));
  for (std::size_t i = 0; i < histogram_count; ++i)
    out.push_back(family(describe(static_cast<histogram>(i)), MetricType::Histogram));
  out.push_back(family(
      {"relay_gateway_platform_state", "1 for the stage at which provisioning of a platform is.", "", ""},
      MetricType::Gauge));
  return out;
}

void series::collect_counters(metric_families& to, const metric_labels& with, bool zeros) const {
  for (std::size_t i = 0; i < counter_count; ++i) {
    const auto& place = layout().places[i];
    for (std::size_t k = 0; k < std::max<std::size_t>(place.values.size(), 1); ++k) {
      const auto count = counts_[place.first + k].load();
      if (count == 0 && !zeros) continue;
      auto& one = value_in(to[i], with);
      if (!place.values.empty()) label(one, describe(static_cast<counter>(i)).label, place.values[k]);
      one.counter.value = static_cast<double>(count);
    }
  }
}

void series::collect(metric_families& to, const metric_labels& with, bool zeros) const {
  collect_counters(to, with, zeros);
  for (std::size_t i = 0; i < gauge_count; ++i)
    value_in(to[counter_count + i], with).gauge.value = static_cast<double>(gauges_[i].load());
  for (std::size_t i = 0; i < histogram_count; ++i)
    if (auto now = shown(times_[i]); zeros || now.sample_count > 0)
      value_in(to[counter_count + gauge_count + i], with).histogram = std::move(now);
  std::lock_guard held{lock_};
  for (const auto& [platform, stage] : stages_)
    for (const auto step : platform_stages) {
      auto& one = value_in(to.back(), with);
      label(one, "platform", platform);
      label(one, "stage", to_string(step));
      one.gauge.value = stage == to_string(step) ? 1 : 0;
    }
}

ClientMetric::Histogram series::shown(const times& x) {
  ClientMetric::Histogram out;
  for (std::size_t i = 0; i < x.buckets.size(); ++i) {
    out.sample_count += x.buckets[i].load();
    out.bucket.push_back(
        {out.sample_count, i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity()});
  }
  out.sample_sum = static_cast<double>(x.nanoseconds.load()) / 1e9;
  return out;
}

std::vector<latency> series::latencies() const {
  std::vector<latency> result;
  for (std::size_t i = 0; i < histogram_count; ++i) {
    auto name = short_name(describe(static_cast<histogram>(i)).name);
    if (const auto end = name.rfind("_seconds"); end != std::string::npos) name.resize(end);
    const auto now = shown(times_[i]);
    const auto by_bound = buckets_of(now);
    result.push_back({std::move(name), now.sample_count, now.sample_sum, quantile(by_bound, 0.5),
                      quantile(by_bound, 0.99)});
  }
  return result;
}

std::vector<std::pair<std::string, std::uint64_t>> series::values() const {
  std::vector<std::pair<std::string, std::uint64_t>> result;
  for (std::size_t i = 0; i < counter_count; ++i) {
    const auto& place = layout().places[i];
    const auto name = short_name(describe(static_cast<counter>(i)).name);
    const auto at = result.size();
    result.emplace_back(name, 0);
    if (place.values.empty()) result[at].second = counts_[place.first];
    for (std::size_t k = 0; k < place.values.size(); ++k) {
      const auto count = counts_[place.first + k].load();
      if (count == 0) continue;
      result[at].second += count;
      result.emplace_back(name + "." + std::string{place.values[k]}, count);
    }
  }
  return result;
}

} // namespace relay
