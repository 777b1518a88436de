// The agent that asks a model: its prompt, and where its key comes from.
#include "relay_gateway/tests/config/setup.hpp"

namespace relay::config {
namespace openai_settings_test {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(openai_settings, ThePromptMayHaveLines) {
  auto result = config_inputs{}
                    .yaml("gateway:\n  openai:\n    system: |\n      Be brief.\n      Be\tkind.\n")
                    .resolved();
  EXPECT_EQ(result.values.openai.system, "Be brief.\nBe\tkind.");
  EXPECT_EQ(problems_text(result), "");
  result = config_inputs{}.env("GATEWAY_OPENAI_SYSTEM", "a\x01z").resolved();
  EXPECT_EQ(result.values.openai.system, "");
  EXPECT_EQ(problem_of(result, "gateway.openai.system").where, "GATEWAY_OPENAI_SYSTEM");
}

TEST(openai_settings, AKeyFileIsReadAtEachUse) {
  const std::string yaml = "gateway:\n  openai:\n    api_key_file: /run/key\n";
  auto result = config_inputs{}.yaml(yaml).file("/run/key", "s3cr3t").resolved();
  EXPECT_EQ(result.values.openai.api_key.file, "/run/key");
  EXPECT_TRUE(result.values.openai.api_key.value.empty());
  EXPECT_EQ(problems_text(result), "");
  result =
      config_inputs{}.env("GATEWAY_OPENAI_API_KEY_FILE", "/run/key").file("/run/key", "s3cr3t").resolved();
  EXPECT_EQ(result.values.openai.api_key.file, "/run/key");
  EXPECT_THAT(everything_shown(result), Not(HasSubstr("s3cr3t")));
  result = config_inputs{}.yaml(yaml).resolved();
  EXPECT_THAT(problem_of(result, "gateway.openai.api_key_file").reason, HasSubstr("cannot be read"));
  EXPECT_EQ(result.values.openai.api_key.file, "/run/key") << "it may be there later";
  result =
      config_inputs{}.yaml(yaml).file("/run/key", "x").env("GATEWAY_OPENAI_API_KEY", "s3cr3t").resolved();
  EXPECT_EQ(result.values.openai.api_key.value, secret{"s3cr3t"}) << "a value wins";
  EXPECT_EQ(result.values.openai.api_key.file, "");
}

TEST(openai_settings, AMistypedKeyIsNamed) {
  const auto result = config_inputs{}.yaml("gateway:\n  openai:\n    modle: x\n").resolved();
  EXPECT_THAT(problem_of(result, "gateway.openai.modle").reason, HasSubstr("gateway.openai.model"));
}

} // namespace openai_settings_test
} // namespace relay::config
