#include "relay_gateway/messages/wire/json/json_unique.hpp"

#include "relay_gateway/messages/wire/json/json_members.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <unordered_set>
#include <vector>

namespace relay::wire::json {

namespace {

/// Below this many names comparing each with each is cheaper than sorting them.
constexpr rapidjson::SizeType few_names = 32;

/// Whether names may repeat: no two that differ in this count are equal. Most objects are done with that.
bool names_may_repeat(const value& object) {
  std::array<std::uint64_t, 4> seen{};
  for (auto x = object.MemberBegin(); x != object.MemberEnd(); ++x) {
    const auto name = view(x->name);
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(name[i]); };
    const std::size_t sum =
        name.empty() ? 0 : name.size() + 5U * at(0) + 17U * at(name.size() - 1) + 29U * at(name.size() / 2);
    auto& word = seen[sum / 64 % seen.size()];
    const auto bit = std::uint64_t{1} << sum % 64;
    if ((word & bit) != 0) return true;
    word |= bit;
  }
  return false;
}

bool names_repeat(const value& object) {
  if (!names_may_repeat(object)) return false;
  if (object.MemberCount() <= few_names) {
    for (auto x = object.MemberBegin(); x != object.MemberEnd(); ++x)
      for (auto y = object.MemberBegin(); y != x; ++y)
        if (view(x->name) == view(y->name)) return true;
    return false;
  }
  std::vector<std::string_view> names;
  names.reserve(object.MemberCount());
  for (auto x = object.MemberBegin(); x != object.MemberEnd(); ++x) names.push_back(view(x->name));
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) != names.end();
}

} // namespace

bool has_repeated_names(const value& x) {
  if (x.IsArray())
    return std::any_of(x.Begin(), x.End(), [](const value& item) { return has_repeated_names(item); });
  if (!x.IsObject()) return false;
  if (names_repeat(x)) return true;
  return std::any_of(x.MemberBegin(), x.MemberEnd(),
                     [](const auto& member) { return has_repeated_names(member.value); });
}

void append_unique(std::string& out, const value& x, std::string_view source) {
  if (x.IsObject()) {
    std::unordered_set<std::string_view> known;
    object_writer to{out};
    for_each_member(x, source, [&](std::string_view name, const value& member, std::string_view text) {
      if (!known.insert(name).second) return;
      to.foreign_key(name);
      append_unique(out, member, text);
    });
    to.end();
  } else if (x.IsArray()) {
    append_items(out, x, source, append_unique);
  } else {
    append_as_it_came(out, x, source);
  }
}

} // namespace relay::wire::json
