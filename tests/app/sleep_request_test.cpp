#include "relay_gateway/app/admin/sleep_request.hpp"

#include <gtest/gtest.h>

namespace relay::admin {
namespace {

using namespace std::chrono_literals;

TEST(SleepRequest, WithoutAHoldItIsPlainDormancy) {
  for (auto* body : {"", "{}", R"({"hold":null})", R"({"other":1})"}) {
    auto x = read_sleep("", body);
    EXPECT_EQ(x.error, "") << body;
    EXPECT_FALSE(x.held) << body;
  }
}

TEST(SleepRequest, AHoldComesByTheQueryOrTheBodyAndMeansOnlyWhenIdle) {
  const std::optional<dormancy_order> twenty{{20s, true}};
  EXPECT_EQ(read_sleep("20s", "").held, twenty);
  EXPECT_EQ(read_sleep("20", "").held, twenty);
  EXPECT_EQ(read_sleep("", R"({"hold":"20s"})").held, twenty);
  EXPECT_EQ(read_sleep("", R"({"hold":20})").held, twenty);
  EXPECT_EQ(read_sleep("20s", R"({"hold":"1s"})").held, twenty) << "the query counts";
  EXPECT_EQ(read_sleep("0", "").held, (std::optional<dormancy_order>{{0s, true}})) << "idle, but not held";
}

TEST(SleepRequest, WhatIsWrongIsSaid) {
  for (auto* body : {"[]", "no json", R"({"hold":[]})", R"({"hold":"soon"})", R"({"hold":"301s"})",
                     R"({"hold":-1})", R"({"hold":true})"}) {
    auto x = read_sleep("", body);
    EXPECT_NE(x.error, "") << body;
    EXPECT_FALSE(x.held) << body;
  }
  EXPECT_NE(read_sleep("soon", "").error.find("hold"), std::string::npos);
}

TEST(SleepRequest, AnswersSayWhatCameOfIt) {
  const dormancy_order order{20s, true};
  const dormancy_outcome asleep{true, ""}, awake{false, "3 in hand"};
  EXPECT_EQ(answer_to(order, &asleep).status, 202);
  EXPECT_EQ(answer_to(order, &asleep).body, R"({"accepted":true,"state":"dormant","hold":"20s"})");
  EXPECT_EQ(answer_to(order, &awake).status, 409);
  EXPECT_EQ(answer_to(order, &awake).body, R"({"accepted":false,"reason":"3 in hand"})");
  EXPECT_EQ(answer_to(order, nullptr).status, 503);
}

} // namespace
} // namespace relay::admin
