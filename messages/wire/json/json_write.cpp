#include "relay_gateway/messages/wire/json/json_write.hpp"

#include "relay_gateway/messages/wire/json/json_scan.hpp"
#include "relay_gateway/messages/wire/json/json_words.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"

#include <rapidjson/writer.h>

#include <array>
#include <cstdint>

namespace relay::wire::json {

namespace {

constexpr std::array<bool, 256> plain_bytes = [] {
  std::array<bool, 256> out{};
  for (std::size_t i = 0x20; i < 0x80; ++i) out[i] = i != '"' && i != '\\';
  return out;
}();

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
