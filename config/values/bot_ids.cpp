#include "relay_gateway/config/values/bot_ids.hpp"

#include "relay_gateway/config/sources/layers.hpp"
#include "relay_gateway/config/values/nearest.hpp"
#include "relay_gateway/config/values/text.hpp"

#include <rapidjson/document.h>

namespace relay::config {

namespace {

/// Sets one field of one platform from text. An unknown name is a fault when it looks like a known one.
void take(bot_ids& into, const std::string& platform, const std::string& field, const std::string& text) {
  auto value = trimmed(text);
  if (!line_fault(value).empty()) {
    into.faults.push_back("has an entry for " + shown(platform, 40) + " that is not one line of text");
  } else if (field == "botId") {
    into.by_platform[platform].id = value;
  } else if (field == "username") {
    into.by_platform[platform].username =
        trimmed(value.substr(!value.empty() && value.front() == '@' ? 1 : 0));
  } else if (auto close = nearest(field, {"botid", "username"}); close.distance <= 2) {
    auto meant = close.key == "botid" ? "botId" : "username";
    into.faults.push_back("has the unknown field " + shown(field, 40) + " for " + shown(platform, 40) +
                          "; did you mean " + meant + "?");
  }
}

void no_map(bot_ids& into, const std::string& platform) {
  into.faults.push_back("has an entry for " + shown(platform, 40) +
                        " that is not of the form {\"botId\":\"...\"}");
}

bool has_text(const rapidjson::Value& x) { return x.IsString() || x.IsInt64() || x.IsUint64(); }

std::string text_of(const rapidjson::Value& x) {
  if (x.IsString()) return {x.GetString(), x.GetStringLength()};
  return x.IsUint64() ? std::to_string(x.GetUint64()) : std::to_string(x.GetInt64());
}

} // namespace

bot_ids bot_ids_from_json(const std::string& text) {
  bot_ids result;
  rapidjson::Document doc;
  // Iterative, so that nesting cannot use up the stack.
  doc.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(text.data(), text.size());
  if (doc.HasParseError() || !doc.IsObject()) {
    result.faults.emplace_back("is not a JSON object");
    return result;
  }
  const rapidjson::Value& root = doc; // clang 14 refuses the loop over one that is not const
  for (const auto& platform : root.GetObject()) {
    auto name = trimmed(text_of(platform.name));
    if (!platform.value.IsObject()) {
      no_map(result, name);
      continue;
    }
    result.by_platform[name];
    for (const auto& field : platform.value.GetObject())
      if (has_text(field.value))
        take(result, name, text_of(field.name), text_of(field.value));
      else if (!field.value.IsNull() && (field.name == "botId" || field.name == "username"))
        no_map(result, name);
  }
  return result;
}

bot_ids bot_ids_from_yaml(const yaml_node& node, const layers& at) {
  bot_ids result;
  if (!node.is(yaml_node::kind::map)) {
    result.faults.emplace_back("is a list, not a map");
    return result;
  }
  for (const auto& [platform, entry] : node.members()) {
    auto name = trimmed(platform.text());
    if (entry.is(yaml_node::kind::null)) continue;
    if (!entry.is(yaml_node::kind::map)) {
      no_map(result, name);
      continue;
    }
    result.by_platform[name];
    for (const auto& [field, value] : entry.members()) {
      auto text = at.from_node(value);
      if (text.what == given::kind::bad)
        result.faults.push_back("has an entry for " + shown(name, 40) + " that " + text.reason);
      else if (text.what == given::kind::text)
        take(result, name, field.text(), text.text);
      else if (text.what == given::kind::node && (field.text() == "botId" || field.text() == "username"))
        no_map(result, name);
    }
  }
  return result;
}

std::string to_string(const bot_ids& x) {
  std::vector<std::string> parts;
  for (const auto& [platform, bot] : x.by_platform)
    parts.push_back(shown(platform, 40) + "=" + bot.id +
                    (bot.username.empty() ? "" : " (" + bot.username + ")"));
  return joined(parts);
}

} // namespace relay::config
