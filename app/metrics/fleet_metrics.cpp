#include "relay_gateway/app/metrics/fleet_metrics.hpp"

#include "relay_gateway/app/metrics/process_metrics.hpp"
#include "relay_gateway/app/metrics/series.hpp"

#include <prometheus/text_serializer.h>

#include <chrono>
#include <map>
#include <mutex>

namespace relay {

struct fleet_metrics::impl {
  mutable std::mutex lock; // of what follows
  std::map<std::string, std::shared_ptr<metrics>> gateways;
  std::map<std::string, std::map<std::string, std::uint64_t>> failures; ///< by gateway, by cause
  std::map<std::string, std::uint64_t> states;
  std::vector<std::pair<metric_text, std::function<std::uint64_t()>>> others;
  const std::chrono::system_clock::time_point started = std::chrono::system_clock::now();

  prometheus::MetricFamily state_family() const {
    prometheus::MetricFamily out;
    out.name = "relay_gateway_fleet_gateways";
    out.help = "Gateways of the fleet by their state.";
    out.type = prometheus::MetricType::Gauge;
    for (const auto& [state, count] : states) {
      auto& one = out.metric.emplace_back();
      one.label.push_back({"state", state});
      one.gauge.value = static_cast<double>(count);
    }
    return out;
  }

  /// Whether a gateway has a label of its own: the first ones by name do.
  static bool labelled(std::size_t place) { return place < most_labels; }

  prometheus::MetricFamily failure_family() const {
    prometheus::MetricFamily out;
    out.name = "relay_gateway_fleet_failures_total";
    out.help = "Gateways of the fleet that could not be started or reloaded, or died.";
    out.type = prometheus::MetricType::Counter;
    std::map<std::string, std::uint64_t> rest;
    std::size_t place = 0;
    for (const auto& [gateway, causes] : failures) {
      const bool own = labelled(place++);
      for (const auto& [cause, count] : causes) {
        if (own)
          add_failures(out, gateway, cause, count);
        else
          rest[cause] += count;
      }
    }
    for (const auto& [cause, count] : rest) add_failures(out, "other", cause, count);
    return out;
  }
  static void add_failures(prometheus::MetricFamily& to, const std::string& gateway, const std::string& cause,
                           std::uint64_t count) {
    auto& one = to.metric.emplace_back();
    one.label.push_back({"gateway", gateway});
    one.label.push_back({"cause", cause});
    one.counter.value = static_cast<double>(count);
  }
};

fleet_metrics::fleet_metrics() : impl_(std::make_unique<impl>()) {}
fleet_metrics::~fleet_metrics() = default;

std::shared_ptr<metrics> fleet_metrics::of(const std::string& gateway) {
  std::lock_guard held{impl_->lock};
  auto& x = impl_->gateways[gateway];
  if (!x) x = std::make_shared<metrics>();
  return x;
}

void fleet_metrics::forget(const std::string& gateway) {
  std::lock_guard held{impl_->lock};
  impl_->gateways.erase(gateway);
  impl_->failures.erase(gateway);
}

void fleet_metrics::failed(const std::string& gateway, const std::string& cause) {
  std::lock_guard held{impl_->lock};
  ++impl_->failures[gateway][cause];
}

void fleet_metrics::watch(const metric_text& what, std::function<std::uint64_t()> read) {
  std::lock_guard held{impl_->lock};
  impl_->others.emplace_back(what, std::move(read));
}

void fleet_metrics::states(const std::vector<std::pair<std::string, std::uint64_t>>& now) {
  std::lock_guard held{impl_->lock};
  for (auto& [state, count] : impl_->states) count = 0;
  for (const auto& [state, count] : now) impl_->states[state] = count;
}

std::string fleet_metrics::expose() const {
  auto families = series::families();
  {
    std::lock_guard held{impl_->lock};
    std::size_t shown = 0;
    series rest;
    for (const auto& [name, x] : impl_->gateways) {
      if (impl::labelled(shown++))
        x->series().collect(families, {{"gateway", name}}, false);
      else
        rest.merge(x->series());
    }
    if (shown > most_labels) rest.collect(families, {{"gateway", "other"}}, false);
    families.push_back(impl_->state_family());
    families.push_back(impl_->failure_family());
    for (const auto& [text, read] : impl_->others) families.push_back(kept_elsewhere(text, read()));
  }
  families.push_back(build_info());
  for (auto& x : process_metrics(impl_->started)) families.push_back(std::move(x));
  return prometheus::TextSerializer{}.Serialize(families);
}

} // namespace relay
