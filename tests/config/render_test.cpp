// What `check` prints, and that no secret is ever in it.
#include "relay_gateway/tests/config/setup.hpp"

#include <rapidjson/document.h>

namespace relay::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(render, listing_is_aligned) {
  resolution x;
  x.listing = {{"a", "1", "default"}, {"long.key", "", "default"}, {"b", "two", "environment B"}};
  EXPECT_EQ(listing_text(x), "a        = 1        (default)\n"
                             "long.key = (unset)  (default)\n"
                             "b        = two      (environment B)\n");
}

TEST(render, problems_are_one_line_each) {
  resolution x;
  x.problems = {{"gateway.grace", "GATEWAY_GRACE", "is not a duration", "25s is used", false},
                {"HTTPS_PROXY", "HTTPS_PROXY", "names no host", "treated as unset", false},
                {"k\n", "f\x1b:1", "r", "a", true}};
  EXPECT_EQ(problems_text(x), "GATEWAY_GRACE: gateway.grace is not a duration; 25s is used\n"
                              "HTTPS_PROXY: names no host; treated as unset\n"
                              "f?:1: k? r; a\n");
  EXPECT_EQ(check_exit_code(x), 78);
  EXPECT_TRUE(stops_run(x));
  EXPECT_EQ(check_exit_code({}), 0);
  EXPECT_FALSE(stops_run({}));
}

TEST(render, json_is_json) {
  auto x = config_inputs{}
               .yaml("gateway:\n  relay_instance_id: 'quote \" and \\ and \xC3\xA9'\n  listen: 0.0.0.0:1\n")
               .resolved();
  x.listing.push_back({"bytes", "\xff\x01", "default"});
  rapidjson::Document doc;
  auto text = resolution_json(x);
  doc.Parse<rapidjson::kParseValidateEncodingFlag>(text.c_str());
  ASSERT_FALSE(doc.HasParseError());
  EXPECT_FALSE(doc["ok"].GetBool());
  EXPECT_STREQ(doc["config_file"]["path"].GetString(), config_yaml);
  EXPECT_TRUE(doc["config_file"]["found"].GetBool());
  EXPECT_EQ(doc["settings"].Size(), x.listing.size());
  EXPECT_TRUE(doc["settings"][0]["value"].IsNull());
  ASSERT_EQ(doc["problems"].Size(), 1U);
  EXPECT_STREQ(doc["problems"][0]["key"].GetString(), "gateway.listen");
  EXPECT_TRUE(doc["problems"][0]["fatal_for_run"].GetBool());
  rapidjson::Document problems;
  problems.Parse(problems_json(x).c_str());
  EXPECT_TRUE(problems.IsArray());
  EXPECT_THAT(text, HasSubstr("quote \\\" and \\\\ and \xC3\xA9"));
}

TEST(render, secrets_are_never_shown_wherever_they_were_put) {
  // The same text in every setting, in every layer: only settings that are no secret may show it, so it is
  // put into forms that are refused or hidden.
  const std::string hidden = "s3cr3t";
  config_inputs x;
  for (const char* name :
       {"GATEWAY_RELAY_SECRET", "GATEWAY_RELAY_DELIVERY_KEY", "GATEWAY_RELAY_IDP_CLIENT_SECRET",
        "GATEWAY_RELAY_ACCESS_TOKEN", "GATEWAY_ADMIN_TOKEN"})
    x.env(name, hidden);
  for (const char* name : {"GATEWAY_RELAY_URL", "GATEWAY_RELAY_ENDPOINT", "GATEWAY_RELAY_IDP_TOKEN_URL",
                           "HTTP_PROXY", "HTTPS_PROXY", "HERMES_PORTAL_BASE_URL"})
    x.env(name, "https://user:s3cr3t@host/");
  x.env("GATEWAY_RELAY_WAKE_URL", "https://host/wake?token=s3cr3t");
  for (const char* name :
       {"GATEWAY_GRACE", "GATEWAY_LISTEN", "GATEWAY_AGENT", "GATEWAY_LOG_LEVEL", "GATEWAY_MAX_FRAME",
        "GATEWAY_MAX_CHATS", "GATEWAY_SCHEDULER", "GATEWAY_RELAY_BOT_IDS"})
    x.env(name, hidden);
  x.yaml("gateway:\n  group_sessions_per_user: s3cr3t\nplatforms: {relay: {enabled: "
         "s3cr3t}}\nrequire_mention: s3cr3t\n");
  auto result = x.resolved();
  EXPECT_THAT(everything_shown(result), Not(HasSubstr(hidden)));
  EXPECT_EQ(row_of(result, "gateway.relay_wake_url").value, "https://host/wake?***");
  EXPECT_EQ(result.values.relay.wake_url, "https://host/wake?token=s3cr3t");
  EXPECT_GE(result.problems.size(), 14U);
}

TEST(render, yaml_faults_do_not_quote_the_file) {
  for (const char* text : {"gateway: {relay_secret: *s3cr3t}", "gateway:\n  relay_secret: \"s3cr3t\\q\"",
                           "gateway: {relay_secret: @s3cr3t}", "gateway:\n  relay_secret: s3cr3t: x",
                           "gateway: {relay_secret: '${s3cr3t-x}'}", "gateway: {relay_secret: '${s3cr3t'}",
                           "gateway: {relay_secret: [s3cr3t]}", "gateway: {relay_secret: {s3cr3t: s3cr3t}}",
                           "%YAML s3cr3t\n---\na: b"}) {
    auto result = config_inputs{}.yaml(text).resolved();
    EXPECT_FALSE(result.problems.empty()) << text;
    EXPECT_THAT(everything_shown(result), Not(HasSubstr("s3cr3t"))) << text;
  }
}

} // namespace
} // namespace relay::config
