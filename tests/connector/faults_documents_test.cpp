// What README.md and tests/faults show must work as it stands there.
#include "tests/connector/faults_rig.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace relay::connector::faults {
namespace {

namespace fs = std::filesystem;
const fs::path root{RELAY_SOURCE_DIR};

std::string text_of(const fs::path& path) {
  std::ifstream in{path};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// Every action that the reader knows, as it tells itself when asked for one that is like none.
std::set<std::string> actions() {
  auto told = problems_of(R"({"then":{"xxxxxxxxxxxxxxxxxxxxxxxx":true}})").at(0);
  std::istringstream words{told.substr(told.find("known:") + 6)};
  return {std::istream_iterator<std::string>{words}, {}};
}

TEST(FaultDocuments, EveryExampleOfTheReadmeIsAScriptAndEveryActionHasOne) {
  auto text = text_of(root / "app/connector/README.md");
  static const std::regex example{R"re(`(\{"(?:when|then)":[^`]*\})`)re"};
  std::set<std::string> shown;
  int examples = 0;
  for (std::sregex_iterator it{text.begin(), text.end(), example}, end; it != end; ++it, ++examples) {
    auto script_text = (*it)[1].str();
    EXPECT_THAT(problems_of(script_text), ::testing::IsEmpty()) << script_text;
    for (const auto& x : actions())
      if (script_text.find('"' + x + "\":") != std::string::npos) shown.insert(x);
  }
  EXPECT_GT(examples, 30);
  EXPECT_EQ(shown, actions());
}

TEST(FaultDocuments, EveryReadyScriptReads) {
  int scripts = 0;
  for (const auto& entry : fs::directory_iterator{root / "tests/faults"}) {
    if (entry.path().extension() != ".json") continue;
    EXPECT_THAT(problems_of(text_of(entry.path())), ::testing::IsEmpty()) << entry.path();
    ++scripts;
  }
  EXPECT_GE(scripts, 8);
}

} // namespace
} // namespace relay::connector::faults
