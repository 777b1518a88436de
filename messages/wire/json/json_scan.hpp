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

/// Steps through the members of the text of a parsed object. In any other text it ends early or tells
/// nonsense, but nothing from outside of it.
class member_walk {
public:
  explicit member_walk(std::string_view object) noexcept
      : at_(object.data()), end_(object.data() + object.size()) {}
  /// To the first member, then to the next one; false when there is none.
  bool next() noexcept;
  std::string_view name() const noexcept { return name_; } ///< between its quotes, escapes as they came
  std::string_view text() const noexcept { return text_; } ///< the value's

private:
  const char* at_;
  const char* end_;
  bool begun_ = false;
  std::string_view name_, text_;
};

/// The same for the items of an array's text.
class item_walk {
public:
  explicit item_walk(std::string_view array) noexcept
      : at_(array.data()), end_(array.data() + array.size()) {}
  /// To the first item, then to the next one; false when there is none.
  bool next() noexcept;
  std::string_view text() const noexcept { return text_; } ///< the item's

private:
  const char* at_;
  const char* end_;
  bool begun_ = false;
  std::string_view text_;
};

/// The text of the first member of that name of an object; empty when there is none or when an escaped member
/// name before it makes that uncertain.
std::string_view member_text(std::string_view object, std::string_view name) noexcept;

/// Appends JSON text without the white space between its tokens, which stay as they are.
void append_compact(std::string& out, std::string_view text);

} // namespace relay::wire::json
