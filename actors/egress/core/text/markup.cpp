#include "relay_gateway/actors/egress/core/text/markup.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace relay::core {

namespace {

constexpr std::size_t longest_target = 4'096; ///< bytes of a link's URL, or of what stands between < and >
constexpr std::size_t most_open = 64;         ///< delimiters that wait for their closing one

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_punctuation(char c) { return c > ' ' && c < 0x7F && !is_word(c); }

/// Finds spans in one pass, with a stack of what is open.
class scanner {
public:
  scanner(std::string_view text, std::string_view dialect)
      : text_(text), strict_(dialect == "markdown_v2"), lines_apart_(!strict_ && dialect != "discord") {}

  std::vector<markup_span> run() {
    while (at_ < text_.size()) step();
    return nested();
  }

private:
  struct open_mark {
    char sign = 0;
    std::size_t at = 0, length = 0;
  };

  void step() {
    const char c = text_[at_];
    switch (c) {
    case '\\': return escape();
    case '`': return code();
    case '*':
    case '_':
    case '~':
    case '|': return emphasis(c);
    case '[': return push({'[', at_, 1}, 1);
    case ']': return link();
    case '<': return angle();
    case 'h': return url();
    case '\n':
      if (lines_apart_ && text_.substr(at_ + 1).starts_with('\n')) open_.clear();
      break;
    default: break;
    }
    ++at_;
  }

  void add(std::size_t begin, std::size_t inner, std::size_t inner_end, std::size_t end, bool atom = false) {
    found_.push_back({begin, inner, inner_end, end, atom, 0, {}});
  }
  void add_atom(std::size_t end) {
    add(at_, at_, end, end, true);
    at_ = end;
  }
  void push(open_mark x, std::size_t width) {
    if (open_.size() < most_open) open_.push_back(x);
    at_ += width;
  }

  void escape() {
    const bool pair = at_ + 1 < text_.size() && is_punctuation(text_[at_ + 1]);
    const bool fence = pair && text_[at_ + 1] == '`' && run_at(at_ + 1) >= 3; // which no backslash stops
    if (pair && !fence)
      add_atom(at_ + 2);
    else
      ++at_;
  }

  std::size_t run_at(std::size_t from) const {
    return std::min(text_.find_first_not_of(text_[from], from), text_.size()) - from;
  }

  void code() {
    const auto length = run_at(at_);
    if (length >= 3) { // a fence is the splitter's business, and nothing reaches over it
      open_.clear();
      for (auto next = text_.find("```", at_ + length);; next = std::string_view::npos) {
        at_ = next == std::string_view::npos ? text_.size() : next + run_at(next);
        return;
      }
    }
    const auto end = closing_run(at_ + length, length);
    if (end == std::string_view::npos) {
      at_ += length;
      return;
    }
    add(at_, at_ + length, end, end + length);
    at_ = end + length;
  }

  /// The next run of exactly so many backticks, before any fence; npos when there is none.
  std::size_t closing_run(std::size_t from, std::size_t length) {
    auto& none_from = no_run_[length - 1];
    if (from >= none_from) return std::string_view::npos;
    for (auto i = text_.find('`', from); i != std::string_view::npos;) {
      const auto n = run_at(i);
      const bool escaped = strict_ && i > 0 && text_[i - 1] == '\\';
      if (n == length && !escaped) return i;
      if (n >= 3) {
        return std::string_view::npos;
      }
      i = text_.find('`', i + n);
    }
    none_from = from;
    return std::string_view::npos;
  }

  void emphasis(char sign) {
    auto left = run_at(at_);
    const auto after = at_ + left;
    if (left > 3 || (sign == '|' && left != 2) || (sign == '~' && left > 2)) { // a rule, a table
      at_ = after;
      return;
    }
    const char before = at_ > 0 ? text_[at_ - 1] : ' ';
    const char behind = after < text_.size() ? text_[after] : ' ';
    bool can_close = strict_ || !is_space(before);
    bool can_open = strict_ || !is_space(behind);
    // snake_case is no emphasis.
    if (sign == '_' && !strict_ && is_word(before) && is_word(behind)) can_close = can_open = false;
    while (left > 0 && can_close) {
      const auto it = std::find_if(open_.rbegin(), open_.rend(),
                                   [&](auto& x) { return x.sign == sign && x.length <= left; });
      if (it == open_.rend() || it->at + it->length == at_) break; // nothing is inside of it
      add(it->at, it->at + it->length, at_, at_ + it->length);
      at_ += it->length;
      left -= it->length;
      open_.erase(std::next(it).base(), open_.end()); // what was opened inside was never closed
    }
    if (left > 0 && can_open && left == 3) {
      push({sign, at_, 2}, 2);
      push({sign, at_, 1}, 1);
    } else if (left > 0 && can_open) {
      push({sign, at_, left}, left);
    } else {
      at_ = after;
    }
  }

  /// `[label](target)`
  void link() {
    const auto it = std::find_if(open_.rbegin(), open_.rend(), [](auto& x) { return x.sign == '['; });
    if (it == open_.rend()) {
      ++at_;
      return;
    }
    const auto end = target_end(at_ + 1);
    auto begin = it->at;
    if (end != 0) {
      if (begin > 0 && text_[begin - 1] == '!') --begin; // an image
      add(begin, it->at + 1, at_, end);
      open_.erase(std::next(it).base(), open_.end());
      at_ = end;
    } else {
      open_.erase(std::next(it).base());
      ++at_;
    }
  }
  /// Behind `(target)` at `from`; 0 when there is none. One pair of parentheses may be inside.
  std::size_t target_end(std::size_t from) const {
    if (from >= text_.size() || text_[from] != '(') return 0;
    int depth = 0;
    const auto last = std::min(text_.size(), from + longest_target);
    for (auto i = from; i < last; ++i) {
      const char c = text_[i];
      if (c == '\n' || (c == '(' && ++depth > 2)) return 0;
      if (c == '\\' && i + 1 < last)
        ++i;
      else if (c == ')' && --depth == 0)
        return i + 1;
    }
    return 0;
  }

  /// `<https://...>`, `<@123>`, `<url|label>`
  void angle() {
    const auto last = std::min(text_.size(), at_ + longest_target);
    const auto first = at_ + 1 < last ? text_[at_ + 1] : ' ';
    if (!is_space(first) && first != '<' && first != '>') {
      for (auto i = at_ + 1; i < last && text_[i] != '\n' && text_[i] != '<'; ++i)
        if (text_[i] == '>') return add_atom(i + 1);
    }
    ++at_;
  }

  void url() {
    const auto rest = text_.substr(at_);
    const bool begins = at_ == 0 || !is_word(text_[at_ - 1]);
    if (!begins || !(rest.starts_with("http://") || rest.starts_with("https://"))) {
      ++at_;
      return;
    }
    constexpr std::string_view ends = " \t\r\n\v\f<>()[]\"'`*|";
    auto end = std::min({rest.find_first_of(ends), rest.size(), longest_target});
    while (end > 0 && std::string_view{".,;:!?"}.find(rest[end - 1]) != std::string_view::npos) --end;
    add_atom(at_ + end);
  }

  /// Those inside of others become their children.
  std::vector<markup_span> nested() {
    std::sort(found_.begin(), found_.end(),
              [](auto& a, auto& b) { return a.begin != b.begin ? a.begin < b.begin : a.end > b.end; });
    std::vector<markup_span> out;
    for (auto& x : found_) {
      auto* level = &out;
      std::size_t depth = 1;
      while (!level->empty() && level->back().end > x.begin && depth <= deepest_markup) {
        level = &level->back().children;
        ++depth;
      }
      if (depth <= deepest_markup) level->push_back(std::move(x));
    }
    return out;
  }

  std::string_view text_;
  bool strict_;      ///< every delimiter counts, white space beside it or not
  bool lines_apart_; ///< emphasis ends at a blank line
  std::size_t at_ = 0;
  std::vector<open_mark> open_;
  std::vector<markup_span> found_;
  std::array<std::size_t, 2> no_run_{std::string_view::npos, std::string_view::npos};
};

} // namespace

std::vector<markup_span> find_markup(std::string_view text, std::string_view dialect) {
  if (dialect.empty() || dialect == "plain") return {};
  return scanner{text, dialect}.run();
}

} // namespace relay::core
