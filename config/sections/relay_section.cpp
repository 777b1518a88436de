#include "relay_gateway/config/sections/relay_section.hpp"

#include "relay_gateway/config/values/addresses/url_rules.hpp"
#include "relay_gateway/config/values/bot_ids.hpp"
#include "relay_gateway/config/values/rows.hpp"
#include "relay_gateway/config/values/text.hpp"

#include <algorithm>

namespace relay::config {

namespace {

constexpr std::size_t longest_display_name = 64; // protocol.md 2.1
constexpr std::size_t most_platforms = 256;      // each costs a provisioning, a policy and a hello

/// `platforms.relay: false` is not the veto's form; said aloud, because someone means a veto by it.
void check_veto_form(reading& in) {
  auto node = in.at().root().at("platforms.relay");
  if (node.is(yaml_node::kind::scalar))
    in.wrong("platforms.relay", in.at().mark(node.line()),
             "is not a map (the veto is platforms.relay.enabled: false)", "ignored");
}

bot_ids read_bot_ids(reading& in) {
  auto from = in.any(keys::relay_bot_ids);
  bot_ids result;
  if (from.what == given::kind::text) result = bot_ids_from_json(from.text);
  if (from.what == given::kind::node) result = bot_ids_from_yaml(from.node, in.at());
  if (from.what == given::kind::bad) result.faults.push_back(from.reason);
  for (const auto& fault : result.faults)
    in.wrong(keys::relay_bot_ids.key, from.where, fault,
             result.by_platform.empty() ? "treated as empty" : "that entry is left out");
  in.row(keys::relay_bot_ids.key, to_string(result), result.by_platform.empty() ? "default" : from.source);
  return result;
}

std::vector<std::string> read_platforms(reading& in) {
  auto from = in.any(keys::relay_platforms);
  auto named = in.items(keys::relay_platforms.key, from);
  std::vector<std::string> result;
  for (const auto& platform : named) {
    if (std::find(result.begin(), result.end(), platform) != result.end())
      in.wrong(keys::relay_platforms.key, from.where, "names a platform twice", "the first one stays");
    else if (result.size() == most_platforms)
      in.wrong(keys::relay_platforms.key, from.where, "names more than 256 platforms",
               "the rest is left out");
    else
      result.push_back(platform);
  }
  in.row(keys::relay_platforms.key,
         joined(result.empty() ? std::vector<std::string>{generic_platform} : result),
         result.empty() ? "default" : from.source);
  return result;
}

std::vector<identity> identities(const std::vector<std::string>& platforms, const bot_ids& bots) {
  if (platforms.empty()) return {{generic_platform, "", ""}};
  std::vector<identity> result;
  for (const auto& platform : platforms) {
    auto it = bots.by_platform.find(platform);
    result.push_back(it == bots.by_platform.end() ? identity{platform, "", ""}
                                                  : identity{platform, it->second.id, it->second.username});
  }
  return result;
}

std::string read_display_name(reading& in) {
  bool cut = false;
  auto result = in.value(
      keys::relay_display_name, std::string{},
      [&](const std::string& text) {
        // The text is UTF-8 (one_line() has seen to that): a character ends before the next leading byte.
        std::size_t characters = 0, end = 0;
        for (; end < text.size(); ++end)
          if ((static_cast<unsigned char>(text[end]) & 0xC0U) != 0x80U && ++characters > longest_display_name)
            break;
        cut = end < text.size();
        return parsed<std::string>::good(text.substr(0, end));
      },
      [](const std::string& used) { return used; });
  if (cut)
    in.wrong(keys::relay_display_name.key, in.where(keys::relay_display_name), "is longer than 64 characters",
             "the first 64 are used");
  return result;
}

std::string read_gateway_id(reading& in, const std::string& fallback) {
  // The default is used for provisioning only, so it is listed but not part of what was configured.
  auto id = in.text(keys::relay_id);
  if (id.empty()) in.revert(keys::relay_id, fallback);
  return id;
}

} // namespace

relay_settings read_relay(reading& in) {
  relay_settings result;
  result.url = in.url(keys::relay_url, connector_rule);
  auto platforms = read_platforms(in);
  result.identities = identities(platforms, read_bot_ids(in));
  auto host = trimmed(in.from().hostname);
  result.default_gateway_id = host.empty() || !line_fault(host).empty() ? "gw-hermes" : "gw-" + host;
  result.gateway_id = read_gateway_id(in, result.default_gateway_id);
  read_rows(in, relay_account_rows, result);
  result.display_name = read_display_name(in);
  read_rows(in, relay_sleep_rows, result);
  // A switch that cannot be read is taken as off: provisioning would rotate another process's credentials
  // (F45), and "any text is true" is what F47 forbids.
  result.vetoed = !in.boolean(keys::relay_enabled, true, false);
  check_veto_form(in);
  return result;
}

} // namespace relay::config
