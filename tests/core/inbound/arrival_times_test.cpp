#include "relay_gateway/actors/inbound/core/arrival_times.hpp"
#include "relay_gateway/actors/inbound/core/inbox.hpp"

#include <gtest/gtest.h>

namespace relay::core {
namespace arrival_times_test {

using namespace std::chrono_literals;

constexpr instant start{1'000'000s};

TEST(ArrivalTimes, AreKnownToASecond) {
  arrival_times x;
  for (std::uint64_t seq = 1; seq <= 100; ++seq) x.note(seq, start + seq * 300ms);
  for (std::uint64_t seq = 1; seq <= 100; ++seq) {
    const auto told = x.of(seq, start + 1h);
    EXPECT_LE(told, start + seq * 300ms) << seq;
    EXPECT_GT(told, start + seq * 300ms - 1s) << seq;
  }
}

TEST(ArrivalTimes, OfAnEarlierProcessBeginWithThisOne) {
  arrival_times x;
  x.note(0, start);
  EXPECT_EQ(x.of(17, start + 1h), start);
  EXPECT_EQ(arrival_times{}.of(17, start), start);
}

TEST(ArrivalTimes, OfManyEventsTakeFewMarksAndStaySorted) {
  arrival_times x;
  for (std::uint64_t seq = 1; seq <= 100'000; ++seq) x.note(seq, start + seq * 1s);
  auto before = start;
  for (std::uint64_t seq = 1; seq <= 100'000; seq += 97) {
    const auto told = x.of(seq, start + 2'000'000s);
    EXPECT_GE(told, before);
    EXPECT_LE(told, start + seq * 1s);
    before = told;
  }
  EXPECT_EQ(x.of(100'000, start + 2'000'000s), start + 100'000s);
}

TEST(InboxAge, IsThatOfTheOldestEventThatNobodyTook) {
  inbox box{inbox_rules{}};
  inbox_step step;
  const auto put = [&](const char* chat, instant now) {
    inbound_event x;
    x.source.platform = "p";
    x.source.chat_id = chat;
    x.message_id = chat;
    box.accept(event_ref{std::move(x)}, {}, now, step);
    return step.fresh;
  };
  EXPECT_EQ(box.oldest_age(start), 0s);
  const auto first = put("a", start);
  put("b", start + 20s);
  box.presence(true, start + 20s, step);
  EXPECT_EQ(box.oldest_age(start + 60s), 60s);
  EXPECT_TRUE(box.acked(first, start + 60s, step));
  EXPECT_EQ(box.oldest_age(start + 60s), 40s);
}

} // namespace arrival_times_test
} // namespace relay::core
