#include "relay_gateway/actors/agents/core/published_deliveries.hpp"
#include "relay_gateway/actors/agents/core/worker_roster.hpp"
#include "relay_gateway/actors/core/queue_names.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace relay::core {
namespace published_deliveries_test {

using strings = std::vector<std::string>;
constexpr milliseconds patience{60'000};

struct PublishedDeliveries : ::testing::Test {
  published_deliveries all{patience, "life"};
  instant now{std::chrono::seconds{100}};
  strings published, renewed;
  std::vector<bool> repeats;

  void note(delivery_step& out) {
    for (auto& x : out.publish) {
      published.push_back(x.message_id);
      repeats.push_back(x.what.redelivered);
    }
    renewed.insert(renewed.end(), out.renew.begin(), out.renew.end());
    out = {};
  }
  void credit(std::uint64_t most) {
    delivery_step out;
    all.credit(most, out);
    note(out);
  }
  void hand(const std::string& id, bool redelivered = false) {
    delivery_step out;
    delivery x;
    x.id = id;
    x.redelivered = redelivered;
    all.handed(std::move(x), now, out);
    note(out);
  }
  void ack(const std::string& id) {
    delivery_step out;
    all.acked(id, out);
    note(out);
  }
  bool back(const std::string& id) {
    delivery_step out;
    const bool known = all.returned(id, out);
    note(out);
    return known;
  }
  void timer() {
    delivery_step out;
    all.timer(now, out);
    note(out);
  }
};

TEST_F(PublishedDeliveries, OnlyAsManyAreOutAsWorkersTake) {
  credit(2);
  for (const auto* id : {"a", "b", "c"}) hand(id);
  EXPECT_EQ(published, (strings{"a#1", "b#1"}));
  EXPECT_EQ(all.waiting(), 1U);
  ack("a");
  EXPECT_EQ(published, (strings{"a#1", "b#1", "c#1"}));
  EXPECT_EQ(all.out(), 2U);
}

TEST_F(PublishedDeliveries, AMissedAckIsAFurtherMessageMarkedAsARepeat) {
  credit(5);
  hand("a");
  hand("a", true);
  EXPECT_EQ(published, (strings{"a#1", "a#2.life"}));
  EXPECT_EQ(repeats, (std::vector<bool>{false, true}));
  EXPECT_EQ(all.out(), 1U);
}

TEST_F(PublishedDeliveries, TheSameEventOfTheNextProcessHasTheSameMessageId) {
  credit(5);
  hand("a", true); // inbound marks what an earlier process may have given out
  EXPECT_EQ(published, strings{"a#1"});
  EXPECT_EQ(repeats, std::vector<bool>{true});
}

TEST_F(PublishedDeliveries, WhatWaitsHereIsNotMissed) {
  hand("a");
  hand("a", true);
  EXPECT_EQ(published, strings{});
  credit(1);
  EXPECT_EQ(published, strings{"a#1"});
}

TEST_F(PublishedDeliveries, WhatWaitsIsRenewedBeforeItsTimeIsOver) {
  hand("a");
  ASSERT_TRUE(all.due().has_value());
  EXPECT_LT(*all.due(), now + patience);
  now = *all.due();
  timer();
  EXPECT_EQ(renewed, strings{"a"});
  timer();
  EXPECT_EQ(renewed, strings{"a"}); // once
  hand("a");                        // inbound hands it out once more
  EXPECT_TRUE(all.due().has_value());
  credit(1);
  EXPECT_EQ(published, strings{"a#1"});
}

TEST_F(PublishedDeliveries, OneThatGoesOutWhileItIsRenewedIsPublishedOnce) {
  hand("a");
  now = *all.due();
  timer();
  credit(1);
  hand("a");
  EXPECT_EQ(published, strings{"a#1"});
  hand("a", true); // this one was missed
  EXPECT_EQ(published, (strings{"a#1", "a#2.life"}));
}

TEST_F(PublishedDeliveries, WhatAWorkerGaveBackGoesOutAsAnotherMessage) {
  credit(1);
  hand("a");
  hand("b");
  EXPECT_TRUE(back("a"));
  EXPECT_FALSE(back("a"));
  EXPECT_EQ(published, (strings{"a#1", "b#1"}));
  hand("a", true);
  ack("b");
  EXPECT_EQ(published, (strings{"a#1", "b#1", "a#2.life"}));
}

/// The queue knows the id of its first message, and would store nothing.
TEST_F(PublishedDeliveries, WhatWasGivenBackBeforeItIsHandedOutGoesOutAsAnotherMessage) {
  EXPECT_FALSE(back("a")); // of an earlier process
  credit(1);
  hand("a", true);
  EXPECT_EQ(published, strings{"a#2.life"});
  hand("b");
  EXPECT_FALSE(back("b")); // it waits for room
  ack("a");
  EXPECT_EQ(published, (strings{"a#2.life", "b#2.life"}));
  ack("b");
  hand("c");
  EXPECT_EQ(published.back(), "c#1");
}

TEST_F(PublishedDeliveries, AnotherHostRepeatsWithoutHavingMissedAnything) {
  credit(5);
  hand("a");
  all.new_host();
  hand("a", true);
  EXPECT_EQ(published, strings{"a#1"});
  hand("a", true);
  EXPECT_EQ(published, (strings{"a#1", "a#2.life"}));
}

TEST_F(PublishedDeliveries, WhatIsWithdrawnMakesRoom) {
  credit(1);
  hand("a");
  hand("b");
  delivery_step out;
  all.withdrawn("a", out);
  note(out);
  EXPECT_EQ(published, (strings{"a#1", "b#1"}));
  all.withdrawn("b", out);
  EXPECT_EQ(all.out(), 0U);
  hand("a"); // of another life: from the beginning
  EXPECT_EQ(published.back(), "a#1");
}

TEST(WorkerRoster, WhoIsSilentIsGone) {
  worker_roster<int> all{milliseconds{10'000}};
  const instant start{std::chrono::seconds{100}};
  EXPECT_TRUE(all.hello("w1", 16, 0, start));
  EXPECT_FALSE(all.hello("w1", 8, 0, start));
  all.hello("w2", 0, 0, start + milliseconds{5'000});
  EXPECT_EQ(all.takers(), 1U);
  EXPECT_EQ(all.room(), 8U);
  ASSERT_EQ(all.due(), start + milliseconds{10'000});
  EXPECT_EQ(all.expire(*all.due()), strings{"w1"});
  EXPECT_EQ(all.takers(), 0U);
  EXPECT_TRUE(all.bye("w2"));
  EXPECT_FALSE(all.due().has_value());
}

TEST(WorkerRoster, SilenceOfALostConnectionDoesNotCount) {
  worker_roster<int> all{milliseconds{10'000}};
  const instant start{std::chrono::seconds{100}};
  all.hello("w1", 16, 0, start);
  all.excuse(start + milliseconds{60'000});
  EXPECT_EQ(all.expire(start + milliseconds{65'000}), strings{});
}

TEST(QueueNames, AnyNameIsOneToken) {
  const queue_names names{"relay"};
  EXPECT_EQ(names.events("gw-1", "discord"), "relay.in.gw-1.discord");
  EXPECT_EQ(names.events("a.b c", ""), "relay.in.a=2Eb=20c.=");
  EXPECT_EQ(names.gateway_of("relay.in.gw-1.discord"), "gw-1");
  EXPECT_EQ(names.gateway_of("other.in.gw-1.discord"), "");
  EXPECT_EQ(names.actions("gw.1"), "relay.act.gw=2E1");
  EXPECT_EQ(names.reply_stream("gw.1"), "relay_OUT_gw=2E1");
  EXPECT_EQ(queue_names::token(queue_names::token("a.b")), "a=2Eb");
  EXPECT_NE(queue_names::token("a.b"), queue_names::token("a-b"));
}

} // namespace published_deliveries_test
} // namespace relay::core
