// Times as text. Thread-safe, never throws.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace relay::wire {

/// Unix seconds of `2026-01-02T03:04:05[.678][Z|+hh:mm]` (UTC without an offset); 0 when it is none.
std::int64_t read_iso8601(std::string_view text);
std::string iso8601(std::int64_t unix_seconds);

} // namespace relay::wire
