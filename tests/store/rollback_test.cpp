// What a transaction that was taken back leaves behind: nothing; and a database whose files go while it is
// open.
#include "relay_gateway/app/store/database.hpp"
#include "relay_gateway/app/store/state_directory.hpp"
#include "relay_gateway/app/store/tables/tables.hpp"
#include "relay_gateway/tests/store/rig.hpp"

#include <sys/stat.h>

namespace relay::testing {
namespace {

using store_rollback = store_rig;

TEST_F(store_rollback, WhatIsTakenBackHasTakenNoNumber) {
  store::table_rules rules;
  rules.wall_ms = [this] { return wall.load(); };
  store::state_directory where;
  ASSERT_TRUE(where.take(dir(), fault)) << fault.text;
  store_receipt ignored;
  {
    store::tables all{store::open_database(where, fault), rules};
    all.begin();
    all.write(event_taken{taken(9), false}, ignored);
    all.rollback();
    EXPECT_EQ(all.load_inbound().last_seq, 0U);
    // No row is left of this one, so its number is in the file by itself, or it would be given again.
    all.begin();
    all.write(event_dead{8, event("x"), 1, {}}, ignored);
    all.write(dead_gone{8}, ignored);
    all.commit(2);
  }
  store::tables next{store::open_database(where, fault), rules};
  EXPECT_EQ(next.load_inbound().last_seq, 8U);
}

TEST_F(store_rollback, ADatabaseThatWasRemovedIsWrittenAnewForTheUserAlone) {
  auto store = open();
  put(*store, {fact{"a", "b"}, event_taken{taken(1), false}});
  for (const auto* part : {"", "-wal", "-shm"}) fs::remove(database() + part);
  auto old = ::umask(0);
  put(*store, {fact{"c", "d"}});
  ::umask(old);
  struct stat info {};
  ASSERT_EQ(::stat(database().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  store.reset();
  store = open();
  EXPECT_EQ(store->facts().at("a"), "b");
  EXPECT_EQ(store->facts().at("c"), "d");
  EXPECT_EQ(way_in(*store).open.size(), 1U);
}

} // namespace
} // namespace relay::testing
