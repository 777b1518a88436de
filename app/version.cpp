#include "app/version.hpp"

#ifndef RELAY_VERSION
#error "RELAY_VERSION comes from app/CMakeLists.txt"
#endif

namespace relay {

std::string_view version() noexcept { return RELAY_VERSION; }

} // namespace relay
