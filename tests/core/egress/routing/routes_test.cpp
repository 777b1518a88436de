#include "relay_gateway/actors/egress/core/routing/routes.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace relay::core {
namespace routes_test {

using namespace std::chrono_literals;

discriminators who(std::string scope, std::string user) { return {std::move(scope), std::move(user), {}}; }

route_bounds bounds(std::size_t chats, std::size_t turns) {
  route_bounds x;
  x.max_chats = chats;
  x.max_turns = turns;
  return x;
}

/// Fronts discord and telegram.
struct driver {
  route_table table{bounds(100, 100)};
  instant now{1h};
  driver() { table.fronted({{"discord", "d-bot", {}}, {"telegram", "t-bot", {}}}); }

  void seen(const std::string& turn, const std::string& platform, const std::string& chat, discriminators x,
            const std::string& parent = {}) {
    table.seen({turn, {platform, chat}, std::move(x), parent}, now);
  }
  routing resolve(const std::string& chat, const std::string& turn = {}, const std::string& platform = {}) {
    action_request x;
    x.platform = platform;
    x.delivery_id = turn;
    x.act.chat_id = chat;
    return table.resolve(x, now);
  }
};

// -- platform and bot
// -----------------------------------------------------------------------------------------

TEST(Routes, ThePlatformLastSeenForTheChatWithItsBot) {
  driver d;
  d.seen("", "telegram", "1", who("", "u"));
  auto r = d.resolve("1");
  ASSERT_TRUE(r);
  EXPECT_EQ(r.where, (route{"telegram", "t-bot", who("", "u")}));
  EXPECT_FALSE(r.untagged);
}

TEST(Routes, AnEventThatIsGivenOutAgainDoesNotPassForTheLastOneOfItsChat) {
  driver d;
  d.seen("d1f-9", "discord", "5", who("g", "u1"));
  d.seen("d1f-10", "discord", "5", who("g", "u2"));
  d.seen("d1f-9", "discord", "5", who("g", "u1"));
  EXPECT_EQ(d.resolve("5").where.who, who("g", "u2"));
  EXPECT_EQ(d.resolve("5", "d1f-9").where.who, who("g", "u1")) << "its own turn is as it was";
  d.seen("d1f-11", "discord", "5", who("g", "u3"));
  EXPECT_EQ(d.resolve("5").where.who, who("g", "u3"));
  d.seen("d2a-1", "discord", "5", who("g", "u4"));
  EXPECT_EQ(d.resolve("5").where.who, who("g", "u4")) << "another instance counts anew";
}

TEST(Routes, F39_ANamedPlatformComesWithItsOwnBot) {
  driver d;
  d.seen("", "telegram", "1", who("", "u"));
  auto r = d.resolve("1", {}, "discord");
  ASSERT_TRUE(r);
  EXPECT_EQ(r.where, (route{"discord", "d-bot", {}})) << "and not with the other platform's user";
}

TEST(Routes, F39_APlatformThatIsNotFrontedIsAStructuredFailure) {
  driver d;
  auto r = d.resolve("1", {}, "slack");
  EXPECT_FALSE(r);
  EXPECT_EQ(r.code, "unknown_platform");
  EXPECT_NE(r.error.find("'slack'"), std::string::npos);
}

TEST(Routes, AnEmptyBotIdIsAbsent) {
  driver d;
  d.table.fronted({{"discord", "", {}}});
  EXPECT_EQ(d.resolve("1", {}, "discord").where.bot_id, "");
}

TEST(Routes, TheGenericPlatformIsNeverATag) {
  driver d;
  d.seen("t", "relay", "1", who("g", "u"));
  for (auto& r : {d.resolve("1"), d.resolve("1", "t"), d.resolve("1", {}, "relay")}) {
    ASSERT_TRUE(r);
    EXPECT_EQ(r.where.platform, "");
    EXPECT_EQ(r.where.bot_id, "");
    EXPECT_EQ(r.where.who, who("g", "u"));
  }
}

TEST(Routes, AGenericGatewayTakesAnyName) {
  for (auto& fronted : {std::vector<identity>{}, std::vector<identity>{{"relay", "", {}}}}) {
    driver d;
    d.table.fronted(fronted);
    auto r = d.resolve("1", {}, "slack");
    ASSERT_TRUE(r);
    EXPECT_EQ(r.where, (route{"slack", "", {}}));
    r = d.resolve("1");
    EXPECT_EQ(r.where, route{});
    EXPECT_FALSE(r.untagged) << "there is only one place it can go";
  }
}

TEST(Routes, AnEventWithoutAPlatformMayBeAnsweredUnderAName) {
  driver d;
  d.table.fronted({{"relay", "", {}}});
  d.seen("t", "relay", "1", who("g", "u"));
  EXPECT_EQ(d.resolve("1", "t", "discord").where, (route{"discord", "", who("g", "u")}));
}

TEST(Routes, F40_TheSameNumberOnTwoPlatforms) {
  driver d;
  d.seen("dt", "discord", "1", who("g", "du"));
  d.seen("tt", "telegram", "1", who("", "tu"));
  EXPECT_EQ(d.resolve("1").where.platform, "telegram") << "the last one seen";
  EXPECT_EQ(d.resolve("1", {}, "discord").where, (route{"discord", "d-bot", who("g", "du")}));
  EXPECT_EQ(d.resolve("1", {}, "telegram").where, (route{"telegram", "t-bot", who("", "tu")}));
  EXPECT_EQ(d.resolve("1", "dt").where, (route{"discord", "d-bot", who("g", "du")}));
}

TEST(Routes, F74_AChatNeverSeenGoesUntaggedAndSaysSo) {
  driver d;
  auto r = d.resolve("1");
  ASSERT_TRUE(r);
  EXPECT_EQ(r.where, route{});
  EXPECT_TRUE(r.untagged);
  d.table.fronted({{"discord", "d-bot", {}}});
  EXPECT_FALSE(d.resolve("1").untagged);
  d.table.fronted({{"discord", "d-bot", {}}, {"telegram", "t-bot", {}}});
  EXPECT_FALSE(d.resolve("1", {}, "discord").untagged);
}

TEST(Routes, AFollowUpGoesWhereItsKindSays) {
  driver d;
  action_request x;
  x.act.kind = op::follow_up;
  const auto of_kind = [](std::string kind) {
    return follow_up_fields{"agent:main:discord:dm:1", std::move(kind)};
  };
  x.act.fields = of_kind("discord.interaction");
  EXPECT_EQ(d.table.resolve(x, d.now).where, (route{"discord", "d-bot", {}}));
  x.act.fields = of_kind("telegram");
  EXPECT_EQ(d.table.resolve(x, d.now).where.platform, "telegram");
  x.act.fields = of_kind("slack.modal");
  EXPECT_TRUE(d.table.resolve(x, d.now)) << "a prefix that is no fronted platform names none";
  EXPECT_EQ(d.table.resolve(x, d.now).where.platform, "");
  x.act.fields = of_kind("discord.interaction");
  x.platform = "telegram";
  EXPECT_EQ(d.table.resolve(x, d.now).where.platform, "telegram") << "what the agent named comes first";
  x.platform.clear();
  d.seen("t", "telegram", "9", who("", "u"));
  x.delivery_id = "t";
  EXPECT_EQ(d.table.resolve(x, d.now).where, (route{"discord", "d-bot", {}}))
      << "not with another platform's user";
  d.seen("t2", "discord", "9", who("g", "u"));
  x.delivery_id = "t2";
  EXPECT_EQ(d.table.resolve(x, d.now).where, (route{"discord", "d-bot", who("g", "u")}));
}

// -- discriminators
// -------------------------------------------------------------------------------------------

TEST(Routes, F35_ADirectMessageIsRoutableByItsUser) {
  driver d;
  d.seen("t", "telegram", "dm", who("", "u"));
  EXPECT_EQ(d.resolve("dm", "t").where.who, who("", "u"));
  EXPECT_EQ(d.resolve("dm").where.who, who("", "u"));
}

TEST(Routes, F36_AGuildReplyCarriesScopeAndUserAndProfile) {
  driver d;
  d.seen("t", "discord", "c", {"g", "u", "work"});
  EXPECT_EQ(d.resolve("c", "t").where.who, (discriminators{"g", "u", "work"}));
}

TEST(Routes, F41_ATurnKeepsItsOwnMember) {
  driver d;
  d.seen("first", "discord", "c", who("g", "alice"));
  d.seen("second", "discord", "c", who("g", "bob"));
  EXPECT_EQ(d.resolve("c", "first").where.who.user_id, "alice");
  EXPECT_EQ(d.resolve("c", "second").where.who.user_id, "bob");
  EXPECT_EQ(d.resolve("c").where.who.user_id, "bob") << "unprompted: the chat's last";
  EXPECT_EQ(d.resolve("c", "forgotten").where.who.user_id, "bob");
}

TEST(Routes, NeverInventedForAnUnknownChat) {
  driver d;
  d.seen("", "discord", "c", who("g", "u"));
  EXPECT_TRUE(d.resolve("unknown", {}, "discord").where.who.empty());
  EXPECT_TRUE(d.resolve("unknown").where.who.empty());
}

// Seed 103: a follow-up to a session of its own went out in the name of whoever wrote last without a chat.
TEST(Routes, PeopleWithoutAChatHaveNoTenantInCommon) {
  driver d;
  d.seen("d1f-1", "telegram", "", who("", "u1"));
  d.seen("d1f-2", "telegram", "", who("", "u2"));
  action_request x;
  x.act.kind = op::follow_up;
  x.act.fields = follow_up_fields{"agent:main:telegram:dm:5", "telegram.ephemeral"};
  EXPECT_EQ(d.table.resolve(x, d.now).where, (route{"telegram", "t-bot", {}}));
  x.delivery_id = "d1f-1";
  EXPECT_EQ(d.table.resolve(x, d.now).where.who, who("", "u1")) << "its own turn's";
  route_table next{bounds(100, 100)};
  next.restore({"", {"telegram", ""}, who("", "u2"), {}}, d.now); // as an older process wrote it
  x.delivery_id.clear();
  EXPECT_EQ(next.resolve(x, d.now).where.who, discriminators{});
}

TEST(Routes, ATurnThatWritesElsewhere) {
  driver d;
  d.seen("t", "discord", "c", who("g", "u"));
  d.seen("", "discord", "other", who("g2", "u2"));
  d.seen("", "telegram", "far", who("", "u3"));
  EXPECT_EQ(d.resolve("other", "t").where, (route{"discord", "d-bot", who("g2", "u2")}))
      << "its own tenant's";
  EXPECT_EQ(d.resolve("far", "t").where, (route{"telegram", "t-bot", who("", "u3")}))
      << "on its own platform";
  EXPECT_EQ(d.resolve("new-thread", "t").where, (route{"discord", "d-bot", who("g", "u")}))
      << "a chat that the turn made is the turn's";
}

TEST(Routes, F40_ATurnThatWritesToANumberThatBothPlatformsHaveStaysOnItsOwn) {
  driver d;
  d.seen("t", "discord", "c", who("g", "u"));
  d.seen("", "discord", "1", who("g1", "u1"));
  d.seen("", "telegram", "1", who("", "u2"));
  EXPECT_EQ(d.resolve("1", "t").where, (route{"discord", "d-bot", who("g1", "u1")}));
}

TEST(Routes, F41_ATurnDoesNotAuthorizeOnAnotherPlatform) {
  driver d;
  d.seen("t", "discord", "c", who("g", "u"));
  EXPECT_EQ(d.resolve("c", "t", "telegram").where, (route{"telegram", "t-bot", {}}));
}

action_request rename(const std::string& chat, const std::string& thread, const std::string& turn = {}) {
  action_request x;
  x.delivery_id = turn;
  x.act.kind = op::thread_rename;
  x.act.chat_id = chat;
  x.act.message_id = thread;
  return x;
}

TEST(Routes, F37_AThreadActionHasItsParentsDiscriminators) {
  driver d;
  d.seen("", "discord", "parent", who("g", "u"));
  EXPECT_EQ(d.table.resolve(rename("parent", "thread"), d.now).where,
            (route{"discord", "d-bot", who("g", "u")}));
}

TEST(Routes, F37_WhenOnlyTheThreadWasSeen) {
  driver d;
  d.seen("", "discord", "thread", who("g", "u"), "parent");
  EXPECT_EQ(d.table.resolve(rename("parent", "thread"), d.now).where,
            (route{"discord", "d-bot", who("g", "u")}));
}

TEST(Routes, F37_AThreadWithoutATenantOfItsOwnHasItsParents) {
  driver d;
  d.seen("", "discord", "parent", who("g", "u"));
  d.seen("", "discord", "thread", {}, "parent");
  EXPECT_EQ(d.resolve("thread").where.who, who("g", "u"));
}

TEST(Routes, F37_AThreadActionByTheThreadsOwnIdHasItsParents) {
  driver d;
  d.seen("", "discord", "parent", who("g", "u"));
  d.seen("", "discord", "thread", who("g", "guest"), "parent");
  EXPECT_EQ(d.table.resolve(rename("thread", "thread"), d.now).where.who, who("g", "u"));
  EXPECT_EQ(d.resolve("thread").where.who, who("g", "guest")); // a text there is no thread action
}

TEST(Routes, F37_ATurnInAThreadActsOnItsParent) {
  driver d;
  d.seen("", "discord", "parent", who("g", "somebody"));
  d.seen("t", "discord", "thread", who("g", "u"), "parent");
  EXPECT_EQ(d.resolve("parent", "t").where.who, who("g", "u"));
  EXPECT_EQ(d.table.resolve(rename("parent", "thread", "t"), d.now).where.who, who("g", "u"));
}

TEST(Routes, F41_ATurnOfAThreadThatWasSeenTwiceIsReplaced) {
  driver d;
  d.seen("t", "discord", "c", who("g", "u"));
  d.seen("t", "discord", "c", who("g", "v"));
  EXPECT_EQ(d.resolve("c", "t").where.who.user_id, "v");
  EXPECT_EQ(d.table.turns(), 1U);
}

// -- bounds
// -----------------------------------------------------------------------------------------------------

TEST(Routes, TheLeastRecentlyUsedChatGoesFirst) {
  driver d;
  d.table = route_table{bounds(2, 2)};
  d.table.fronted({{"discord", "d-bot", {}}, {"telegram", "t-bot", {}}});
  d.seen("", "discord", "1", who("g", "1"));
  d.seen("", "discord", "2", who("g", "2"));
  d.resolve("1");
  d.seen("", "discord", "3", who("g", "3"));
  EXPECT_EQ(d.table.chats(), 2U);
  EXPECT_EQ(d.resolve("1").where.who.user_id, "1");
  EXPECT_TRUE(d.resolve("2").untagged);
  EXPECT_EQ(d.resolve("3").where.who.user_id, "3");
}

TEST(Routes, ForgettingAChatKeepsTheOtherPlatformsSameNumber) {
  driver d;
  d.table = route_table{bounds(2, 2)};
  d.table.fronted({{"discord", "d-bot", {}}, {"telegram", "t-bot", {}}});
  d.seen("", "discord", "1", who("g", "d"));
  d.seen("", "telegram", "1", who("", "t"));
  d.seen("", "telegram", "2", who("", "x"));
  EXPECT_EQ(d.resolve("1").where.platform, "telegram");
}

TEST(Routes, TurnsAreBoundedToo) {
  driver d;
  d.table = route_table{bounds(2, 2)};
  for (int i = 1; i <= 5; ++i) d.seen(std::to_string(i), "discord", "c", who("g", std::to_string(i)));
  EXPECT_EQ(d.table.turns(), 2U);
  EXPECT_EQ(d.table.chats(), 1U);
  EXPECT_EQ(d.resolve("c", "4").where.who.user_id, "4");
  EXPECT_EQ(d.resolve("c", "1").where.who.user_id, "5") << "forgotten: the chat's last";
}

TEST(Routes, ABoundOfNothingStillAnswersTheLastChat) {
  driver d;
  d.table = route_table{bounds(0, 0)};
  d.table.fronted({{"discord", "d-bot", {}}});
  d.seen("t", "discord", "c", who("g", "u"));
  EXPECT_EQ(d.resolve("c").where.who, who("g", "u"));
}

TEST(Routes, AChatIsForgottenWhenItIsNotUsedForLong) {
  driver d;
  d.table = route_table{{100, 100, 10min, 1min}};
  d.table.fronted({{"discord", "d-bot", {}}, {"telegram", "t-bot", {}}});
  d.seen("t", "discord", "used", who("g", "u"));
  d.seen("", "discord", "unused", who("g", "u"));
  d.now += 9min;
  d.resolve("used");
  d.now += 1min;
  d.seen("", "discord", "other", who("g", "u"));
  EXPECT_EQ(d.table.chats(), 2U);
  EXPECT_EQ(d.table.turns(), 0U) << "turns have an age of their own";
  EXPECT_TRUE(d.resolve("unused").untagged);
  EXPECT_EQ(d.resolve("used").where.platform, "discord");
}

TEST(Routes, ATurnThatIsGivenOutAgainIsAsYoungAsThat) {
  driver d;
  d.table = route_table{{100, 100, 1h, 10min}};
  d.seen("t", "discord", "c", who("g", "u"));
  d.seen("old", "discord", "c", who("g", "u"));
  d.now += 9min;
  d.seen("t", "discord", "c", who("g", "u"));
  d.now += 9min;
  d.seen("", "discord", "c", who("g", "u"));
  EXPECT_EQ(d.table.turns(), 1U);
}

// -- what outlives the process
// --------------------------------------------------------------------------------

TEST(Routes, F34_ChangesAreToldOnceEach) {
  driver d;
  d.seen("", "discord", "before", who("g", "u"));
  d.table.track();
  EXPECT_FALSE(d.table.changed());
  d.seen("t1", "discord", "c", who("g", "u"), "parent");
  d.seen("t2", "discord", "c", who("g", "v"), "parent");
  ASSERT_TRUE(d.table.changed());
  auto x = d.table.changes(d.now);
  ASSERT_EQ(x.size(), 1U);
  EXPECT_EQ(x[0], (route_seen{{}, {"discord", "c"}, who("g", "v"), "parent"}));
  d.seen("t3", "discord", "c", who("g", "v"), "parent");
  EXPECT_FALSE(d.table.changed()) << "as it was";
  d.seen("t4", "discord", "c", who("g", "v"));
  EXPECT_TRUE(d.table.changed());
}

TEST(Routes, F34_AChatThatIsAlwaysUsedIsToldAgainNowAndThen) {
  driver d;
  d.table = route_table{{100, 100, 80min, 1h}};
  d.table.track();
  d.seen("", "discord", "c", who("g", "u"));
  EXPECT_EQ(d.table.changes(d.now).size(), 1U);
  d.now += 10min;
  d.seen("", "discord", "c", who("g", "u"));
  EXPECT_FALSE(d.table.changed());
  d.now += 1ms;
  d.seen("", "discord", "c", who("g", "u"));
  EXPECT_EQ(d.table.changes(d.now).size(), 1U) << "or the store would find it old";
}

TEST(Routes, ChangesAreBoundedByTheChats) {
  driver d;
  d.table = route_table{bounds(2, 2)};
  d.table.track();
  for (int i = 0; i < 9; ++i) d.seen("", "discord", std::to_string(i % 5), who("g", std::to_string(i)));
  EXPECT_EQ(d.table.changes(d.now).size(), 2U);
}

TEST(Routes, F34_RestoredChatsAndTurnsAnswerAsBefore) {
  driver d;
  d.table.track();
  d.table.restore({{}, {"discord", "1"}, who("g", "d"), {}}, d.now);
  d.table.restore({{}, {"telegram", "1"}, who("", "t"), {}}, d.now);
  EXPECT_FALSE(d.table.changed()) << "who gave it has it";
  d.table.restore({"t1", {"discord", "1"}, who("g", "first"), {}}, d.now);
  EXPECT_EQ(d.resolve("1", "t1").where, (route{"discord", "d-bot", who("g", "first")}));
  EXPECT_EQ(d.resolve("1", {}, "telegram").where.who, who("", "t"));
  EXPECT_EQ(d.resolve("1").where.who, who("g", "first")) << "the newest that is known of the chat";
  EXPECT_TRUE(d.table.changed()) << "newer than what was written of the chat";
}

TEST(Routes, F34_WhatCameSinceTheStartCountsMoreThanWhatWasBefore) {
  driver d;
  d.seen("t1", "telegram", "1", who("", "now"));
  d.table.restore({{}, {"telegram", "1"}, who("", "old"), {}}, d.now);
  d.table.restore({{}, {"discord", "1"}, who("g", "old"), {}}, d.now);
  d.table.restore({"t1", {"telegram", "1"}, who("", "old"), {}}, d.now);
  EXPECT_EQ(d.resolve("1").where, (route{"telegram", "t-bot", who("", "now")}));
  EXPECT_EQ(d.resolve("1", "t1").where.who.user_id, "now");
  EXPECT_EQ(d.resolve("1", {}, "discord").where.who.user_id, "old");
}

TEST(Routes, ServesWhatIsFrontedAndTheUntagged) {
  driver d;
  EXPECT_TRUE(d.table.serves("discord"));
  EXPECT_TRUE(d.table.serves(""));
  EXPECT_FALSE(d.table.serves("slack"));
  d.table.fronted({{"relay", "", {}}});
  EXPECT_TRUE(d.table.serves("slack"));
}

} // namespace routes_test
} // namespace relay::core
