#include "relay_gateway/config/values/units.hpp"

#include "relay_gateway/config/values/text.hpp"

#include <array>
#include <utility>

namespace relay::config {

namespace {

using unit = std::pair<std::string_view, std::uint64_t>;
constexpr std::array<unit, 4> time_units{{{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<unit, 4> size_units{
    {{"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}, {"B", 1}}};
constexpr std::uint64_t longest = 365ULL * 24 * 3'600'000;
constexpr std::uint64_t largest_size = 1ULL << 30;

/// `number` times `scale`, exact but for what is smaller than 1; nothing when it is no number or far too
/// large.
std::optional<std::uint64_t> scaled(std::string_view number, std::uint64_t scale) {
  constexpr std::uint64_t ceiling = 1ULL << 53; // also keeps every product below in range
  std::uint64_t whole = 0, part = 0, below = scale;
  bool digits = false, after_point = false;
  for (char c : number) {
    if (c == '.' && !after_point && digits) {
      after_point = true;
    } else if (c < '0' || c > '9') {
      return std::nullopt;
    } else if (after_point) {
      // Each decimal counts a tenth of the one before; what falls under 1 is dropped.
      part += static_cast<std::uint64_t>(c - '0') * below / 10;
      below /= 10;
    } else {
      digits = true;
      whole = whole * 10 + static_cast<std::uint64_t>(c - '0');
      if (whole > ceiling / scale) return std::nullopt;
    }
  }
  if (!digits || number.back() == '.') return std::nullopt;
  return whole * scale + part;
}

std::optional<std::uint64_t> with_unit(std::string_view text, const std::array<unit, 4>& units,
                                       std::uint64_t bare) {
  auto end = text.find_last_of("0123456789.");
  if (end == std::string_view::npos) return std::nullopt;
  auto name = lowered(trimmed(text.substr(end + 1)));
  if (name.empty()) return scaled(text, bare);
  for (const auto& [known, scale] : units)
    if (name == lowered(known)) return scaled(text.substr(0, end + 1), scale);
  return std::nullopt;
}

std::string unit_text(std::uint64_t x, const std::array<unit, 4>& units) {
  for (const auto& [name, scale] : units)
    if (x != 0 && x % scale == 0) return std::to_string(x / scale) + std::string{name};
  return "0" + std::string{units[2].first == "s" ? "s" : "B"};
}

} // namespace

parsed<std::chrono::milliseconds> parse_duration(std::string_view text) {
  auto x = with_unit(text, time_units, 1'000);
  if (!x || *x > longest)
    return parsed<std::chrono::milliseconds>::bad(
        "is not a duration (like 500ms, 30s, 10m, 2h; at most a year)");
  return parsed<std::chrono::milliseconds>::good(std::chrono::milliseconds{static_cast<std::int64_t>(*x)});
}

parsed<std::chrono::milliseconds> parse_positive(std::string_view text) {
  auto result = parse_duration(text);
  if (!result.value || result.value->count() > 0) return result;
  return parsed<std::chrono::milliseconds>::bad("must be longer than 0");
}

parsed<std::uint64_t> parse_size(std::string_view text) {
  auto x = with_unit(text, size_units, 1);
  if (!x || *x == 0 || *x > largest_size)
    return parsed<std::uint64_t>::bad("is not a size (like 64KiB, 8MiB, 1GiB; from 1 byte to 1GiB)");
  return parsed<std::uint64_t>::good(*x);
}

std::string duration_text(std::chrono::milliseconds x) {
  return unit_text(static_cast<std::uint64_t>(x.count()), time_units);
}

std::string size_text(std::uint64_t bytes) { return unit_text(bytes, size_units); }

} // namespace relay::config
