// Credentials that go into a .env file which is not ours alone.
#include "relay_gateway/app/files/env_file.hpp"
#include "relay_gateway/config/sources/dotenv.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/stat.h>

namespace relay {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

std::string edited(std::string_view text, const variables& values) {
  std::string error;
  auto result = with_variables(text, values, error);
  EXPECT_EQ(error, "");
  return result.reveal();
}

TEST(EnvFile, EverythingElseStays) {
  EXPECT_EQ(
      edited("# mine\nA=1\nexport KEY=old\nB=\"two words\" # why\nKEY=older\n", {{"KEY", secret{"new"}}}),
      "# mine\nA=1\nB=\"two words\" # why\nKEY=new\n");
  EXPECT_EQ(edited("", {{"KEY", secret{"v"}}}), "KEY=v\n");
  EXPECT_EQ(edited("A=1", {{"KEY", secret{"v"}}}), "A=1\nKEY=v\n");
}

TEST(EnvFile, ValuesComeBackAsTheyWere) {
  for (const char* value : {"plain", "with space", "a\"b\\c$d'e", "#no comment", "=x=", "\xC3\xA9"}) {
    auto text = edited("A=1\n", {{"KEY", secret{value}}});
    EXPECT_EQ(config::parse_dotenv(text).values.at("KEY").text, value);
  }
}

TEST(EnvFile, ValuesOverSeveralLinesAreLeftAlone) {
  const char* const before = "CERT=\"line one\nKEY=not really\nline three\"\n";
  auto after = edited(before, {{"KEY", secret{"v"}}});
  EXPECT_EQ(after, std::string{before} + "KEY=v\n");
}

TEST(EnvFile, NothingIsSmuggledIn) {
  std::string error;
  EXPECT_TRUE(with_variables("", {{"KEY", secret{"v\nEVIL=1"}}}, error).empty());
  EXPECT_THAT(error, Not(IsEmpty()));
}

class folder {
public:
  folder() { EXPECT_NE(::mkdtemp(name_.data()), nullptr); }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  ~folder() { std::filesystem::remove_all(name_); }
  std::string at(const std::string& x) const { return name_ + "/" + x; }
  std::ptrdiff_t files() const { return std::distance(std::filesystem::directory_iterator{name_}, {}); }

private:
  std::string name_ = (std::filesystem::temp_directory_path() / "relay-env-XXXXXX").string();
};

std::string content(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream{path}.rdbuf();
  return out.str();
}

TEST(NextVersion, ReplacesAsAWholeAndPrivately) {
  folder where;
  auto path = where.at(".env");
  std::ofstream{path} << "old";
  ::chmod(path.c_str(), 0644);
  std::string error;
  auto next = next_version::of(path, error);
  ASSERT_TRUE(next) << error;
  EXPECT_EQ(content(path), "old");
  ASSERT_TRUE(next->commit(secret{"new"}, error)) << error;
  next.reset();
  EXPECT_EQ(content(path), "new");
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_EQ(where.files(), 1);
}

TEST(NextVersion, WithoutCommitNothingWasThere) {
  folder where;
  std::string error;
  next_version::of(where.at(".env"), error).reset();
  EXPECT_EQ(where.files(), 0);
  EXPECT_TRUE(next_version::of(where.at("not/yet/there/.env"), error)) << error;
}

TEST(NextVersion, AFolderThatIsNoneShowsAtOnce) {
  folder where;
  std::ofstream{where.at("file")} << "x";
  std::string error;
  EXPECT_FALSE(next_version::of(where.at("file/.env"), error));
  EXPECT_THAT(error, Not(IsEmpty()));
}

} // namespace
} // namespace relay
