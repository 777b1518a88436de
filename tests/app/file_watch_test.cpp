#include "relay_gateway/app/files/file_watch.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace relay {
namespace file_watch_test {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

class FileWatch : public ::testing::Test {
protected:
  FileWatch() {
    std::string form = (fs::temp_directory_path() / "relay-watch-XXXXXX").string();
    folder = ::mkdtemp(form.data());
  }
  ~FileWatch() override {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  std::string path(const std::string& name) const { return (folder / name).string(); }
  void write(const std::string& name, const std::string& text) const { std::ofstream{path(name)} << text; }
  /// These, and no later change of them is missed.
  void follow(std::vector<std::string> files) {
    bool done = false;
    watch.watch(std::move(files), [&] { done = true; });
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!done && std::chrono::steady_clock::now() < end) io.run_one_for(10s);
    ASSERT_TRUE(done);
  }
  /// What is told next, or nothing when nothing is.
  std::vector<std::string> next(std::chrono::milliseconds limit = 10s) {
    told.clear();
    auto end = std::chrono::steady_clock::now() + limit;
    while (told.empty() && std::chrono::steady_clock::now() < end) io.run_one_for(limit);
    return told;
  }

  fs::path folder;
  boost::asio::io_context io{1};
  std::vector<std::string> told;
  file_watch watch{io, [this](const std::vector<std::string>& x) { told = x; }};
};

TEST_F(FileWatch, TellsAChangeAReplacementAndAFileThatComes) {
  write("a", "1");
  follow({path("a"), path("later"), ""});
  write("a", "22");
  EXPECT_THAT(next(), ElementsAre(path("a")));
  write("a.new", "333");
  fs::rename(path("a.new"), path("a"));
  EXPECT_THAT(next(), ElementsAre(path("a")));
  write("later", "x");
  EXPECT_THAT(next(), ElementsAre(path("later")));
  fs::remove(path("later"));
  EXPECT_THAT(next(), ElementsAre(path("later")));
}

// How Kubernetes renews the files of a secret.
TEST_F(FileWatch, TellsALinkOnTheWayThatIsReplaced) {
  fs::create_directory(path("..1"));
  fs::create_directory(path("..2"));
  write("..1/token", "old");
  write("..2/token", "new one");
  fs::create_symlink("..1", path("..data"));
  fs::create_symlink("..data/token", path("token"));
  follow({path("token")});
  fs::create_symlink("..2", path("..data_tmp"));
  fs::rename(path("..data_tmp"), path("..data"));
  EXPECT_THAT(next(), ElementsAre(path("token")));
}

TEST_F(FileWatch, TellsThatAFileMayBeReadNow) {
  write("a", "1");
  fs::permissions(path("a"), fs::perms::none);
  follow({path("a")});
  fs::permissions(path("a"), fs::perms::owner_read);
  EXPECT_THAT(next(), ElementsAre(path("a")));
}

TEST_F(FileWatch, OtherFilesOfTheDirectoryAreNoMatter) {
  write("a", "1");
  follow({path("a")});
  write("b", "1");
  EXPECT_THAT(next(600ms), IsEmpty());
}

// A file system that hangs: the io thread goes on, and so does the end.
TEST_F(FileWatch, IsLookedAtByAnotherThread) {
  const auto begun = std::this_thread::get_id();
  std::thread::id told_by;
  bool returned = false;
  watch.watch({path("a")}, [&] {
    told_by = std::this_thread::get_id();
    EXPECT_TRUE(returned) << "nothing is told before watch() has returned";
  });
  returned = true;
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (told_by == std::thread::id{} && std::chrono::steady_clock::now() < end) io.run_one_for(10s);
  EXPECT_EQ(told_by, begun);
}

TEST_F(FileWatch, MayEndWhileItLooks) {
  for (int i = 0; i < 200; ++i) {
    file_watch one{io, [](const auto&) { FAIL() << "told after its end"; }};
    one.watch({path("a")}, [] { FAIL() << "told after its end"; });
  }
  io.run_for(50ms);
}

} // namespace file_watch_test
} // namespace relay
