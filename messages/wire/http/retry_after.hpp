// How long an HTTP answer asks its caller to wait (protocol.md 6, Waiting when told to). Thread-safe, never
// throws.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace relay::wire {

/// A longer wait counts as this one.
inline constexpr std::chrono::milliseconds longest_retry_after{300'000};

/// Unix seconds of an HTTP date in any of its three forms (RFC 9110, 5.6.7); 0 when the text is none.
std::int64_t read_http_date(std::string_view text) noexcept;

/// The least time until the next try after an answer of this status; 0 = the answer names none. Only 429 and
/// 503 can name one. A date in `retry_after` is compared with the answer's own `date`, or, without a readable
/// one, with `wall_ms`. At most `longest_retry_after`.
std::chrono::milliseconds retry_after(int status, std::string_view retry_after, std::string_view date,
                                      std::int64_t wall_ms) noexcept;

/// A wait that was named as a number of seconds; 0 when the number is negative or not finite. Not capped, but
/// always small enough for arithmetic on milliseconds.
std::chrono::milliseconds wait_of_seconds(double seconds) noexcept;

} // namespace relay::wire
