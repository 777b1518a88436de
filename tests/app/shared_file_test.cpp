#include "relay_gateway/app/files/shared_file.hpp"
#include "relay_gateway/app/net/io/io_thread.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <future>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace relay {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class shared_file : public ::testing::Test {
protected:
  shared_file() {
    std::string name = (fs::temp_directory_path() / "shared-file-XXXXXX").string();
    dir = ::mkdtemp(name.data());
    path = dir / "auth.json";
  }
  ~shared_file() override {
    files.reset();
    fs::permissions(dir, fs::perms::owner_all);
    fs::remove_all(dir);
  }
  file_locked lock(milliseconds patience = 5s) {
    std::promise<file_locked> answer;
    files->lock(path.string(), patience, [&](file_locked x) { answer.set_value(std::move(x)); });
    return answer.get_future().get();
  }
  static std::string replace(const file_locked& x, const std::string& text) {
    std::promise<std::string> answer;
    x.file->replace(secret{text}, [&](std::string why) { answer.set_value(std::move(why)); });
    return answer.get_future().get();
  }
  void write(const std::string& text) { std::ofstream{path} << text; }
  std::string content() const {
    std::ifstream in{path};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator{dir}, fs::directory_iterator{}));
  }

  fs::path dir, path;
  net::io_thread io;
  std::shared_ptr<file_port> files = make_file_port(io.context());
};

TEST_F(shared_file, AMissingOneIsSaidAndNothingIsMade) {
  auto x = lock();
  EXPECT_TRUE(x.missing);
  EXPECT_EQ(x.error, "");
  EXPECT_FALSE(x.file);
  EXPECT_EQ(entries(), 0U);
}

TEST_F(shared_file, IsReadAndReplacedWholeForThisUserAlone) {
  write("old");
  fs::permissions(path, fs::perms::all);
  auto x = lock();
  ASSERT_TRUE(x.file) << x.error;
  EXPECT_EQ(x.text.reveal(), "old");
  EXPECT_EQ(x.unwritable, "");
  EXPECT_EQ(replace(x, "new"), "");
  EXPECT_EQ(content(), "new");
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  x = {};
  lock(); // the one before has been given back
  files.reset();
  EXPECT_EQ(entries(), 2U) << "the file and its lock, nothing else";
}

TEST_F(shared_file, ALinkKeepsLeadingToTheFile) {
  auto real = dir / "real.json";
  std::ofstream{real} << "old";
  fs::create_symlink(real, path);
  auto x = lock();
  ASSERT_TRUE(x.file) << x.error;
  EXPECT_EQ(replace(x, "new"), "");
  EXPECT_TRUE(fs::is_symlink(path));
  EXPECT_EQ(content(), "new");
}

TEST_F(shared_file, OthersWaitForTheLock) {
  write("text");
  auto first = lock();
  ASSERT_TRUE(first.file);
  auto late = lock(1ms);
  EXPECT_FALSE(late.file);
  EXPECT_NE(late.error.find("holds the lock"), std::string::npos) << late.error;
  std::promise<file_locked> second;
  files->lock(path.string(), 10s, [&](file_locked x) { second.set_value(std::move(x)); });
  first = {};
  EXPECT_TRUE(second.get_future().get().file);
}

TEST_F(shared_file, AnotherProgramsLockCounts) {
  write("text");
  auto theirs = ::open((dir / "auth.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_EQ(::flock(theirs, LOCK_EX), 0);
  EXPECT_NE(lock(1ms).error, "");
  ::close(theirs);
  EXPECT_TRUE(lock().file);
}

TEST_F(shared_file, TooLargeOrNoFileAtAllIsAnError) {
  fs::create_directory(path);
  EXPECT_NE(lock().error.find("not a regular file"), std::string::npos);
  fs::remove(path);
  write(std::string(2 << 20, 'x'));
  EXPECT_NE(lock().error.find("larger than"), std::string::npos);
}

TEST_F(shared_file, WhereNobodyMayWriteItIsReadAllTheSame) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  write("text");
  fs::permissions(dir, fs::perms::owner_read | fs::perms::owner_exec);
  auto x = lock();
  EXPECT_EQ(x.error, "");
  EXPECT_EQ(x.text.reveal(), "text");
  EXPECT_NE(x.unwritable, "");
}

} // namespace
} // namespace relay
