#include "relay_gateway/actors/core/short_list.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

namespace relay::core {
namespace short_list_test {

using list = short_list<std::string, 2>;

std::vector<std::string> items(const list& x) { return {x.begin(), x.end()}; }

TEST(short_list, HoldsFewAndMany) {
  list x;
  EXPECT_TRUE(x.empty());
  std::vector<std::string> expected;
  for (int i = 0; i < 5; ++i) {
    x.push_back(std::to_string(i));
    expected.push_back(std::to_string(i));
    EXPECT_EQ(items(x), expected);
    EXPECT_EQ(x.front(), "0");
    EXPECT_EQ(x.back(), expected.back());
  }
}

TEST(short_list, OneThatWasMovedFromIsEmpty) {
  for (int size = 0; size < 4; ++size) {
    list x;
    for (int i = 0; i < size; ++i) x.push_back("a text that is longer than a string has room for");
    const auto before = items(x);
    auto y = std::move(x);
    EXPECT_EQ(items(y), before);
    EXPECT_TRUE(x.empty()); // NOLINT(bugprone-use-after-move): that is what is tested
    x.push_back("new");
    x = std::move(y);
    EXPECT_EQ(items(x), before);
    EXPECT_TRUE(y.empty()); // NOLINT(bugprone-use-after-move)
  }
}

TEST(short_list, DoesWhatAVectorDoes) {
  std::mt19937 random{1};
  list x;
  std::vector<std::string> model;
  for (int i = 0; i < 20'000; ++i) {
    if (random() % 3 != 0) {
      x.push_back(std::to_string(random() % 8));
      model.push_back(x.back());
    } else {
      const auto gone = std::to_string(random() % 8);
      const auto is_gone = [&](const std::string& y) { return y <= gone; };
      x.erase_if(is_gone);
      std::erase_if(model, is_gone);
    }
    ASSERT_EQ(items(x), model);
    ASSERT_EQ(x.size(), model.size());
  }
}

} // namespace short_list_test
} // namespace relay::core
