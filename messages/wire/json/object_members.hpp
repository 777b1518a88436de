// Members for an object_text, whose writer this is.
#pragma once

#include "relay_gateway/messages/contract/object_text.hpp"
#include "relay_gateway/messages/wire/json/json_members.hpp"

#include <string>
#include <string_view>

namespace relay::wire::json {

inline std::string quoted(std::string_view text) {
  std::string out;
  append_string(out, text);
  return out;
}

/// Adds members to an object_text, as object_writer does to a string.
class member_writer {
public:
  explicit member_writer(object_text& to) : to_(to) {}
  member_writer& json(std::string_view name, std::string_view text_of_value) {
    to_.add(quoted(name), text_of_value);
    return *this;
  }
  member_writer& text(std::string_view name, std::string_view x) { return json(name, quoted(x)); }
  /// Left out when empty.
  member_writer& optional(std::string_view name, std::string_view x) {
    return x.empty() ? *this : text(name, x);
  }
  member_writer& boolean(std::string_view name, bool x) { return json(name, x ? "true" : "false"); }
  /// Left out when false.
  member_writer& flag(std::string_view name, bool x) { return x ? boolean(name, x) : *this; }
  /// A parsed member, from its own text: all tokens as they came.
  member_writer& as_it_came(std::string_view name, const value& x, std::string_view source) {
    name_.clear();
    append_string(name_, name);
    value_.clear();
    append_as_it_came(value_, x, source);
    to_.add(name_, value_);
    return *this;
  }

private:
  object_text& to_;
  std::string name_, value_;
};

} // namespace relay::wire::json
