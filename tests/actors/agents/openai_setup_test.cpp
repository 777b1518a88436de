// From the settings to what the agent works with.
#include "relay_gateway/actors/agents/openai.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace relay::testing {
namespace {

using namespace std::chrono_literals;

TEST(openai_setup, EverySettingArrives) {
  config::settings from;
  from.service.agent.argument = "http://model.example/v1";
  from.openai.model = "tiny";
  from.openai.system = "be brief";
  from.openai.api_key.file = "/run/key";
  from.openai.stream = false;
  from.openai.first_token_timeout = 1s;
  from.openai.idle_timeout = 2s;
  from.openai.max_turn = 3s;
  from.openai.history = 4;
  from.openai.history_bytes = 5;
  const auto out = openai_setup_of(from);
  EXPECT_EQ(out.url, "http://model.example/v1");
  EXPECT_EQ(out.model, "tiny");
  EXPECT_EQ(out.system, "be brief");
  EXPECT_EQ(out.key.file, "/run/key");
  EXPECT_FALSE(out.stream);
  EXPECT_FALSE(out.limits.streamed);
  EXPECT_EQ(out.limits.first_token, 1s);
  EXPECT_EQ(out.limits.idle, 2s);
  EXPECT_EQ(out.limits.whole, 3s);
  EXPECT_EQ(out.bounds.exchanges, 4U);
  EXPECT_EQ(out.bounds.bytes, 5U);
}

} // namespace
} // namespace relay::testing
