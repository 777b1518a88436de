#include "relay_gateway/app/queue/ack_subject.hpp"
#include "relay_gateway/app/queue/held_messages.hpp"
#include "relay_gateway/app/queue/pull_requests.hpp"
#include "relay_gateway/app/queue/stall_watch.hpp"
#include "relay_gateway/app/queue/stored_message.hpp"
#include "relay_gateway/messages/wire/http/base64.hpp"

#include <gtest/gtest.h>

namespace relay::queue {
namespace queue_parts_test {

TEST(AckSubject, TellsHowOftenAndWhich) {
  const auto plain = parse_ack_subject("$JS.ACK.S.C.3.42.7.1700000000000000000.5");
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->deliveries, 3U);
  EXPECT_EQ(plain->sequence, 42U);
  EXPECT_EQ(plain->consumer_sequence, 7U);
  const auto with_domain = parse_ack_subject("$JS.ACK.hub.ACCHASH.S.C.2.41.7.1700000000000000000.5.random");
  ASSERT_TRUE(with_domain.has_value());
  EXPECT_EQ(with_domain->deliveries, 2U);
  EXPECT_EQ(with_domain->sequence, 41U);
  EXPECT_EQ(with_domain->consumer_sequence, 7U);
  for (const auto* bad :
       {"", "_INBOX.x.1", "$JS.ACK.S.C.3.42", "$JS.ACK.S.C.x.42.7.1.5", "$JS.FC.S.C.3.42.7.1.5"})
    EXPECT_FALSE(parse_ack_subject(bad).has_value()) << bad;
}

struct StallWatch : ::testing::Test {
  StallWatch() { watch.arrived(now); }
  /// At its time, 10 messages behind.
  stall_remedy looks(std::uint64_t delivered = 90, std::uint64_t waiting = 3, std::uint64_t others = 2,
                     std::uint64_t messages = 10) {
    now = watch.due();
    return watch.looked({100, delivered, 0, messages, waiting, others}, now);
  }
  stall_watch watch;
  stall_watch::instant now{std::chrono::seconds{100}};
};

TEST_F(StallWatch, WhatStandsStillGetsAnotherLeader) {
  EXPECT_EQ(looks(), stall_remedy::none) << "one look is no proof";
  EXPECT_EQ(now - stall_watch::instant{std::chrono::seconds{100}}, stall_watch::first_pause);
  EXPECT_EQ(looks(), stall_remedy::other_consumer_leader);
  EXPECT_EQ(looks(), stall_remedy::other_stream_leader);
  EXPECT_EQ(looks(), stall_remedy::other_consumer_leader);
  watch.arrived(now);
  EXPECT_EQ(looks(), stall_remedy::none);
}

TEST_F(StallWatch, WhatMovesDoesNotStandStill) {
  for (std::uint64_t delivered = 80; delivered < 90; ++delivered)
    EXPECT_EQ(looks(delivered), stall_remedy::none);
}

TEST_F(StallWatch, NothingToGiveOrNobodyToGiveItToIsNoStall) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(looks(100), stall_remedy::none) << "all was given out";
    EXPECT_EQ(looks(90, 0), stall_remedy::none) << "nobody waits";
    EXPECT_EQ(looks(90, 3, 0), stall_remedy::none) << "nobody else could lead it";
    EXPECT_EQ(looks(90, 3, 2, 0), stall_remedy::none) << "the stream is empty";
  }
  EXPECT_EQ(watch.due() - now, stall_watch::longest_pause) << "it is looked at seldom";
}

TEST_F(StallWatch, AnotherLeaderIsNotAskedForAllTheTime) {
  looks();
  auto before = std::chrono::steady_clock::duration{};
  for (int i = 0; i < 8; ++i) {
    looks();
    EXPECT_GE(watch.due() - now, before);
    before = watch.due() - now;
  }
  EXPECT_EQ(before, stall_watch::longest_pause);
}

struct PullRequests : ::testing::Test {
  pull_requests pulls;
  pull_requests::instant now{std::chrono::seconds{100}};
};

TEST_F(PullRequests, NeverMoreThanMayBeHeld) {
  EXPECT_EQ(pulls.next(now).batch, 0U);
  pulls.limit(8);
  EXPECT_EQ(pulls.next(now).batch, 8U);
  EXPECT_EQ(pulls.next(now).batch, 0U);
  for (int i = 0; i < 8; ++i) pulls.arrived();
  EXPECT_EQ(pulls.next(now).batch, 0U) << "all are held";
  pulls.settled();
  EXPECT_EQ(pulls.next(now).batch, 1U) << "nothing is on its way, so one counts";
}

TEST_F(PullRequests, FewerLargerRequestsWhileOneIsOpen) {
  pulls.limit(8);
  pulls.next(now);
  pulls.arrived();
  pulls.settled();
  EXPECT_EQ(pulls.next(now).batch, 0U);
  pulls.arrived();
  pulls.settled();
  EXPECT_EQ(pulls.next(now).batch, 2U);
}

TEST_F(PullRequests, ARequestThatEndedIsMadeAgain) {
  pulls.limit(4);
  const auto first = pulls.next(now);
  pulls.ended(first.number);
  const auto second = pulls.next(now);
  EXPECT_EQ(second.batch, 4U);
  EXPECT_NE(second.number, first.number);
  now += pull_requests::lifetime + std::chrono::seconds{3}; // its end was not heard of
  EXPECT_EQ(pulls.next(now).batch, 4U);
}

TEST_F(PullRequests, ANewConnectionAsksAnewForWhatIsNotHeld) {
  pulls.limit(4);
  pulls.next(now);
  pulls.arrived();
  pulls.reset();
  EXPECT_EQ(pulls.held(), 1U);
  EXPECT_EQ(pulls.next(now).batch, 3U);
}

TEST_F(PullRequests, ALowerLimitAsksForNothingMore) {
  pulls.limit(4);
  pulls.next(now);
  pulls.limit(0);
  for (int i = 0; i < 4; ++i) pulls.arrived();
  EXPECT_EQ(pulls.next(now).batch, 0U);
  for (int i = 0; i < 4; ++i) pulls.settled();
  EXPECT_EQ(pulls.next(now).batch, 0U);
}

TEST(HeldMessages, AreSettledWhereTheyCameFrom) {
  held_messages held;
  EXPECT_EQ(held.arrived(7, "reply.7"), message_arrival::fresh);
  EXPECT_EQ(held.settle(7, settlement::working), "reply.7");
  EXPECT_EQ(held.arrived(7, "reply.7b"), message_arrival::repeated);
  EXPECT_EQ(held.settle(7, settlement::done), "reply.7b");
  EXPECT_EQ(held.settle(7, settlement::done), std::nullopt) << "once";
  EXPECT_TRUE(held.known(7)) << "the server may still show it";
  EXPECT_FALSE(held.read(7));
  EXPECT_EQ(held.arrived(7, "reply.7c"), message_arrival::fresh) << "its settlement was lost";
}

TEST(HeldMessages, WhatWasReadIsSettledWhenItIsGivenOut) {
  held_messages held;
  EXPECT_TRUE(held.read(3));
  EXPECT_FALSE(held.read(3));
  EXPECT_EQ(held.settle(3, settlement::working), std::nullopt);
  EXPECT_EQ(held.arrived(3, "reply.3"), message_arrival::expected);
  EXPECT_EQ(held.settle(3, settlement::done), "reply.3");
  EXPECT_TRUE(held.read(4));
  EXPECT_EQ(held.settle(4, settlement::done), std::nullopt) << "it is done before it is given out";
  EXPECT_EQ(held.arrived(4, "reply.4"), message_arrival::over);
  EXPECT_TRUE(held.read(5));
  EXPECT_EQ(held.settle(5, settlement::again), std::nullopt);
  EXPECT_EQ(held.arrived(5, "reply.5"), message_arrival::fresh);
}

TEST(HeldMessages, NothingIsWaitedForBelowTheFloor) {
  held_messages held;
  held.read(4);
  held.settle(4, settlement::done);
  held.settled_up_to(4);
  EXPECT_EQ(held.arrived(4, "reply.4"), message_arrival::fresh);
}

TEST(StreamAnswer, IsAMessageNothingOrAnError) {
  const auto block = wire::base64_encode("NATS/1.0\r\nNats-Msg-Id: a\r\nRelay-Sender: w 1\r\n"
                                         "Relay-Session:s:1\r\n\r\n");
  queue_message out;
  const auto text = R"({"type":"x","message":{"subject":"relay.act.g","seq":12,"hdrs":")" + block +
                    R"(","data":")" + wire::base64_encode("{}") + R"(","time":"t"}})";
  ASSERT_EQ(read_stream_answer(text, out), stream_answer::message);
  EXPECT_EQ(out.sequence, 12U);
  EXPECT_EQ(out.subject, "relay.act.g");
  EXPECT_EQ(out.sender, "w 1");
  EXPECT_EQ(out.session, "s:1");
  EXPECT_EQ(out.body, "{}");
  EXPECT_EQ(
      read_stream_answer(R"({"error":{"code":404,"err_code":10037,"description":"no message found"}})", out),
      stream_answer::nothing);
  for (const auto* bad : {R"({"error":{"code":503}})", "{}", "", R"({"message":{"seq":1,"data":"%"}})"})
    EXPECT_EQ(read_stream_answer(bad, out), stream_answer::error) << bad;
}

} // namespace queue_parts_test
} // namespace relay::queue
