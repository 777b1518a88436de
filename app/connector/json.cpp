#include "relay_gateway/app/connector/json.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace relay::connector::json {

namespace {

constexpr int max_depth = 64;

/// The writer and the destructors recurse, so a document's depth must be known before it is taken.
bool shallow(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (quoted) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > max_depth) return false;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return true;
}

/// Length of the valid UTF-8 sequence at the start; 0 when there is none.
std::size_t sequence(std::string_view x) {
  auto at = [&](std::size_t i) { return i < x.size() ? static_cast<unsigned char>(x[i]) : 0U; };
  auto follows = [&](std::size_t i) { return (at(i) & 0xC0U) == 0x80U; };
  unsigned c = at(0);
  if (c < 0x80) return 1;
  if (c >= 0xC2 && c <= 0xDF) return follows(1) ? 2 : 0;
  if (c >= 0xE0 && c <= 0xEF) {
    bool overlong = c == 0xE0 && at(1) < 0xA0, surrogate = c == 0xED && at(1) > 0x9F;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (c >= 0xF0 && c <= 0xF4) {
    bool overlong = c == 0xF0 && at(1) < 0x90, beyond = c == 0xF4 && at(1) > 0x8F;
    return follows(1) && follows(2) && follows(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

} // namespace

bool parse(std::string_view text, document& out) {
  if (!shallow(text)) return false;
  out.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(text.data(), text.size());
  return !out.HasParseError();
}

bool parse_object(std::string_view text, document& out) { return parse(text, out) && out.IsObject(); }

const value* member(const value& from, std::string_view key) {
  if (!from.IsObject()) return nullptr;
  auto it = from.FindMember(value{rapidjson::StringRef(key.data(), key.size())});
  return it == from.MemberEnd() ? nullptr : &it->value;
}

std::string_view text(const value& from, std::string_view key) {
  const auto* x = member(from, key);
  return x && x->IsString() ? std::string_view{x->GetString(), x->GetStringLength()} : std::string_view{};
}

bool flag(const value& from, std::string_view key, bool otherwise) {
  const auto* x = member(from, key);
  return x && x->IsBool() ? x->GetBool() : otherwise;
}

std::int64_t number(const value& from, std::string_view key, std::int64_t otherwise) {
  const auto* x = member(from, key);
  return x && x->IsInt64() ? x->GetInt64() : otherwise;
}

std::vector<std::string> texts(const value& from, std::string_view key) {
  std::vector<std::string> out;
  const auto* x = member(from, key);
  if (!x || !x->IsArray()) return out;
  for (const auto& one : x->GetArray())
    if (one.IsString()) out.emplace_back(one.GetString(), one.GetStringLength());
  return out;
}

std::string write(const value& x) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer{buffer};
  x.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

std::string quote(std::string_view x) {
  static constexpr char hex[] = "0123456789abcdef";
  std::string out;
  out.reserve(x.size() + 2);
  out += '"';
  while (!x.empty()) {
    auto n = sequence(x);
    auto c = static_cast<unsigned char>(x[0]);
    if (n == 0) {
      out += "\xEF\xBF\xBD";
      n = 1;
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += x[0];
    } else if (c == '\n') {
      out += "\\n";
    } else if (c < 0x20) {
      out += "\\u00";
      out += hex[c >> 4U];
      out += hex[c & 15U];
    } else {
      out += x.substr(0, n);
    }
    x.remove_prefix(n);
  }
  out += '"';
  return out;
}

std::string one_line(std::string_view json) {
  std::string out{json};
  for (auto& c : out)
    if (c == '\n' || c == '\r') c = ' ';
  return out;
}

fields& fields::add(std::string_view key, const std::vector<std::string>& x) {
  items all;
  for (const auto& one : x) all.raw(quote(one));
  return raw(key, all.array());
}

fields& fields::raw(std::string_view key, std::string_view json) {
  if (!out_.empty()) out_ += ',';
  out_ += quote(key);
  out_ += ':';
  out_ += json;
  return *this;
}

items& items::raw(std::string_view json) {
  if (!out_.empty()) out_ += ',';
  out_ += json;
  return *this;
}

} // namespace relay::connector::json
