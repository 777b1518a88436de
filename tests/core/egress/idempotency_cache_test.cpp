#include "relay_gateway/actors/egress/core/action_digest.hpp"
#include "relay_gateway/actors/egress/core/idempotency_cache.hpp"
#include "relay_gateway/messages/wire/actions/actions.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <utility>

namespace relay::core {
namespace idempotency_cache_test {

using namespace std::chrono_literals;
using verdict = idempotency_cache::verdict;

constexpr instant now{1h};

action_result result(const std::string& id) {
  auto x = action_result::success();
  x.message_id = id;
  return x;
}

TEST(IdempotencyCache, AnotherActionUnderTheSameIdIsAConflictAndLeavesTheRecordAlone) {
  idempotency_cache x{10, 10min};
  EXPECT_EQ(x.open("a", now, 7), verdict::fresh);
  EXPECT_EQ(x.open("a", now, 8), verdict::conflict) << "also while it is under way";
  EXPECT_EQ(x.open("a", now, 7), verdict::pending);
  x.settle("a", result("1"), now);
  EXPECT_EQ(x.open("a", now, 8), verdict::conflict);
  EXPECT_EQ(x.open("a", now, 7), verdict::settled);
  x.restore("b", result("2"), now, 1min, 9);
  x.restore("old", result("3"), now, 1min);
  EXPECT_EQ(x.open("b", now, 8), verdict::conflict);
  EXPECT_EQ(x.open("b", now, 9), verdict::settled);
  EXPECT_EQ(x.open("old", now, 9), verdict::settled) << "of before digests: nobody can tell";
}

TEST(ActionDigest, EveryPartCountsAndStaysInItsPlace) {
  action_request x;
  x.act.chat_id = "ab";
  x.act.content = "c";
  auto other = x;
  other.act.chat_id = "a";
  other.act.content = "bc";
  EXPECT_NE(digest_of(x), digest_of(other));
  for (auto part : {&action_request::platform, &action_request::delivery_id}) {
    other = x;
    other.*part = "x";
    EXPECT_NE(digest_of(x), digest_of(other));
  }
  other = x;
  other.act.kind = op::edit;
  EXPECT_NE(digest_of(x), digest_of(other));
  other = x;
  other.request_id = "id";
  other.resend_unknown = true;
  EXPECT_EQ(digest_of(x), digest_of(other)) << "neither is part of the action";
}

TEST(ActionDigest, IsWhatItWasInEarlierReleases) {
  // They are on disks: with others, an action that is repeated over an upgrade would be refused as another
  // one.
  action_request x;
  x.platform = "discord";
  x.act.chat_id = "c";
  x.act.content = "x";
  EXPECT_EQ(text_of_digest(digest_of(x)), "46abe8d53ba72231");
  x.act.content = std::string(300, 'x');
  EXPECT_EQ(text_of_digest(digest_of(x)), "6a6d51aa3508bbe9");
}

TEST(ActionDigest, TheOrderOfMembersIsNoPartOfIt) {
  action_request x;
  x.act.metadata = R"({"a":1,"b":{"c":[2,{"e":3,"d":4}]}})";
  x.act.rest.add(R"("prompt_id")", R"("p")");
  x.act.rest.add(R"("options")", R"([{"id":"y","label":"\u0059es"}])");
  auto same = x;
  same.act.metadata = R"({"b":{"c":[2,{"d":4,"e":3}]},"a":1})";
  same.act.rest = {};
  same.act.rest.add(R"("options")", R"([{"label":"Yes","id":"y"}])");
  same.act.rest.add(R"("prompt_id")", R"("p")");
  const auto one = digests_of(x), two = digests_of(same);
  EXPECT_EQ(one.sorted, two.sorted);
  EXPECT_NE(one.as_it_came, two.as_it_came);
  auto other = same;
  other.act.metadata = R"({"b":{"c":[{"d":4,"e":3},2]},"a":1})";
  EXPECT_NE(digests_of(other).sorted, one.sorted) << "that of items is";
  action_request plain;
  plain.act.metadata = R"({"a":1})";
  EXPECT_EQ(digests_of(plain).sorted, digest_of(plain));
}

TEST(IdempotencyCache, WhatAnEarlierVersionRecordedIsNoConflict) {
  idempotency_cache x{10, 10min};
  x.restore("a", result("1"), now, 1min, 7);
  EXPECT_EQ(x.open("a", now, 8, 7), verdict::settled);
  EXPECT_EQ(x.open("a", now, 8, 9), verdict::conflict);
}

RC_GTEST_PROP(ActionDigest, WhatTheStoreHasIsReadBack, (const std::string& id, std::uint64_t digest)) {
  auto [back, found] = without_digest(with_digest(id, digest));
  RC_ASSERT(back == id);
  RC_ASSERT(found == (id.empty() ? 0 : digest));
  RC_ASSERT(without_digest("plain").second == 0U);
}

TEST(IdempotencyCache, WhatTheConnectorSaidIsToldAgainToTheLetter) {
  idempotency_cache x{10, 10min};
  auto said = result("m1");
  for (const auto* raw : {R"({"success":true,"message_id":"m1"})", R"({"success":true,"message-id":"m1"})",
                          R"({"success":true,"message_id":"m2"})", R"({"message_id":"m1","success":true})",
                          R"({"success":true,"message_id":"m1"} )", R"({"success":true})"}) {
    said.raw = raw;
    EXPECT_EQ(x.open(raw, now), verdict::fresh);
    x.settle(raw, said, now);
    EXPECT_EQ(*x.recorded(raw), said) << raw;
  }
}

TEST(IdempotencyCache, ARepeatWaitsThenGetsTheRecordedOutcome) {
  idempotency_cache x{10, 10min};
  EXPECT_EQ(x.open("a", now), verdict::fresh);
  EXPECT_EQ(x.open("a", now), verdict::pending);
  EXPECT_EQ(x.recorded("a"), std::nullopt);
  x.settle("a", result("1"), now);
  EXPECT_EQ(x.open("a", now), verdict::settled);
  ASSERT_NE(x.recorded("a"), std::nullopt);
  EXPECT_EQ(*x.recorded("a"), result("1"));
}

TEST(IdempotencyCache, TheFirstOutcomeStays) {
  idempotency_cache x{10, 10min};
  x.open("a", now);
  x.settle("a", action_result::ambiguous("lost"), now);
  x.settle("a", result("late"), now);
  EXPECT_EQ(x.recorded("a")->how, outcome::unknown);
}

TEST(IdempotencyCache, AnOutcomeNobodyAskedForIsIgnored) {
  idempotency_cache x{10, 10min};
  x.settle("a", result("1"), now);
  EXPECT_EQ(x.size(), 0U);
  EXPECT_EQ(x.open("a", now), verdict::fresh);
}

TEST(IdempotencyCache, ForgottenIdsAreFreeAgain) {
  idempotency_cache x{10, 10min};
  x.open("a", now);
  x.forget("a");
  x.forget("never");
  EXPECT_EQ(x.open("a", now), verdict::fresh);
  x.settle("a", result("1"), now);
  x.forget("a");
  EXPECT_EQ(x.size(), 0U);
  EXPECT_EQ(x.open("a", now), verdict::fresh);
  x.settle("a", result("2"), now);
  EXPECT_EQ(*x.recorded("a"), result("2"));
}

TEST(IdempotencyCache, OutcomesAreForgottenByAgeOpenOnesNever) {
  idempotency_cache x{10, 10min};
  x.open("settled", now);
  x.open("open", now);
  x.settle("settled", result("1"), now + 1min);
  EXPECT_EQ(x.open("settled", now + 11min - 1ms), verdict::settled);
  EXPECT_EQ(x.open("settled", now + 11min), verdict::fresh);
  EXPECT_EQ(x.open("open", now + 24h), verdict::pending);
}

TEST(IdempotencyCache, OutcomesAreForgottenByNumberOldestFirst) {
  idempotency_cache x{2, 10min};
  for (auto id : {"a", "b", "c", "open"}) x.open(id, now);
  for (auto id : {"b", "a", "c"}) x.settle(id, result(id), now);
  EXPECT_EQ(x.size(), 3U);
  EXPECT_EQ(x.recorded("b"), std::nullopt) << "its outcome was the oldest";
  EXPECT_NE(x.recorded("a"), std::nullopt);
  EXPECT_NE(x.recorded("c"), std::nullopt);
  EXPECT_EQ(x.open("open", now), verdict::pending);
}

TEST(IdempotencyCache, OutcomesOfBeforeARestartAgeOn) {
  idempotency_cache x{10, 10min};
  x.restore("old", result("1"), now, 10min);
  x.restore("a", result("2"), now, 9min);
  x.restore("b", action_result::ambiguous("lost"), now, 0ms);
  EXPECT_EQ(x.size(), 2U) << "too old when it came";
  EXPECT_EQ(x.open("a", now), verdict::settled);
  EXPECT_EQ(*x.recorded("a"), result("2"));
  EXPECT_EQ(x.open("a", now + 1min), verdict::fresh);
  EXPECT_EQ(x.recorded("b")->how, outcome::unknown);
}

TEST(IdempotencyCache, WhatIsOpenOrKnownIsNotRestoredOver) {
  idempotency_cache x{10, 10min};
  x.open("open", now);
  x.restore("open", result("1"), now, 1min);
  EXPECT_EQ(x.open("open", now), verdict::pending);
  x.settle("open", result("2"), now);
  x.restore("open", result("1"), now, 1min);
  EXPECT_EQ(*x.recorded("open"), result("2"));
}

RC_GTEST_PROP(LedgerProperty, NothingRunsTwiceWithinTheBounds, ()) {
  constexpr std::size_t max = 3;
  idempotency_cache x{max, 10min};
  std::map<std::string, int> state; // 1 = open, 2 = settled
  std::size_t open = 0;
  auto steps = *rc::gen::inRange(1, 80);
  for (int i = 0; i < steps; ++i) {
    auto id = *rc::gen::element<std::string>("a", "b", "c", "d", "e", "f");
    switch (*rc::gen::weightedElement<int>({{4, 0}, {3, 1}, {1, 2}})) {
    case 0: {
      auto got = x.open(id, now);
      if (state[id] == 1) RC_ASSERT(got == verdict::pending);
      if (state[id] == 0) RC_ASSERT(got == verdict::fresh);
      if (got == verdict::settled) RC_ASSERT(x.recorded(id) && x.recorded(id)->message_id == id);
      if (got == verdict::fresh) state[id] = 1, ++open;
      break;
    }
    case 1:
      x.settle(id, result(id), now);
      if (state[id] == 1) {
        state[id] = 2, --open;
        RC_ASSERT(x.recorded(id) != std::nullopt); // the newest outcome is there
      }
      break;
    default:
      if (state[id] == 1) --open;
      state[id] = 0;
      x.forget(id);
      break;
    }
    RC_ASSERT(x.size() >= open);
    RC_ASSERT(x.size() <= open + max);
  }
}

TEST(IdempotencyCache, OutcomesAreBoundedInBytesOldestFirst) {
  idempotency_cache x{1'000, 10min, 100'000};
  auto large = result("m");
  large.raw = std::string(30'000, 'x');
  for (auto id : {"a", "b", "c", "d", "e"}) {
    x.open(id, now);
    x.settle(id, large, now);
    EXPECT_LE(x.bytes(), 100'000U);
  }
  EXPECT_EQ(x.recorded("a"), std::nullopt);
  EXPECT_NE(x.recorded("e"), std::nullopt);
  for (auto id : {"c", "d", "e"}) x.forget(id);
  EXPECT_EQ(x.bytes(), 0U);
}

// They are on disk beside the ids: another digest would refuse what an earlier version accepted.
TEST(ActionDigest, IsTheSameInEveryVersion) {
  const auto digest = [](const std::string& text, std::string platform = {}, std::string delivery = {}) {
    action_request x;
    x.act = wire::decode_action(text).value;
    x.platform = std::move(platform);
    x.delivery_id = std::move(delivery);
    return text_of_digest(digest_of(x));
  };
  EXPECT_EQ(
      digest(R"({"op":"send","chat_id":"c","content":"hi","reply_to":"m","x":[1.10],"metadata":{"k":1}})",
             "discord", "d1-1"),
      "90efc6237bb8c379");
  EXPECT_EQ(digest(R"({"op":"follow_up","session_key":"agent:main:discord:dm:5","kind":"discord.reply",)"
                   R"("content":"hi"})"),
            "42176bcc3003c592");
  EXPECT_EQ(
      digest(R"({"op":"draft","chat_id":"c","x":1,"content":"so","final":false,"draft_id":7})", "slack"),
      "d8ba8bd7393e7df2");
  EXPECT_EQ(digest(R"({"op":"prompt","chat_id":"c","content":"?","options":[{"id":"a","label":"A"}],)"
                   R"("prompt_id":null,"prompt_kind":"choice"})"),
            "eb530b6a5a0045d1");
  EXPECT_EQ(digest(R"({"op":"send_media","chat_id":"c","source_path":"/a/b.png","mime":"image/png",)"
                   R"("media_kind":"image"})"),
            "4d0032403fadc9e9");
  EXPECT_EQ(digest(R"({"op":"typing","chat_id":"c","content":""})"), "87f74c0079522035");
}

} // namespace idempotency_cache_test
} // namespace relay::core
