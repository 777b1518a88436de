#include "relay_gateway/actors/supervision/core/command_manifest.hpp"

#include <gtest/gtest.h>

namespace relay::core {
namespace commands_test {

using list = std::vector<command_spec>;

TEST(commands, a_declared_one_takes_the_place_of_the_configured_one_of_its_name) {
  EXPECT_EQ(merged_commands({{"a", "mine", {}}, {"b", "mine", {}}}, {{"c", "agent", {}}, {"a", "agent", {}}}),
            (list{{"a", "agent", {}}, {"b", "mine", {}}, {"c", "agent", {}}}));
  EXPECT_EQ(merged_commands({}, {{"a", "1", {}}, {"a", "2", {}}}), (list{{"a", "1", {}}}));
  EXPECT_TRUE(merged_commands({}, {}).empty());
}

TEST(commands, never_more_than_a_manifest_may_have_and_the_agents_come_first) {
  list configured, declared;
  for (int i = 0; i < 80; ++i) configured.push_back({"c" + std::to_string(i), "d", {}});
  for (int i = 0; i < 60; ++i) declared.push_back({"d" + std::to_string(i), "d", {}});
  auto both = merged_commands(configured, declared);
  ASSERT_EQ(both.size(), 100U);
  EXPECT_EQ(both[39].name, "c39");
  EXPECT_EQ(both[40].name, "d0");
  EXPECT_EQ(both[99].name, "d59");
}

} // namespace commands_test
} // namespace relay::core
