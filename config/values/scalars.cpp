#include "relay_gateway/config/values/scalars.hpp"

#include "relay_gateway/config/values/text.hpp"

#include <charconv>

namespace relay::config {

parsed<bool> parse_boolean(std::string_view text) {
  auto word = lowered(text);
  if (word == "true" || word == "yes" || word == "on" || word == "1") return parsed<bool>::good(true);
  if (word == "false" || word == "no" || word == "off" || word == "0") return parsed<bool>::good(false);
  return parsed<bool>::bad("is not a boolean (true, yes, on, 1, false, no, off, 0)");
}

parsed<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t count = 0;
  auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (fault != std::errc{} || end != text.data() + text.size() || count == 0)
    return parsed<std::uint64_t>::bad("is not a whole number of 1 or more");
  return parsed<std::uint64_t>::good(count);
}

} // namespace relay::config
