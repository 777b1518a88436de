// Looks at JSON text without building anything from it: what must be known before a parser may see it, and
// where a member's text lies. Works on any bytes, in linear time, without recursion.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace relay::wire::json {

enum class text_fault : std::uint8_t {
  none,
  nul,  ///< a NUL byte, which an in-situ parser would take for the end
  utf8, ///< invalid UTF-8, or an escaped surrogate without its other half
  depth ///< nested deeper than `max_depth`: destroying or writing such a document recurses
};
text_fault check_text(std::string_view text, int max_depth) noexcept;

/// Puts U+FFFD in the place of every escaped half of a surrogate pair: what cuts texts by UTF-16 units leaves
/// such, and JSON allows them. False when there is none.
bool mend_surrogates(std::string& text);

/// The text of the first member of that name of an object; empty when there is none or when an escaped member
/// name before it makes that uncertain.
std::string_view member_text(std::string_view object, std::string_view name) noexcept;

} // namespace relay::wire::json
