#include "relay_gateway/app/fleet/gateway_start.hpp"

#include "relay_gateway/app/fleet/gateway_source.hpp"
#include "relay_gateway/app/wiring.hpp"
#include "relay_gateway/config/render.hpp"

#include <exception>
#include <utility>

namespace relay::fleet {

prepared_gateway prepare_gateway(const watching_resolver& from, const config::settings& common,
                                 const std::shared_ptr<log_port>& log, const std::shared_ptr<metrics>& counts,
                                 const std::shared_ptr<store::parked_stores>& parked) {
  prepared_gateway out;
  try {
    auto found = for_gateway(from.resolve(), common);
    out.why = file_fault(found);
    if (!out.why.empty()) {
      // That it cannot be read may pass by itself, or by what no watch sees.
      if (!found.config_found) out.outcome = start_outcome::failed;
      return out;
    }
    counts->set(gauge::config_hash, config::digest(found));
    out.settings = std::move(found.values);
    out.problems = std::move(found.problems);
    store_fault fault;
    out.store = open_store(out.settings, false, log, counts, fault, parked);
    out.why = std::move(fault.text);
    out.outcome = out.store ? start_outcome::running : start_outcome::failed;
  } catch (const std::exception& x) { // no memory, no thread
    out.outcome = start_outcome::failed;
    out.why = std::string{"it cannot be prepared: "} + x.what();
  }
  return out;
}

} // namespace relay::fleet
