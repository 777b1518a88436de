// What an event holds in memory.
#pragma once

#include "relay_gateway/messages/contract/event.hpp"

#include <cstddef>

namespace relay::core {

/// About: its texts, and its other fields at most as they are in `raw`.
inline std::size_t bytes_of(const inbound_event& x) {
  constexpr std::size_t around = 1'024;
  return around + 2 * x.raw.size() + x.text.size() + x.channel_context.size();
}

} // namespace relay::core
