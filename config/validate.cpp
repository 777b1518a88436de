#include "relay_gateway/config/validate.hpp"

#include "relay_gateway/config/catalogue.hpp"
#include "relay_gateway/config/sources/command_line.hpp"
#include "relay_gateway/config/values/addresses/url_rules.hpp"
#include "relay_gateway/config/values/hold.hpp"
#include "relay_gateway/config/values/subject_prefix.hpp"
#include "relay_gateway/config/values/text.hpp"
#include "relay_gateway/config/values/units.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

namespace relay::config {

namespace {

constexpr std::uint64_t largest_size = 1ULL << 30;
constexpr std::size_t longest_name = 64; // of a gateway, in characters (protocol.md 2.1)
constexpr std::size_t most_fronted = 256;

class validation {
public:
  void wrong(const std::string& key, std::string reason) {
    problem x;
    x.key = x.where = key;
    x.reason = std::move(reason);
    x.applied = "the gateway does not start";
    x.fatal_for_run = true;
    found.push_back(std::move(x));
  }
  void url(const entry& key, const std::string& text, const url_rule& rule) {
    if (text.empty()) return;
    if (auto fault = line_fault(text); !fault.empty()) return wrong(key.key, fault);
    if (auto read = parse_url_setting(text, rule); !read.value) wrong(key.key, read.reason);
  }
  void line(const entry& key, const std::string& text) {
    if (auto fault = line_fault(text); !fault.empty()) wrong(key.key, fault);
  }
  void positive(const std::string& key, milliseconds x) {
    if (x.count() <= 0) wrong(key, "is " + std::to_string(x.count()) + " ms, and must be longer than 0");
  }
  void at_least_one(const std::string& key, std::uint64_t x) {
    if (x == 0) wrong(key, "is 0, and must be 1 or more");
  }

  std::vector<problem> found;
};

void check_relay(validation& in, const relay_settings& x) {
  in.url(keys::relay_url, x.url, connector_rule);
  in.url(keys::relay_endpoint, x.endpoint, callback_rule);
  in.url(keys::relay_wake_url, x.wake_url, callback_rule);
  in.url(keys::relay_sleep_url, x.sleep_url, callback_rule);
  in.line(keys::relay_id, x.gateway_id);
  in.line(keys::relay_instance_id, x.instance_id);
  in.line(keys::relay_display_name, x.display_name);
  auto characters = std::count_if(x.display_name.begin(), x.display_name.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; // of a character in UTF-8, the first byte
  });
  if (static_cast<std::size_t>(characters) > longest_name)
    in.wrong(keys::relay_display_name.key, "is longer than 64 characters");
  for (auto& key : x.route_keys) in.line(keys::relay_route_keys, key);
  if (!x.url.empty() && x.identities.empty()) in.wrong(keys::relay_platforms.key, "names no platform");
  if (x.identities.size() > most_fronted)
    in.wrong(keys::relay_platforms.key, "names more than 256 platforms");
  std::set<std::string> seen;
  for (auto& fronted : x.identities) {
    if (fronted.platform.empty()) in.wrong(keys::relay_platforms.key, "has a platform without a name");
    in.line(keys::relay_platforms, fronted.platform);
    in.line(keys::relay_bot_ids, fronted.bot_id);
    if (!seen.insert(fronted.platform).second) in.wrong(keys::relay_platforms.key, "names a platform twice");
  }
}

void check_identity(validation& in, const identity_settings& x) {
  in.url(keys::idp_token_url, x.token_url, token_rule);
  if (!x.token_url.empty() && (x.client_id.empty() || x.client_secret.empty()))
    in.wrong(keys::idp_token_url.key, "is set without client_id and client_secret");
}

void check_limits(validation& in, const limits& x) {
  for (auto& row : limit_table) {
    if (row.duration != nullptr) in.positive(row.key->key, x.*row.duration);
    if (row.count != nullptr) in.at_least_one(row.key->key, x.*row.count);
    if (row.size != nullptr && (x.*row.size == 0 || x.*row.size > largest_size))
      in.wrong(row.key->key, "must be 1 byte to 1 GiB");
  }
  if (x.ping_timeout <= x.ping_interval)
    in.wrong(keys::ping_timeout.key, "must be longer than ping_interval");
  if (x.backoff_min > x.backoff_max) in.wrong(keys::backoff_min.key, "must not be longer than backoff_max");
}

void check_media(validation& in, const media_settings& x) {
  if (x.disk < smallest_media_disk)
    in.wrong(keys::media_disk.key, "is less than the " + size_text(smallest_media_disk) + " of one file");
  in.at_least_one(keys::media_at_once.key, x.at_once);
  in.at_least_one(keys::media_per_event.key, x.per_event);
  in.positive(keys::media_wait.key, x.wait);
  in.positive(keys::media_upload_timeout.key, x.upload_timeout);
}

void check_openai(validation& in, const openai_settings& x) {
  in.line(keys::openai_model, x.model);
  in.positive(keys::openai_max_turn.key, x.max_turn);
  in.positive(keys::openai_first_token_timeout.key, x.first_token_timeout);
  in.positive(keys::openai_idle_timeout.key, x.idle_timeout);
  in.at_least_one(keys::openai_history_bytes.key, x.history_bytes);
}

void check_nats(validation& in, const nats_settings& x) {
  if (const auto fault = prefix_fault(x.prefix); !fault.empty()) in.wrong(keys::nats_prefix.key, fault);
  in.line(keys::nats_user, x.user);
  in.positive(keys::nats_ack_wait.key, x.ack_wait);
  in.at_least_one(keys::nats_max_ack_pending.key, x.max_ack_pending);
  in.at_least_one(keys::nats_room.key, x.room);
  if (x.replicas < 1 || x.replicas > most_replicas) in.wrong(keys::nats_replicas.key, "must be 1 to 5");
}

void check_service(validation& in, const service_settings& x) {
  in.positive(keys::grace.key, x.grace);
  if (x.idle_after.count() < 0) in.wrong(keys::idle_after.key, "is negative");
  if (x.idle_hold.count() < 0 || x.idle_hold > longest_hold)
    in.wrong(keys::idle_hold.key, "must be 0 to " + duration_text(longest_hold));
  if (x.tls.cert_file.empty() != x.tls.key_file.empty())
    in.wrong(x.tls.cert_file.empty() ? keys::tls_key_file.key : keys::tls_cert_file.key,
             "is set without the other half of the client certificate");
  in.url(keys::https_proxy, x.proxy.https.reveal(), proxy_rule);
  in.url(keys::http_proxy, x.proxy.http.reveal(), proxy_rule);
  if (x.agent.kind == agent_kind::exec)
    if (auto words = parse_command_line(x.agent.argument); !words.value)
      in.wrong(keys::agent.key, "is a command line that " + words.reason);
  if (x.commands.size() > most_commands) in.wrong(keys::commands.key, "has more than 100 commands");
  for (auto& command : x.commands)
    if (auto fault = fault_of(command); !fault.empty()) in.wrong(keys::commands.key, fault);
}

} // namespace

std::vector<problem> validate(const settings& x) {
  validation in;
  check_relay(in, x.relay);
  check_identity(in, x.idp);
  check_limits(in, x.limits);
  check_media(in, x.media);
  check_openai(in, x.openai);
  check_nats(in, x.nats);
  check_service(in, x.service);
  return std::move(in.found);
}

} // namespace relay::config
