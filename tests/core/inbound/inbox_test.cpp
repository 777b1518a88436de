#include "relay_gateway/actors/inbound/core/inbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace relay::core {
namespace inbox_test {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

event_ref event(const std::string& chat, const std::string& message, const std::string& text = "hello") {
  inbound_event x;
  x.source.platform = "p";
  x.source.chat_id = chat;
  x.message_id = message;
  x.text = text;
  return event_ref{std::move(x)};
}

/// A line that nobody could read.
event_ref unreadable(const std::string& text) {
  inbound_event x;
  x.text = text;
  x.unreadable = true;
  return event_ref{std::move(x)};
}

event_ref edited(const std::string& text) {
  inbound_event x = *event("c", "m", text);
  x.source.message_is_edit = true;
  return event_ref{std::move(x)};
}

inbox_rules small() {
  inbox_rules x;
  x.dedupe_entries = 4;
  x.max_pending = 2;
  x.max_deliveries = 3;
  return x;
}

struct driver {
  explicit driver(inbox_rules rules = {}, bool present = true) : box(rules) {
    if (present) presence(true);
  }
  template <class F>
  inbox_step run(F f) {
    inbox_step out;
    f(out);
    return out;
  }
  inbox_step accept(const event_ref& x, const std::string& buffer_id = {}) {
    return run([&](auto& out) { last = box.accept(x, buffer_id, now, out); });
  }
  inbox_step set_aside(const event_ref& x, const std::string& buffer_id = {}) {
    return run([&](auto& out) { known = box.set_aside(x, buffer_id, now, out); });
  }
  inbox_step ack(std::uint64_t id) {
    return run([&](auto& out) { known = box.acked(id, now, out); });
  }
  inbox_step returned(std::uint64_t id) {
    return run([&](auto& out) { box.returned(id, now, out); });
  }
  inbox_step presence(bool x) {
    return run([&](auto& out) { box.presence(x, now, out); });
  }
  inbox_step timer() {
    return run([&](auto& out) { box.timer(now, out); });
  }
  core::inbox box;
  instant now{1h};
  arrival last = arrival::fresh;
  bool known = false;
};

std::vector<std::uint64_t> ids(const inbox_step& x) {
  std::vector<std::uint64_t> out;
  for (auto& y : x.deliver) out.push_back(y.id);
  return out;
}

// -- order and acks ---------------------------------------------------------------------------------------

TEST(Inbox, F12_ALineThatNobodyCanReadIsADeadLetterAndAcked) {
  driver d;
  auto step = d.set_aside(unreadable("{"), "b1");
  EXPECT_TRUE(d.known);
  EXPECT_THAT(step.acks, ElementsAre("b1"));
  EXPECT_THAT(step.deliver, IsEmpty());
  ASSERT_EQ(step.records.size(), 1U);
  EXPECT_EQ(std::get<event_dead>(step.records[0]).event->text, "{");
  EXPECT_EQ(d.box.dead_letters(), 1U);
  step = d.set_aside(unreadable("{"), "b1");
  EXPECT_FALSE(d.known) << "it came again";
  EXPECT_THAT(step.acks, ElementsAre("b1"));
  EXPECT_THAT(step.records, IsEmpty());
  d.set_aside(unreadable("{{"), "b1");
  EXPECT_TRUE(d.known) << "another line under the same id";
  d.set_aside(unreadable("{"));
  d.set_aside(unreadable("{"));
  EXPECT_EQ(d.box.dead_letters(), 4U) << "without an id nothing comes again";
  step = d.accept(event("c", "m"), "b1");
  EXPECT_EQ(d.last, arrival::fresh) << "and the id may name an event by now";
}

TEST(Inbox, UnreadableLinesAreBoundedTheOldestGoFirst) {
  inbox_rules rules;
  rules.max_unreadable = 2;
  driver d{rules};
  d.set_aside(unreadable("1"));
  d.set_aside(unreadable("2"));
  const auto step = d.set_aside(unreadable("3"));
  ASSERT_EQ(step.records.size(), 2U);
  EXPECT_EQ(std::get<dead_gone>(step.records[1]).seq, 1U);
  EXPECT_EQ(d.box.dead_letters(), 2U);
  d.run([&](auto& out) { d.box.drop_dead_letter(2, out); });
  EXPECT_EQ(d.set_aside(unreadable("4")).records.size(), 1U) << "there is room again";
}

TEST(Inbox, OneAtATimePerChatOthersDoNotWait) {
  driver d;
  EXPECT_THAT(ids(d.accept(event("c", "1"))), ElementsAre(1));
  EXPECT_THAT(ids(d.accept(event("c", "2"))), IsEmpty());
  EXPECT_THAT(ids(d.accept(event("other", "1"))), ElementsAre(3));
  EXPECT_THAT(ids(d.accept(event("c", "3"))), IsEmpty());
  EXPECT_THAT(ids(d.ack(1)), ElementsAre(2));
  EXPECT_THAT(ids(d.ack(3)), IsEmpty());
  EXPECT_THAT(ids(d.ack(2)), ElementsAre(4));
  EXPECT_EQ(d.box.in_flight(), 1U);
  EXPECT_EQ(d.box.pending(), 1U);
}

TEST(Inbox, F40_TheSameNumberOnTwoPlatformsIsTwoChats) {
  driver d;
  inbound_event x = *event("c", "1");
  x.source.platform = "q";
  d.accept(event("c", "1"));
  EXPECT_THAT(ids(d.accept(event_ref{x})), ElementsAre(2));
}

TEST(Inbox, F24_TheConnectorIsAckedOnlyOnceTheAgentHasIt) {
  driver d;
  EXPECT_THAT(d.accept(event("c", "1"), "b1").acks, IsEmpty());
  EXPECT_THAT(d.ack(1).acks, ElementsAre("b1"));
  EXPECT_TRUE(d.known);
  EXPECT_THAT(d.ack(1).acks, IsEmpty());
  EXPECT_FALSE(d.known);
}

TEST(Inbox, AnEventThatWasNeverGivenOutCannotBeAcked) {
  driver d;
  d.accept(event("c", "1"));
  d.accept(event("c", "2"), "b2");
  EXPECT_THAT(d.ack(2).acks, IsEmpty());
  EXPECT_FALSE(d.known);
  d.ack(77);
  EXPECT_FALSE(d.known);
  EXPECT_EQ(d.box.pending(), 2U);
}

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

// -- presence, returns, time-outs
// ------------------------------------------------------------------------------

TEST(Inbox, WhileNobodyIsThereEventsWaitAndNothingTimesOut) {
  driver d{{}, false};
  EXPECT_THAT(ids(d.accept(event("a", "1"))), IsEmpty());
  d.accept(event("b", "1"));
  d.accept(event("a", "2"));
  EXPECT_EQ(d.box.due(), deadline{});
  d.now += 24h;
  EXPECT_THAT(ids(d.timer()), IsEmpty());
  EXPECT_THAT(ids(d.presence(true)), ElementsAre(1, 2)) << "the oldest of each chat, oldest first";
  EXPECT_THAT(ids(d.presence(true)), IsEmpty());
}

TEST(Inbox, WhatIsOutWhenTheLastAgentGoesDoesNotAgeTowardsDeath) {
  driver d{small()};
  d.accept(event("c", "1"));
  d.presence(false);
  EXPECT_EQ(d.box.due(), deadline{});
  for (int i = 0; i < 5; ++i) {
    d.now += 1h;
    EXPECT_THAT(d.timer().dead, IsEmpty());
  }
  EXPECT_THAT(ids(d.presence(true)), IsEmpty()) << "it may still be with somebody";
  ASSERT_TRUE(d.box.due());
  EXPECT_LE(*d.box.due(), d.now);
  EXPECT_THAT(ids(d.timer()), ElementsAre(1));
}

TEST(Inbox, AnAckMayComeAfterTheAgentHasGone) {
  driver d;
  d.accept(event("c", "1"), "b1");
  d.presence(false);
  EXPECT_THAT(d.ack(1).acks, ElementsAre("b1"));
  d.accept(event("c", "2"), "b2");
  d.presence(true);
  d.presence(false);
  d.returned(2);
  EXPECT_THAT(d.ack(2).acks, ElementsAre("b2"));
  EXPECT_EQ(d.box.in_flight(), 0U);
  EXPECT_EQ(d.box.pending(), 0U);
}

TEST(Inbox, AnOverdueAckMeansAnotherDeliveryOfTheSameEvent) {
  driver d;
  d.accept(event("c", "1"));
  d.accept(event("c", "2"));
  EXPECT_EQ(d.box.due(), deadline{d.now + 60s});
  d.now += 60s - 1ms;
  EXPECT_THAT(ids(d.timer()), IsEmpty());
  d.now += 1ms;
  auto step = d.timer();
  ASSERT_THAT(ids(step), ElementsAre(1)) << "not the next one: the order is kept";
  EXPECT_TRUE(step.deliver[0].redelivered);
  EXPECT_EQ(d.box.due(), deadline{d.now + 60s});
  EXPECT_EQ(d.box.in_flight(), 1U);
  EXPECT_FALSE(d.ack(1).deliver.at(0).redelivered) << "the next one is new";
}

TEST(Inbox, AReturnedEventHasANewDeadline) {
  driver d;
  d.accept(event("c", "1"));
  d.now += 40s;
  EXPECT_THAT(ids(d.returned(1)), ElementsAre(1));
  d.now += 20s;
  EXPECT_THAT(ids(d.timer()), IsEmpty()) << "the first delivery's deadline is void";
  EXPECT_EQ(d.box.due(), deadline{d.now + 40s});
  EXPECT_THAT(ids(d.returned(99)), IsEmpty());
}

TEST(Inbox, F32_TooManyDeliveriesAreATerminalDecisionAndAnAck) {
  driver d{small()};
  d.accept(event("c", "1"), "b1");
  d.accept(event("c", "2"), "b2");
  EXPECT_THAT(ids(d.returned(1)), ElementsAre(1));
  EXPECT_THAT(ids(d.returned(1)), ElementsAre(1));
  auto step = d.returned(1);
  ASSERT_EQ(step.dead.size(), 1U);
  EXPECT_EQ(step.dead[0].first, 1U);
  EXPECT_THAT(step.acks, ElementsAre("b1"));
  EXPECT_THAT(ids(step), ElementsAre(2)) << "it blocks its chat no longer";
  EXPECT_EQ(d.box.dead_letters(), 1U);
  EXPECT_THAT(d.ack(1).acks, IsEmpty()) << "too late";
  EXPECT_FALSE(d.known);
  d.accept(event("c", "1"), "b1");
  EXPECT_EQ(d.last, arrival::repeat_settled);
}

TEST(Inbox, WhatNobodySawIsNotCountedAmongItsDeliveries) {
  driver d{small()};
  d.accept(event("c", "1"));
  for (int n = 0; n < 10; ++n) { // more often than it is delivered
    auto step = d.run([&](auto& out) { d.box.returned(1, d.now, out, true); });
    ASSERT_THAT(ids(step), ElementsAre(1));
    EXPECT_FALSE(step.deliver.at(0).redelivered);
  }
  EXPECT_TRUE(d.returned(1).deliver.at(0).redelivered);
  EXPECT_EQ(d.box.dead_letters(), 0U);
}

TEST(Inbox, AllThatWasWithADeadAgentIsGivenOutAgain) {
  driver d;
  d.accept(event("a", "1"));
  d.accept(event("b", "1"));
  d.accept(event("a", "2"));
  inbox_step step;
  d.box.all_returned(d.now, step);
  EXPECT_THAT(ids(step), ElementsAre(1)) << "each may have killed it: one at a time";
  EXPECT_EQ(d.box.in_flight(), 1U);
  inbox_step next;
  EXPECT_TRUE(d.box.acked(1, d.now, next));
  EXPECT_THAT(ids(next), ElementsAre(3, 2)) << "what is behind it in its chat is not suspect";
}

// -- bounds
// ---------------------------------------------------------------------------------------------------

TEST(Inbox, TheDedupeWindowEndsByTime) {
  driver d;
  d.accept(event("c", "1"));
  d.now += 1h;
  d.accept(event("c", "1"));
  EXPECT_EQ(d.last, arrival::repeat_open) << "what is open is never forgotten";
  d.ack(1);
  d.now += 10min - 1ms;
  d.accept(event("c", "1"));
  EXPECT_EQ(d.last, arrival::repeat_settled);
  d.now += 1ms;
  d.accept(event("c", "1"));
  EXPECT_EQ(d.last, arrival::fresh);
}

TEST(Inbox, TheDedupeWindowEndsByCount) {
  driver d{small()};
  for (int i = 1; i <= 5; ++i) {
    d.accept(event("c", std::to_string(i)));
    d.ack(static_cast<std::uint64_t>(i));
  }
  EXPECT_EQ(d.box.remembered(), 4U);
  d.accept(event("c", "2"));
  EXPECT_EQ(d.last, arrival::repeat_settled);
  d.accept(event("c", "1"));
  EXPECT_EQ(d.last, arrival::fresh) << "the oldest went first";
}

TEST(Inbox, SaysWhenItIsFull) {
  driver d{small()};
  std::vector<backpressure> seen;
  for (int i = 0; i < 5; ++i) {
    seen.push_back(d.box.room());
    d.accept(event("c", std::to_string(i)));
  }
  EXPECT_THAT(seen, ElementsAre(backpressure::open, backpressure::open, backpressure::full,
                                backpressure::full, backpressure::hard));
  for (std::uint64_t id = 1; id <= 4; ++id) d.ack(id);
  EXPECT_EQ(d.box.room(), backpressure::open);
}

TEST(Inbox, ALongBacklogOfOneChatTakesTimeInProportion) {
  driver d;
  constexpr std::uint64_t many = 50'000;
  for (std::uint64_t i = 1; i <= many; ++i) d.accept(event("c", std::to_string(i)));
  for (std::uint64_t i = 1; i < many; ++i) EXPECT_EQ(ids(d.ack(i)).at(0), i + 1);
}

// -- model
// ----------------------------------------------------------------------------------------------------

struct known_event {
  std::string chat, text;
  std::set<std::string> buffers;
  int given = 0;
  bool out = false, over = false, acked = false;
};

RC_GTEST_PROP(InboxProperty, EveryEventReachesTheAgentOnceInOrder, ()) {
  auto rules = inbox_rules{};
  rules.max_deliveries = 3;
  rules.dedupe_window = 24h;
  inbox box{rules};
  instant now{1h};
  auto present = false;
  std::map<std::uint64_t, known_event> all;
  std::map<std::string, std::uint64_t> dedupe_index; // buffer id with what it names, or chat/message -> event
  std::map<std::string, std::uint64_t> named;        // buffer id -> the newest event that has it
  auto arrivals = 0;

  auto look = [&](const inbox_step& step) {
    for (auto& [id, event] : step.dead) {
      auto& x = all.at(id);
      RC_ASSERT(x.out && !x.over && x.given == 3);
      x.out = false, x.over = true;
    }
    for (auto& id : step.acks) RC_ASSERT(all.at(named.at(id)).over);
    for (auto& x : step.deliver) {
      auto& y = all.at(x.id);
      RC_ASSERT(present && !y.over && !y.out);
      RC_ASSERT(x.redelivered == (y.given > 0));
      RC_ASSERT(x.event->text == y.text);
      for (auto& [id, earlier] : all) RC_ASSERT(id >= x.id || earlier.chat != y.chat || earlier.over);
      y.out = true, ++y.given;
    }
  };
  auto deadlines = [&] {
    inbox_step step;
    auto due = box.due();
    RC_ASSERT(!due || present);
    // Its agent had its time: it is taken back before it is given out again.
    auto late = due && *due <= now;
    box.timer(now, step);
    if (!late) RC_ASSERT(step.deliver.empty() && step.dead.empty());
    for (auto& x : step.deliver) all.at(x.id).out = false;
    look(step);
  };

  auto steps = *rc::gen::inRange(1, 100);
  for (int i = 0; i < steps; ++i) {
    inbox_step step;
    switch (*rc::gen::weightedElement<int>({{10, 0}, {8, 1}, {3, 2}, {1, 3}, {2, 4}, {2, 5}})) {
    case 0: {
      auto chat = *rc::gen::element<std::string>("a", "b", "c");
      auto message = *rc::gen::element<std::string>("", "1", "2", "3", "4", "5", "6");
      auto buffer = *rc::gen::element<std::string>("", "1", "2", "3", "4", "5", "6", "7", "8", "9");
      auto text = std::to_string(++arrivals);
      std::vector<std::string> keys;
      if (!buffer.empty())
        keys.push_back("b" + buffer + " " + chat + "/" + (message.empty() ? "says " + text : message));
      if (!message.empty()) keys.push_back(chat + "/" + message);
      std::uint64_t claimed = 0;
      for (auto& key : keys)
        if (claimed == 0 && dedupe_index.count(key) > 0) claimed = dedupe_index.at(key);
      auto how = box.accept(event(chat, message, text), buffer, now, step);
      if (claimed == 0) {
        RC_ASSERT(how == arrival::fresh);
        RC_ASSERT(all.count(step.fresh) == 0U && step.fresh > all.size());
        all[step.fresh].chat = chat;
        all[step.fresh].text = text;
        claimed = step.fresh;
      } else {
        RC_ASSERT(step.fresh == 0U);
        RC_ASSERT(how == (all.at(claimed).over ? arrival::repeat_settled : arrival::repeat_open));
        if (how == arrival::repeat_settled) {
          RC_ASSERT(step.acks ==
                    (buffer.empty() ? std::vector<std::string>{} : std::vector<std::string>{buffer}));
          break;
        }
      }
      for (auto& key : keys) dedupe_index.emplace(key, claimed);
      if (!buffer.empty()) {
        if (auto old = named.find(buffer); old != named.end()) all.at(old->second).buffers.erase(buffer);
        named[buffer] = claimed;
        all.at(claimed).buffers.insert(buffer);
      }
      look(step);
      break;
    }
    case 1:
    case 2: {
      auto id = *rc::gen::inRange<std::uint64_t>(1, all.size() + 2);
      auto it = all.find(id);
      auto open = it != all.end() && !it->second.over && it->second.given > 0;
      if (*rc::gen::weightedElement<bool>({{4, true}, {1, false}})) {
        if (open) it->second.out = false, it->second.over = true;
        RC_ASSERT(box.acked(id, now, step) == open);
        if (open) {
          std::set<std::string> acks{step.acks.begin(), step.acks.end()};
          RC_ASSERT(acks == it->second.buffers);
        }
      } else {
        auto was_out = open && it->second.out;
        box.returned(id, now, step);
        if (was_out && step.dead.empty()) it->second.out = false;
      }
      look(step);
      break;
    }
    case 3:
      present = !present;
      box.presence(present, now, step);
      look(step);
      break;
    case 4:
      now += milliseconds{*rc::gen::inRange(0, 90'000)};
      deadlines();
      break;
    default: deadlines(); break;
    }
    std::size_t open = 0, out = 0;
    for (auto& [id, x] : all) open += x.over ? 0 : 1, out += x.out ? 1 : 0;
    RC_ASSERT(box.pending() == open);
    RC_ASSERT(box.in_flight() == out);
    RC_ASSERT(box.due().has_value() == (present && out > 0));
  }

  // With somebody there who acks, everything is given out.
  inbox_step step;
  present = true;
  box.presence(true, now, step);
  look(step);
  for (std::size_t rounds = all.size() + 1; rounds > 0 && box.pending() > 0; --rounds) {
    for (auto& [id, x] : all) {
      if (!x.out) continue;
      inbox_step next;
      x.out = false, x.over = true;
      RC_ASSERT(box.acked(id, now, next));
      look(next);
    }
  }
  RC_ASSERT(box.pending() == 0U);
  for (auto& [id, x] : all) RC_ASSERT(x.over && x.given >= 1 && x.given <= 3);
}

TEST(Inbox, WhatWaitsCanBeHeldForItsFilesAndWhatIsOutCannot) {
  driver d{{}, false};
  d.accept(event("a", "1"));
  d.accept(event("a", "2"));
  d.accept(event("b", "3", "plain"));
  d.accept(event("c", "4"));
  d.presence(true); // 1, 3 and 4 are out
  auto with_files = [](const inbound_event& x) { return x.text != "plain"; };
  EXPECT_THAT(d.box.hold(with_files), ElementsAre(2));
  EXPECT_THAT(d.box.hold(with_files), IsEmpty()) << "told once";
  EXPECT_THAT(d.ack(1).deliver, IsEmpty()) << "2 waits for its files";
  auto out = d.run([&](auto& x) { d.box.ready(2, {{"u", "/f", ""}}, d.now, x); });
  ASSERT_EQ(out.deliver.size(), 1U);
  EXPECT_EQ(out.deliver[0].files[0].path, "/f");
  EXPECT_THAT(d.ack(2).released, ElementsAre(2));
}

RC_GTEST_PROP(InboxProperty, MemoryIsBoundedByTheRules, ()) {
  auto rules = small();
  inbox box{rules};
  instant now{1h};
  inbox_step step;
  box.presence(true, now, step);
  auto n = *rc::gen::inRange(1, 60);
  for (int i = 0; i < n; ++i) {
    inbox_step one;
    box.accept(event("c" + std::to_string(i % 7), std::to_string(i)), "b" + std::to_string(i), now, one);
    if (*rc::gen::weightedElement<bool>({{3, true}, {1, false}}))
      for (auto& x : one.deliver) box.acked(x.id, now, step);
    RC_ASSERT(box.remembered() <= rules.dedupe_entries + 2 * box.pending());
  }
}

TEST(Inbox, F32_AConsumedEventIsAckedAndItsRepeatsAreSettled) {
  driver d;
  auto x = event("c", "m", "x");
  EXPECT_FALSE(d.box.known(*x, "b1", d.now));
  auto step = d.run([&](auto& out) { d.box.consume(*x, "b1", d.now, out); });
  EXPECT_EQ(step.acks, std::vector<std::string>{"b1"});
  EXPECT_TRUE(step.deliver.empty());
  EXPECT_EQ(d.box.pending(), 0U);
  EXPECT_FALSE(d.box.known(*event("c", "other", "y"), "b1", d.now)) << "another message of that buffer id";
  EXPECT_TRUE(d.box.known(*x, "", d.now)) << "by its message id";
  step = d.accept(x, "b2");
  EXPECT_EQ(d.last, arrival::repeat_settled);
  EXPECT_EQ(step.acks, std::vector<std::string>{"b2"});
  d.now += inbox_rules{}.dedupe_window;
  EXPECT_FALSE(d.box.known(*x, "b1", d.now)) << "for as long as any";
}

TEST(Inbox, F22_AnEventWithoutKeysIsNeverKnown) {
  driver d;
  auto x = event("c", "", "x");
  d.run([&](auto& out) { d.box.consume(*x, "", d.now, out); });
  EXPECT_FALSE(d.box.known(*x, "", d.now));
  EXPECT_EQ(d.box.remembered(), 0U);
}

} // namespace inbox_test
} // namespace relay::core
