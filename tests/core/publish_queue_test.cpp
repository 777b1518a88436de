#include "relay_gateway/actors/core/publish_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace relay::core {
namespace publish_queue_test {

using std::chrono::milliseconds;

struct PublishQueue : ::testing::Test {
  publish_queue queue{{.window = 4, .max_entries = 8}};
  instant now{std::chrono::seconds{100}};

  std::uint64_t put(const std::string& key, const std::string& id) {
    queue_publication x;
    x.id = id;
    return note([&](publish_step& out) { last = queue.put(key, std::move(x), now, out); }), last;
  }
  template <class Do>
  void note(Do job) {
    publish_step out;
    job(out);
    for (auto& x : out.publish) sent.push_back(x.id);
    for (auto& x : out.publish) numbers.push_back(x.number);
    for (auto& x : out.stored) stored.push_back(x);
    refused.insert(refused.end(), out.refused.begin(), out.refused.end());
  }
  void usable(bool x) {
    note([&](publish_step& out) { queue.usable(x, now, out); });
  }
  void receipt(queue_receipt x) {
    note([&](publish_step& out) { queue.receipt(x, now, out); });
  }
  void timer() {
    note([&](publish_step& out) { queue.timer(now, out); });
  }
  std::vector<std::string> taken() { return std::exchange(sent, {}); }

  std::uint64_t last = 0;
  std::vector<std::string> sent;
  std::vector<std::uint64_t> numbers, refused;
  std::vector<stored_publication> stored;
};
using strings = std::vector<std::string>;

TEST_F(PublishQueue, WaitsUntilTheQueueCanBeUsed) {
  put("a", "1");
  EXPECT_EQ(taken(), strings{});
  usable(true);
  EXPECT_EQ(taken(), strings{"1"});
}

TEST_F(PublishQueue, OneKeyIsStoredInOrderOthersAtTheSameTime) {
  usable(true);
  const auto first = put("a", "1");
  put("a", "2");
  put("b", "3");
  EXPECT_EQ(taken(), (strings{"1", "3"}));
  receipt({first, true, false, false, {}});
  EXPECT_EQ(taken(), strings{"2"});
}

TEST_F(PublishQueue, WhatIsNotStoredGoesAgainUnderItsIdAndHoldsTheRestBack) {
  usable(true);
  const auto first = put("a", "1");
  taken();
  receipt({first, false, false, false, "timeout"});
  EXPECT_FALSE(queue.healthy());
  put("b", "2");
  EXPECT_EQ(taken(), strings{}); // nothing is thrown at a queue that does not take what it has
  ASSERT_TRUE(queue.due().has_value());
  now = *queue.due();
  timer();
  EXPECT_EQ(taken(), strings{"1"}); // the probe
  receipt({first, true, false, false, {}});
  EXPECT_TRUE(queue.healthy());
  EXPECT_EQ(taken(), strings{"2"});
}

TEST_F(PublishQueue, ALateAckOfItsOwnIsNoDuplicate) {
  usable(true);
  const auto own = put("a", "1");
  receipt({own, false, false, false, "timeout"});
  now = *queue.due();
  timer();
  receipt({own, true, true, false, {}});
  const auto others = put("a", "2");
  receipt({others, true, true, false, {}});
  ASSERT_EQ(stored.size(), 2U);
  EXPECT_FALSE(stored[0].duplicate);
  EXPECT_TRUE(stored[1].duplicate);
}

TEST_F(PublishQueue, TheBackoffGrowsAndEndsWithSuccess) {
  usable(true);
  const auto number = put("a", "1");
  std::vector<milliseconds> pauses;
  for (int i = 0; i < 7; ++i) {
    receipt({number, false, false, false, "no responders"});
    pauses.push_back(std::chrono::duration_cast<milliseconds>(*queue.due() - now));
    now = *queue.due();
    timer();
  }
  EXPECT_EQ(pauses.front(), milliseconds{250});
  EXPECT_EQ(pauses.back(), milliseconds{5'000});
  EXPECT_TRUE(std::is_sorted(pauses.begin(), pauses.end()));
}

TEST_F(PublishQueue, AReceiptThatNeverComesHoldsNothingUp) {
  usable(true);
  const auto first = put("a", "1");
  put("a", "2");
  taken();
  ASSERT_TRUE(queue.due().has_value());
  now = *queue.due();
  timer();
  EXPECT_FALSE(queue.healthy());
  ASSERT_TRUE(queue.due().has_value());
  now = *queue.due();
  timer();
  EXPECT_EQ(taken(), strings{"1"});
  receipt({first, true, true, false, {}});
  EXPECT_EQ(taken(), strings{"2"});
}

TEST_F(PublishQueue, ALateReceiptCounts) {
  usable(true);
  const auto first = put("a", "1");
  put("a", "2");
  taken();
  now = *queue.due();
  timer();
  receipt({first, true, false, false, {}});
  EXPECT_TRUE(queue.healthy());
  EXPECT_EQ(taken(), strings{"2"});
}

TEST_F(PublishQueue, TheWindowBoundsWhatIsOnItsWay) {
  usable(true);
  for (int i = 0; i < 6; ++i) put("k" + std::to_string(i), std::to_string(i));
  EXPECT_EQ(taken(), (strings{"0", "1", "2", "3"}));
  receipt({numbers[2], true, false, false, {}});
  EXPECT_EQ(taken(), strings{"4"});
}

TEST_F(PublishQueue, WhatCanNeverBeStoredGoes) {
  usable(true);
  const auto large = put("a", "1");
  put("a", "2");
  taken();
  receipt({large, false, false, true, "too large"});
  EXPECT_EQ(refused, std::vector<std::uint64_t>{large});
  EXPECT_TRUE(queue.healthy());
  EXPECT_EQ(taken(), strings{"2"});
}

TEST_F(PublishQueue, IsBounded) {
  for (int i = 0; i < 8; ++i) EXPECT_NE(put("a", std::to_string(i)), 0U);
  EXPECT_EQ(put("a", "more"), 0U);
  EXPECT_EQ(queue.entries(), 8U);
}

TEST_F(PublishQueue, IsBoundedInBytes) {
  queue = publish_queue{{.window = 4, .max_entries = 100, .max_bytes = 10'000}};
  usable(true);
  const auto large = [](std::size_t size) {
    queue_publication x;
    x.body = std::string(size, 'x');
    return x;
  };
  publish_step out;
  const auto first = queue.put("a", large(6'000), now, out);
  EXPECT_NE(first, 0U);
  EXPECT_EQ(queue.put("b", large(6'000), now, out), 0U);
  EXPECT_NE(queue.put("b", large(2'000), now, out), 0U);
  EXPECT_LE(queue.bytes(), 10'000U);
  receipt({first, true, false, false, {}});
  EXPECT_NE(queue.put("b", large(6'000), now, out), 0U) << "there is room again";
}

TEST_F(PublishQueue, AReceiptOfNothingChangesNothing) {
  usable(true);
  receipt({99, true, false, false, {}});
  put("a", "1");
  receipt({numbers[0], true, false, false, {}});
  receipt({numbers[0], true, false, false, {}});
  EXPECT_EQ(stored.size(), 1U);
  EXPECT_EQ(queue.entries(), 0U);
  EXPECT_EQ(queue.bytes(), 0U);
}

} // namespace publish_queue_test
} // namespace relay::core
