// Connector, identities, bot ids, veto, credentials, identity token.
#include "relay_gateway/config/values/addresses/urls.hpp"
#include "relay_gateway/tests/config/setup.hpp"

namespace relay::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(relay, off_and_generic_when_nothing_is_set) {
  auto v = config_inputs{}.resolved().values.relay;
  EXPECT_EQ(v.url, "");
  EXPECT_THAT(v.identities, ElementsAre(identity{"relay", "", ""}));
  EXPECT_FALSE(v.vetoed);
  EXPECT_FALSE(v.pinned());
  EXPECT_EQ(v.gateway_id, "");
  EXPECT_EQ(v.default_gateway_id, "gw-box");
}

TEST(relay, generic_identity_has_no_bot_id_even_when_one_is_given) {
  auto v = config_inputs{}.env("GATEWAY_RELAY_BOT_IDS", R"({"relay":{"botId":"1"}})").resolved().values.relay;
  EXPECT_THAT(v.identities, ElementsAre(identity{"relay", "", ""}));
}

TEST(relay, platforms_keep_their_order_and_get_their_bots) {
  auto x = config_inputs{}.yaml("gateway:\n  relay_platforms: [telegram, ' discord ', '', slack]\n"
                                "  relay_bot_ids:\n    discord: {botId: 123456789012345678}\n"
                                "    telegram: {botId: ' 7 ', username: '@x'}\n");
  auto result = x.resolved();
  EXPECT_THAT(result.values.relay.identities,
              ElementsAre(identity{"telegram", "7", "x"}, identity{"discord", "123456789012345678", ""},
                          identity{"slack", "", ""}));
  EXPECT_EQ(problems_text(result), "");
  EXPECT_EQ(row_of(result, "gateway.relay_platforms").source, std::string{config_yaml} + ":2");
}

TEST(relay, a_platform_named_twice_is_a_problem_and_the_first_stays) {
  auto result = config_inputs{}.env("GATEWAY_RELAY_PLATFORMS", "a,b,a").resolved();
  EXPECT_EQ(result.values.relay.identities.size(), 2U);
  EXPECT_EQ(problem_of(result, "gateway.relay_platforms").where, "GATEWAY_RELAY_PLATFORMS");
}

TEST(relay, bot_ids_from_json) {
  auto ids = [](const std::string& json) {
    return config_inputs{}
        .env("GATEWAY_RELAY_PLATFORMS", "discord")
        .env("GATEWAY_RELAY_BOT_IDS", json)
        .resolved();
  };
  EXPECT_EQ(ids(R"({"discord":{"botId":"1","username":"y"}})").values.relay.identities[0].username, "y");
  EXPECT_EQ(ids(R"({"discord":{"botId":"1","username":" @ y "}})").values.relay.identities[0].username, "y");
  EXPECT_EQ(ids(R"({"discord":{"botId":18446744073709551615}})").values.relay.identities[0].bot_id,
            "18446744073709551615");
  EXPECT_EQ(ids("{\n \"discord\": {\"botId\": \"1\"}\n}").values.relay.identities[0].bot_id, "1");
  EXPECT_EQ(ids(R"({"telegram":{"botId":"1"}})").values.relay.identities[0].bot_id, "");
  for (const char* bad :
       {"{", "[]", "null", "3", R"({"discord":"1"})", R"({"discord":{"botId":{}}})",
        R"({"discord":{"bot_id":"1"}})", "{\"discord\":{\"botId\":\"\\u0000\"}}", "\"\\ud800\""}) {
    auto result = ids(bad);
    EXPECT_EQ(problem_of(result, "gateway.relay_bot_ids").where, "GATEWAY_RELAY_BOT_IDS") << bad;
    EXPECT_EQ(result.values.relay.identities[0].bot_id, "") << bad;
  }
  std::string deep(200'000, '[');
  EXPECT_EQ(problem_of(ids(deep), "gateway.relay_bot_ids").where, "GATEWAY_RELAY_BOT_IDS");
}

TEST(relay, one_bad_bot_leaves_the_others) {
  auto x = config_inputs{}.env("GATEWAY_RELAY_PLATFORMS", "a,b");
  auto result = x.yaml("gateway: {relay_bot_ids: {a: 1, b: {botId: 2}}}").resolved();
  EXPECT_EQ(result.values.relay.identities[0].bot_id, "");
  EXPECT_EQ(result.values.relay.identities[1].bot_id, "2");
  EXPECT_EQ(result.problems.size(), 1U);
}

TEST(relay, a_shown_url_hides_all_of_a_password) {
  EXPECT_EQ(shown_url("https://u:pw@c/x?token=1"), "https://***@c/x?***");
  EXPECT_EQ(shown_url("u:s3://cr3t@c"), "***@c");
  EXPECT_EQ(shown_url("https://u:a@b@c"), "https://***@c");
  EXPECT_EQ(shown_url("s3cr3t@://x@c"), "***@c");
  EXPECT_EQ(shown_url("https://c/x"), "https://c/x");
}

TEST(relay, bad_connector_urls_leave_the_relay_off) {
  for (const char* bad : {"ftp://c", "c.example", "https://", "https:///relay", "https://c:99999",
                          "https://c:65536", "https://c:0", "https://c:", "https://c:1x", "https://c:1:2",
                          "https://c x", "https://c/?a=1", "https://c/#f", "//c", "/", "https://u:s3cr3t@c",
                          "https://c%41.example", "https://c!d", "https://[v1.a]"}) {
    auto result = config_inputs{}.env("GATEWAY_RELAY_URL", bad).resolved();
    EXPECT_EQ(result.values.relay.url, "") << bad;
    EXPECT_EQ(problem_of(result, "gateway.relay_url").where, "GATEWAY_RELAY_URL") << bad;
    EXPECT_THAT(everything_shown(result), Not(HasSubstr("s3cr3t")));
  }
  for (const char* good : {"HTTPS://c", "ws://[::1]:8080", "wss://my_service/relay", "http://c:1"})
    EXPECT_EQ(config_inputs{}.env("GATEWAY_RELAY_URL", good).resolved().values.relay.url, good);
}

TEST(relay, F45_veto_in_every_spelling) {
  for (const char* no : {"false", "False", "no", "off", "0", "'OFF'", "\" No \""})
    EXPECT_TRUE(config_inputs{}
                    .yaml("platforms: {relay: {enabled: " + std::string{no} + "}}")
                    .resolved()
                    .values.relay.vetoed)
        << no;
  for (const char* yes : {"true", "YES", "on", "1", "", "~", "''"})
    EXPECT_FALSE(config_inputs{}
                     .yaml("platforms: {relay: {enabled: " + std::string{yes} + "}}")
                     .resolved()
                     .values.relay.vetoed)
        << yes;
}

TEST(relay, F45_a_veto_that_cannot_be_read_is_a_veto) {
  for (const char* bad : {"maybe", "[]", "{a: b}", "2", "${UNSET}"}) {
    auto result =
        config_inputs{}.yaml("platforms:\n  relay:\n    enabled: " + std::string{bad} + "\n").resolved();
    EXPECT_TRUE(result.values.relay.vetoed) << bad;
    EXPECT_EQ(problem_of(result, "platforms.relay.enabled").where, std::string{config_yaml} + ":3") << bad;
    EXPECT_EQ(row_of(result, "platforms.relay.enabled").value, "false");
  }
  EXPECT_EQ(problem_of(config_inputs{}.yaml("platforms: {relay: false}").resolved(), "platforms.relay").where,
            std::string{config_yaml} + ":1");
}

TEST(relay, gateway_id_and_pinning) {
  config_inputs x;
  x.from.hostname = " ";
  EXPECT_EQ(x.resolved().values.relay.default_gateway_id, "gw-hermes");
  EXPECT_EQ(row_of(x.resolved(), "gateway.relay_id").value, "gw-hermes");
  x.env("GATEWAY_RELAY_ID", "gw-1");
  EXPECT_FALSE(x.resolved().values.relay.pinned());
  x.env("GATEWAY_RELAY_SECRET", "s");
  EXPECT_TRUE(x.resolved().values.relay.pinned());
  EXPECT_EQ(x.resolved().values.relay.gateway_secret.reveal(), "s");
}

TEST(relay, display_name_is_cut_to_64_characters_with_a_warning) {
  std::string longest;
  for (int i = 0; i < 64; ++i) longest += "\xc3\xa9"; // characters, not bytes
  auto x = config_inputs{}.env("GATEWAY_RELAY_DISPLAY_NAME", longest);
  EXPECT_EQ(x.resolved().values.relay.display_name, longest);
  EXPECT_EQ(problems_text(x.resolved()), "");
  auto cut = x.env("GATEWAY_RELAY_DISPLAY_NAME", longest + "\xc3\xa9").resolved();
  EXPECT_EQ(cut.values.relay.display_name, longest);
  EXPECT_EQ(problem_of(cut, "gateway.relay_display_name").where, "GATEWAY_RELAY_DISPLAY_NAME");
  EXPECT_EQ(problem_of(cut, "gateway.relay_display_name").applied, "the first 64 are used");
  EXPECT_EQ(row_of(cut, "gateway.relay_display_name").source, "environment GATEWAY_RELAY_DISPLAY_NAME");
  EXPECT_FALSE(stops_run(cut));
}

TEST(slack, the_block_of_the_relay_platform_wins_key_by_key) {
  auto x = config_inputs{}.yaml(
      "platforms: {relay: {extra: {slack: {reply_in_thread: no}}}}\n"
      "gateway:\n  slack: {reply_in_thread: yes, dm_top_level_threads_as_sessions: no}\n");
  auto result = x.resolved();
  EXPECT_EQ(problems_text(result), "");
  EXPECT_FALSE(result.values.slack.reply_in_thread);
  EXPECT_FALSE(result.values.slack.dm_top_level_threads_as_sessions);
  EXPECT_EQ(row_of(result, "gateway.slack.reply_in_thread").source, std::string{config_yaml} + ":1");
  x.yaml("platforms: {relay: {extra: {slack: {reply_in_thread: 'sometimes'}}}}\n"
         "gateway: {slack: {reply_in_thread: no}}\n");
  result = x.resolved();
  EXPECT_TRUE(result.values.slack.reply_in_thread) << "a bad value hides the one below it";
  EXPECT_EQ(problem_of(result, "gateway.slack.reply_in_thread").where, std::string{config_yaml} + ":1");
}

TEST(identity_token, a_token_url_without_id_or_secret_is_an_error) {
  auto x = config_inputs{}.env("GATEWAY_RELAY_IDP_TOKEN_URL", "https://idp/token");
  auto result = x.resolved();
  EXPECT_EQ(problem_of(result, "gateway.idp.token_url").where, "GATEWAY_RELAY_IDP_TOKEN_URL");
  EXPECT_EQ(result.values.idp.token_url, "");
  EXPECT_EQ(row_of(result, "gateway.idp.token_url").value, "");
  result = x.env("GATEWAY_RELAY_IDP_CLIENT_ID", "c").resolved();
  EXPECT_THAT(problem_of(result, "gateway.idp.token_url").reason, HasSubstr("client_secret"));
  result = x.env("GATEWAY_RELAY_IDP_CLIENT_SECRET", "s").resolved();
  EXPECT_EQ(problems_text(result), "");
  EXPECT_EQ(result.values.idp.token_url, "https://idp/token");
}

TEST(identity_token, a_token_file_is_kept_as_a_path) {
  auto x = config_inputs{}.env("GATEWAY_RELAY_ACCESS_TOKEN_FILE", "~/token").file("/home/u/token", "s3cr3t");
  auto token = x.resolved().values.idp.access_token;
  EXPECT_EQ(token.file, "/home/u/token");
  EXPECT_TRUE(token.value.empty());
  EXPECT_TRUE(token.configured());
  x.files.clear();
  auto result = x.resolved();
  EXPECT_EQ(result.values.idp.access_token.file, "/home/u/token") << "it may be mounted later";
  EXPECT_EQ(problem_of(result, "gateway.relay_access_token").where, "GATEWAY_RELAY_ACCESS_TOKEN_FILE");
  EXPECT_EQ(config_inputs{}
                .env("GATEWAY_RELAY_ACCESS_TOKEN", "t")
                .resolved()
                .values.idp.access_token.value.reveal(),
            "t");
}

TEST(identity_token, login_store_and_portal) {
  EXPECT_EQ(config_inputs{}.resolved().values.idp.login_store, "/home/u/.hermes/auth.json");
  EXPECT_EQ(row_of(config_inputs{}.resolved(), "login_store").value, "/home/u/.hermes/auth.json");
  EXPECT_EQ(config_inputs{}.env("HERMES_HOME", "/h/").resolved().values.idp.login_store, "/h/auth.json");
  config_inputs bare;
  bare.from.environment.clear();
  auto v = bare.resolved().values;
  EXPECT_TRUE(problem_of(bare.resolved(), "gateway.state_dir").fatal_for_run) << "memory only has to be said";
  EXPECT_EQ(problems_text(config_inputs{bare}.env("GATEWAY_STATE_DIR", "none").resolved()), "");
  EXPECT_EQ(v.idp.login_store, "");
  EXPECT_EQ(v.service.state_dir, "") << "memory only without a home";
  auto x = config_inputs{}.env("NOUS_PORTAL_BASE_URL", "https://n/");
  EXPECT_EQ(x.resolved().values.idp.portal_override, "https://n");
  EXPECT_EQ(x.env("HERMES_PORTAL_BASE_URL", "https://h").resolved().values.idp.portal_override, "https://h");
}

} // namespace
} // namespace relay::config
