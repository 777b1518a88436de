#include "relay_gateway/actors/core/token_bucket.hpp"

#include <gtest/gtest.h>

namespace relay::core {
namespace token_bucket_test {
namespace {

using namespace std::chrono_literals;

TEST(TokenBucket, GivesABurstThenARate) {
  token_bucket x{3, 2};
  instant now{1h};
  EXPECT_TRUE(x.take(now) && x.take(now) && x.take(now));
  EXPECT_FALSE(x.take(now));
  EXPECT_FALSE(x.take(now + 499ms));
  EXPECT_TRUE(x.take(now + 500ms));
  EXPECT_FALSE(x.take(now + 999ms));
  EXPECT_TRUE(x.take(now + 1000ms));
}

TEST(TokenBucket, NeverSavesMoreThanABurst) {
  token_bucket x{3, 1000};
  instant now{1h};
  for (int i = 0; i < 3; ++i) x.take(now);
  now += 24h;
  int given = 0;
  while (x.take(now)) ++given;
  EXPECT_EQ(given, 3);
}

} // namespace
} // namespace token_bucket_test
} // namespace relay::core
