#include "relay_gateway/config/values/hold.hpp"

#include "relay_gateway/config/values/units.hpp"

namespace relay::config {

parsed<std::chrono::milliseconds> parse_hold(std::string_view text) {
  auto result = parse_duration(text);
  if (!result.value || *result.value <= longest_hold) return result;
  return parsed<std::chrono::milliseconds>::bad("is longer than " + duration_text(longest_hold));
}

} // namespace relay::config
