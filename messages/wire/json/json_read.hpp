// Reads members of a parsed object with the contract's tolerance: what is missing, null or of another type is
// the default, unless the caller asks. The first of several members with one name counts.
#pragma once

#include "relay_gateway/messages/wire/json/json_document.hpp"

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace relay::wire::json {

inline std::string_view view(const value& x) { return {x.GetString(), x.GetStringLength()}; }

/// The member of that name; null when there is none or `x` is not an object.
inline const value* find(const value& x, std::string_view name) {
  if (!x.IsObject()) return nullptr;
  for (auto it = x.MemberBegin(); it != x.MemberEnd(); ++it)
    if (it->name.GetStringLength() == name.size() &&
        std::memcmp(it->name.GetString(), name.data(), name.size()) == 0)
      return &it->value;
  return nullptr;
}
/// The member when it is an object; else null.
inline const value* object(const value& x, std::string_view name) {
  const auto* found = find(x, name);
  return found != nullptr && found->IsObject() ? found : nullptr;
}
inline const value* array(const value& x, std::string_view name) {
  const auto* found = find(x, name);
  return found != nullptr && found->IsArray() ? found : nullptr;
}

inline std::string text(const value& x, std::string_view name) {
  const auto* found = find(x, name);
  return found != nullptr && found->IsString() ? std::string{view(*found)} : std::string{};
}

/// Whether a value can be an id: text, or an integer, which some peers send. Appends nothing when it cannot.
inline bool to_id(const value& x, std::string& out) {
  if (x.IsString()) {
    out = view(x);
  } else if (x.IsInt64()) {
    out = std::to_string(x.GetInt64());
  } else if (x.IsUint64()) {
    out = std::to_string(x.GetUint64());
  } else {
    return false;
  }
  return true;
}
inline std::string id(const value& x, std::string_view name) {
  std::string out;
  if (const auto* found = find(x, name)) to_id(*found, out);
  return out;
}

/// Only a JSON `true` is true: a text "false" must not act as one (F47).
inline bool flag(const value& x, std::string_view name) {
  const auto* found = find(x, name);
  return found != nullptr && found->IsTrue();
}

} // namespace relay::wire::json
