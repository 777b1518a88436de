// Where the inline markup of a text lies: code spans, escapes, links, emphasis. What a splitter must not cut,
// or must close and open again where it has to (protocol.md 6).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace relay::core {

/// A piece of markup in a text, as byte offsets: `begin <= inner <= inner_end <= end`.
struct markup_span {
  std::size_t begin = 0, inner = 0, inner_end = 0, end = 0;
  /// Nothing is opened again in an atom: an escape, a mention, a bare URL.
  bool atom = false;
  std::size_t width = 0;             ///< in the unit of whoever asks; not filled in here
  std::vector<markup_span> children; ///< inside of it, in order

  bool contains(std::size_t cut) const { return begin < cut && cut < end; }
  std::string_view opener(std::string_view text) const { return text.substr(begin, inner - begin); }
  std::string_view closer(std::string_view text) const { return text.substr(inner_end, end - inner_end); }
};

/// The spans of a text in this dialect (descriptor, `markdown_dialect`), in order. None of plain text, and
/// none that reaches over a code fence. Linear in the text but for a small factor; nested at most
/// `deepest_markup` deep.
std::vector<markup_span> find_markup(std::string_view text, std::string_view dialect);
inline constexpr std::size_t deepest_markup = 6;

} // namespace relay::core
