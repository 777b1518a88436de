#include "relay_gateway/config/fleet.hpp"

#include "relay_gateway/config/keys/service_keys.hpp"
#include "relay_gateway/config/sources/file_locations.hpp"

namespace relay::config {

std::string fleet_directory(const resolution& of_process, const sources& from) {
  for (const auto& row : of_process.listing)
    if (row.key == std::string{keys::fleet.key}) return expanded(from, row.value);
  return {};
}

} // namespace relay::config
