// Where an answer stands in its chat: threads, Slack's anchors, the profile of a session, what is known of a
// chat.
#include "relay_gateway/actors/egress/core/routing/routes.hpp"
#include "relay_gateway/messages/wire/actions/actions.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace relay::core {
namespace routes_threads_test {

using namespace std::chrono_literals;

struct driver {
  route_table table;
  instant now{1h};
  explicit driver(std::size_t turns = 100) : table(bounds(turns)) {
    table.fronted({{"discord", "d-bot", {}}, {"telegram", "t-bot", {}}, {"slack", "s-bot", {}}});
  }
  static route_bounds bounds(std::size_t turns) {
    route_bounds x;
    x.max_chats = 100;
    x.max_turns = turns;
    return x;
  }
  void seen(const std::string& turn, const std::string& platform, const std::string& thread,
            const std::string& message, const std::string& type = "channel", const std::string& name = {}) {
    table.seen({turn, {platform, "c"}, {"w", "u", {}}, {}, thread, message, type, name}, now);
  }
  route resolve(action act, const std::string& turn = {}, const std::string& platform = {}) {
    action_request x;
    x.platform = platform;
    x.delivery_id = turn;
    x.act = std::move(act);
    return table.resolve(x, now).where;
  }
  std::string thread(action act, const std::string& turn = {}) {
    return resolve(std::move(act), turn).thread_id;
  }
};

// -- the delivery's thread (routing 6)

TEST(RouteThreads, WhatAnswersADeliveryGoesToItsThread) {
  driver d;
  d.seen("t1", "discord", "th-1", "m1");
  d.seen("t2", "discord", "th-2", "m2");
  for (auto& x :
       {wire::send("c", "x"), wire::typing("c"), wire::edit("c", "m", "x"), wire::draft("c", 1, "x", false),
        wire::follow_up("agent:main:discord:group:c", "discord.x", "x")})
    EXPECT_EQ(d.thread(x, "t1"), "th-1") << to_string(x.kind);
  EXPECT_EQ(d.thread(wire::send("c", "x"), "t2"), "th-2");
  EXPECT_EQ(d.thread(wire::send("c", "x")), "") << "it answers nothing";
}

TEST(RouteThreads, AnotherChatIsNotInTheDeliverysThread) {
  driver d;
  d.seen("t1", "discord", "th-1", "m1");
  EXPECT_EQ(d.thread(wire::send("another", "x"), "t1"), "");
  EXPECT_EQ(d.resolve(wire::send("c", "x"), "t1", "telegram").thread_id, "") << "nor is another platform's";
}

TEST(RouteThreads, ThreadActionsNameTheirThreadThemselves) {
  driver d;
  d.seen("t1", "discord", "th-1", "m1");
  EXPECT_EQ(d.thread(wire::thread_rename("c", "th-1", "name"), "t1"), "");
  EXPECT_EQ(d.thread(wire::thread_create("c", "name"), "t1"), "");
}

TEST(RouteThreads, ATurnThatIsGivenOutAgainOrRestoredKeepsItsThread) {
  driver d;
  d.table.restore({"t1", {"slack", "c"}, {}, {}, "th-1", "m1", "channel", {}}, d.now);
  d.table.restore({"t2", {"slack", "c"}, {}, {}, {}, "m2", "channel", {}}, d.now);
  EXPECT_EQ(d.thread(wire::send("c", "x"), "t1"), "th-1");
  EXPECT_EQ(d.thread(wire::send("c", "x"), "t2"), "m2");
}

// -- Slack's anchors (routing 5)

TEST(RouteThreads, OnSlackTheMessageThatIsAnsweredIsTheThread) {
  driver d;
  d.seen("t1", "slack", "", "m1");
  EXPECT_EQ(d.thread(wire::send("c", "x"), "t1"), "m1");
  EXPECT_EQ(d.thread(wire::typing("c"), "t1"), "m1");
  EXPECT_EQ(d.thread(wire::send("c", "x", "m1")), "m1") << "named by what it replies to";
  EXPECT_EQ(d.thread(wire::send("c", "x")), "");
  d.seen("t2", "discord", "", "m2");
  EXPECT_EQ(d.thread(wire::send("c", "x", "m2"), "t2"), "") << "elsewhere a message is no thread";
}

TEST(RouteThreads, OnSlackAReplyInsideAThreadStaysInIt) {
  driver d;
  d.seen("t1", "slack", "root", "m1");
  EXPECT_EQ(d.thread(wire::send("c", "x", "m1"), "t1"), "root");
  EXPECT_EQ(d.thread(wire::send("c", "x", "m1")), "root") << "a message of a thread is no root";
}

TEST(RouteThreads, OnSlackAReplyToAnotherTopLevelMessageGoesThere) {
  driver d;
  d.seen("t1", "slack", "", "m1");
  d.seen("t2", "slack", "", "m2");
  EXPECT_EQ(d.thread(wire::send("c", "x", "m2"), "t1"), "m2");
  EXPECT_EQ(d.thread(wire::send("c", "x", "of-the-bot"), "t1"), "m1") << "an own message inside that thread";
}

TEST(RouteThreads, WithoutRepliesInThreadsOnlyThreadsAreKept) {
  driver d;
  d.table.slack_threads(false);
  d.seen("t1", "slack", "", "m1");
  d.seen("t2", "slack", "root", "m2");
  auto flat = d.resolve(wire::send("c", "x", "m1"), "t1");
  EXPECT_EQ(flat.thread_id, "");
  EXPECT_FALSE(flat.flat) << "a channel keeps what it replies to";
  EXPECT_EQ(d.thread(wire::send("c", "x"), "t2"), "root");
}

TEST(RouteThreads, AFlatDirectMessageLosesItsReply) {
  driver d;
  d.table.slack_threads(false);
  d.seen("t1", "slack", "", "m1", "dm");
  EXPECT_TRUE(d.resolve(wire::send("c", "x", "m1"), "t1").flat);
  EXPECT_TRUE(d.resolve(wire::send("c", "x", "m1")).flat) << "known by its chat";
  d.seen("t2", "slack", "root", "m2", "dm");
  EXPECT_FALSE(d.resolve(wire::send("c", "x", "m2"), "t2").flat) << "inside a thread";
  d.table.slack_threads(true);
  EXPECT_FALSE(d.resolve(wire::send("c", "x", "m1"), "t1").flat);
}

TEST(RouteThreads, WhatIsForgottenIsNoAnchor) {
  driver d(1);
  d.seen("t1", "slack", "root", "m1");
  d.seen("t1-again", "slack", "root", "m1"); // given out under another name
  EXPECT_EQ(d.thread(wire::send("c", "x", "m1")), "root") << "the older turn took nothing along";
  d.seen("t2", "slack", "", "m2");
  EXPECT_EQ(d.thread(wire::send("c", "x", "m1")), "m1") << "all that is known of it is its id";
}

// -- the profile of a session (routing 4)

TEST(RouteThreads, AFollowUpHasTheProfileOfItsSession) {
  driver d;
  d.table.seen({"t1", {"discord", "c"}, {"g", "u", "ops"}, {}}, d.now);
  auto of = [&](const std::string& key, const std::string& turn) {
    return d.resolve(wire::follow_up(key, "discord.x", "x"), turn).who.profile;
  };
  EXPECT_EQ(of("agent:work:discord:group:c", ""), "work");
  EXPECT_EQ(of("agent:work:discord:group:c", "t1"), "work") << "also where the turn is another's";
  EXPECT_EQ(of("agent:main:discord:group:c", "t1"), "") << "the default profile's has no name";
  EXPECT_EQ(of("agent:main~:discord:group:c", ""), "main");
  EXPECT_EQ(of("something else", "t1"), "ops") << "no session key of ours";
  EXPECT_EQ(d.resolve(wire::send("c", "x"), "t1").who.profile, "ops");
}

TEST(RouteThreads, AFollowUpKeepsTheNameOfTheDefaultProfile) {
  driver d;
  d.table.seen({"t1", {"discord", "c"}, {"g", "u", "default"}, {}}, d.now);
  EXPECT_EQ(d.resolve(wire::follow_up("agent:main:discord:group:c", "discord.x", "x"), "t1").who.profile,
            "default");
}

// -- what is known of a chat (routing 3)

TEST(RouteThreads, FactsOfAChatAreThoseOfItsEvents) {
  driver d;
  EXPECT_EQ(d.table.facts("discord", "c", d.now).name, "c") << "nobody ever spoke there";
  EXPECT_EQ(d.table.facts("discord", "c", d.now).type, "dm");
  d.seen("t1", "discord", "", "m1", "channel", "general");
  d.seen("t2", "discord", "", "m2", "channel"); // not every event says it
  EXPECT_EQ(d.table.facts("discord", "c", d.now).name, "general");
  EXPECT_EQ(d.table.facts("discord", "c", d.now).type, "channel");
  EXPECT_EQ(d.table.facts("telegram", "c", d.now).name, "c") << "the same number elsewhere";
  d.seen("t3", "discord", "", "m3", "channel", "renamed");
  EXPECT_EQ(d.table.facts("discord", "c", d.now).name, "renamed");
}

TEST(RouteThreads, FactsOfAChatAreChangesAndComeBack) {
  driver d;
  d.table.track();
  d.seen("t1", "discord", "", "m1", "channel", "general");
  auto told = d.table.changes(d.now);
  ASSERT_EQ(told.size(), 1U);
  driver next;
  next.table.restore(told[0], next.now);
  EXPECT_EQ(next.table.facts("discord", "c", next.now).name, "general");
  EXPECT_EQ(next.table.facts("discord", "c", next.now).type, "channel");
  d.seen("t2", "discord", "", "m2", "channel", "general");
  EXPECT_TRUE(d.table.changes(d.now).empty()) << "nothing new";
  d.seen("t3", "discord", "", "m3", "channel", "renamed");
  EXPECT_EQ(d.table.changes(d.now).size(), 1U);
}

TEST(RouteTurns, AreBoundedInBytesOldestFirst) {
  route_bounds bounds;
  bounds.max_chats = bounds.max_turns = 100'000;
  bounds.max_turn_bytes = 100'000;
  route_table table{bounds};
  for (int i = 0; i < 1'000; ++i) {
    table.seen({"d1-" + std::to_string(i),
                {"discord", "c"},
                {"w", "u", {}},
                {},
                std::string(400, 't'),
                "m",
                "group",
                {}},
               instant{1h});
    EXPECT_LE(table.turn_bytes(), bounds.max_turn_bytes);
  }
  EXPECT_GT(table.turns(), 50U);
  EXPECT_FALSE(table.place_of("d1-0", "c").known);
  EXPECT_TRUE(table.place_of("d1-999", "c").known);
}

} // namespace routes_threads_test
} // namespace relay::core
