// Long text cut into pieces (protocol.md 6): nothing too long, nothing lost, nothing out of order (F38).
#include "relay_gateway/actors/egress/core/text/splitter.hpp"

#include "relay_gateway/messages/wire/json/utf8.hpp"
#include "relay_gateway/tests/fuzz/fuzz.hpp"

#include <algorithm>
#include <set>

namespace relay::fuzz {
namespace splitter_target {

constexpr std::string_view fence = "```";

/// The forms of a piece without the fences that may have been added to it.
std::vector<std::string_view> bodies(std::string_view piece) {
  std::vector<std::string_view> fronts{piece};
  if (piece.starts_with(fence))
    if (auto end = piece.find('\n'); end != std::string_view::npos) fronts.push_back(piece.substr(end + 1));
  std::vector<std::string_view> out;
  for (auto x : fronts) {
    out.push_back(x);
    if (!x.ends_with(fence)) continue;
    x.remove_suffix(fence.size());
    out.push_back(x);
    if (x.ends_with('\n')) out.push_back(x.substr(0, x.size() - 1));
  }
  return out;
}

/// How many bytes at the front of this may stand between two pieces; 0 = none.
std::size_t goes(std::string_view text) {
  if (text.starts_with('`')) return 1;
  constexpr std::size_t widest_blank = 3;
  for (std::size_t n = 1; n <= std::min(widest_blank, text.size()); ++n)
    if (wire::is_blank(text.substr(0, n))) return n;
  return 0;
}

/// Whether the pieces are the text, one behind the other, but for what goes at the cuts.
bool covers(std::string_view text, const std::vector<std::string>& pieces) {
  std::set<std::size_t> at{0}; // every place where the next piece may begin
  for (const auto& piece : pieces) {
    std::set<std::size_t> next;
    for (const auto body : bodies(piece))
      for (auto from : at) {
        for (std::size_t width = 1; width > 0; from += width) {
          if (text.substr(from, body.size()) == body) next.insert(from + body.size());
          width = goes(text.substr(from));
        }
      }
    at = std::move(next);
  }
  return std::any_of(at.begin(), at.end(), [&](std::size_t from) {
    for (auto width = goes(text.substr(from)); width > 0; width = goes(text.substr(from))) from += width;
    return from == text.size();
  });
}

std::size_t fences_in(std::string_view s) {
  std::size_t n = 0;
  for (auto i = s.find(fence); i != std::string_view::npos; i = s.find(fence, i)) {
    ++n;
    i = std::min(s.find_first_not_of('`', i), s.size());
  }
  return n;
}

void run(std::string_view input) {
  bytes in{input};
  const auto limit = std::size_t{in.byte()};
  const auto unit = in.flag() ? length_unit::utf16 : length_unit::chars;
  const auto text = in.rest().substr(0, 1500);
  const auto pieces = core::split_text(text, limit, unit);
  require(!pieces.empty(), "there is a piece");
  require(pieces.size() <= text.size() + 1, "no more pieces than characters");
  const auto most = std::max<std::size_t>(limit, 1);
  for (const auto& piece : pieces) {
    const auto size = core::measure(piece, unit);
    require(size <= most || (size == 2 && piece.size() == 4), "no piece is too long (F38)");
    require(!wire::is_utf8(text) || wire::is_utf8(piece), "no character is cut apart");
    require(pieces.size() == 1 || !piece.empty(), "no piece is empty");
    require(pieces.size() == 1 || limit < 16 || fences_in(piece) % 2 == 0, "code is closed in every piece");
  }
  require(covers(text, pieces), "the pieces are the text");
  for (const auto* dialect : {"discord", "markdown_v2", "commonmark"})
    for (const auto& piece : core::split_text(text, limit, unit, dialect)) {
      const auto size = core::measure(piece, unit);
      require(size <= most || (size == 2 && piece.size() == 4),
              "no piece is too long, whatever is opened again");
      require(!wire::is_utf8(text) || wire::is_utf8(piece), "no character is cut apart beside markup");
    }
}

const registration self{"splitter", run};

} // namespace splitter_target
} // namespace relay::fuzz
