// Who may open a store, and what becomes of files that are not as they should be.
#include "relay_gateway/actors/inbound/core/dedupe_index.hpp"
#include "relay_gateway/app/store/parked_stores.hpp"
#include "relay_gateway/app/store/tables/schema.hpp"
#include "relay_gateway/messages/wire/session_key.hpp"
#include "relay_gateway/tests/store/rig.hpp"

#include <SQLiteCpp/Exception.h>

#include <csignal>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace relay::testing {
namespace {

using store_opening = store_rig;

unsigned mode_of(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0;
}
std::string content(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}
void overwrite(const std::string& path, const std::string& bytes, std::streamoff at) {
  std::fstream out{path, std::ios::binary | std::ios::in | std::ios::out};
  out.seekp(at);
  out << bytes;
}

TEST_F(store_opening, DirectoryAndFilesAreTheUsersAlone) {
  auto old = ::umask(0);
  auto what = options();
  what.dir = place.path() + "/a/b/state/";
  auto store = open(what);
  ::umask(old);
  ASSERT_TRUE(store) << fault.text;
  EXPECT_EQ(mode_of(place.path() + "/a/b/state"), 0700U);
  put(*store, {fact{"a", "b"}});
  std::size_t seen_files = 0;
  for (auto& x : fs::directory_iterator{place.path() + "/a/b/state"}) {
    ++seen_files;
    EXPECT_EQ(mode_of(x.path()), 0600U) << x.path();
  }
  EXPECT_GE(seen_files, 2U);
  EXPECT_EQ(seen->lines("store.opened").size(), 1U);
}

TEST_F(store_opening, AnIdleOneIsClosedAndOpensForWork) {
  auto what = options();
  what.idle = std::chrono::milliseconds{1};
  what.parked = std::make_shared<store::parked_stores>(what.idle);
  auto journal = [this] { return fs::exists(database() + "-wal"); };
  auto parked = [&] {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (journal() && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
    return !journal();
  };
  auto store = open(what);
  ASSERT_TRUE(store);
  for (std::uint64_t seq = 1; seq <= 3; ++seq) {
    put(*store, {event_taken{taken(seq, {"k" + std::to_string(seq)})}});
    ASSERT_TRUE(parked()) << "the journal is in the file";
    EXPECT_FALSE(open(options())) << "and the directory is held all the same";
  }
  EXPECT_EQ(way_in(*store).open.size(), 3U);
  EXPECT_EQ(seen->lines("store.failing").size(), 0U);
  store.reset();
  EXPECT_EQ(way_in(*open()).open.size(), 3U);
}

TEST_F(store_opening, ASecondOneIsToldAtOnceWhoHoldsIt) {
  auto first = open();
  auto begun = std::chrono::steady_clock::now();
  EXPECT_FALSE(open(options()));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds{1});
  EXPECT_EQ(fault.exit_code, 75);
  EXPECT_NE(fault.text.find("process " + std::to_string(::getpid())), std::string::npos) << fault.text;
  // Not even a reset may touch what another one uses.
  auto what = options();
  what.reset = true;
  EXPECT_FALSE(open(what));
  EXPECT_EQ(fault.exit_code, 75);
  put(*first, {fact{"a", "b"}});
  first.reset();
  EXPECT_EQ(open()->facts().count("a"), 1U);
}

TEST_F(store_opening, TheLockOfAProcessThatWasKilledIsFree) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  auto child = ::fork();
  if (child == 0) {
    auto store = open_sqlite_store(options(), fault);
    (void)!::write(ready[1], store ? "y" : "n", 1);
    for (;;) ::pause();
  }
  char answer = 0;
  ASSERT_EQ(::read(ready[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  EXPECT_FALSE(open(options()));
  EXPECT_EQ(fault.exit_code, 75);
  EXPECT_NE(fault.text.find(std::to_string(child)), std::string::npos) << fault.text;
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(open());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(store_opening, ADirectoryThatCannotBeIsToldWithWhatToDo) {
  std::ofstream{place.path() + "/file"} << "x";
  auto what = options();
  what.dir = place.path() + "/file/state";
  EXPECT_FALSE(open(what));
  EXPECT_EQ(fault.exit_code, 73);
  EXPECT_NE(fault.text.find("--state-dir"), std::string::npos) << fault.text;
  what.dir = place.path() + "/file";
  EXPECT_FALSE(open(what));
  EXPECT_EQ(fault.exit_code, 73);
  what.dir = "/proc/none/state";
  EXPECT_FALSE(open(what));
  EXPECT_EQ(fault.exit_code, 73);
}

TEST_F(store_opening, AReadOnlyFileSystemIsToldWithWhatToDo) {
  { auto store = open(); }
  if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount(dir().c_str(), dir().c_str(), nullptr, MS_BIND, nullptr) != 0)
    GTEST_SKIP() << "needs a mount namespace";
  ASSERT_EQ(::mount("none", dir().c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr), 0);
  EXPECT_FALSE(open(options()));
  EXPECT_EQ(fault.exit_code, 73);
  EXPECT_NE(fault.text.find("Read-only"), std::string::npos) << fault.text;
  auto what = options();
  what.dir = dir() + "/below";
  EXPECT_FALSE(open(what));
  EXPECT_EQ(fault.exit_code, 73);
  ::umount2(dir().c_str(), MNT_DETACH);
}

// -- files that are not as they should be ------------------------------------------------------------

class store_damage : public store_rig {
protected:
  /// A store with something in it, closed.
  void filled() {
    auto store = open();
    std::vector<store_record> batch;
    for (std::uint64_t seq = 1; seq <= 500; ++seq)
      batch.emplace_back(event_taken{taken(seq, {"k" + std::to_string(seq)}), seq % 2 == 0});
    put(*store, std::move(batch));
    put(*store, {fact{"a", "b"}});
  }
  /// `run` stops with one clear line, and nothing was touched.
  void refused(const std::string& why) {
    auto before = content(database());
    EXPECT_FALSE(open(options()));
    EXPECT_EQ(fault.exit_code, 1);
    EXPECT_NE(fault.text.find(database()), std::string::npos) << fault.text;
    EXPECT_NE(fault.text.find("--state-reset"), std::string::npos) << fault.text;
    EXPECT_NE(fault.text.find(why), std::string::npos) << fault.text;
    EXPECT_TRUE(content(database()) == before);
    for (auto& name : files()) EXPECT_EQ(name.find("corrupt"), std::string::npos) << name;
  }
  /// A reset keeps the old file under another name and begins anew.
  void reset_works(const std::string& kind) {
    auto before = content(database());
    auto what = options();
    what.reset = true;
    auto name = database() + "." + kind + "-1700000000";
    {
      auto store = open(what);
      ASSERT_TRUE(store) << fault.text;
      EXPECT_TRUE(store->facts().empty());
      EXPECT_EQ(way_in(*store).last_seq, 0U);
      put(*store, {fact{"new", "one"}});
      auto line = seen->lines("store.reset");
      ASSERT_EQ(line.size(), 1U);
      EXPECT_NE(line[0].find("old=" + name), std::string::npos) << line[0];
    }
    EXPECT_TRUE(content(name) == before);
    EXPECT_EQ(open()->facts().count("new"), 1U);
  }
};

TEST_F(store_damage, OverwrittenPagesAreFound) {
  filled();
  for (int page = 3; page < 12; ++page) overwrite(database(), std::string(3'000, '\x5a'), page * 4096 + 100);
  refused("damaged");
  reset_works("corrupt");
}

TEST_F(store_damage, AFileThatWasCutShortIsFound) {
  filled();
  fs::resize_file(database(), fs::file_size(database()) / 2 / 4096 * 4096);
  refused("damaged");
  reset_works("corrupt");
}

TEST_F(store_damage, AnEmptyFileIsNoFreshStart) {
  filled();
  fs::resize_file(database(), 0);
  refused("it is empty");
  reset_works("corrupt");
}

TEST_F(store_damage, GarbageIsFound) {
  filled();
  std::ofstream{database(), std::ios::trunc} << std::string(50'000, 'x');
  refused("no SQLite database");
  reset_works("corrupt");
}

TEST_F(store_damage, ADatabaseOfSomethingElseIsLeftAlone) {
  fs::create_directories(dir());
  {
    SQLite::Database other{database(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
    other.exec("CREATE TABLE theirs(x); PRAGMA user_version=1");
  }
  refused("something else");
}

TEST_F(store_damage, ANewerSchemaIsLeftToItsVersion) {
  filled();
  SQLite::Database{database(), SQLite::OPEN_READWRITE}.exec("PRAGMA user_version=99");
  refused("newer relay-gateway (schema 99");
  reset_works("corrupt");
}

TEST_F(store_damage, ATornJournalLosesOnlyWhatWasNeverAcknowledged) {
  auto child = ::fork();
  if (child == 0) {
    auto store = open_sqlite_store(options(), fault);
    for (std::uint64_t seq = 1; seq <= 20; ++seq) put(*store, {event_taken{taken(seq), false}});
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  auto journal = database() + "-wal";
  ASSERT_GT(fs::file_size(journal), 20'000U);
  fs::resize_file(journal, fs::file_size(journal) - 5'000); // a part of the last commits is missing
  auto store = open();
  ASSERT_TRUE(store);
  auto in = way_in(*store);
  ASSERT_GT(in.open.size(), 5U);
  for (std::size_t i = 0; i < in.open.size(); ++i) EXPECT_EQ(in.open[i], taken(i + 1));
}

TEST_F(store_damage, TheJournalOfADamagedFileIsKeptWithIt) {
  filled();
  auto child = ::fork();
  if (child == 0) {
    auto store = open_sqlite_store(options(), fault);
    put(*store, {fact{"late", "word"}});
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  for (int page = 3; page < 12; ++page) overwrite(database(), std::string(3'000, '\x5a'), page * 4096 + 100);
  auto journal = content(database() + "-wal");
  ASSERT_NE(journal.find("late"), std::string::npos);
  refused("damaged");
  EXPECT_TRUE(content(database() + "-wal") == journal);
  reset_works("corrupt");
  EXPECT_TRUE(content(database() + ".corrupt-1700000000-wal") == journal);
}

TEST_F(store_opening, WhatCannotBeReplacedByANewDatabaseIsNamed) {
  fs::create_directories(database() + ".new/of somebody");
  EXPECT_FALSE(open(options()));
  EXPECT_EQ(fault.exit_code, 73);
  EXPECT_NE(fault.text.find("File exists"), std::string::npos) << fault.text;
}

TEST_F(store_opening, OneThatIsClosedLeavesNoFileOpen) {
  const auto open_files = [] {
    return std::distance(fs::directory_iterator{"/proc/self/fd"}, fs::directory_iterator{});
  };
  open().reset();
  const auto before = open_files();
  for (int i = 0; i < 3; ++i) open().reset();
  EXPECT_EQ(open_files(), before);
}

TEST_F(store_damage, AJournalWithoutItsDatabaseIsNoPartOfANewOne) {
  auto child = ::fork();
  if (child == 0) {
    auto store = open_sqlite_store(options(), fault);
    put(*store, {fact{"a", "b"}, event_taken{taken(1), false}});
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  fs::remove(database());
  auto store = open();
  EXPECT_TRUE(store->facts().empty());
  EXPECT_TRUE(way_in(*store).open.empty());
  EXPECT_TRUE(fs::exists(database() + ".old-0-wal")) << "it is kept, for people";
}

TEST_F(store_damage, AResetKeepsAGoodStoreAsWell) {
  filled();
  reset_works("old");
  auto what = options();
  what.reset = true;
  { auto store = open(what); } // in the same second: under yet another name
  EXPECT_TRUE(fs::exists(database() + ".old-1700000000"));
  EXPECT_TRUE(fs::exists(database() + ".old-1700000000-2"));
}

TEST_F(store_damage, AResetOfNothingIsAFreshStart) {
  auto what = options();
  what.reset = true;
  EXPECT_TRUE(open(what));
}

TEST_F(store_damage, AnEventThatCannotBeReadIsADeadLetter) {
  {
    auto store = open();
    put(*store, {event_taken{taken(1, {"ba"}), false}, event_taken{taken(2, {"bb"}), true},
                 event_taken{taken(3), false}, action_taken{action_of(1, "r1")}});
    put(*store, {event_tried{1, 0x8000'0002U}}); // suspect, two tries
  }
  {
    SQLite::Database file{database(), SQLite::OPEN_READWRITE};
    file.exec("UPDATE event SET payload='{\"text\":' WHERE seq=1; UPDATE spill SET payload='[]'");
  }
  auto store = open();
  EXPECT_EQ(way_in(*store).open, (std::vector<stored_event>{taken(3)}));
  auto got = recall(*store, "c1", 5);
  EXPECT_TRUE(got.events.empty());
  EXPECT_EQ(got.left, 0U);
  auto found = dead_letters(*store);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].event->raw, "{\"text\":");
  EXPECT_EQ(found[0].attempts, 2U) << "without the suspicion";
  EXPECT_EQ(found[0].event->chat(), (chat_key{"discord", "c1"}));
  EXPECT_EQ(found[1].event->source.user_id, "u1");
  EXPECT_EQ(seen->lines("store.unreadable").size(), 2U);
  EXPECT_EQ(way_in(*store).settled.size(), 2U); // their repeats are known all the same
  EXPECT_TRUE(put(*store, {event_taken{taken(9, {"bb"}), true}}).refused.empty());
}

// -- older files -------------------------------------------------------------------------------------

TEST_F(store_opening, MigrationTakesEachStepOnce) {
  auto path = place.path() + "/x.db";
  SQLite::Database file{path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
  std::vector<store::schema_step> steps{{1, "CREATE TABLE a(x); INSERT INTO a VALUES(1)"}};
  store::migrate(file, steps);
  EXPECT_EQ(store::version_of(file), 1);
  steps.push_back({2, "ALTER TABLE a ADD y; UPDATE a SET y=x+1"});
  steps.push_back({3, "CREATE TABLE b(z); INSERT INTO b SELECT y FROM a"});
  store::migrate(file, steps);
  store::migrate(file, steps);
  EXPECT_EQ(store::version_of(file), 3);
  EXPECT_EQ(file.execAndGet("SELECT sum(z) FROM b").getInt(), 2);
}

TEST_F(store_opening, AFileFromBeforeThreadsWereKeptIsTakenOver) {
  {
    auto store = open();
    put(*store, {event_taken{taken(1), false}, event_taken{taken(2, {}, "c2"), true},
                 chat_routed{route_seen{{}, {"discord", "c1"}, {"g", "u", {}}, "pc"}}});
  }
  {
    SQLite::Database file{database(), SQLite::OPEN_READWRITE};
    file.exec("DROP INDEX spill_session; CREATE INDEX spill_chat ON spill(platform, chat_id)");
    for (auto* table : {"event", "spill"})
      for (auto* column : {"thread_id", "message_id", "chat_type", "session", "opens_thread"})
        file.exec(std::string{"ALTER TABLE "} + table + " DROP COLUMN " + column);
    file.exec("ALTER TABLE chat DROP COLUMN chat_type; ALTER TABLE chat DROP COLUMN chat_name;"
              "PRAGMA user_version=1");
  }
  auto store = open();
  ASSERT_TRUE(store);
  auto open_events = way_in(*store).open;
  ASSERT_EQ(open_events.size(), 1U);
  EXPECT_EQ(open_events[0].seq, 1U);
  EXPECT_EQ(*open_events[0].event, *taken(1).event);
  auto out = way_out(*store);
  ASSERT_EQ(out.turns.size(), 1U);
  EXPECT_EQ(out.turns[0].parent_chat_id, "pc");
  EXPECT_EQ(out.turns[0].thread_id, "") << "it was not kept";
  EXPECT_EQ(out.chats, (std::vector<route_seen>{{{}, {"discord", "c1"}, {"g", "u", {}}, "pc"}}));
  put(*store, {event_taken{taken(3), false}});
  const auto spilled = *taken(2, {}, "c2").event;
  auto back = recall(*store, wire::session_key(spilled.source, {}, wire::session_message(spilled)), 5);
  ASSERT_EQ(back.events.size(), 1U);
  EXPECT_EQ(*back.events[0].event, spilled);
  EXPECT_EQ(way_out(*store).turns.back().thread_id, "th1");
}

/// A file as the first released schema made it.
void make_first_version(const std::string& path) {
  SQLite::Database file{path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
  file.exec("PRAGMA application_id=" + std::to_string(store::application_id));
  store::migrate(file, {store::schema_steps().front()});
  file.exec(R"sql(
INSERT INTO event VALUES(1,1699999999000,0,0,'discord','c1','','u1','work','','["bb1","m7:discord2:c1:m1"]',NULL);
INSERT INTO event VALUES(2,1699999999000,0,0,'telegram','','','u2','','','["m8:telegram0::m:2"]',NULL);
INSERT INTO event VALUES(3,1699999999000,0,0,'','','','','','','["bb3","m7:discord2:c1:m3"]',NULL);
INSERT INTO event VALUES(4,NULL,0,0,'discord','c1','','u1','','','["bb4","m7:discord2:c1:m4"]',
  '{"text":"open","message_id":"m4","source":{"platform":"discord","chat_id":"c1","chat_type":"group","user_id":"u1"}}');
INSERT INTO spill VALUES(5,NULL,0,0,'discord','c1','','u1','','','["e123:7:discord2:c1:m5"]',
  '{"text":"new","message_id":"m5","source":{"platform":"discord","chat_id":"c1","chat_type":"group","user_id":"u1","message_is_edit":true}}');
INSERT INTO spill VALUES(6,NULL,0,0,'discord','c1','','u9','','','[]',
  '{"text":"six","source":{"platform":"discord","chat_id":"c1","chat_type":"group","user_id":"u9"}}');
INSERT INTO spill VALUES(7,NULL,0,0,'discord','c1','','u9','','','[]','nothing that can be read');
INSERT INTO claim VALUES(1,5);
)sql");
}

TEST_F(store_opening, AFileOfTheFirstVersionGetsSessionsAndKeysOfToday) {
  { auto store = open(); } // the directory
  fs::remove(database());
  make_first_version(database());
  auto what = options();
  what.dedupe_window = std::chrono::hours{24 * 365};
  what.session_of = [](const inbound_event& x) { return "of " + x.source.user_id; };
  auto store = open(what);
  ASSERT_TRUE(store) << fault.text;
  auto in = way_in(*store);
  std::vector<std::string> keys;
  for (auto& x : in.settled) keys.push_back(x.key);
  EXPECT_EQ(keys, (std::vector<std::string>{core::message_key("discord", "work", "c1", "m1"),
                                            core::message_key("telegram", "", "u2", "m:2"),
                                            core::message_key("discord", "", "c1", "m3")}));
  ASSERT_EQ(in.open.size(), 1U);
  EXPECT_EQ(in.open[0].keys, core::keys_of(*in.open[0].event, {}));
  EXPECT_EQ(in.open[0].session, "") << "the gateway derives it";
  EXPECT_EQ(in.spilled, 3U);
  auto page = scan(*store, 0, 10);
  ASSERT_EQ(page.events.size(), 3U);
  EXPECT_EQ(page.events[1].session, "of u9");
  // The guard of a spilled edit holds: the same version is a repeat, another one is not.
  auto again = recall(*store, "of u1", 5);
  ASSERT_EQ(again.events.size(), 1U);
  auto twin = again.events[0];
  twin.seq = 10;
  auto other = *twin.event;
  other.text = "newer";
  stored_event later{11, event_ref{other}, core::keys_of(other, {}), 0, "of u1"};
  EXPECT_EQ(put(*store, {event_taken{twin, true}, event_taken{later, true}}).refused,
            (std::vector<std::uint64_t>{10}));
  recall(*store, page.events[2].session, 5);
  EXPECT_EQ(dead_letters(*store).size(), 1U) << "the one that cannot be read";
}

TEST_F(store_opening, AMigrationThatFailsLeavesTheStepBefore) {
  auto path = place.path() + "/x.db";
  SQLite::Database file{path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
  std::vector<store::schema_step> steps{{1, "CREATE TABLE a(x)"},
                                        {2, "INSERT INTO a VALUES(1); CREATE TABLE a(x)"}};
  EXPECT_THROW(store::migrate(file, steps), SQLite::Exception);
  EXPECT_EQ(store::version_of(file), 1);
  EXPECT_EQ(file.execAndGet("SELECT count(*) FROM a").getInt(), 0);
}

} // namespace
} // namespace relay::testing
