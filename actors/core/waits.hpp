// Bounds of what waits because its peer asked for that.
#pragma once

#include "relay_gateway/actors/core/clock.hpp"

namespace relay::core {

/// A chat that was told to wait does so for at most this long beyond the hold of its action (protocol.md 6).
inline constexpr milliseconds longest_wait{120'000};

} // namespace relay::core
