#include "relay_gateway/config/catalogue.hpp"

#include <algorithm>

namespace relay::config {

const std::vector<entry>& catalogue() {
  static const std::vector<entry> all = [] {
    std::vector<entry> out;
    auto add = [&](const auto& list) {
      for (const auto* x : list) out.push_back(*x);
    };
    add(keys::relay_entries);
    add(keys::identity_entries);
    add(keys::chats_entries);
    add(keys::service_entries);
    add(keys::session_entries);
    add(keys::openai_entries);
    add(keys::nats_entries);
    add(keys::media_entries);
    for (const auto& x : limit_table) out.push_back(*x.key);
    return out;
  }();
  return all;
}

std::string flag_name(const std::string& flag) {
  std::string result = "--" + flag;
  std::replace_if(
      result.begin(), result.end(), [](char c) { return c == '_' || c == '.'; }, '-');
  return result;
}

std::vector<std::string> known_below(const std::string& section) {
  std::vector<std::string> result;
  auto add = [&](std::string name) {
    if (std::find(result.begin(), result.end(), name) == result.end()) result.push_back(std::move(name));
  };
  for (const auto& x : catalogue()) {
    std::string key = x.key;
    if (!x.in_file || key.compare(0, section.size() + 1, section + ".") != 0) continue;
    add(key.substr(section.size() + 1, key.find('.', section.size() + 1) - section.size() - 1));
  }
  if (section == "gateway") add("platforms"); // the relevance policies' second place
  return result;
}

} // namespace relay::config
