#include "relay_gateway/config/catalogue.hpp"
#include "relay_gateway/config/validate.hpp"
#include "relay_gateway/tests/config/setup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace relay::config {
namespace validate_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

settings usable() {
  settings x;
  x.relay.url = "https://connector.example";
  x.relay.identities = {{"discord", "1", ""}};
  return x;
}
std::vector<std::string> keys_of(const settings& x) {
  std::vector<std::string> out;
  for (auto& problem : validate(x)) out.push_back(problem.key);
  return out;
}

TEST(Validate, DefaultsAndWhatResolveYieldsCanBeUsed) {
  EXPECT_TRUE(validate(settings{}).empty());
  EXPECT_TRUE(validate(usable()).empty());
  sources from;
  from.reader = [](const std::string&) { return std::nullopt; };
  from.environment = {{"GATEWAY_RELAY_URL", "https://c.example"}, {"GATEWAY_MAX_PENDING", "0"}};
  EXPECT_TRUE(validate(resolve(from).values).empty());
}

TEST(Validate, ADisplayNameHas64CharactersNotBytes) {
  auto x = usable();
  x.relay.display_name.clear();
  for (int i = 0; i < 64; ++i) x.relay.display_name += "\xc3\xa9";
  EXPECT_TRUE(validate(x).empty());
  x.relay.display_name += "e";
  EXPECT_THAT(keys_of(x), ElementsAre("gateway.relay_display_name"));
}

TEST(Validate, NamesTheSettingOfEachFault) {
  const std::vector<std::pair<std::string, std::function<void(settings&)>>> faults{
      {"gateway.relay_url", [](auto& x) { x.relay.url = "not a url"; }},
      {"gateway.relay_url", [](auto& x) { x.relay.url = "ftp://connector.example"; }},
      {"gateway.relay_url", [](auto& x) { x.relay.url = "https://user:word@connector.example"; }},
      {"gateway.relay_wake_url", [](auto& x) { x.relay.wake_url = "wake me"; }},
      {"gateway.relay_endpoint", [](auto& x) { x.relay.endpoint = "tcp://x"; }},
      {"gateway.relay_sleep_url", [](auto& x) { x.relay.sleep_url = "?"; }},
      {"gateway.relay_id", [](auto& x) { x.relay.gateway_id = "a\nb"; }},
      {"gateway.relay_display_name", [](auto& x) { x.relay.display_name.assign(65, 'x'); }},
      {"gateway.relay_platforms", [](auto& x) { x.relay.identities.clear(); }},
      {"gateway.relay_platforms", [](auto& x) { x.relay.identities.push_back(x.relay.identities[0]); }},
      {"gateway.idp.token_url", [](auto& x) { x.idp.token_url = "https://idp.example/token"; }},
      {"gateway.grace", [](auto& x) { x.service.grace = milliseconds{0}; }},
      {"gateway.grace", [](auto& x) { x.service.grace = milliseconds{-1}; }},
      {"gateway.idle.after", [](auto& x) { x.service.idle_after = milliseconds{-5}; }},
      {"gateway.idle.hold", [](auto& x) { x.service.idle_hold = std::chrono::hours{1}; }},
      {"gateway.idle.hold", [](auto& x) { x.service.idle_hold = milliseconds{-1}; }},
      {"gateway.log.level", [](auto& x) { x.service.log_level = "loud"; }},
      {"gateway.scheduler", [](auto& x) { x.service.scheduler = static_cast<scheduler_kind>(9); }},
      {"gateway.prompts.approval_by", [](auto& x) { x.prompts.approval_by = static_cast<approval_by>(9); }},
      {"gateway.relay_route_keys", [](auto& x) { x.relay.route_keys = {"a\nb"}; }},
      {"gateway.idp.client_id", [](auto& x) { x.idp.client_id = "a\nb"; }},
      {"gateway.tls.cert_file", [](auto& x) { x.service.tls.cert_file = "/c"; }},
      {"HTTPS_PROXY", [](auto& x) { x.service.proxy.https = secret{"socks5://p"}; }},
      {"gateway.openai.model", [](auto& x) { x.openai.model = "a\nb"; }},
      {"gateway.openai.max_turn", [](auto& x) { x.openai.max_turn = milliseconds{0}; }},
      {"gateway.openai.first_token_timeout",
       [](auto& x) { x.openai.first_token_timeout = milliseconds{-1}; }},
      {"gateway.openai.idle_timeout", [](auto& x) { x.openai.idle_timeout = milliseconds{0}; }},
      {"gateway.openai.history_bytes", [](auto& x) { x.openai.history_bytes = 0; }},
      {"gateway.nats.prefix", [](auto& x) { x.nats.prefix = "a.b"; }},
      {"gateway.nats.user", [](auto& x) { x.nats.user = "a\nb"; }},
      {"gateway.nats.ack_wait", [](auto& x) { x.nats.ack_wait = milliseconds{0}; }},
      {"gateway.nats.max_ack_pending", [](auto& x) { x.nats.max_ack_pending = 0; }},
      {"gateway.nats.room", [](auto& x) { x.nats.room = 0; }},
      {"gateway.nats.replicas", [](auto& x) { x.nats.replicas = 6; }},
      {"gateway.media.disk", [](auto& x) { x.media.disk = 1; }},
      {"gateway.media.wait", [](auto& x) { x.media.wait = milliseconds{0}; }},
      {"gateway.limits.ping_timeout", [](auto& x) { x.limits.ping_timeout = x.limits.ping_interval; }},
      {"gateway.limits.backoff_min", [](auto& x) { x.limits.backoff_min = std::chrono::hours{1}; }},
  };
  for (auto& [key, spoil] : faults) {
    auto x = usable();
    spoil(x);
    EXPECT_THAT(keys_of(x), ElementsAre(key));
  }
}

TEST(Validate, EveryLimitMustBePositive) {
  for (auto& row : limit_table) {
    auto x = usable();
    if (row.duration != nullptr) x.limits.*row.duration = milliseconds{-1};
    if (row.size != nullptr) x.limits.*row.size = 0;
    if (row.count != nullptr) x.limits.*row.count = 0;
    EXPECT_THAT(keys_of(x), ::testing::Contains(std::string{row.key->key}));
  }
}

TEST(Validate, NeverRepeatsAValueThatMayBeASecret) {
  auto x = usable();
  x.relay.url = "https://user:hunter2@connector.example";
  x.service.proxy.http = secret{"socks5://user:hunter2@p"};
  for (auto& problem : validate(x)) {
    EXPECT_EQ(to_string(problem).find("hunter2"), std::string::npos);
    EXPECT_THAT(to_string(problem), HasSubstr(problem.key));
  }
}

} // namespace validate_test
} // namespace relay::config
