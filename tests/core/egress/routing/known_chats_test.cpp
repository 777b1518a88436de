// Very many chats: what they cost, and what is known of them all the same.
#include "relay_gateway/actors/agents/core/sticky_balancer.hpp"
#include "relay_gateway/actors/egress/core/routing/routes.hpp"

#include <gtest/gtest.h>

#include <string>

namespace relay::core {
namespace known_chats_test {

using namespace std::chrono_literals;

route_seen a_chat(std::uint64_t n) {
  route_seen x;
  x.delivery_id = {};
  x.chat = {"discord", std::to_string(100'000'000'000'000'000 + n)};
  x.who = {
      std::to_string(200'000'000'000'000'000 + n % 1'000), std::to_string(300'000'000'000'000'000 + n), {}};
  x.chat_type = "channel";
  x.chat_name = "general " + std::to_string(n);
  return x;
}

TEST(KnownChats, EachComesBackAsItWasPut) {
  known_chats x;
  const known_chat what{{"scope", "user", "profile"}, "parent", "channel", "name", "d1-7"};
  x.put({"discord", "1"}, what, instant{1h});
  const auto found = x.find({"discord", "1"});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->who, what.who);
  EXPECT_EQ(found->parent + found->type + found->name + found->latest, "parentchannelnamed1-7");
  EXPECT_FALSE(x.find({"telegram", "1"}));
  EXPECT_FALSE(x.find({"discord1", ""})) << "platform and id are kept apart";
}

TEST(KnownChats, TheLastPlatformOfAnIdIsTheOneThatCameInLast) {
  known_chats x;
  for (auto platform : {"discord", "telegram"}) x.put({platform, "1"}, {}, instant{1h});
  EXPECT_EQ(x.last_platform("1"), "");
  x.arrived({"telegram", "1"});
  x.arrived({"discord", "1"});
  EXPECT_EQ(x.last_platform("1"), "discord");
  x.arrived({"telegram", "1"});
  EXPECT_EQ(x.last_platform("1"), "telegram");
  EXPECT_EQ(x.last_platform("2"), "");
}

TEST(KnownChats, OnlyTheDeliveryOfAChatChangesMostly) {
  known_chats x;
  const chat_key key{"discord", std::string(200, '1')}, other{"discord", "2"};
  x.put(key, {{"scope", "user", ""}, "", "channel", "name", "g-9"}, instant{1h}).told_s = 5;
  x.put(other, {}, instant{1h});
  for (const std::string latest : {"g-8", "g-10", "g-1234567", "g-7", "", "g-1"}) {
    auto& times = x.renew(x.place_of(key), latest, instant{2h});
    EXPECT_EQ(times.used_s, 7'200U);
    EXPECT_EQ(times.told_s, 5U);
    const auto known = x.find(key);
    ASSERT_TRUE(known);
    EXPECT_EQ(known->latest, latest);
    EXPECT_EQ(known->who.user_id + known->type + known->name, "userchannelname");
  }
  EXPECT_EQ(x.oldest(), other) << "it was used";
  EXPECT_EQ(x.place_of({"discord", "3"}), known_chats::nowhere);
}

TEST(KnownChats, AMillionStayWithinTheirBytes) {
  route_table table{{1'000'000, 1'000}};
  instant now{1h};
  for (std::uint64_t n = 0; n < 200'000; ++n) table.seen(a_chat(n), now);
  EXPECT_EQ(table.chats(), 200'000U);
  EXPECT_LT(table.chat_bytes() / 200'000, 230U) << "bytes for each";
  route_table bounded{{1'000'000, 1'000, 720h, 24h, 10UL << 20}};
  for (std::uint64_t n = 0; n < 200'000; ++n) bounded.seen(a_chat(n), now);
  EXPECT_LE(bounded.chat_bytes(), 10UL << 20);
  EXPECT_EQ(bounded.facts("discord", a_chat(199'999).chat.chat_id, now).name, "general 199999");
  EXPECT_GT(bounded.chats(), 30'000U);
}

TEST(KnownChats, SessionsOfAgentsCostLittle) {
  sticky_balancer x{1'000'000};
  x.join(1);
  x.join(2);
  for (int n = 0; n < 100'000; ++n) x.pick("agent:main:discord:channel:" + std::to_string(n));
  EXPECT_EQ(x.sessions(), 100'000U);
  EXPECT_LT(x.bytes() / 100'000, 90U);
  const auto first = x.pick("agent:main:discord:channel:7");
  EXPECT_EQ(x.last("agent:main:discord:channel:7"), first);
  EXPECT_EQ(x.last("agent:main:discord:channel:none"), 0U);
}

} // namespace known_chats_test
} // namespace relay::core
