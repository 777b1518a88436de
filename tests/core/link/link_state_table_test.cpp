// Every event in every state of the link.
#include "relay_gateway/tests/core/link/link_state_table.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace relay::core {
namespace link_session_table_test {

TEST(LinkStateTable, EveryEventInEveryState) {
  std::set<link_state> seen;
  for (auto& row : states) {
    seen.insert(row.state);
    auto used = std::size_t{0};
    for (auto& event : events) {
      driver d;
      row.reach(d);
      ASSERT_EQ(d.s.state(), row.state) << row.name;
      auto orders = event.fire(d);
      auto got = (orders.empty() ? "" : orders + " ") + "> " + core::to_string(d.s.state());
      auto move = row.moves.find(event.name);
      if (move != row.moves.end()) ++used;
      auto want = move != row.moves.end() ? move->second : std::string{"> "} + core::to_string(row.state);
      EXPECT_EQ(got, want) << "event '" << event.name << "' in state '" << row.name << "'";
    }
    EXPECT_EQ(used, row.moves.size()) << "a move of an event that does not exist, in " << row.name;
  }
  EXPECT_EQ(seen.size(), link_state_count);
}

TEST(LinkStateTable, F7_AStaleEpochChangesNothingInAnyState) {
  for (auto& row : states) {
    driver d;
    row.reach(d);
    auto due = d.s.due();
    auto reason = d.s.reason();
    for (auto epoch : {d.s.epoch() + 1, d.s.epoch() - 1}) {
      EXPECT_EQ(words(d.s.opened(epoch, d.now)), "");
      EXPECT_EQ(words(d.s.described(epoch, d.now)), "");
      EXPECT_EQ(words(d.s.idle_acked(epoch, d.now)), "");
      EXPECT_EQ(words(d.s.ended(epoch, refused, d.now, 0)), "");
    }
    EXPECT_EQ(d.s.state(), row.state) << row.name;
    EXPECT_EQ(d.s.due(), due) << row.name;
    EXPECT_EQ(d.s.reason(), reason) << row.name;
    EXPECT_EQ(d.s.stale(), 8U) << row.name;
  }
}

TEST(LinkStateTable, AnEarlyTimerIsHarmlessInEveryState) {
  for (auto& row : states) {
    driver d;
    row.reach(d);
    auto due = d.s.due();
    if (due) d.now = *due - 1ms;
    EXPECT_EQ(d.timer(), "") << row.name;
    EXPECT_EQ(d.s.state(), row.state) << row.name;
    EXPECT_EQ(d.s.due(), due) << row.name;
  }
}

TEST(LinkStateTable, ADeadlineExactlyWhereSomethingIsAwaited) {
  const std::set<link_state> with{link_state::waiting, link_state::dialling, link_state::quiescing,
                                  link_state::closing, link_state::dormant};
  for (auto& row : states) {
    driver d;
    row.reach(d);
    EXPECT_EQ(d.s.due().has_value(), with.count(row.state) > 0) << row.name;
  }
}

TEST(LinkStateTable, ANameForEveryStateAndCause) {
  std::set<std::string> names;
  for (std::uint8_t i = 0; i < link_state_count; ++i)
    names.insert(core::to_string(static_cast<link_state>(i)));
  EXPECT_EQ(names.size(), link_state_count);
  EXPECT_EQ(names.count("unknown"), 0U);
  EXPECT_STREQ(core::to_string(static_cast<link_state>(link_state_count)), "unknown");
  std::set<std::string> causes;
  for (std::uint8_t i = 0; i < dial_cause_count; ++i)
    causes.insert(core::to_string(static_cast<dial_cause>(i)));
  EXPECT_EQ(causes.size(), dial_cause_count);
  EXPECT_EQ(causes.count("unknown"), 0U);
  EXPECT_STREQ(core::to_string(static_cast<dial_cause>(dial_cause_count)), "unknown");
}

} // namespace link_session_table_test
} // namespace relay::core
