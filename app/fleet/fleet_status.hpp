// What the endpoints tell of a fleet as a whole. Pure.
#pragma once

#include "relay_gateway/app/fleet/gateway_files.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace relay::fleet {

/// One gateway.
struct gateway_line {
  std::string name, file, state; ///< `state`: of fleet_plan
  bool connected = false, ready = false;
  std::string reason;  ///< why it is not ready, or does not run
  std::string problem; ///< why its changed file was refused
  friend bool operator==(const gateway_line&, const gateway_line&) = default;
};

struct fleet_report {
  std::string directory, problem; ///< `problem`: why it cannot be read now
  bool settled = false;           ///< each gateway was tried
  bool draining = false;
  std::vector<gateway_line> gateways;
  std::vector<refused_file> refused;
};

/// Gateways by their state, and `ready`, in the order in which they are told.
std::vector<std::pair<std::string, std::uint64_t>> counts_of(const fleet_report& x);

/// `GET /v1/status`
std::string status_json(const fleet_report& x);
/// `GET /readyz` and `/startupz`: status code and body. A fleet is ready when a gateway of it is, or is
/// asleep and can be woken, or when it has none: one that fails must not take the others out of service.
std::pair<int, std::string> readiness(const fleet_report& x);
std::pair<int, std::string> startup(const fleet_report& x);
/// One line for a service manager.
std::string summary(const fleet_report& x);

} // namespace relay::fleet
