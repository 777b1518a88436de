// Ports of a program that wants neither log events nor metrics.
#pragma once

#include "relay_gateway/actors/ports.hpp"

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace relay {

class null_log final : public log_port {
public:
  bool wants(severity) const noexcept override { return false; }
  void write(severity, std::string_view, std::initializer_list<log_field>) noexcept override {}
};

class null_metrics final : public metrics_port {
public:
  void add(counter, std::uint64_t) noexcept override {}
  void add(counter, std::string_view, std::uint64_t) noexcept override {}
  void set(gauge, std::int64_t) noexcept override {}
  void observe(histogram, std::chrono::nanoseconds) noexcept override {}
};

} // namespace relay
