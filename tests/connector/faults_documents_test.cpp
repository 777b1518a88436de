// What README.md and tests/faults show must work as it stands there.
#include "relay_gateway/tests/connector/faults_rig.hpp"

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

/// Ten seconds of everything that a script may be about, in virtual time; what came of it, and how often each
/// rule was used.
texts played(const script& what, std::string& status) {
  texts told;
  milliseconds now{0};
  injector faults{what, now};
  auto note = [&](const steps& all) {
    for (const auto& x : all) told.push_back(in_short(x));
  };
  for (connection_id which = 1; which <= 5; ++which) {
    for (const auto* path : {"/relay/provision", "/relay/provision", "/relay/policy"})
      note(faults.on_call({"POST", path, "discord", "gw", {}}, now).also);
    auto asked = faults.on_upgrade({"GET", "/relay", {}, "gw", {}}, now);
    note(asked.also);
    note(faults.on_open(which, "gw", asked.when_open, now));
    for (int i = 0; i < 100; ++i, now += milliseconds{20}) {
      while (faults.next() && *faults.next() <= now) note(faults.due(*faults.next()));
      auto n = std::to_string(i), chat = "c" + std::to_string(i % 3);
      note(faults.on_frame(which, way::out,
                           R"({"type":"inbound","bufferId":"b)" + n +
                               R"(","event":{"text":"hello","source":{"platform":"discord","chat_id":")" +
                               chat + R"("}}})",
                           now));
      note(faults.on_frame(which, way::in, R"({"type":"inbound_ack","bufferId":"b)" + n + R"("})", now));
      note(faults.on_frame(which, way::in,
                           R"({"type":"outbound","requestId":"r)" + n +
                               R"(","action":{"op":"send","chat_id":")" + chat + R"("}})",
                           now));
      note(
          faults.on_frame(which, way::out, R"({"type":"outbound_result","requestId":"r)" + n + R"("})", now));
    }
    faults.on_end(which);
  }
  status = faults.status();
  return told;
}

TEST(FaultDocuments, EveryReadyScriptRunsWithoutSocketsTheSameEachTime) {
  for (const auto& entry : fs::directory_iterator{root / "tests/faults"}) {
    if (entry.path().extension() != ".json") continue;
    std::vector<problem> problems;
    auto what = parse(text_of(entry.path()), problems);
    ASSERT_TRUE(what) << entry.path();
    std::string first, second;
    EXPECT_EQ(played(*what, first), played(*what, second)) << entry.path();
    EXPECT_EQ(first, second);
    EXPECT_EQ(first.find(R"("used":0)"), std::string::npos)
        << entry.path() << " has a rule that never counts: " << first;
  }
}

} // namespace
} // namespace relay::connector::faults
