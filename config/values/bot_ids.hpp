// Bot ids per platform: `{"discord":{"botId":"..."},"telegram":{"botId":"...","username":"@x"}}`. Thread-safe
// but for the tree, never throws.
#pragma once

#include "relay_gateway/config/values/parsed.hpp"

#include <map>
#include <string>
#include <vector>

namespace relay::config {

class layers;
class yaml_node;

struct bot_id {
  std::string id;       ///< may be empty
  std::string username; ///< without a leading `@`; may be empty
};

/// What could be read, and one reason for each entry that could not.
struct bot_ids {
  std::map<std::string, bot_id> by_platform;
  std::vector<std::string> faults;
};

/// From JSON text. Bad JSON gives nothing but a fault.
bot_ids bot_ids_from_json(const std::string& text);
/// The same shape as a map of the config file.
bot_ids bot_ids_from_yaml(const yaml_node& node, const layers& at);
/// For the listing: `discord=1, telegram=2 (x)`.
std::string to_string(const bot_ids& x);

} // namespace relay::config
