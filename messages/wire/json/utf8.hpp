// Strict UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace relay::wire {

/// Length in bytes of the sequence that starts at `p`; 0 when it is not a valid one. `p` must be before
/// `end`.
std::size_t utf8_length(const char* p, const char* end) noexcept;
bool is_utf8(std::string_view text) noexcept;
/// The longest prefix of at most `limit` bytes that does not cut a sequence.
std::string_view utf8_prefix(std::string_view text, std::size_t limit) noexcept;
/// On one line: line separators of any kind become spaces, so that no entry of a list can pretend to be
/// several.
std::string on_one_line(std::string text);
/// Empty, or white space alone, as Unicode has it.
bool is_blank(std::string_view text) noexcept;
/// At most `limit` bytes of the text; each byte that is not UTF-8 becomes U+FFFD.
std::string valid_utf8(std::string_view text, std::size_t limit);

} // namespace relay::wire
