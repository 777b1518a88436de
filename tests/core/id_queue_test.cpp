#include "relay_gateway/actors/core/id_queue.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <deque>

namespace relay::core {
namespace id_queue_test {

RC_GTEST_PROP(IdQueueProperty, IsADequeOfIds, ()) {
  id_queue x;
  std::deque<std::uint64_t> model;
  std::uint64_t next = 0;
  const auto steps = *rc::gen::inRange(1, 600);
  for (int i = 0; i < steps; ++i) {
    switch (*rc::gen::weightedElement<int>({{6, 0}, {4, 1}, {1, 2}})) {
    case 0:
      model.push_back(++next);
      x.push_back(next);
      break;
    case 1:
      if (model.empty()) break;
      model.pop_front();
      x.pop_front();
      break;
    default:
      if (model.empty()) break;
      const auto id = model[*rc::gen::inRange<std::size_t>(0, model.size())];
      model.erase(std::find(model.begin(), model.end(), id));
      x.erase(id);
    }
    RC_ASSERT(x.empty() == model.empty());
    if (model.empty()) continue;
    RC_ASSERT(x.front() == model.front());
    RC_ASSERT(x.back() == model.back());
  }
  for (; !model.empty(); model.pop_front(), x.pop_front()) RC_ASSERT(x.front() == model.front());
  RC_ASSERT(x.empty());
}

TEST(IdQueue, KeepsItsOrderOverManyMore) {
  id_queue x;
  for (std::uint64_t id = 1; id <= 1'000; ++id) x.push_back(id);
  for (std::uint64_t id = 1; id <= 1'000; ++id) {
    ASSERT_EQ(x.front(), id);
    x.pop_front();
  }
  EXPECT_TRUE(x.empty());
}

} // namespace id_queue_test
} // namespace relay::core
