// What the admin endpoints tell about the gateway, as JSON. Pure; no secret can get in.
#pragma once

#include "relay_gateway/app/metrics/metrics.hpp"
#include "relay_gateway/messages/control.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relay::admin {

using counts = std::vector<std::pair<std::string, std::uint64_t>>;

/// What a fleet adds to the status of one of its gateways.
struct fleet_note {
  std::string gateway; ///< its name; empty: no fleet
  std::string problem; ///< why its changed file was refused
};

/// `GET /v1/status`. `store`: where accepted events are kept (`memory`).
/// `times`: of what is measured since the start.
std::string status_json(const gateway_report& x, const counts& counters, std::string_view store,
                        const std::vector<latency>& times = {}, const fleet_note& note = {});

/// `GET /readyz`: 200 with `{"state"}`, or 503 with `{"state","reason"}`.
struct readiness {
  int status = 503;
  std::string body;
};
/// Null: the gateway did not answer.
readiness readiness_of(const gateway_report* x);
/// `GET /startupz`, in the same form.
readiness startup_of(const gateway_report* x);

/// `{"error":"..."}`
std::string error_json(std::string_view why);

} // namespace relay::admin
