// Durations and sizes with their units. Thread-safe, never throws.
#pragma once

#include "relay_gateway/config/values/parsed.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace relay::config {

/// `500ms`, `1.5s`, `10m`, `2h`; a bare number counts seconds. Milliseconds, 0 to a year.
parsed<std::chrono::milliseconds> parse_duration(std::string_view text);
/// The same, but longer than 0.
parsed<std::chrono::milliseconds> parse_positive(std::string_view text);
/// `512`, `512B`, `64KiB`, `8MiB`, `1GiB`; a bare number counts bytes. 1 byte to 1 GiB.
parsed<std::uint64_t> parse_size(std::string_view text);

/// The shortest exact form: `25s`, `10m`, `1500ms`.
std::string duration_text(std::chrono::milliseconds x);
/// The shortest exact form: `8MiB`, `1000B`.
std::string size_text(std::uint64_t bytes);

} // namespace relay::config
