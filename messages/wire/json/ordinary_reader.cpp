#include "relay_gateway/messages/wire/json/ordinary_reader.hpp"

#include <algorithm>

namespace relay::wire::json {

namespace {

constexpr int most_nesting = 32;
/// With more digits it may be too large for a double.
constexpr std::size_t most_digits = 300;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
/// The four digits of an escape that was checked.
char32_t unit_at(const char* p) {
  char32_t out = 0;
  for (int i = 0; i < 4; ++i) out = out * 16 + static_cast<char32_t>(hex_digit(p[i]));
  return out;
}
char meant_by(char escape) {
  switch (escape) {
  case 'b': return '\b';
  case 'f': return '\f';
  case 'n': return '\n';
  case 'r': return '\r';
  case 't': return '\t';
  default: return escape; // itself
  }
}

void append_code_point(std::string& out, char32_t x) {
  const auto low_bits = [](char32_t bits) { return static_cast<char>(0x80 | (bits & 0x3F)); };
  if (x < 0x80) {
    out += static_cast<char>(x);
  } else if (x < 0x800) {
    out += static_cast<char>(0xC0 | x >> 6);
    out += low_bits(x);
  } else if (x < 0x10000) {
    out += static_cast<char>(0xE0 | x >> 12);
    out += low_bits(x >> 6);
    out += low_bits(x);
  } else {
    out += static_cast<char>(0xF0 | x >> 18);
    out += low_bits(x >> 12);
    out += low_bits(x >> 6);
    out += low_bits(x);
  }
}

/// What stands between quotes and was checked, no half of a surrogate pair among it, as it is meant.
void unescape(std::string& out, std::string_view from) {
  constexpr char32_t high = 0xD800, low = 0xDC00, beyond = 0xE000;
  out.clear();
  while (!from.empty()) {
    const auto escape = from.find('\\');
    out.append(from.substr(0, escape));
    if (escape == std::string_view::npos) return;
    const char* p = from.data() + escape + 1;
    std::size_t size = 2;
    if (*p == 'u') {
      auto unit = unit_at(p + 1);
      size = 6;
      if (unit >= high && unit < beyond) {
        unit = 0x10000 + ((unit - high) << 10) + (unit_at(p + 7) - low);
        size = 12;
      }
      append_code_point(out, unit);
    } else {
      out += meant_by(*p);
    }
    from.remove_prefix(escape + size);
  }
}

} // namespace

bool foreign_names::again(std::string_view name) noexcept {
  const auto at = [&](std::size_t i) { return std::size_t{static_cast<unsigned char>(name[i])}; };
  const std::size_t sum =
      name.empty() ? 0 : name.size() + 5 * at(0) + 17 * at(name.size() - 1) + 29 * at(name.size() / 2);
  const auto bit = std::uint64_t{1} << sum % 64;
  if (count_ == names_.size()) return true;
  const auto end = names_.begin() + static_cast<std::ptrdiff_t>(count_);
  if ((seen_ & bit) != 0 && std::find(names_.begin(), end, name) != end) return true;
  seen_ |= bit;
  names_[count_++] = name;
  return false;
}

bool ordinary_reader::text(std::string& out, std::size_t most) {
  std::string_view between;
  bool escapes = false;
  if (!string(between, escapes) || between.size() > most) return false;
  if (escapes)
    unescape(out, between);
  else
    out = between;
  return true;
}

const char* ordinary_reader::past_escape(const char* p) const noexcept {
  constexpr std::string_view simple = "\"\\/bfnrt";
  if (end_ - p < 2 || *p != '\\') return nullptr;
  const char c = p[1];
  p += 2;
  if (c != 'u') return simple.find(c) == std::string_view::npos ? nullptr : p;
  if (end_ - p < 4 || std::any_of(p, p + 4, [](char x) { return hex_digit(x) < 0; })) return nullptr;
  return p + 4;
}

bool ordinary_reader::skip_number() noexcept {
  const char* from = at_;
  const auto digits = [&] {
    const char* first = at_;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9') ++at_;
    return at_ - first;
  };
  if (*at_ == '-') ++at_;
  const bool zero = at_ != end_ && *at_ == '0';
  const auto natural = digits();
  if (natural == 0 || (zero && natural > 1)) return false;
  if (at_ != end_ && *at_ == '.') {
    ++at_;
    if (digits() == 0) return false;
  }
  return (at_ == end_ || (*at_ != 'e' && *at_ != 'E')) && static_cast<std::size_t>(at_ - from) <= most_digits;
}

bool ordinary_reader::skip_object(int depth) noexcept {
  foreign_names names;
  std::string_view name;
  for (bool first = true; member(name, first); first = false)
    if (names.again(name) || !skip(depth)) return false;
  return !gave_up_;
}

bool ordinary_reader::skip_array(int depth) noexcept {
  if (take(']')) return true;
  do
    if (!skip(depth)) return false;
  while (take(','));
  return take(']');
}

bool ordinary_reader::skip(int depth) noexcept {
  skip_space();
  if (at_ == end_ || depth == most_nesting) return false;
  switch (*at_) {
  case '"': {
    std::string_view between;
    bool escapes = false;
    return string(between, escapes);
  }
  case '{': ++at_; return skip_object(depth + 1);
  case '[': ++at_; return skip_array(depth + 1);
  case 'n': return word("null");
  case 't': return word("true");
  case 'f': return word("false");
  case '-':
  case '0':
  case '1':
  case '2':
  case '3':
  case '4':
  case '5':
  case '6':
  case '7':
  case '8':
  case '9': return skip_number();
  default: return false;
  }
}

} // namespace relay::wire::json
