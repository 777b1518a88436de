// What is a repeat of what, and whose message it is.
#include "relay_gateway/tests/core/inbound/inbox_driver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace relay::core {
namespace inbox_repeats_test {

using namespace inbox_rig;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// -- repeats ------------------------------------------------------------------------------------------------

TEST(Inbox, F22_ARepeatOfASettledEventIsAckedAndGoesNoFurther) {
  driver d;
  d.accept(event("c", "1"), "b1");
  d.ack(1);
  for (auto& [what, buffer] : {std::pair{event("c", "1"), "b2"}, {event("c", "1", "other"), "b1"}}) {
    auto step = d.accept(what, buffer);
    EXPECT_EQ(d.last, arrival::repeat_settled);
    EXPECT_THAT(step.acks, ElementsAre(buffer));
    EXPECT_THAT(ids(step), IsEmpty());
    EXPECT_EQ(step.fresh, 0U);
  }
  EXPECT_THAT(d.accept(event("c", "1")).acks, IsEmpty()) << "nothing to ack without a buffer id";
  EXPECT_EQ(d.last, arrival::repeat_settled);
}

// Seed 5800023077.
TEST(Inbox, AnIdThatNamesAnotherEventByNowTellsARepeatAndAcksNothing) {
  driver d;
  buffered_id again{"b1"};
  again.reused = true;
  const auto accept = [&](const event_ref& x) {
    return d.run([&](auto& out) { d.last = d.box.accept(x, again, d.now, out); });
  };
  d.accept(event("c", ""), "b1");
  EXPECT_THAT(accept(event("c", "")).acks, IsEmpty());
  EXPECT_EQ(d.last, arrival::repeat_open);
  EXPECT_THAT(d.ack(1).acks, ElementsAre("b1"));
  EXPECT_THAT(accept(event("c", "")).acks, IsEmpty());
  EXPECT_EQ(d.last, arrival::repeat_settled);
  accept(event("c", "2"));
  EXPECT_EQ(d.last, arrival::fresh);
  EXPECT_THAT(d.ack(2).acks, IsEmpty());
}

TEST(Inbox, F25_ARepeatOfAnOpenEventWaitsForItsOutcome) {
  driver d;
  d.accept(event("c", "1"), "b1");
  for (auto buffer : {"b2", "b2", "b1", ""}) {
    auto step = d.accept(event("c", "1"), buffer);
    EXPECT_EQ(d.last, arrival::repeat_open);
    EXPECT_THAT(step.acks, IsEmpty());
    EXPECT_THAT(ids(step), IsEmpty());
  }
  EXPECT_THAT(d.ack(1).acks, ElementsAre("b1", "b2"));
}

TEST(Inbox, F25_AnEventThatWasReturnedIsNotARepeatOfItself) {
  driver d;
  d.accept(event("c", "1"), "b1");
  d.presence(false);
  d.returned(1);
  EXPECT_THAT(d.accept(event("c", "1"), "b1").acks, IsEmpty());
  EXPECT_EQ(d.last, arrival::repeat_open);
  auto step = d.presence(true);
  ASSERT_THAT(ids(step), ElementsAre(1));
  EXPECT_TRUE(step.deliver[0].redelivered);
}

TEST(Inbox, F28_TheFirstSnapshotWins) {
  driver d;
  d.accept(event("c", "1", "first"), "b1");
  d.accept(event("c", "1", "second"), "b1");
  auto step = d.returned(1);
  ASSERT_THAT(ids(step), ElementsAre(1));
  EXPECT_EQ(step.deliver[0].event->text, "first");
  d.ack(1);
  d.accept(event("c", "1", "third"), "b3");
  EXPECT_EQ(d.last, arrival::repeat_settled);
}

TEST(Inbox, WithoutAnyIdNothingIsARepeat) {
  driver d;
  d.accept(event("c", ""));
  d.accept(event("c", ""));
  EXPECT_EQ(d.last, arrival::fresh);
  EXPECT_EQ(d.box.pending(), 2U);
}

TEST(Inbox, TheMessageIdCountsWithinItsChatOnly) {
  driver d;
  d.accept(event("c", "1"));
  d.accept(event("c2", "1"));
  EXPECT_EQ(d.last, arrival::fresh);
  d.accept(event("c:1", "2"));
  d.accept(event("c", "1:2"));
  EXPECT_EQ(d.last, arrival::fresh) << "no choice of ids makes two events look alike";
}

TEST(Inbox, EveryEditOfAMessageIsAnEventOfItsOwn) {
  driver d;
  d.accept(event("c", "m"));
  for (auto text : {"one", "two", "one", "hello", "two"}) {
    d.accept(edited(text));
    EXPECT_EQ(d.last, arrival::fresh) << "also back to what it was before: " << text;
    d.accept(edited(text));
    EXPECT_EQ(d.last, arrival::repeat_open);
    EXPECT_EQ(d.box.why_repeated(), repeat_reason::version);
    d.accept(event("c", "m"));
    EXPECT_EQ(d.last, arrival::repeat_open) << "the message itself, brought again";
    EXPECT_EQ(d.box.why_repeated(), repeat_reason::message_id);
  }
}

TEST(Inbox, AnEditToWhatTheMessageSaysAlreadyIsARepeat) {
  driver d;
  d.accept(event("c", "m"));
  d.accept(edited("hello"));
  EXPECT_EQ(d.last, arrival::repeat_open);
}

TEST(Inbox, EditsAreTheSameVersionByTextMediaAndTheirOrder) {
  driver d;
  auto with = [](std::vector<std::string> urls, const std::string& caption = {}) {
    inbound_event x = *edited("look");
    for (auto& url : urls) x.media.push_back({url, "image", "", "", caption, 0});
    x.media_urls = std::move(urls);
    return event_ref{std::move(x)};
  };
  for (auto& x : {with({"u1", "u2"}), with({"u2", "u1"}), with({"u1"}), with({}), with({"u1"}, "mine"),
                  with({"u1u2"})}) {
    d.accept(x);
    EXPECT_EQ(d.last, arrival::fresh);
    d.accept(x);
    EXPECT_EQ(d.last, arrival::repeat_open);
  }
}

TEST(Inbox, TheLatestVersionIsKnownWhicheverOfThemIsOver) {
  driver d;
  d.accept(event("c", "m", "go"));
  d.accept(edited("stop"));
  d.accept(edited("go"));
  for (std::uint64_t id : {1, 2}) {
    d.ack(id);
    d.accept(edited("go"));
    EXPECT_EQ(d.last, arrival::repeat_open);
  }
  d.ack(3);
  d.accept(edited("go"));
  EXPECT_EQ(d.last, arrival::repeat_settled);
  d.accept(edited("stop"));
  EXPECT_EQ(d.last, arrival::fresh);
}

// -- whose message it is ----------------------------------------------------------------------------------

TEST(Inbox, ABufferIdCountsOnlyWhileItNamesTheSameMessage) {
  driver d;
  d.accept(event("c", "1"), "b1");
  d.ack(1);
  inbound_event other_platform = *event("c", "1"), other_bot = other_platform;
  other_platform.source.platform = "q";
  other_bot.source.profile = "work";
  for (auto& x :
       {event("c", "2"), event("x", "1"), event_ref{other_platform}, event_ref{other_bot}, event("c", "")}) {
    d.accept(x, "b1");
    EXPECT_EQ(d.last, arrival::fresh) << x->source.platform << x->source.profile << x->message_id;
  }
  d.accept(event("c", "1"), "b1");
  EXPECT_EQ(d.last, arrival::repeat_settled);
  EXPECT_EQ(d.box.why_repeated(), repeat_reason::buffer_id);
}

TEST(Inbox, ABufferIdOfANamelessMessageCountsWhileItSaysTheSame) {
  driver d;
  d.accept(event("c", "", "one"), "1");
  d.accept(event("c", "", "one"), "1");
  EXPECT_EQ(d.last, arrival::repeat_open);
  d.accept(event("c", "", "two"), "1");
  EXPECT_EQ(d.last, arrival::fresh) << "a connector that began anew";
}

TEST(Inbox, ABufferIdThatIsGivenAgainForAnotherEditIsNoRepeat) {
  driver d;
  d.accept(edited("one"), "1");
  d.accept(edited("two"), "1");
  EXPECT_EQ(d.last, arrival::fresh);
  d.accept(edited("one"), "1");
  EXPECT_EQ(d.last, arrival::repeat_open) << "a replay of the first one";
}

TEST(Inbox, AnEarlierEventDoesNotAckWhatItsBufferIdNamesByNow) {
  driver d;
  d.accept(event("a", "1"), "b1");
  d.accept(event("b", "1"), "b1"); // a connector that began anew
  EXPECT_THAT(d.ack(1).acks, IsEmpty());
  EXPECT_THAT(d.ack(2).acks, ElementsAre("b1"));
}

TEST(Inbox, ABufferIdCountsForItsConnectorAndTenantOnly) {
  driver d;
  auto accept = [&](const event_ref& x, const std::string& origin) {
    return d.run([&](auto& out) { d.last = d.box.accept(x, {"1", origin}, d.now, out); });
  };
  d.box.serve("here");
  for (auto origin : {"here", "there"}) {
    accept(event(origin, "", "one"), origin);
    EXPECT_EQ(d.last, arrival::fresh);
  }
  accept(event("here", "", "one"), "there");
  EXPECT_EQ(d.last, arrival::fresh) << "the same, but as another connector's";
  EXPECT_THAT(d.ack(2).acks, IsEmpty()) << "here 1 is another message";
  EXPECT_THAT(d.ack(1).acks, ElementsAre("1"));
  EXPECT_THAT(accept(event("there", "", "one"), "there").acks, IsEmpty());
  EXPECT_EQ(d.last, arrival::repeat_settled);
  d.box.serve("there");
  EXPECT_THAT(accept(event("there", "", "one"), "there").acks, ElementsAre("1"));
}

event_ref from(const std::string& user, const std::string& message, const std::string& thread = {},
               const std::string& profile = {}) {
  inbound_event x = *event("", message);
  x.source.user_id = user;
  x.source.thread_id = thread;
  x.source.profile = profile;
  return event_ref{std::move(x)};
}

TEST(Inbox, WithoutAChatThePersonSaysWhoseMessageItIs) {
  driver d;
  EXPECT_THAT(ids(d.accept(from("ana", "1"))), ElementsAre(1));
  EXPECT_THAT(ids(d.accept(from("bo", "1"))), ElementsAre(2)) << "another person's, and another session";
  EXPECT_THAT(ids(d.accept(from("ana", "1"))), IsEmpty());
  EXPECT_EQ(d.last, arrival::repeat_open);
  inbound_event alias = *from("cy", "1");
  alias.source.user_id_alt = "ana";
  d.accept(event_ref{alias});
  EXPECT_EQ(d.last, arrival::repeat_open) << "as in the session key, the other id wins";
}

TEST(Inbox, EveryProfileGetsTheMessage) {
  driver d;
  EXPECT_THAT(ids(d.accept(from("ana", "1"))), ElementsAre(1));
  EXPECT_THAT(ids(d.accept(from("ana", "1", "", "work"))), ElementsAre(2));
  d.accept(from("ana", "1", "", "default"));
  EXPECT_EQ(d.last, arrival::repeat_open) << "a name of the profile without one";
}

TEST(Inbox, OneAtATimePerSessionOtherThreadsAndPeopleDoNotWait) {
  driver d;
  auto group = [](const std::string& user, const std::string& message, const std::string& thread) {
    inbound_event x = *event("g", message);
    x.source.chat_type = "group";
    x.source.user_id = user;
    x.source.thread_id = thread;
    return event_ref{std::move(x)};
  };
  auto step = d.accept(group("ana", "1", ""));
  ASSERT_THAT(ids(step), ElementsAre(1));
  EXPECT_EQ(step.deliver[0].session, "agent:main:p:group:g:ana");
  EXPECT_THAT(ids(d.accept(group("bo", "2", ""))), ElementsAre(2)) << "another person";
  EXPECT_THAT(ids(d.accept(group("ana", "3", "t"))), ElementsAre(3)) << "another thread";
  EXPECT_THAT(ids(d.accept(group("bo", "4", "t"))), IsEmpty()) << "a thread is one session";
  EXPECT_THAT(ids(d.accept(group("ana", "5", ""))), IsEmpty());
  EXPECT_THAT(ids(d.ack(1)), ElementsAre(5));
  EXPECT_THAT(ids(d.ack(3)), ElementsAre(4));
}

} // namespace inbox_repeats_test
} // namespace relay::core
