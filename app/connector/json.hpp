// JSON as the stand-in needs it: read what came exactly as it came, build small objects as text. It reads
// frames on its own and not through messages/wire, so that a mistake of that codec cannot agree with itself
// here.
#pragma once

#include <rapidjson/document.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relay::connector::json {

using document = rapidjson::Document;
using value = rapidjson::Value;

/// Parses valid UTF-8 JSON nested at most 64 deep; false otherwise.
bool parse(std::string_view text, document& out);
/// As parse, and it must be an object.
bool parse_object(std::string_view text, document& out);

/// The member, or null when `from` is no object or has none of that name.
const value* member(const value& from, std::string_view key);
/// The string member; empty when absent or not a string.
std::string_view text(const value& from, std::string_view key);
bool flag(const value& from, std::string_view key, bool otherwise);
std::int64_t number(const value& from, std::string_view key, std::int64_t otherwise);
/// The string members of an array member; others are left out.
std::vector<std::string> texts(const value& from, std::string_view key);

/// As JSON text.
std::string write(const value& x);
/// A string as JSON text, with its quotes. Bytes that are not UTF-8 become U+FFFD.
std::string quote(std::string_view x);

/// JSON text on one line: a frame must not hold a line break, and valid JSON has them between tokens only.
std::string one_line(std::string_view json);

/// Builds an object's inside member by member: `"a":1,"b":"x"`.
class fields {
public:
  fields& add(std::string_view key, std::string_view x) { return raw(key, quote(x)); }
  fields& add(std::string_view key, const char* x) { return add(key, std::string_view{x}); }
  fields& add(std::string_view key, const std::string& x) { return add(key, std::string_view{x}); }
  fields& add(std::string_view key, bool x) { return raw(key, x ? "true" : "false"); }
  fields& add(std::string_view key, std::int64_t x) { return raw(key, std::to_string(x)); }
  fields& add(std::string_view key, std::uint64_t x) { return raw(key, std::to_string(x)); }
  fields& add(std::string_view key, int x) { return raw(key, std::to_string(x)); }
  fields& add(std::string_view key, const std::vector<std::string>& x);
  /// Only when not empty.
  fields& maybe(std::string_view key, std::string_view x) { return x.empty() ? *this : add(key, x); }
  /// A string, or null when empty.
  fields& nullable(std::string_view key, std::string_view x) {
    return x.empty() ? raw(key, "null") : add(key, x);
  }
  /// `json` must be JSON text.
  fields& raw(std::string_view key, std::string_view json);
  const std::string& inside() const { return out_; }
  std::string object() const { return "{" + out_ + "}"; }

private:
  std::string out_;
};

/// Builds an array's text from JSON texts.
class items {
public:
  items& raw(std::string_view json);
  std::string array() const { return "[" + out_ + "]"; }

private:
  std::string out_;
};

} // namespace relay::connector::json
