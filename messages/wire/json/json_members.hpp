// The members of a parsed object side by side with the text they were parsed from: a number that is only
// passed on must not go through a double. `source` is the object's whole text; without it members are written
// anew.
#pragma once

#include "relay_gateway/messages/wire/json/json_read.hpp"
#include "relay_gateway/messages/wire/json/json_scan.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"

#include <string>
#include <string_view>

namespace relay::wire::json {

/// Calls `take(name, value, text)` for each member in order, also for those of a name that came before.
template <class Take>
void for_each_member(const value& object, std::string_view source, Take take) {
  member_walk texts{source};
  for (const auto& member : object.GetObject()) {
    const bool known = texts.next();
    take(view(member.name), member.value, known ? texts.text() : std::string_view{});
  }
}

/// The text of the first member of that name, whatever escapes the names before it have; empty when there is
/// none.
inline std::string_view member_source(const value& object, std::string_view source, std::string_view name) {
  member_walk texts{source};
  for (const auto& member : object.GetObject()) {
    if (!texts.next()) return {};
    if (view(member.name) == name) return texts.text();
  }
  return {};
}

/// Appends the array, each item by `append(out, item, text)`.
template <class Append>
void append_items(std::string& out, const value& array, std::string_view source, Append append) {
  item_walk texts{source};
  out += '[';
  const char* separator = "";
  for (const auto& item : array.GetArray()) {
    const auto text = texts.next() ? texts.text() : std::string_view{};
    out += separator;
    separator = ",";
    append(out, item, text);
  }
  out += ']';
}

/// Appends those members for which `kept(name)` holds, each as it came; `to` writes to `out`.
template <class Kept>
void append_members(object_writer& to, std::string& out, const value& object, std::string_view source,
                    Kept kept) {
  for_each_member(object, source, [&](std::string_view name, const value& x, std::string_view text) {
    if (!kept(name)) return;
    to.foreign_key(name);
    append_as_it_came(out, x, text);
  });
}

} // namespace relay::wire::json
