// The version that `--version`, the metrics and the status page tell.
#pragma once

#include <string_view>

namespace relay {

/// As in CMakeLists.txt: `major.minor.patch`.
std::string_view version() noexcept;
/// The commit that CMake was configured at, or `unknown`.
std::string_view revision() noexcept;

} // namespace relay
