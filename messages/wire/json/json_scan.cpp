#include "relay_gateway/messages/wire/json/json_scan.hpp"

#include "relay_gateway/messages/wire/json/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace relay::wire::json {

namespace {

struct tally {
  std::size_t openers = 0; ///< `{` and `[`, also those inside strings: a bound of the depth
  bool nul = false, ascii = true;
  bool unicode_escape = false; ///< a backslash before a `u`, which need not be an escape
};

// Over every byte that the connector sends, sixteen at a time: the vectors of gcc and clang, because -O2 of
// gcc 12 does not make such of a plain loop.
using bytes = unsigned char __attribute__((vector_size(16)));

bytes bytes_at(const char* p) {
  bytes out;
  std::memcpy(&out, p, sizeof out);
  return out;
}
/// Every byte of `x` that is not zero counts as it is.
std::size_t sum_of(const bytes& x) {
  std::size_t out = 0;
  for (std::size_t i = 0; i < sizeof x; ++i) out += x[i];
  return out;
}
bool any(const bytes& x) {
  std::array<std::uint64_t, 2> words{};
  static_assert(sizeof words == sizeof x);
  std::memcpy(words.data(), &x, sizeof x);
  return (words[0] | words[1]) != 0;
}

tally count(std::string_view text) {
  constexpr std::size_t size = sizeof(bytes), most = 255; // of blocks, so that a sum fits a byte
  tally out;
  bytes nuls{}, high{}, escapes{};
  const auto look = [&](const bytes& x, const bytes& following) {
    nuls |= static_cast<bytes>(x == 0);
    high |= x;
    escapes |= static_cast<bytes>(x == '\\') & static_cast<bytes>(following == 'u');
    return static_cast<bytes>((x | 0x20) == '{') & 1; // `[` is one bit away
  };
  const char* p = text.data();
  const char* end = p + text.size();
  while (static_cast<std::size_t>(end - p) > size) { // a byte follows the block, so that no pair is missed
    bytes openers{};
    for (std::size_t n = 0; n<most&& static_cast<std::size_t>(end - p)> size; ++n, p += size)
      openers += look(bytes_at(p), bytes_at(p + 1));
    out.openers += sum_of(openers);
  }
  std::array<char, size + 1> rest{}; // filled up with what counts for nothing
  rest.fill(' ');
  if (p != end) std::memcpy(rest.data(), p, static_cast<std::size_t>(end - p));
  out.openers += sum_of(look(bytes_at(rest.data()), bytes_at(rest.data() + 1)));
  out.nul = any(nuls);
  out.ascii = !any(high & 0x80);
  out.unicode_escape = any(escapes);
  return out;
}

/// Past the closing quote of a string whose opening quote is just before `p`; null when it never closes.
const char* skip_string(const char* p, const char* end) {
  const char* begin = p;
  while (p != end) {
    const auto* quote = static_cast<const char*>(std::memchr(p, '"', static_cast<std::size_t>(end - p)));
    if (quote == nullptr) return nullptr;
    const char* slash = quote;
    while (slash != begin && slash[-1] == '\\') --slash;
    p = quote + 1;
    if ((quote - slash) % 2 == 0) return p;
  }
  return nullptr;
}

bool deeper_than(std::string_view text, int limit) {
  const char* p = text.data();
  const char* end = p + text.size();
  int depth = 0;
  while (p != end) {
    switch (*p++) {
    case '"':
      p = skip_string(p, end);
      if (p == nullptr) return false; // not JSON, which the parser will say
      break;
    case '{':
    case '[':
      if (++depth > limit) return true;
      break;
    case '}':
    case ']': --depth; break;
    default: break;
    }
  }
  return false;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
/// The code unit of an escape (`\u` and four digits) at `p`; -1 when there is none.
int escaped_unit(const char* p, const char* end) {
  if (end - p < 6 || p[0] != '\\' || p[1] != 'u') return -1;
  int unit = 0;
  for (int i = 2; i < 6; ++i) {
    const int digit = hex_digit(p[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

/// The escape of the next half of a surrogate pair; null when there is none. RapidJSON turns a low one into
/// bytes that are not UTF-8, so it must not get one.
const char* next_lone_surrogate(const char* p, const char* end) {
  while (p != end) {
    p = static_cast<const char*>(std::memchr(p, '\\', static_cast<std::size_t>(end - p)));
    if (p == nullptr) return nullptr;
    const int unit = escaped_unit(p, end);
    if (unit >= 0xDC00 && unit <= 0xDFFF) return p;
    if (unit >= 0xD800 && unit <= 0xDBFF) {
      const int other = escaped_unit(p + 6, end);
      if (other < 0xDC00 || other > 0xDFFF) return p;
      p += 12;
    } else {
      p += end - p >= 2 ? 2 : 1;
    }
  }
  return nullptr;
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

const char* skip_space(const char* p, const char* end) {
  while (p != end && is_space(*p)) ++p;
  return p;
}

const char* skip_value(const char* p, const char* end) {
  if (p == end) return nullptr;
  if (*p == '"') return skip_string(p + 1, end);
  if (*p != '{' && *p != '[') {
    while (p != end && std::strchr(",]} \t\r\n", *p) == nullptr) ++p;
    return p;
  }
  std::size_t depth = 0;
  while (p != end) {
    const char c = *p++;
    if (c == '"') {
      p = skip_string(p, end);
      if (p == nullptr) return nullptr;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return p;
    }
  }
  return nullptr;
}

} // namespace

text_fault check_text(std::string_view text, int max_depth) noexcept {
  const auto seen = count(text);
  if (seen.nul) return text_fault::nul;
  if (!seen.ascii && !is_utf8(text)) return text_fault::utf8;
  if (seen.unicode_escape && next_lone_surrogate(text.data(), text.data() + text.size()) != nullptr)
    return text_fault::utf8;
  if (seen.openers > static_cast<std::size_t>(max_depth) && deeper_than(text, max_depth))
    return text_fault::depth;
  return text_fault::none;
}

bool mend_surrogates(std::string& text) {
  char* p = text.data();
  const char* end = p + text.size();
  bool found = false;
  while (const char* lone = next_lone_surrogate(p, end)) {
    found = true;
    p += lone - p;
    std::copy_n("fffd", 4, p + 2); // an escape of the same length: U+FFFD
    p += 6;
  }
  return found;
}

bool member_walk::next() noexcept {
  const char* p = skip_space(at_, end_);
  at_ = end_; // unless all of it is there
  if (p == end_ || *p != (begun_ ? ',' : '{')) return false;
  p = skip_space(p + 1, end_);
  if (p == end_ || *p != '"') return false;
  const char* key = p + 1;
  p = skip_string(key, end_);
  if (p == nullptr) return false;
  name_ = {key, static_cast<std::size_t>(p - 1 - key)};
  p = skip_space(p, end_);
  if (p == end_ || *p != ':') return false;
  const char* from = skip_space(p + 1, end_);
  p = skip_value(from, end_);
  if (p == nullptr) return false;
  text_ = {from, static_cast<std::size_t>(p - from)};
  at_ = p;
  begun_ = true;
  return true;
}

bool item_walk::next() noexcept {
  const char* p = skip_space(at_, end_);
  at_ = end_;
  if (p == end_ || *p != (begun_ ? ',' : '[')) return false;
  const char* from = skip_space(p + 1, end_);
  p = skip_value(from, end_);
  if (p == nullptr || p == from) return false;
  text_ = {from, static_cast<std::size_t>(p - from)};
  at_ = p;
  begun_ = true;
  return true;
}

std::string_view member_text(std::string_view object, std::string_view name) noexcept {
  member_walk members{object};
  while (members.next()) {
    if (members.name().find('\\') != std::string_view::npos) return {};
    if (members.name() == name) return members.text();
  }
  return {};
}

void append_compact(std::string& out, std::string_view text) {
  const char* p = text.data();
  const char* end = p + text.size();
  while ((p = skip_space(p, end)) != end) {
    const char* from = p;
    while (p != end && !is_space(*p)) {
      if (*p++ != '"') continue;
      const char* past = skip_string(p, end);
      p = past == nullptr ? end : past;
    }
    out.append(from, p);
  }
}

} // namespace relay::wire::json
