#include "relay_gateway/messages/wire/json/json_write.hpp"

#include "relay_gateway/messages/wire/json/json_scan.hpp"
#include "relay_gateway/messages/wire/json/json_words.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"

#include <rapidjson/writer.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace relay::wire::json {

namespace {

constexpr std::array<bool, 256> plain_bytes = [] {
  std::array<bool, 256> out{};
  for (std::size_t i = 0x20; i < 0x80; ++i) out[i] = i != '"' && i != '\\';
  return out;
}();

/// Whether each byte stands for itself in a string.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return plain_bytes[static_cast<unsigned char>(c)]; });
}

void append_escape(std::string& out, char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  switch (c) {
  case '"': out += "\\\""; break;
  case '\\': out += "\\\\"; break;
  case '\b': out += "\\b"; break;
  case '\f': out += "\\f"; break;
  case '\n': out += "\\n"; break;
  case '\r': out += "\\r"; break;
  case '\t': out += "\\t"; break;
  default:
    out += "\\u00";
    out += hex[static_cast<unsigned char>(c) >> 4];
    out += hex[static_cast<unsigned char>(c) & 15];
  }
}

struct string_sink {
  using Ch = char;
  std::string& out;
  void Put(char c) { out.push_back(c); }
  void Flush() {}
};

} // namespace

void append_string(std::string& out, std::string_view text) {
  out += '"';
  const char* p = text.data();
  const char* end = p + text.size();
  const char* run = p; // what is copied as it is, from here to p
  const auto flush = [&] { out.append(run, static_cast<std::size_t>(p - run)); };
  const auto foreign = [](std::uint64_t x) { return word_marks::special(x) | (x & word_marks::high); };
  while (p != end) {
    if (plain_bytes[static_cast<unsigned char>(*p)]) {
      const auto run_on = plain_run(p, end, foreign);
      p += run_on > 0 ? run_on : 1;
    } else if (static_cast<unsigned char>(*p) >= 0x80) {
      if (const auto n = utf8_length(p, end); n != 0) {
        p += n;
      } else {
        flush();
        out += "\xEF\xBF\xBD";
        run = ++p;
      }
    } else {
      flush();
      append_escape(out, *p);
      run = ++p;
    }
  }
  flush();
  out += '"';
}

void append_value(std::string& out, const value& x) {
  string_sink sink{out};
  rapidjson::Writer<string_sink> writer(sink);
  x.Accept(writer);
}

void append_as_it_came(std::string& out, const value& x, std::string_view source) {
  if (source.empty())
    append_value(out, x);
  else
    append_compact(out, source);
}

std::string text_of(const value& x, std::string_view source) {
  const auto has = [&](char c) { return source.find(c) != std::string_view::npos; };
  if (!source.empty() && !has('\n') && !has('\r')) return std::string{source};
  std::string out;
  append_as_it_came(out, x, source);
  return out;
}

// A member goes to the string at once as far as it is short: each append costs as much as the member.
void object_writer::key(std::string_view name) {
  constexpr std::string_view after = "\":";
  std::array<char, short_member> room;
  if (name.size() + 4 > room.size()) {
    separate();
    out_.append(1, '"').append(name).append(after);
    return;
  }
  char* p = begin_member(room.data(), name);
  out_.append(room.data(), static_cast<std::size_t>(p - room.data()));
}

object_writer& object_writer::text(std::string_view name, std::string_view x) {
  std::array<char, short_member> room;
  if (name.size() + x.size() + 6 > room.size() || !is_plain(x)) {
    key(name);
    append_string(out_, x);
    return *this;
  }
  char* p = begin_member(room.data(), name);
  *p++ = '"';
  p = std::copy(x.begin(), x.end(), p);
  *p++ = '"';
  out_.append(room.data(), static_cast<std::size_t>(p - room.data()));
  return *this;
}

/// Comma, name and colon; past their end.
char* object_writer::begin_member(char* to, std::string_view name) {
  if (!first_) *to++ = ',';
  first_ = false;
  *to++ = '"';
  to = std::copy(name.begin(), name.end(), to);
  *to++ = '"';
  *to++ = ':';
  return to;
}

object_writer& object_writer::members(std::string_view object_text) {
  const auto from = object_text.find_first_not_of(" \t");
  const auto to = object_text.find_last_not_of(" \t");
  if (from == std::string_view::npos || from == to || object_text[from] != '{' || object_text[to] != '}')
    return *this;
  const auto inner = object_text.substr(from + 1, to - from - 1);
  if (inner.find_first_not_of(" \t") == std::string_view::npos) return *this;
  separate();
  out_ += inner;
  return *this;
}

} // namespace relay::wire::json
