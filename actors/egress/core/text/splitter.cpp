#include "relay_gateway/actors/egress/core/text/splitter.hpp"

#include "relay_gateway/actors/egress/core/text/markup.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"

#include <algorithm>

namespace relay::core {

namespace {

/// Bytes of the code point at `i`; an invalid or cut one is a single byte.
std::size_t step(std::string_view s, std::size_t i) {
  auto lead = static_cast<unsigned char>(s[i]);
  std::size_t n = lead < 0x80 ? 1 : lead >= 0xf0 && lead < 0xf8 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 1;
  if (lead >= 0xf8 || i + n > s.size()) return 1;
  for (std::size_t k = 1; k < n; ++k)
    if ((static_cast<unsigned char>(s[i + k]) & 0xc0) != 0x80) return 1;
  return n;
}

std::size_t width(std::size_t bytes, length_unit unit) {
  return unit == length_unit::utf16 && bytes == 4 ? 2 : 1;
}

/// The longest prefix, in bytes, that measures at most `limit`; at least one code point.
std::size_t longest_prefix(std::string_view s, std::size_t limit, length_unit unit) {
  std::size_t i = 0, used = 0;
  while (i < s.size()) {
    auto n = step(s, i);
    auto w = width(n, unit);
    if (used + w > limit && i > 0) break;
    used += w;
    i += n;
    if (used >= limit) break;
  }
  return i;
}

constexpr std::string_view fence = "```";
constexpr std::string_view blank = " \t\r\n";

/// The next fence in `s` at or behind `from`: a run of three backticks or more, wherever it stands, since
/// that is what the platforms toggle code on. False when there is none.
bool next_fence(std::string_view s, std::size_t from, std::size_t& begin, std::size_t& end) {
  begin = s.find(fence, from);
  if (begin == std::string_view::npos) return false;
  end = std::min(s.find_first_not_of('`', begin), s.size());
  return true;
}

/// The language behind an opening fence that ends at `at`: the rest of its line if it looks like one, else
/// empty.
std::string_view language(std::string_view s, std::size_t at) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-#.";
  auto end = s.find_first_not_of(allowed, at);
  if (end == std::string_view::npos || (s[end] != '\n' && s[end] != '\r')) return {};
  return s.substr(at, end - at);
}

/// Whether code is open behind some text, and how to open it again.
struct code_state {
  bool open = false;
  std::string reopen;           ///< "```cpp\n"
  std::size_t opened_at = 0;    ///< where its fence begins in the text just read
  std::size_t content_from = 0; ///< where its first line of code begins there

  /// The state behind `s`. The language may stand behind the cut, so `whole` is the text that `s` begins.
  code_state behind(std::string_view s, std::string_view whole) const {
    auto next = *this;
    next.opened_at = next.content_from = 0;
    for (std::size_t i = 0, begin = 0, end = 0; next_fence(s, i, begin, end); i = end) {
      next.open = !next.open;
      if (!next.open) continue;
      auto word = language(whole, end);
      next.reopen = std::string{fence}.append(word).append("\n");
      next.opened_at = begin;
      next.content_from = end + word.size();
    }
    return next;
  }
};

/// The inline markup of a text that is cut into pieces of at most `limit`.
class markup {
public:
  /// What a cut at some place means.
  struct verdict {
    std::size_t move_to = std::string_view::npos; ///< it is inside of what fits a piece: cut here instead
    std::vector<const markup_span*> wraps;        ///< closed there and opened again, outermost first
    bool allowed() const { return move_to == std::string_view::npos; }
  };

  markup(std::string_view text, std::string_view dialect, std::size_t limit, length_unit unit)
      : text_(text), limit_(limit), unit_(unit), spans_(find_markup(text, dialect)) {
    measure_all(spans_);
  }

  verdict at(std::size_t cut) const {
    verdict out;
    auto room = limit_;
    for (const auto* x = around(spans_, cut); x != nullptr; x = around(x->children, cut)) {
      if (x->width <= room) return {x->begin, {}};
      const auto both = measure(x->opener(text_), unit_) + measure(x->closer(text_), unit_);
      if (x->atom || both * 2 > room || room - both < least_room) {
        // It cannot be opened again, but its target need not be cut.
        if (cut > x->inner_end && measure(x->closer(text_), unit_) <= room) return {x->inner_end, {}};
        continue;
      }
      if (cut <= x->inner) return {x->begin, {}};
      if (cut >= x->inner_end) return {last_inside(*x), {}};
      out.wraps.push_back(x);
      room -= both;
    }
    return out;
  }

  std::string openers(const verdict& x) const {
    std::string out;
    for (const auto* span : x.wraps) out.append(span->opener(text_));
    return out;
  }
  std::string closers(const verdict& x) const {
    std::string out;
    for (auto it = x.wraps.rbegin(); it != x.wraps.rend(); ++it) out.append((*it)->closer(text_));
    return out;
  }

private:
  static constexpr std::size_t least_room = 4;

  void measure_all(std::vector<markup_span>& spans) const {
    for (auto& x : spans) {
      x.width = measure(text_.substr(x.begin, x.end - x.begin), unit_);
      measure_all(x.children);
    }
  }
  static const markup_span* around(const std::vector<markup_span>& level, std::size_t cut) {
    auto it = std::partition_point(level.begin(), level.end(), [&](auto& x) { return x.begin < cut; });
    return it != level.begin() && std::prev(it)->contains(cut) ? &*std::prev(it) : nullptr;
  }
  /// Before the last character inside, so that the next piece has something to wrap.
  std::size_t last_inside(const markup_span& x) const {
    auto i = x.inner_end - 1;
    while (i > x.inner && (static_cast<unsigned char>(text_[i]) & 0xC0U) == 0x80U) --i;
    return i > x.inner ? i : x.begin;
  }

  std::string_view text_;
  std::size_t limit_;
  length_unit unit_;
  std::vector<markup_span> spans_;
};

/// Splits off one piece after the other.
class cutter {
public:
  cutter(std::string_view text, std::size_t limit, length_unit unit, std::string_view dialect)
      : text_(text), rest_(text), limit_(limit), unit_(unit), fences_(limit >= 16),
        markup_(text, dialect, limit, unit) {}

  std::vector<std::string> run() {
    while (!wire::is_blank(rest_)) next_piece();
    if (pieces_.empty()) pieces_.emplace_back();
    return std::move(pieces_);
  }

private:
  static constexpr std::size_t close_width = 4; // "\n```"

  void next_piece() {
    prefix_.clear();
    if (code_.open) {
      // A language that takes too much of the piece is left out.
      prefix_ = code_.reopen.size() <= limit_ / 4 ? code_.reopen : std::string{fence} + "\n";
    } else if (offset(0) > 0) {
      prefix_ = markup_.openers(markup_.at(offset(0)));
    }
    auto room = limit_ - measure(prefix_, unit_);
    auto cut = choose(room);
    auto body = rest_.substr(0, cut);
    auto after = state_behind(body);
    auto at_line_end = body.back() == '\n';
    auto kept = trimmed(body, after.open);
    const auto spans = after.open ? markup::verdict{} : markup_.at(offset(cut));
    if (!wire::is_blank(kept)) {
      auto piece = prefix_;
      piece += kept;
      if (after.open) piece += kept.back() == '\n' ? "```" : "\n```";
      // Where there was no good place, the limit counts more than the markup.
      if (auto closers = markup_.closers(spans); measure(kept, unit_) + measure(closers, unit_) <= room)
        piece += closers;
      pieces_.push_back(std::move(piece));
    }
    rest_.remove_prefix(cut);
    code_ = std::move(after);
    if (code_.open) {
      skip_closing_fence();
    } else {
      skip_blank(at_line_end);
      skip_closers(spans, at_line_end);
    }
  }

  /// What stands that many bytes into the rest, as an offset into the text.
  std::size_t offset(std::size_t in_rest) const {
    return static_cast<std::size_t>(rest_.data() - text_.data()) + in_rest;
  }

  code_state state_behind(std::string_view body) const {
    return fences_ ? code_.behind(body, rest_) : code_state{};
  }

  /// How many bytes the next piece takes.
  std::size_t choose(std::size_t room) const {
    auto most = longest_prefix(rest_, room, unit_);
    if (most == rest_.size() && acceptable(most, room)) return most;
    if (auto cut = best_cut(most, room)) return cut;
    // In code there must be room for the fence that closes it.
    if (room > close_width && state_behind(rest_.substr(0, most)).open)
      most = longest_prefix(rest_, room - close_width, unit_);
    if (auto cut = best_cut(most, room)) return cut;
    // Never inside a fence, as long as something is left before it.
    auto hard = most;
    while (fences_ && hard > 0 && hard < rest_.size() && rest_[hard] == '`' && rest_[hard - 1] == '`') --hard;
    if (hard == 0) hard = most;
    hard = outside_markup(hard, room);
    // Going back may have opened code that the longer piece had closed.
    if (room > close_width && !fits(hard, room)) hard = longest_prefix(rest_, room - close_width, unit_);
    return hard;
  }

  /// Back to before what must not be cut, with room for what must be closed.
  std::size_t outside_markup(std::size_t cut, std::size_t room) const {
    const auto wanted = cut;
    for (int tries = 0; tries < 16; ++tries) {
      const auto spans = markup_.at(offset(cut));
      if (!spans.allowed()) {
        if (spans.move_to <= offset(0)) return wanted; // nothing is left before it
        cut = spans.move_to - offset(0);
        continue;
      }
      const auto closers = measure(markup_.closers(spans), unit_);
      if (measure(trimmed(rest_.substr(0, cut), false), unit_) + closers <= room) return cut;
      const auto shorter = longest_prefix(rest_, room > closers ? room - closers : 1, unit_);
      if (shorter >= cut) return wanted;
      cut = shorter;
    }
    return cut;
  }

  /// Behind a paragraph, a line, or a word; 0 when there is no such place in the second half, since a very
  /// short piece helps nobody.
  std::size_t best_cut(std::size_t most, std::size_t room) const {
    auto window = rest_.substr(0, most);
    for (std::string_view sign : {"\n\n", "\n\r\n", "\n", " ", "\t"}) {
      for (auto at = window.rfind(sign); at != std::string_view::npos && at > 0 && at >= most / 2;
           at = window.rfind(sign, at - 1))
        if (acceptable(at + sign.size(), room)) return at + sign.size();
    }
    // Before a code block that would open at the very end.
    if (auto state = state_behind(window);
        state.open && state.opened_at > 0 && acceptable(state.opened_at, room))
      return state.opened_at;
    return 0;
  }

  bool fits(std::size_t cut, std::size_t room) const {
    auto body = rest_.substr(0, cut);
    auto after = state_behind(body);
    return !after.open || measure(trimmed(body, true), unit_) + close_width <= room;
  }

  /// Whether the piece fits with the fence that closes it, and does not end in a code block without code.
  bool acceptable(std::size_t cut, std::size_t room) const {
    auto body = rest_.substr(0, cut);
    auto after = state_behind(body);
    if (wire::is_blank(body)) return false;
    if (!after.open) {
      const auto spans = markup_.at(offset(cut));
      if (!spans.allowed()) return false;
      return spans.wraps.empty() ||
             measure(trimmed(body, false), unit_) + measure(markup_.closers(spans), unit_) <= room;
    }
    if (after.content_from > 0 &&
        (after.content_from >= cut || wire::is_blank(body.substr(after.content_from))))
      return false;
    return measure(trimmed(body, true), unit_) + close_width <= room;
  }

  /// Without the white space at its end; in code only the end of the last line goes.
  static std::string_view trimmed(std::string_view body, bool code) {
    if (code) {
      if (!body.empty() && body.back() == '\n') body.remove_suffix(1);
      if (!body.empty() && body.back() == '\r') body.remove_suffix(1);
      return body;
    }
    return body.substr(0, body.find_last_not_of(blank) + 1);
  }

  /// The fence that was added closes the code; when the text's own one comes next, it stands for that.
  void skip_closing_fence() {
    auto at = rest_.find_first_not_of(blank);
    std::size_t begin = 0, end = 0;
    if (at == std::string_view::npos || !next_fence(rest_, at, begin, end) || begin != at) return;
    rest_.remove_prefix(end);
    code_.open = false;
    skip_blank(false);
  }

  /// What was closed at the cut and has nothing more to say is over.
  void skip_closers(const markup::verdict& spans, bool at_line_end) {
    for (auto it = spans.wraps.rbegin(); it != spans.wraps.rend() && offset(0) >= (*it)->inner_end; ++it) {
      if (offset(0) >= (*it)->end) continue;
      rest_.remove_prefix((*it)->end - offset(0));
      skip_blank(at_line_end);
    }
  }

  /// The white space at a cut goes, but not the indentation of the line that follows.
  void skip_blank(bool at_line_start) {
    auto end = std::min(rest_.find_first_not_of(blank), rest_.size());
    auto line = end == 0 ? std::string_view::npos : rest_.rfind('\n', end - 1);
    if (line != std::string_view::npos) {
      rest_.remove_prefix(line + 1);
    } else if (!at_line_start) {
      rest_.remove_prefix(end);
    }
  }

  std::string_view text_, rest_;
  std::size_t limit_;
  length_unit unit_;
  bool fences_; ///< the limit leaves room for text between fences
  markup markup_;
  code_state code_;
  std::string prefix_;
  std::vector<std::string> pieces_;
};

} // namespace

std::size_t measure(std::string_view text, length_unit unit) {
  std::size_t total = 0;
  for (std::size_t i = 0; i < text.size();) {
    auto n = step(text, i);
    total += width(n, unit);
    i += n;
  }
  return total;
}

std::vector<std::string> split_text(std::string_view text, std::size_t limit, length_unit unit,
                                    std::string_view dialect) {
  limit = std::max<std::size_t>(limit, 1);
  // No more bytes than units means it fits, whatever they are.
  if (text.size() <= limit || measure(text, unit) <= limit) return {std::string{text}};
  return cutter{text, limit, unit, dialect}.run();
}

} // namespace relay::core
