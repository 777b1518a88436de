// Cuts long text into pieces that a platform takes (protocol.md 6): in the platform's own unit, at paragraph,
// line, then word boundaries, never inside a code point, code fences closed and reopened, inline markup whole
// where it can be.
#pragma once

#include "relay_gateway/messages/contract/descriptor.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace relay::core {

/// The length of UTF-8 text in a platform's unit. An invalid byte counts as one.
std::size_t measure(std::string_view text, length_unit unit);

/// At least one piece; each measures at most `limit` (0 counts as 1; a single code point that is longer than
/// the limit is a piece of its own, since nothing smaller exists). Joined, and less the fences that were
/// added and the white space at the cuts, the pieces are the text. Empty text is one empty piece.
/// In a markdown dialect what fits a piece of inline markup (actors/egress/core/text/markup.hpp) is not cut;
/// a longer code span, link or emphasis is closed at the cut and opened again behind it, as long as that
/// leaves room for text.
std::vector<std::string> split_text(std::string_view text, std::size_t limit, length_unit unit,
                                    std::string_view dialect = "plain");

} // namespace relay::core
