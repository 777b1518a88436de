// The catalogue as people and programs get it, and what is worth a warning.
#include "relay_gateway/config/settings_list.hpp"
#include "relay_gateway/tests/config/setup.hpp"

namespace relay::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(settings_list, EverySettingHasAMeaning) {
  for (const auto& x : catalogue()) {
    EXPECT_NE(std::string{x.what}, "") << x.key;
    EXPECT_FALSE(std::string{x.what}.ends_with('.')) << x.key;
    EXPECT_THAT(settings_text(), HasSubstr(std::string{"  "} + x.key + "\n      " + x.what)) << x.key;
    EXPECT_THAT(settings_json(), HasSubstr(std::string{"\"key\": \""} + x.key + "\"")) << x.key;
  }
}

TEST(settings_list, DefaultsAreThoseThatAreUsed) {
  const auto bare = config_inputs{}.resolved();
  for (const auto& x : catalogue()) {
    if (*x.by_default == '\0') continue;
    EXPECT_EQ(row_of(bare, x.key).value, x.by_default) << x.key;
  }
}

TEST(settings_list, SecretsHaveNoFlagButAFile) {
  EXPECT_EQ(variables_of(keys::relay_secret), "GATEWAY_RELAY_SECRET or GATEWAY_RELAY_SECRET_FILE");
  EXPECT_EQ(variables_of(keys::https_proxy), "HTTPS_PROXY or https_proxy");
  EXPECT_EQ(paths_of(keys::slack_reply_in_thread),
            "platforms.relay.extra.slack.reply_in_thread or gateway.slack.reply_in_thread");
  EXPECT_THAT(settings_text(), Not(HasSubstr("--admin-token")));
}

TEST(config_warnings, AVariableThatNamesNoSettingIsNamedWithTheNearest) {
  const auto result = config_inputs{}.env("GATEWAY_RELAY_URK", "x").dotenv("GATEWAY_LISEN=y\n").resolved();
  const auto found = problem_of(result, "GATEWAY_RELAY_URK");
  EXPECT_TRUE(found.warning);
  EXPECT_THAT(found.reason, HasSubstr("did you mean GATEWAY_RELAY_URL?"));
  EXPECT_EQ(problem_of(result, "GATEWAY_LISEN").where, std::string{dot_env} + ":1");
  EXPECT_EQ(check_exit_code(result), 0);
  EXPECT_THAT(resolution_json(result), HasSubstr("\"ok\": true"));
}

TEST(config_warnings, VariablesThatCommandsReadAndSecretFilesAreKnown) {
  const auto result = config_inputs{}
                          .env("GATEWAY_CONFIG", "/c.yaml")
                          .env("GATEWAY_RELAY_ENROLL_TOKEN", "t")
                          .env("GATEWAY_ADMIN_TOKEN_FILE", "/token")
                          .file("/token", "s3cr3t")
                          .resolved();
  EXPECT_EQ(problems_text(result), "");
}

TEST(config_warnings, VariablesOfAKubernetesServiceAreNobodysMistake) {
  const auto result = config_inputs{}
                          .env("GATEWAY_SERVICE_HOST", "10.0.0.1")
                          .env("GATEWAY_SERVICE_PORT_HTTP", "80")
                          .env("GATEWAY_PORT", "tcp://10.0.0.1:80")
                          .env("GATEWAY_PORT_80_TCP_ADDR", "10.0.0.1")
                          .resolved();
  EXPECT_EQ(problems_text(result), "");
}

TEST(config_warnings, ASecretThatEveryUserMayReadIsTold) {
  auto inputs = config_inputs{}
                    .env("GATEWAY_ADMIN_TOKEN_FILE", "/token")
                    .file("/token", "s3cr3t")
                    .yaml("gateway:\n  relay_secret: hunter2\n")
                    .dotenv("GATEWAY_RELAY_DELIVERY_KEY=k\n");
  EXPECT_EQ(problems_text(inputs.resolved()), "");
  inputs.open_files = {"/token", config_yaml, dot_env};
  const auto result = inputs.resolved();
  for (const auto* path : {"/token", config_yaml, dot_env}) {
    EXPECT_TRUE(problem_of(result, path).warning) << path;
    EXPECT_THAT(problem_of(result, path).reason, HasSubstr("may be read by every user")) << path;
  }
  EXPECT_EQ(check_exit_code(result), 0);
}

TEST(config_warnings, AnOpenConfigFileWithoutSecretsIsFine) {
  auto inputs = config_inputs{}.yaml("gateway:\n  agent: echo\n");
  inputs.open_files = {config_yaml};
  EXPECT_EQ(problems_text(inputs.resolved()), "");
}

} // namespace
} // namespace relay::config
