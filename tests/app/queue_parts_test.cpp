#include "relay_gateway/app/queue/ack_subject.hpp"
#include "relay_gateway/app/queue/pull_requests.hpp"

#include <gtest/gtest.h>

namespace relay::queue {
namespace queue_parts_test {

TEST(AckSubject, TellsHowOftenAndWhich) {
  const auto plain = parse_ack_subject("$JS.ACK.S.C.3.42.7.1700000000000000000.5");
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->deliveries, 3U);
  EXPECT_EQ(plain->sequence, 42U);
  const auto with_domain = parse_ack_subject("$JS.ACK.hub.ACCHASH.S.C.2.41.7.1700000000000000000.5.random");
  ASSERT_TRUE(with_domain.has_value());
  EXPECT_EQ(with_domain->deliveries, 2U);
  EXPECT_EQ(with_domain->sequence, 41U);
  for (const auto* bad :
       {"", "_INBOX.x.1", "$JS.ACK.S.C.3.42", "$JS.ACK.S.C.x.42.7.1.5", "$JS.FC.S.C.3.42.7.1.5"})
    EXPECT_FALSE(parse_ack_subject(bad).has_value()) << bad;
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

} // namespace queue_parts_test
} // namespace relay::queue
