#include "relay_gateway/actors/supervision/core/readiness.hpp"

namespace relay::core {

std::string why_not_ready(const link_status& link, const store_health& disk, bool agent_missing) {
  // Without the disk nothing that comes is safe, and so nothing is acknowledged.
  if (!disk.ok || !disk.room) return "state directory: " + disk.why;
  if (link.phase != link_phase::connected && link.phase != link_phase::dormant)
    return link.reason.empty() ? "not connected" : link.reason;
  if (agent_missing) return "there is no agent: the last one ended";
  return {};
}

} // namespace relay::core
