// What is on disk before what, and what a restart makes of it.
#include "relay_gateway/actors/egress/core/action_digest.hpp"
#include "relay_gateway/actors/egress/core/chat_table.hpp"
#include "relay_gateway/actors/egress/core/outbox.hpp"
#include "relay_gateway/tests/core/egress/outbox_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>

namespace relay::core {
namespace outbox_test {

using namespace rig;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct outbox_driver {
  core::outbox outbox{outbox_rules{true, 30s, 4}};
  instant now = start;
  outbox_admission accept(std::uint64_t token, const action_request& x, bool ready = true,
                          bool behind = false) {
    auto out = outbox.accept(token, x, 7, to_p(), ready, behind, now, wall);
    if (out.waits) {
      chat_action y;
      y.token = token;
      outbox.wait(std::move(y), now);
    }
    return out;
  }
  outbox_step stored(std::uint64_t number) {
    outbox_step out;
    outbox.stored(number, out);
    return out;
  }
  outbox_step expire(instant at) {
    now = at;
    outbox_step out;
    outbox.expire(at, out);
    return out;
  }
};

std::vector<std::uint64_t> entering(const outbox_step& x) {
  std::vector<std::uint64_t> out;
  for (auto& y : x.ready) out.push_back(y.token);
  return out;
}

action_result no_connection() { return action_result::failed("not_connected", "nothing was sent"); }

// -- before it may leave
// ------------------------------------------------------------------------------------

TEST(Outbox, AnActionEntersItsQueueOnceTheDiskHasIt) {
  outbox_driver d;
  auto how = d.accept(1, request("r1"));
  EXPECT_TRUE(how.waits);
  EXPECT_EQ(how.record, action_record::maybe_written) << "one record says both";
  auto commit = d.outbox.next_commit();
  ASSERT_TRUE(commit);
  ASSERT_THAT(commit->records, SizeIs(1));
  auto& taken = std::get<action_taken>(commit->records[0]).what;
  EXPECT_TRUE(taken.maybe_written);
  EXPECT_EQ(taken.what.request_id, with_digest("r1", 7));
  EXPECT_EQ(taken.until_ms, wall + 30'000);
  EXPECT_FALSE(d.outbox.quiet());
  EXPECT_THAT(entering(d.stored(commit->number)), ElementsAre(1));
  EXPECT_TRUE(d.outbox.quiet());
}

TEST(Outbox, OneThatCannotLeaveAtOnceIsHeld) {
  outbox_driver d;
  EXPECT_EQ(d.accept(1, request("r1"), false).record, action_record::not_written);
  auto file = request("r2");
  file.act.fields = media_fields{{"/tmp/x", {}, {}}};
  EXPECT_EQ(d.accept(2, file).record, action_record::not_written) << "its file is uploaded first";
}

TEST(Outbox, WhatIsNotRecordedWaitsOnlyBehindWhatIs) {
  outbox_driver d;
  auto info = request("r1");
  info.act.kind = op::get_chat_info;
  EXPECT_FALSE(d.accept(1, info).waits);
  d.accept(2, request("r2"));
  auto how = d.accept(3, info, false, true);
  EXPECT_TRUE(how.waits);
  EXPECT_EQ(how.record, action_record::none);
  auto commit = d.outbox.next_commit();
  EXPECT_THAT(commit->records, SizeIs(1));
  EXPECT_THAT(entering(d.stored(commit->number)), ElementsAre(2, 3));
}

TEST(Outbox, WithoutADurableStoreNothingWaitsAndNothingIsRecorded) {
  core::outbox x{outbox_rules{}};
  EXPECT_FALSE(x.accept(1, request("r1"), 7, to_p(), true, true, start, wall).waits);
  x.intend({1, {1}, false});
  EXPECT_TRUE(x.settle(1, no_connection(), start));
  EXPECT_EQ(x.records(), 0U);
  EXPECT_TRUE(x.quiet());
}

TEST(Outbox, AnIntentComesBackOnceItIsOnDisk) {
  outbox_driver d;
  d.accept(1, request("r1"), false);
  d.stored(d.outbox.next_commit()->number);
  d.outbox.intend({5, {1}, true, 9});
  auto commit = d.outbox.next_commit();
  EXPECT_TRUE(std::get<action_marked>(commit->records.at(0)).maybe_written);
  auto step = d.stored(commit->number);
  ASSERT_THAT(step.committed, SizeIs(1));
  EXPECT_EQ(step.committed[0].number, 5U);
  EXPECT_EQ(step.committed[0].chat, 9U);
}

TEST(Outbox, ADiskThatHangsGetsNoMoreThanItsCommits) {
  outbox_driver d;
  for (std::uint64_t i = 1; i <= 10; ++i) {
    d.accept(i, request(std::to_string(i)));
    (void)d.outbox.next_commit();
  }
  EXPECT_EQ(d.outbox.commits_in_flight(), 4U);
  EXPECT_EQ(d.outbox.records(), 6U) << "they gather";
  d.stored(1);
  EXPECT_THAT(d.outbox.next_commit()->records, SizeIs(6));
}

TEST(Outbox, WhatTheDiskDoesNotTakeInTimeFailsAndNeverEnters) {
  outbox_driver d;
  d.accept(1, request("r1"));
  auto commit = d.outbox.next_commit();
  EXPECT_EQ(d.outbox.due(), deadline{start + 30s});
  EXPECT_THAT(d.expire(start + 29s).not_stored, IsEmpty());
  EXPECT_THAT(d.expire(start + 30s).not_stored, ElementsAre(1));
  EXPECT_TRUE(d.outbox.settle(1, not_stored(), d.now)) << "no later process sends it";
  EXPECT_THAT(entering(d.stored(commit->number)), IsEmpty());
  auto after = d.outbox.next_commit();
  EXPECT_TRUE(std::holds_alternative<action_settled>(after->records.at(0))) << "its outcome follows it";
}

// -- outcomes
// -----------------------------------------------------------------------------------------------

TEST(Outbox, WhatWasNotSentIsToldOnceTheDiskKnows) {
  outbox_driver d;
  d.accept(1, request("r1"), false);
  d.stored(d.outbox.next_commit()->number);
  EXPECT_FALSE(d.outbox.settle(1, no_connection(), d.now));
  EXPECT_TRUE(d.outbox.is_settled(1));
  auto commit = d.outbox.next_commit();
  auto step = d.stored(commit->number);
  ASSERT_THAT(step.told, SizeIs(1));
  EXPECT_EQ(step.told[0].result.code, "not_connected");
  EXPECT_FALSE(d.outbox.is_settled(1)) << "forgotten";
}

TEST(Outbox, OrWhenNobodySendsItAnyMore) {
  outbox_driver d;
  d.accept(1, request("r1"), false);
  d.stored(d.outbox.next_commit()->number);
  EXPECT_FALSE(d.outbox.settle(1, no_connection(), start + 10s));
  EXPECT_EQ(d.outbox.due(), deadline{start + 30s});
  EXPECT_THAT(d.expire(start + 30s).told, SizeIs(1));
}

TEST(Outbox, WhatWasSentIsToldAtOnceUnlessItMightBeSentAgain) {
  outbox_driver d;
  auto refused = action_result::failed("odd", "no such chat");
  refused.raw = R"({"success":false})";
  d.accept(1, request("r1"));
  d.accept(2, request("r2", true));
  d.accept(3, request("r3", true));
  EXPECT_TRUE(d.outbox.settle(1, refused, d.now));
  EXPECT_FALSE(d.outbox.settle(2, refused, d.now)) << "after a crash it would be sent again";
  EXPECT_TRUE(d.outbox.settle(3, ok("m"), d.now));
}

// -- after a restart
// ----------------------------------------------------------------------------------------

stored_action left(std::uint64_t token, action_request x, bool maybe_written,
                   std::int64_t until = wall + 10'000) {
  x.request_id = with_digest(x.request_id, 7);
  return {token, std::move(x), to_p(), maybe_written, until};
}
std::vector<resumed_action> resume(core::outbox& x, std::vector<stored_action> open, bool served = true) {
  outbound_image image;
  image.last_token = 50;
  image.open = std::move(open);
  return x.resume(
      image, [&](const std::string&) { return served; }, start, wall);
}

TEST(OutboxRestart, WhatIsHeldIsSentWhatIsSendingIsUnknown) {
  outbox_driver d;
  auto all = resume(d.outbox, {left(1, request("a"), false), left(2, request("b"), true),
                               left(3, request("c", true), true)});
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[0].how, resumption::sent);
  EXPECT_EQ(all[0].until, start + 10s) << "its hold goes on";
  EXPECT_EQ(all[0].what.what.request_id, "a");
  EXPECT_EQ(all[0].digest, 7U);
  EXPECT_EQ(all[1].how, resumption::unknown);
  EXPECT_EQ(all[1].result.how, outcome::unknown);
  EXPECT_EQ(all[2].how, resumption::sent) << "its agent wants that";
  EXPECT_EQ(d.outbox.next_token(), 51U) << "tokens are never used twice";
}

TEST(OutboxRestart, ThatWhatMayBeSentAgainWasRefusedIsToldOnceTheDiskKnows) {
  outbox_driver d;
  resume(d.outbox, {left(1, request("a"), false), left(2, request("b", true), false)});
  auto refused = action_result::failed("odd", "no such chat");
  refused.raw = R"({"success":false})";
  EXPECT_TRUE(d.outbox.settle(1, refused, d.now));
  EXPECT_FALSE(d.outbox.settle(2, refused, d.now)) << "the next process would send it again";
}

TEST(OutboxRestart, WhatIsTooLateIsNotSent) {
  outbox_driver d;
  auto all = resume(d.outbox, {left(1, request("a"), false, wall), left(2, request("b", true), true, wall),
                               left(3, request("c"), false, 0)});
  EXPECT_EQ(all[0].how, resumption::refused);
  EXPECT_EQ(all[0].result.how, outcome::definite);
  EXPECT_EQ(all[1].how, resumption::unknown) << "it may have been sent before";
  EXPECT_EQ(all[2].how, resumption::sent) << "of a version that knew no such time";
  EXPECT_EQ(all[2].until, start + 30s);
}

TEST(OutboxRestart, APlatformThatIsGoneIsNotCalledUnsentIfItMayHaveBeen) {
  outbox_driver d;
  auto all = resume(d.outbox, {left(1, request("a"), false), left(2, request("b", true), true)}, false);
  EXPECT_EQ(all[0].how, resumption::refused);
  EXPECT_EQ(all[0].result.code, "unknown_platform");
  EXPECT_EQ(all[1].how, resumption::unknown);
  EXPECT_EQ(all[1].result.how, outcome::unknown);
}

TEST(OutboxRestart, AnOlderStateOfAMessageIsNotSentAgainOverANewerOne) {
  outbox_driver d;
  auto edited = [](std::string id) {
    auto x = request(std::move(id), true);
    x.act.kind = op::edit;
    x.act.message_id = "m";
    return x;
  };
  auto all = resume(d.outbox, {left(1, edited("a"), true), left(2, edited("b"), true)});
  EXPECT_EQ(all[0].how, resumption::unknown);
  EXPECT_EQ(all[1].how, resumption::sent);
}

TEST(OutboxRestart, TheOutcomeOfWhatIsResumedIsRecordedUnderItsId) {
  outbox_driver d;
  resume(d.outbox, {left(1, request("a"), true)});
  EXPECT_TRUE(d.outbox.settle(1, action_result::ambiguous("?"), d.now));
  auto commit = d.outbox.next_commit();
  EXPECT_EQ(std::get<action_settled>(commit->records.at(0)).request_id, with_digest("a", 7));
}

} // namespace outbox_test
} // namespace relay::core
