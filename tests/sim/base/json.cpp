#include "relay_gateway/tests/sim/base/json.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace relay::sim {

json_text::json_text(std::string_view text) {
  doc_.Parse<rapidjson::kParseIterativeFlag>(text.data(), text.size());
  if (doc_.HasParseError()) doc_.SetNull();
}

bool is_json(std::string_view text) {
  rapidjson::Document doc;
  doc.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(text.data(), text.size());
  return !doc.HasParseError();
}

const json& member(const json& from, const char* name) {
  static const json none;
  if (!from.IsObject()) return none;
  auto it = from.FindMember(name);
  return it == from.MemberEnd() ? none : it->value;
}

bool has(const json& from, const char* name) { return !member(from, name).IsNull(); }

std::string text(const json& from, const char* name) {
  auto& x = member(from, name);
  return x.IsString() ? std::string{x.GetString(), x.GetStringLength()} : std::string{};
}

bool flag(const json& from, const char* name) {
  auto& x = member(from, name);
  return x.IsBool() && x.GetBool();
}

std::int64_t number(const json& from, const char* name) {
  auto& x = member(from, name);
  return x.IsInt64() ? x.GetInt64() : 0;
}

std::string id_text(const json& from, const char* name) {
  auto& x = member(from, name);
  return x.IsNumber() ? dump(x) : text(from, name);
}

std::string dump(const json& x) {
  rapidjson::StringBuffer out;
  rapidjson::Writer<rapidjson::StringBuffer> to{out};
  x.Accept(to);
  return {out.GetString(), out.GetSize()};
}

std::string json_string(std::string_view text) {
  constexpr const char* digits = "0123456789abcdef";
  std::string out = "\"";
  for (auto c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += digits[(c >> 4) & 15];
      out += digits[c & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

void json_object::key(std::string_view name) {
  out_ += out_.empty() ? '{' : ',';
  out_ += json_string(name);
  out_ += ':';
}

json_object& json_object::text(std::string_view name, std::string_view value) {
  key(name);
  out_ += json_string(value);
  return *this;
}

json_object& json_object::maybe(std::string_view name, std::string_view value) {
  return value.empty() ? *this : text(name, value);
}

json_object& json_object::number(std::string_view name, std::int64_t value) {
  key(name);
  out_ += std::to_string(value);
  return *this;
}

json_object& json_object::flag(std::string_view name, bool value) {
  key(name);
  out_ += value ? "true" : "false";
  return *this;
}

json_object& json_object::raw(std::string_view name, std::string_view value) {
  key(name);
  out_ += value;
  return *this;
}

} // namespace relay::sim
