// Every input that is kept goes through its target again, without libFuzzer: a crash that was once found must
// not come back, under any compiler.
#include "relay_gateway/tests/fuzz/fuzz.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace relay::fuzz {

void PrintTo(const target& x, std::ostream* out) { *out << x.name; }

namespace replay_test_target {

namespace fs = std::filesystem;

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> out;
  if (fs::is_directory(folder))
    for (const auto& x : fs::directory_iterator{folder})
      if (x.is_regular_file()) out.push_back(x.path());
  std::sort(out.begin(), out.end());
  return out;
}

std::string content(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

const fs::path folder = fs::path{RELAY_SOURCE_DIR} / "tests" / "fuzz";

class replay : public ::testing::TestWithParam<target> {
protected:
  static void run(const fs::path& file) {
    const auto input = content(file);
    try {
      GetParam().run(input);
    } catch (const std::exception& x) {
      ADD_FAILURE() << file << ": " << x.what();
    }
  }
};

TEST_P(replay, corpus) {
  const auto files = files_in(folder / "corpus" / GetParam().name);
  EXPECT_GE(files.size(), 3U) << "a target without seeds finds little in a minute";
  for (const auto& file : files) run(file);
}

TEST_P(replay, crashes) {
  for (const auto& file : files_in(folder / "crashes" / GetParam().name)) run(file);
}

TEST_P(replay, nothing_and_odd_bytes) {
  for (const auto& input : {std::string{}, std::string(1, '\0'), std::string(300, '\xFF'),
                            std::string("\n\n"), std::string(2000, '\x07')}) {
    try {
      GetParam().run(input);
    } catch (const std::exception& x) {
      ADD_FAILURE() << x.what();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(each, replay, ::testing::ValuesIn(targets()),
                         [](const auto& x) { return x.param.name; });

TEST(replayed, every_folder_belongs_to_a_target) {
  for (const char* kind : {"corpus", "crashes"}) {
    if (!fs::is_directory(folder / kind)) continue;
    for (const auto& x : fs::directory_iterator{folder / kind})
      EXPECT_TRUE(std::any_of(targets().begin(), targets().end(),
                              [&](const target& t) { return t.name == x.path().filename(); }))
          << x.path() << " is never replayed";
  }
}

} // namespace replay_test_target
} // namespace relay::fuzz
