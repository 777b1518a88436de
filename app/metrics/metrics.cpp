#include "relay_gateway/app/metrics/metrics.hpp"

#include "relay_gateway/app/metrics/process_metrics.hpp"
#include "relay_gateway/app/metrics/series.hpp"

#include <prometheus/text_serializer.h>

#include <chrono>
#include <mutex>

namespace relay {

struct metrics::impl {
  relay::series all;
  std::vector<std::pair<metric_text, std::function<std::uint64_t()>>> others;
  mutable std::mutex growing; // others
  const std::chrono::system_clock::time_point started = std::chrono::system_clock::now();
};

metrics::metrics() : impl_(std::make_unique<impl>()) {}
metrics::~metrics() = default;

void metrics::add(counter what, std::uint64_t n) noexcept { impl_->all.add(what, n); }

void metrics::add(counter what, std::string_view value, std::uint64_t n) noexcept {
  impl_->all.add(what, value, n);
}

void metrics::observe(histogram what, std::chrono::nanoseconds took) noexcept {
  impl_->all.observe(what, took);
}

void metrics::set(gauge what, std::int64_t value) noexcept { impl_->all.set(what, value); }

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
  impl_->all.show(now.platforms);
}

void metrics::watch(const metric_text& what, std::function<std::uint64_t()> read) {
  std::lock_guard held{impl_->growing};
  impl_->others.emplace_back(what, std::move(read));
}

std::string metrics::expose() const {
  auto families = series::families();
  impl_->all.collect(families, {}, true);
  {
    std::lock_guard held{impl_->growing};
    for (const auto& [text, read] : impl_->others) families.push_back(kept_elsewhere(text, read()));
  }
  families.push_back(build_info());
  for (auto& x : process_metrics(impl_->started)) families.push_back(std::move(x));
  return prometheus::TextSerializer{}.Serialize(families);
}

std::vector<latency> metrics::latencies() const { return impl_->all.latencies(); }

std::vector<std::pair<std::string, std::uint64_t>> metrics::values() const {
  auto result = impl_->all.values();
  std::lock_guard held{impl_->growing};
  for (const auto& [text, read] : impl_->others) result.emplace_back(short_name(text.name), read());
  return result;
}

const relay::series& metrics::series() const noexcept { return impl_->all; }

} // namespace relay
