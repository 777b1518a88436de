// The part of a gateway's start that waits for disks: its settings and its store. Any thread.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/app/files/file_secrets.hpp"
#include "relay_gateway/app/fleet/fleet_plan.hpp"
#include "relay_gateway/app/metrics/metrics.hpp"
#include "relay_gateway/app/store/parked_stores.hpp"
#include "relay_gateway/config/resolve.hpp"

#include <memory>
#include <string>

namespace relay::fleet {

struct prepared_gateway {
  start_outcome outcome = start_outcome::bad_file; ///< `running`: it may be started
  std::string why;                                 ///< else: one line
  config::settings settings{};
  std::vector<config::problem> problems{}; ///< that do not keep it from running
  std::shared_ptr<store_port> store{};
};

/// `log` and `counts` are the gateway's own; `parked` is where its store goes while it is idle.
prepared_gateway prepare_gateway(const watching_resolver& from, const config::settings& common,
                                 const std::shared_ptr<log_port>& log, const std::shared_ptr<metrics>& counts,
                                 const std::shared_ptr<store::parked_stores>& parked = {});

} // namespace relay::fleet
