// One log event as one line, for a person or for a machine. Pure.
#pragma once

#include "relay_gateway/actors/ports.hpp"

#include <chrono>
#include <span>
#include <string>
#include <string_view>

namespace relay {

/// `2026-01-02T03:04:05.678Z`
std::string rfc3339(std::chrono::system_clock::time_point when);

/// Bytes that a line may have at most, its line break included. It is the size up to which the kernel takes a
/// write to a pipe as a whole, so lines of several processes on one pipe are never mixed.
inline constexpr std::size_t longest_line = 4096;
/// Bytes that a field's value may take in a line, escapes included; what is longer is cut and ends in `…`.
inline constexpr std::size_t longest_field = 1024;

/// `2026-01-02T03:04:05.678Z warn  link.lost reason="closed by peer" epoch=3`, without a line break.
std::string text_line(std::chrono::system_clock::time_point when, severity level, std::string_view id,
                      std::span<const log_field> fields);
/// `{"ts":"...","level":"warn","event":"link.lost","reason":"closed by peer","epoch":3}`, without a line
/// break. Numbers are numbers. Fields are members beside the first three; one of the same name as those gets
/// a `_` behind it.
std::string json_line(std::chrono::system_clock::time_point when, severity level, std::string_view id,
                      std::span<const log_field> fields);
// In both forms an empty field is left out. Control characters, what reorders text on a terminal, and bytes
// that are no UTF-8 are escaped or replaced: a line stays one line, and shows what it holds.

} // namespace relay
