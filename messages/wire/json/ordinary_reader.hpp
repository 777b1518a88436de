// Reads JSON text of the ordinary kind straight, without building anything from it: most frames are such, and
// a document of each would cost several times as much. It gives up on everything else, be it JSON or not, and
// then the document decides (json_document.hpp): whatever is read here means the same there.
#pragma once

#include "relay_gateway/messages/wire/json/json_words.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace relay::wire::json {

/// The names of an object's members that nobody here knows, to tell one that comes twice.
class foreign_names {
public:
  /// Whether it was there before, or there are too many to tell.
  bool again(std::string_view name) noexcept;

private:
  std::array<std::string_view, 16> names_; // written before it is read
  std::size_t count_ = 0;
  std::uint64_t seen_ = 0; ///< of two names that differ in their bit, neither is the other
};

/// Each function is asked for what comes next. Once one of them gave up, what the others say means nothing.
/// Unordinary are: line breaks between tokens, escapes in names, a name that comes twice, numbers with an
/// exponent or of very many digits, deep nesting.
class ordinary_reader {
public:
  /// `text` passed check_text().
  explicit ordinary_reader(std::string_view text) noexcept
      : at_(text.data()), end_(text.data() + text.size()) {}

  bool begin_object() noexcept { return take('{'); }
  /// Whether there is another member, of which `name` is then the name; its value is to be read next. The
  /// object's end is passed. `first`: of this object none was asked for before.
  bool member(std::string_view& name, bool first) noexcept;
  /// Whether all was read and nothing was given up.
  bool finished() noexcept {
    skip_space();
    return !gave_up_ && at_ == end_;
  }
  bool gave_up() const noexcept { return gave_up_; }
  void give_up() noexcept { gave_up_ = true; }

  /// Where the next value begins.
  const char* next() noexcept {
    skip_space();
    return at_;
  }
  /// Where the last one ends.
  const char* position() const noexcept { return at_; }
  /// A string; false when it is none or is longer than `most` bytes.
  bool text(std::string& out, std::size_t most);
  /// A string without escapes; false when it is none.
  bool text(std::string_view& out) noexcept;
  /// Whether it is this word: `null`, `true`, `false`. Otherwise nothing is passed.
  bool word(std::string_view x) noexcept {
    skip_space();
    if (static_cast<std::size_t>(end_ - at_) < x.size() || std::string_view{at_, x.size()} != x) return false;
    at_ += x.size();
    return true;
  }
  /// Passes any value; false when it gives up.
  bool skip(int depth = 0) noexcept;

private:
  void skip_space() noexcept {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t')) ++at_;
  }
  /// Passes this character and what space is before it.
  bool take(char c) noexcept {
    if (at_ == end_ || *at_ != c) { // mostly there is none
      skip_space();
      if (at_ == end_ || *at_ != c) return false;
    }
    ++at_;
    return true;
  }
  bool string(std::string_view& between_quotes, bool& escapes) noexcept;
  /// Of the escape at `p`; null when there is none.
  const char* past_escape(const char* p) const noexcept;
  bool skip_number() noexcept;
  bool skip_object(int depth) noexcept;
  bool skip_array(int depth) noexcept;

  const char* at_;
  const char* end_;
  bool gave_up_ = false;
};

// Called for each name, each string: in line.
inline bool ordinary_reader::string(std::string_view& between_quotes, bool& escapes) noexcept {
  escapes = false;
  if (!take('"')) return false;
  const char* from = at_;
  const char* p = from;
  while (true) {
    p += plain_run(p, end_, word_marks::special);
    while (p != end_ && *p != '"' && *p != '\\' && static_cast<unsigned char>(*p) >= 0x20) ++p;
    if (p != end_ && *p == '"') break;
    escapes = true;
    p = past_escape(p);
    if (p == nullptr) return false; // also at a control character, and at the end
  }
  between_quotes = {from, static_cast<std::size_t>(p - from)};
  at_ = p + 1;
  return true;
}

inline bool ordinary_reader::text(std::string_view& out) noexcept {
  bool escapes = false;
  return string(out, escapes) && !escapes;
}

inline bool ordinary_reader::member(std::string_view& name, bool first) noexcept {
  if (!first && take(',')) {
    if (text(name) && take(':')) return true;
  } else if (take('}')) {
    return false;
  } else if (first && text(name) && take(':')) {
    return true;
  }
  gave_up_ = true;
  return false;
}

} // namespace relay::wire::json
