#include "relay_gateway/actors/core/backoff.hpp"
#include "relay_gateway/actors/core/clock.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>

namespace relay::core {
namespace backoff_test {

using std::chrono::milliseconds;

/// The random bits that draw the end of a range, whatever its width below this.
constexpr std::uint64_t lowest = 0;

TEST(Backoff, DoublesFromMinToMax) {
  backoff x{milliseconds{1'000}, milliseconds{30'000}};
  for (auto d : {1'000, 2'000, 4'000, 8'000, 16'000, 30'000, 30'000}) {
    auto before = x;
    EXPECT_EQ(x.next(lowest), milliseconds{d / 2});
    EXPECT_EQ(before.next(static_cast<std::uint64_t>(d / 2)), milliseconds{d});
  }
  EXPECT_EQ(x.tries(), 7U);
  x.reset();
  EXPECT_EQ(x.tries(), 0U);
  EXPECT_EQ(x.next(lowest), milliseconds{500});
}

TEST(Backoff, NonsenseBoundsAreRepaired) {
  backoff zero{milliseconds{-5}, milliseconds{-7}};
  for (int i = 0; i < 5; ++i)
    EXPECT_LE(zero.next(std::numeric_limits<std::uint64_t>::max()), milliseconds{1});
  backoff turned{milliseconds{2'000}, milliseconds{10}};
  EXPECT_EQ(turned.next(lowest), milliseconds{1'000});
  EXPECT_EQ(turned.next(lowest), milliseconds{1'000});
}

TEST(Draw, CoversBothEndsAndNothingElse) {
  EXPECT_EQ(draw(milliseconds{3}, milliseconds{5}, 0), milliseconds{3});
  EXPECT_EQ(draw(milliseconds{3}, milliseconds{5}, 2), milliseconds{5});
  EXPECT_EQ(draw(milliseconds{3}, milliseconds{5}, 3), milliseconds{3});
  EXPECT_EQ(draw(milliseconds{5}, milliseconds{3}, 17), milliseconds{5}) << "an empty range is its lower end";
}

TEST(Earlier, NoneIsNever) {
  instant a{std::chrono::seconds{1}}, b{std::chrono::seconds{2}};
  EXPECT_EQ(earlier({}, {}), deadline{});
  EXPECT_EQ(earlier(a, {}), deadline{a});
  EXPECT_EQ(earlier({}, b), deadline{b});
  EXPECT_EQ(earlier(b, a), deadline{a});
}

RC_GTEST_PROP(BackoffProperty, StaysInTheUpperHalfOfADoublingRange, ()) {
  auto min = *rc::gen::inRange<std::int64_t>(1, 1'000'000);
  auto max = *rc::gen::inRange<std::int64_t>(1, 100'000'000);
  backoff x{milliseconds{min}, milliseconds{max}};
  auto top = std::max(max, min);
  auto d = min;
  for (auto random :
       *rc::gen::container<std::vector<std::uint64_t>>(80, rc::gen::arbitrary<std::uint64_t>())) {
    auto delay = x.next(random).count();
    RC_ASSERT(delay >= d / 2);
    RC_ASSERT(delay <= d);
    d = std::min(d * 2, top);
  }
}

RC_GTEST_PROP(BackoffProperty, AnyMinimumNeverOverflows, ()) {
  auto min = *rc::gen::inRange<std::int64_t>(1, std::numeric_limits<std::int64_t>::max());
  backoff x{milliseconds{min}, milliseconds{std::numeric_limits<std::int64_t>::max()}};
  for (int i = 0; i < 70; ++i)
    RC_ASSERT(x.next(*rc::gen::arbitrary<std::uint64_t>()) >= milliseconds{min / 2});
}

} // namespace backoff_test
} // namespace relay::core
