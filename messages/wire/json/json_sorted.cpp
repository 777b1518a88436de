#include "relay_gateway/messages/wire/json/json_sorted.hpp"

#include "relay_gateway/messages/wire/json/json_members.hpp"

#include <algorithm>
#include <vector>

namespace relay::wire::json {

namespace {

struct named {
  std::string_view name, text;
  const value* what;
};

void append_sorted(std::string& out, const value& x, std::string_view source) {
  if (x.IsObject()) {
    std::vector<named> members;
    members.reserve(x.MemberCount());
    for_each_member(x, source, [&](std::string_view name, const value& member, std::string_view text) {
      members.push_back({name, text, &member});
    });
    // Of one name twice the first counts, and stays the first.
    std::stable_sort(members.begin(), members.end(), [](auto& a, auto& b) { return a.name < b.name; });
    object_writer to{out};
    for (const auto& member : members) {
      to.foreign_key(member.name);
      append_sorted(out, *member.what, member.text);
    }
    to.end();
  } else if (x.IsArray()) {
    append_items(out, x, source, append_sorted);
  } else if (x.IsString()) {
    append_string(out, view(x));
  } else {
    append_as_it_came(out, x, source);
  }
}

} // namespace

std::string sorted(std::string_view text) {
  document doc;
  if (!doc.parse(text)) return std::string{text};
  std::string out;
  out.reserve(text.size());
  append_sorted(out, doc.root(), doc.text());
  return out;
}

} // namespace relay::wire::json
