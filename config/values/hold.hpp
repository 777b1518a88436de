// How long dialling may be held around a suspend (gateway.idle.hold, POST /v1/dormant). Thread-safe, never
// throws.
#pragma once

#include "relay_gateway/config/values/parsed.hpp"

#include <chrono>
#include <string_view>

namespace relay::config {

/// A hold is bounded: who sleeps and is not suspended must not stay away for long (F70).
inline constexpr std::chrono::milliseconds longest_hold{5 * 60'000};

/// A duration of 0 (no hold) to longest_hold.
parsed<std::chrono::milliseconds> parse_hold(std::string_view text);

} // namespace relay::config
