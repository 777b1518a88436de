#include "relay_gateway/actors/core/deadline_queue.hpp"

#include <gtest/gtest.h>

namespace relay::core {
namespace deadline_queue_test {

using namespace std::chrono_literals;
constexpr instant start{1h};

TEST(DeadlineQueue, TheEarliestComesFirst) {
  deadline_queue<int> q;
  EXPECT_EQ(q.due(), deadline{});
  q.set(1, start + 2s);
  q.set(2, start + 1s);
  EXPECT_EQ(q.due(), deadline{start + 1s});
  EXPECT_EQ(q.pop(start), std::nullopt);
  EXPECT_EQ(q.pop(start + 5s), 2);
  EXPECT_EQ(q.pop(start + 5s), 1);
  EXPECT_EQ(q.pop(start + 5s), std::nullopt);
}

TEST(DeadlineQueue, AKeyHasOneDeadline) {
  deadline_queue<int> q;
  q.set(1, start + 2s);
  q.set(1, start + 3s);
  EXPECT_EQ(q.size(), 1U);
  EXPECT_EQ(q.due(), deadline{start + 3s});
  q.set(1, start + 1s);
  EXPECT_EQ(q.due(), deadline{start + 1s});
  q.set(1, std::nullopt);
  EXPECT_EQ(q.size(), 0U);
  EXPECT_EQ(q.due(), deadline{});
}

TEST(DeadlineQueue, KeysMayShareATime) {
  deadline_queue<int> q;
  q.set(1, start);
  q.set(2, start);
  q.set(1, std::nullopt);
  EXPECT_EQ(q.pop(start), 2);
}

} // namespace deadline_queue_test
} // namespace relay::core
