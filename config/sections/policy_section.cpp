#include "relay_gateway/config/sections/policy_section.hpp"

#include "relay_gateway/config/values/scalars.hpp"
#include "relay_gateway/config/values/text.hpp"

namespace relay::config {

namespace {

/// A value of the platform's block, else of the top level. One that is there counts, even when it is null.
struct placed {
  std::string key;
  yaml_node node;
};

placed find_block(const yaml_node& root, const std::string& platform) {
  // find() and not at(): a platform's name may hold a dot.
  for (const char* parent : {"", "gateway.platforms", "platforms"}) {
    auto above = *parent == '\0' ? root : root.at(parent);
    auto block = above.find(platform);
    if (block.is(yaml_node::kind::map))
      return {(*parent == '\0' ? "" : std::string{parent} + ".") + platform, block};
  }
  return {platform, {}};
}

placed in_block_or_top(reading& in, const placed& block, const std::string& name) {
  auto own = block.node.find(name);
  if (!own.is(yaml_node::kind::absent)) return {block.key + "." + name, own};
  auto top = in.at().root().find(name);
  return {top.is(yaml_node::kind::absent) ? block.key + "." + name : name, top};
}

void read_mention(reading& in, const placed& from, relevance_policy& into) {
  auto value = in.at().from_node(from.node);
  auto fault =
      value.what == given::kind::node ? std::string{"is a list or a map, not a boolean"} : value.reason;
  if (value.what == given::kind::text) {
    auto read = parse_boolean(value.text);
    into.mention_given = read.value.has_value();
    into.require_address = read.value.value_or(false);
    fault = read.reason;
  }
  if (!fault.empty()) in.wrong(from.key, value.where, fault, "treated as unset");
  in.row(from.key, into.require_address ? "true" : "false", into.mention_given ? value.source : "default");
}

std::vector<std::string> read_channels(reading& in, const placed& from) {
  auto value = in.at().from_node(from.node);
  auto result = in.items(from.key, value);
  in.row(from.key, joined(result), result.empty() ? "default" : value.source);
  return result;
}

bool read_bots(reading& in, const std::string& platform) {
  // The variable is the agent's own: values that say something else to it are none of our business.
  auto name = variable_form(platform) + "_ALLOW_BOTS";
  auto value = in.at().variable(name);
  auto word = lowered(value.text);
  bool result = word == "mentions" || word == "all";
  in.row(name, shown(value.text), value.what == given::kind::nothing ? "default" : value.source);
  return result;
}

} // namespace

std::vector<relevance_policy> read_policies(reading& in, const std::vector<identity>& fronted) {
  std::vector<relevance_policy> result;
  for (const auto& bot : fronted) {
    if (bot.platform == generic_platform) continue;
    auto block = find_block(in.at().root(), bot.platform);
    relevance_policy policy;
    policy.platform = bot.platform;
    read_mention(in, in_block_or_top(in, block, "require_mention"), policy);
    policy.free_response_scopes = read_channels(in, in_block_or_top(in, block, "free_response_channels"));
    policy.allow_other_bots = read_bots(in, bot.platform);
    result.push_back(std::move(policy));
  }
  return result;
}

} // namespace relay::config
