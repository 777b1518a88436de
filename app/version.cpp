#include "relay_gateway/app/version.hpp"

#include "relay_gateway/revision.hpp"
#include "relay_gateway/version.hpp"

namespace relay {

std::string_view version() noexcept { return RELAY_GATEWAY_VERSION; }
std::string_view revision() noexcept { return RELAY_GATEWAY_REVISION; }

} // namespace relay
