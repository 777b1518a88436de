// The relevance policy per platform, by the vectors and beyond them.
#include "relay_gateway/tests/config/setup.hpp"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <fstream>
#include <sstream>

namespace relay::config {
namespace {

using ::testing::ElementsAre;

std::string json_of(const rapidjson::Value& x) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> out{buffer};
  x.Accept(out);
  return buffer.GetString();
}

rapidjson::Document vectors() {
  std::ifstream in{RELAY_SOURCE_DIR "/tests/vectors.json"};
  std::stringstream text;
  text << in.rdbuf();
  rapidjson::Document doc;
  doc.Parse(text.str().c_str());
  return doc;
}

TEST(policy, vectors) {
  auto doc = vectors();
  ASSERT_TRUE(doc.IsObject() && doc.HasMember("policies"));
  ASSERT_GT(doc["policies"].Size(), 0U);
  for (const auto& one : doc["policies"].GetArray()) {
    config_inputs x;
    x.yaml(json_of(one["config"])); // JSON is YAML
    x.env("GATEWAY_RELAY_PLATFORMS", one["platform"].GetString());
    for (const auto& variable : one["environment"].GetObject())
      x.env(variable.name.GetString(), variable.value.GetString());
    auto result = x.resolved();
    SCOPED_TRACE(json_of(one));
    EXPECT_EQ(problems_text(result), "");
    const auto& policies = result.values.policies;
    if (one["policy"].IsNull()) {
      EXPECT_TRUE(policies.empty() || (policies.size() == 1 && policies[0].is_unset()));
      continue;
    }
    ASSERT_EQ(policies.size(), 1U);
    const auto& got = policies[0];
    EXPECT_FALSE(got.is_unset());
    EXPECT_EQ(got.platform, one["policy"]["platform"].GetString());
    EXPECT_EQ(got.require_address, one["policy"]["requireAddress"].GetBool());
    EXPECT_EQ(got.allow_other_bots, one["policy"]["allowOtherBots"].GetBool());
    std::vector<std::string> scopes;
    for (const auto& scope : one["policy"]["freeResponseScopes"].GetArray())
      scopes.emplace_back(scope.GetString());
    EXPECT_EQ(got.free_response_scopes, scopes);
  }
}

TEST(policy, one_per_platform_in_order_never_for_the_generic_one) {
  auto v = config_inputs{}.env("GATEWAY_RELAY_PLATFORMS", "b,relay,a").resolved().values;
  ASSERT_EQ(v.policies.size(), 2U);
  EXPECT_EQ(v.policies[0].platform, "b");
  EXPECT_EQ(v.policies[1].platform, "a");
  EXPECT_TRUE(config_inputs{}.resolved().values.policies.empty());
}

TEST(policy, F47_the_text_false_is_false_and_other_text_is_an_error) {
  auto of = [](const std::string& value) {
    return config_inputs{}
        .env("GATEWAY_RELAY_PLATFORMS", "discord")
        .yaml("discord:\n  require_mention: " + value + "\n")
        .resolved();
  };
  for (const char* no : {"'false'", "\"No\"", "off", "'0'"}) {
    EXPECT_FALSE(of(no).values.policies[0].require_address) << no;
    EXPECT_TRUE(of(no).values.policies[0].mention_given) << no;
    EXPECT_EQ(problems_text(of(no)), "") << no;
  }
  for (const char* unset : {"''", "~", ""}) {
    EXPECT_TRUE(of(unset).values.policies[0].is_unset()) << unset;
    EXPECT_EQ(row_of(of(unset), "discord.require_mention").source, "default") << unset;
  }
  for (const char* yes : {"'true'", "\"Yes\"", "on", "1"})
    EXPECT_TRUE(of(yes).values.policies[0].require_address) << yes;
  for (const char* bad : {"sometimes", "2", "[true]", "{a: 1}", "${NOPE}"}) {
    auto result = of(bad);
    EXPECT_TRUE(result.values.policies[0].is_unset()) << bad << ": it must not open the bot to everything";
    EXPECT_EQ(problem_of(result, "discord.require_mention").applied, "treated as unset") << bad;
    EXPECT_EQ(problem_of(result, "discord.require_mention").where, std::string{config_yaml} + ":2") << bad;
  }
}

TEST(policy, sources_name_the_block_that_counts) {
  auto x = config_inputs{}.env("GATEWAY_RELAY_PLATFORMS", "telegram,slack").env("SLACK_ALLOW_BOTS", "all");
  x.yaml("require_mention: yes\ngateway:\n  platforms:\n    telegram:\n      free_response_channels:\n      "
         "- a\n      - b\n");
  auto result = x.resolved();
  EXPECT_EQ(row_of(result, "require_mention").source, std::string{config_yaml} + ":1");
  EXPECT_EQ(row_of(result, "gateway.platforms.telegram.free_response_channels").value, "a, b");
  EXPECT_EQ(row_of(result, "gateway.platforms.telegram.free_response_channels").source,
            std::string{config_yaml} + ":6");
  EXPECT_EQ(row_of(result, "SLACK_ALLOW_BOTS").source, "environment SLACK_ALLOW_BOTS");
  EXPECT_TRUE(result.values.policies[0].require_address);
  EXPECT_TRUE(result.values.policies[1].allow_other_bots);
}

TEST(policy, variable_names_of_odd_platforms_and_the_env_file) {
  auto x = config_inputs{}
               .env("GATEWAY_RELAY_PLATFORMS", "ms-teams.v2")
               .dotenv("MS_TEAMS_V2_ALLOW_BOTS=mentions\n");
  EXPECT_TRUE(x.resolved().values.policies[0].allow_other_bots);
}

TEST(policy, bad_channels_are_left_out) {
  auto x = config_inputs{}
               .env("GATEWAY_RELAY_PLATFORMS", "d")
               .yaml("free_response_channels: [a, [b], {c: d}, ~, '${NOPE}', e]");
  auto result = x.resolved();
  EXPECT_THAT(result.values.policies[0].free_response_scopes, ElementsAre("a", "e"));
  EXPECT_EQ(problem_of(result, "free_response_channels").where, std::string{config_yaml} + ":1");
  x.yaml("d: {free_response_channels: {a: b}}");
  EXPECT_EQ(problem_of(x.resolved(), "d.free_response_channels").applied, "treated as empty");
}

TEST(policy, a_problem_at_the_top_is_told_once) {
  auto x = config_inputs{}.env("GATEWAY_RELAY_PLATFORMS", "a,b,c").yaml("require_mention: perhaps");
  EXPECT_EQ(x.resolved().problems.size(), 1U);
}

} // namespace
} // namespace relay::config
