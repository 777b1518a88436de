#include "relay_gateway/config/validate.hpp"

#include "relay_gateway/config/catalogue.hpp"
#include "relay_gateway/config/sources/command_line.hpp"
#include "relay_gateway/config/values/addresses/url_rules.hpp"
#include "relay_gateway/config/values/subject_prefix.hpp"
#include "relay_gateway/config/values/text.hpp"

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
  template <class Rows, class Settings>
  void rows(const Rows& all, const Settings& x) {
    for (const auto& row : all) {
      const std::string key = row.key->key;
      if (row.duration != nullptr) positive(key, x.*row.duration);
      if (row.count != nullptr && x.*row.count == 0) wrong(key, "is 0, and must be 1 or more");
      if (row.size != nullptr && (x.*row.size == 0 || x.*row.size > largest_size))
        wrong(key, "must be 1 byte to 1 GiB");
      if (row.text != nullptr) line(*row.key, x.*row.text);
      if (row.url != nullptr) url(*row.key, x.*row.url, *row.rule);
      if (row.list != nullptr)
        for (const auto& item : x.*row.list) line(*row.key, item);
      if (row.form.take == nullptr) continue;
      auto scratch = x;
      if (auto fault = row.form.take(row.form.show(x), scratch); !fault.empty()) wrong(key, fault);
    }
  }

  std::vector<problem> found;
};

void check_relay(validation& in, const relay_settings& x) {
  in.url(keys::relay_url, x.url, connector_rule);
  in.rows(relay_account_rows, x);
  in.rows(relay_sleep_rows, x);
  in.line(keys::relay_id, x.gateway_id);
  in.line(keys::relay_display_name, x.display_name);
  auto characters = std::count_if(x.display_name.begin(), x.display_name.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; // of a character in UTF-8, the first byte
  });
  if (static_cast<std::size_t>(characters) > longest_name)
    in.wrong(keys::relay_display_name.key, "is longer than 64 characters");
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
  in.rows(identity_rows, x);
  if (!x.token_url.empty() && (x.client_id.empty() || x.client_secret.empty()))
    in.wrong(keys::idp_token_url.key, "is set without client_id and client_secret");
}

void check_limits(validation& in, const limits& x) {
  in.rows(limit_table, x);
  if (x.ping_timeout <= x.ping_interval)
    in.wrong(keys::ping_timeout.key, "must be longer than ping_interval");
  if (x.backoff_min > x.backoff_max) in.wrong(keys::backoff_min.key, "must not be longer than backoff_max");
}

void check_openai(validation& in, const openai_settings& x) {
  in.line(keys::openai_model, x.model);
  in.rows(openai_rows, x);
}

void check_nats(validation& in, const nats_settings& x) {
  if (const auto fault = prefix_fault(x.prefix); !fault.empty()) in.wrong(keys::nats_prefix.key, fault);
  in.rows(nats_rows, x);
}

void check_service(validation& in, const service_settings& x) {
  in.rows(service_rows, x);
  if (x.grace.count() == 0) in.positive(keys::grace.key, x.grace);
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
  in.rows(media_rows, x.media);
  in.rows(prompt_rows, x.prompts);
  check_openai(in, x.openai);
  check_nats(in, x.nats);
  check_service(in, x.service);
  return std::move(in.found);
}

} // namespace relay::config
