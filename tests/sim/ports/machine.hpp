// The rest of a machine: wall clock, randomness, secret files, log and metrics.
#pragma once

#include "relay_gateway/actors/metrics.hpp"
#include "relay_gateway/tests/sim/base/observer.hpp"
#include "relay_gateway/tests/sim/ports/process.hpp"

#include <array>
#include <map>
#include <memory>
#include <string>

namespace relay::sim {

/// The wall clock of the process, randomness of the seed, and the files given.
class sim_machine final : public clock_port, public random_port, public secret_file_port {
public:
  sim_machine(std::shared_ptr<process> host, std::map<std::string, std::string>& files)
      : host_(std::move(host)), files_(files),
        rng_(host_->on().seed, "random " + std::to_string(host_->number())) {}
  std::int64_t wall_ms() const override { return host_->wall_ms(); }
  std::uint64_t bits() override { return rng_.bits(); }
  bool read(const std::string& path, secret& out, std::string& why) const override {
    auto it = files_.find(path);
    if (it == files_.end()) {
      why = path + ": no such file";
      return false;
    }
    out = secret{it->second};
    return true;
  }

private:
  std::shared_ptr<process> host_;
  std::map<std::string, std::string>& files_;
  seeded_rng rng_;
};

/// Log lines go to the observer.
class sim_log final : public log_port {
public:
  sim_log(std::shared_ptr<process> host, observer& who) : host_(std::move(host)), who_(who) {}
  bool wants(severity) const noexcept override { return true; }
  void write(severity level, std::string_view id, std::initializer_list<log_field> fields) noexcept override {
    if (!host_->alive()) return;
    std::string text;
    for (auto& x : fields) {
      text += x.key;
      text += '=';
      text += x.value;
      text += ' ';
    }
    who_.noted(level, id, text);
  }

private:
  std::shared_ptr<process> host_;
  observer& who_;
};

/// Counters without their labels, gauges, and the highest value that each gauge had.
class sim_metrics final : public metrics_port {
public:
  void add(counter what, std::uint64_t n) noexcept override { counters_[at(what)] += n; }
  void add(counter what, std::string_view, std::uint64_t n) noexcept override { counters_[at(what)] += n; }
  void set(gauge what, std::int64_t value) noexcept override {
    gauges_[at(what)] = value;
    if (value > peaks_[at(what)]) peaks_[at(what)] = value;
  }
  void observe(histogram, std::chrono::nanoseconds) noexcept override {}
  std::uint64_t get(counter what) const noexcept { return counters_[at(what)]; }
  std::int64_t get(gauge what) const noexcept { return gauges_[at(what)]; }
  std::int64_t peak(gauge what) const noexcept { return peaks_[at(what)]; }

private:
  template <class T>
  static constexpr std::size_t at(T x) noexcept {
    return static_cast<std::size_t>(x);
  }
  std::array<std::uint64_t, static_cast<std::size_t>(counter::count_)> counters_{};
  std::array<std::int64_t, static_cast<std::size_t>(gauge::count_)> gauges_{}, peaks_{};
};

} // namespace relay::sim
