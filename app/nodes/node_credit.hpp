// How much may be on its way between two nodes before the other one has taken it.
#pragma once

#include <cstddef>

namespace relay {

constexpr std::size_t most_untaken_lines = 10'000;     ///< from a gateway to a node, and the other way
constexpr std::size_t most_waiting_bytes = 16UL << 20; ///< of what a node keeps until there is room

} // namespace relay
