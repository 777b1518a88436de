#include "relay_gateway/actors/core/outage.hpp"

#include <gtest/gtest.h>

namespace relay::core {
namespace outage_test {

using namespace std::chrono_literals;
using news = outage::news;

TEST(outage, ALineAtTheStartAtEachDoublingAndAtTheEnd) {
  outage x;
  const instant start{1h};
  EXPECT_FALSE(x.recovered(start)) << "nothing was down";
  int began = 0, reminders = 0;
  for (auto t = 0s; t <= 16min; t += 1s) {
    const auto told = x.failed(start + t);
    began += told == news::began ? 1 : 0;
    reminders += told == news::goes_on ? 1 : 0;
  }
  EXPECT_EQ(began, 1);
  EXPECT_EQ(reminders, 6) << "30 s, 1, 2, 4, 8 and 16 min";
  const auto past = x.recovered(start + 17min);
  ASSERT_TRUE(past);
  EXPECT_EQ(past->lasted, 17min);
  EXPECT_EQ(past->failures, 961U);
}

TEST(outage, TheNextOneBeginsAnew) {
  outage x;
  const instant start{1h};
  x.failed(start);
  x.failed(start + 10min);
  x.recovered(start + 11min);
  EXPECT_FALSE(x.ongoing());
  EXPECT_EQ(x.failed(start + 12min), news::began);
  EXPECT_EQ(x.failed(start + 12min + 29s), news::as_before);
  EXPECT_EQ(x.failed(start + 12min + 30s), news::goes_on);
  EXPECT_EQ(x.so_far(start + 13min).failures, 3U);
}

TEST(outage, ALongPauseBetweenFailuresIsOneReminder) {
  outage x;
  const instant start{1h};
  x.failed(start);
  EXPECT_EQ(x.failed(start + 3h), news::goes_on);
  EXPECT_EQ(x.failed(start + 3h + 1s), news::as_before);
}

TEST(outage, AnotherReasonIsALineASecondTimeItIsNot) {
  outage x;
  const instant start{1h};
  EXPECT_EQ(x.failed(start, "connection refused"), news::began);
  EXPECT_EQ(x.failed(start + 1s, "connection refused"), news::as_before);
  EXPECT_EQ(x.failed(start + 2s, "certificate not accepted"), news::another);
  EXPECT_EQ(x.failed(start + 3s, "connection refused"), news::as_before);
  EXPECT_EQ(x.failed(start + 4s, "certificate not accepted"), news::as_before);
  EXPECT_EQ(x.failed(start + 30s, "certificate not accepted"), news::goes_on);
  EXPECT_EQ(x.failed(start + 31s, "connection refused"), news::another);
  int told = 0;
  for (int i = 0; i < 100; ++i)
    told += x.failed(start + 32s, "port " + std::to_string(i)) == news::another ? 1 : 0;
  EXPECT_EQ(told, 2) << "reasons that are never the same do not fill the log";
}

} // namespace outage_test
} // namespace relay::core
