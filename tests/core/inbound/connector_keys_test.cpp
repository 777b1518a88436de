// Interrupts of older connectors: their Slack keys have no workspace, and no session per top-level message.
#include "relay_gateway/actors/inbound/core/connector_keys.hpp"

#include <gtest/gtest.h>

#include <string>

namespace relay::core {
namespace connector_keys_test {

inbound_event said(std::string chat, std::string message, std::string scope = "W", std::string type = "dm") {
  inbound_event x;
  x.source.platform = "slack";
  x.source.chat_id = std::move(chat);
  x.source.chat_type = std::move(type);
  x.source.scope_id = std::move(scope);
  x.source.user_id = "u";
  x.message_id = std::move(message);
  return x;
}
struct known : connector_keys {
  explicit known(std::size_t max = 100) : connector_keys(max) {}
  std::string add(const inbound_event& x, const wire::session_rules& rules = {}) {
    auto key = wire::session_key(x.source, rules, wire::session_message(x));
    learn(x, rules, key);
    return key;
  }
};

TEST(ConnectorKeys, AKeyWithoutWorkspaceOrMessageMeansTheNewestSessionOfItsChat) {
  known keys;
  const auto first = keys.add(said("D1", "171.1")), second = keys.add(said("D1", "171.2"));
  EXPECT_EQ(first, "agent:main:slack:dm:W:D1:171.1");
  EXPECT_EQ(keys.session_of(first), first) << "its own key";
  EXPECT_EQ(keys.session_of("agent:main:slack:dm:D1:171.1"), first) << "no workspace";
  EXPECT_EQ(keys.session_of("agent:main:slack:dm:W:D1"), second) << "one session per chat";
  EXPECT_EQ(keys.session_of("agent:main:slack:dm:D1"), second);
  EXPECT_EQ(keys.session_of("agent:main:slack:dm:D2"), "agent:main:slack:dm:D2") << "nobody knows it";
}

TEST(ConnectorKeys, AChannelIsNamedWithItsPerson) {
  known keys;
  const auto top = keys.add(said("C1", "171.1", "W", "group"));
  EXPECT_EQ(keys.session_of("agent:main:slack:group:C1:u"), top);
  EXPECT_EQ(keys.session_of("agent:main:slack:group:W:C1:u"), top);
}

TEST(ConnectorKeys, ASessionOfItsOwnIsNoAlias) {
  known keys;
  const wire::session_rules flat{.slack_message_threads = false};
  const auto plain = keys.add(said("D1", "1", ""), flat);
  EXPECT_EQ(plain, "agent:main:slack:dm:D1");
  const auto scoped = keys.add(said("D1", "2", "W"), flat);
  EXPECT_EQ(keys.session_of(plain), plain) << "two workspaces may have one chat id";
  EXPECT_EQ(keys.session_of(scoped), scoped);
}

TEST(ConnectorKeys, OtherPlatformsNeedNoMemory) {
  known keys;
  auto x = said("1", "2");
  x.source.platform = "discord";
  keys.add(x);
  EXPECT_EQ(keys.size(), 0U);
}

TEST(ConnectorKeys, AreBounded) {
  known keys{20};
  for (int i = 0; i < 1000; ++i) keys.add(said("D" + std::to_string(i), "1"));
  EXPECT_EQ(keys.size(), 20U);
  EXPECT_EQ(keys.session_of("agent:main:slack:dm:D999"), "agent:main:slack:dm:W:D999:1");
}

TEST(ConnectorKeys, AreBoundedInBytes) {
  known keys{1'000'000};
  for (int i = 0; i < 10'000; ++i) keys.add(said(std::string(1'000, 'D') + std::to_string(i), "1"));
  EXPECT_LT(keys.size(), 16'000U) << "of 1 KB each, 16 MiB in all";
  EXPECT_GT(keys.size(), 4'000U);
}

} // namespace connector_keys_test
} // namespace relay::core
