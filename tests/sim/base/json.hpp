// JSON as the simulated peers read and write it: RapidJSON directly, nothing of the gateway's own codecs, so
// that a mistake in those is seen.
#pragma once

#include <rapidjson/document.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace relay::sim {

using json = rapidjson::Value;

/// A parsed text; null when it is no JSON.
class json_text {
public:
  explicit json_text(std::string_view text);
  const json& root() const { return doc_; }
  bool object() const { return doc_.IsObject(); }

private:
  rapidjson::Document doc_;
};

/// JSON in valid UTF-8: json_text takes more, as some peers do.
bool is_json(std::string_view text);

/// A member; null value when there is none, or `from` is no object.
const json& member(const json& from, const char* name);
bool has(const json& from, const char* name);
/// A string member; empty when it is none.
std::string text(const json& from, const char* name);
/// An id, which may be a number on the wire.
std::string id_text(const json& from, const char* name);
bool flag(const json& from, const char* name);
std::int64_t number(const json& from, const char* name);
/// As compact text.
std::string dump(const json& x);

/// Writes one object.
class json_object {
public:
  json_object& text(std::string_view name, std::string_view value);
  /// Left out when empty.
  json_object& maybe(std::string_view name, std::string_view value);
  json_object& number(std::string_view name, std::int64_t value);
  json_object& flag(std::string_view name, bool value);
  /// `value` is JSON text already.
  json_object& raw(std::string_view name, std::string_view value);
  /// The object so far, whole.
  std::string done() const { return out_.empty() ? "{}" : out_ + "}"; }
  /// As one frame of a line protocol.
  std::string line() const { return done() + "\n"; }

private:
  void key(std::string_view name);
  std::string out_;
};
/// A quoted JSON string.
std::string json_string(std::string_view text);

} // namespace relay::sim
