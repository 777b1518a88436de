// What is kept of a disk for the work that makes room on it.
#include "relay_gateway/app/store/headroom.hpp"

#include <gtest/gtest.h>

namespace relay::store {
namespace {

constexpr std::uint64_t mib = 1ULL << 20;

TEST(Headroom, AQuarterOfASmallDiskIsKeptAndNoMoreThan16MiBOfAnyOther) {
  EXPECT_EQ((headroom{6 * mib}.kept()), 6 * mib / 4);
  EXPECT_EQ((headroom{64 * mib}.kept()), 16 * mib);
  EXPECT_EQ((headroom{1'000'000 * mib}.kept()), 16 * mib);
}

TEST(Headroom, ADiskOfUnknownSizeAlwaysHasRoom) { EXPECT_TRUE(headroom{}.ample()); }

TEST(Headroom, AmpleIsMoreThanEnough) {
  for (std::uint64_t free = 0; free < 80 * mib; free += mib)
    for (std::uint64_t journal = 0; journal <= 32 * mib; journal += 4 * mib) {
      headroom x{1'000 * mib, free, journal, journal, 0};
      EXPECT_TRUE(!x.ample() || x.enough(true)) << free << " " << journal;
    }
}

TEST(Headroom, WhatTheJournalHoldsHasToGetIntoTheFile) {
  headroom x{64 * mib, 20 * mib, 8 * mib, 4 * mib, 0};
  EXPECT_TRUE(x.enough(false));
  x.in_journal = 5 * mib;
  EXPECT_FALSE(x.enough(false));
  EXPECT_TRUE(x.enough_without_journal(false));
  x.in_file = mib; // there is a place for it
  EXPECT_TRUE(x.enough(false));
}

TEST(Headroom, PlaceInTheFileIsNoUseWithoutAJournalThatLeadsThere) {
  headroom x{64 * mib, 0, 4 * mib, 0, 40 * mib};
  EXPECT_FALSE(x.enough(false));
  x.journal_file = 16 * mib;
  EXPECT_TRUE(x.enough(false));
}

TEST(Headroom, AShortageEndsWithAQuarterMore) {
  headroom x{64 * mib, 16 * mib, 0, 0, 0};
  EXPECT_TRUE(x.enough(false));
  EXPECT_FALSE(x.enough(true));
  x.free = 20 * mib;
  EXPECT_TRUE(x.enough(true));
}

TEST(Headroom, WhatMayBeOnItsWayLeavesHalfOfWhatIsKept) {
  EXPECT_EQ((headroom{1'000 * mib, 500 * mib}.open()), std::numeric_limits<std::uint64_t>::max());
  headroom x{64 * mib, 20 * mib, 0, 0, 0};
  EXPECT_EQ(x.open(), 12 * mib);
  x.in_journal = 4 * mib; // has its way into the file before it
  EXPECT_EQ(x.open(), 8 * mib);
  x.in_file = 100 * mib;
  EXPECT_EQ(x.open(), 12 * mib);
  x.free = 0;
  EXPECT_EQ(x.open(), 0U);
}

TEST(Headroom, ASmallDiskRemembersLess) {
  EXPECT_EQ((headroom{4 * mib}.remembered()), 42U);
  EXPECT_GT((headroom{100'000 * mib}.remembered()), 1'000'000U);
}

} // namespace
} // namespace relay::store
