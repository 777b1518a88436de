#include "relay_gateway/app/version.hpp"

#include "relay_gateway/version.hpp"

namespace relay {

std::string_view version() noexcept { return RELAY_GATEWAY_VERSION; }

} // namespace relay
