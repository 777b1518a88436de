// The rules of the tree that a compiler does not check: who may include whom, and what must not appear where.
#include "relay_gateway/tests/architecture/tree.hpp"

#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using namespace relay::architecture;

std::vector<line> lines_under(const std::string& folder) {
  std::vector<line> out;
  for (auto& file : files_under({folder}, {".hpp", ".cpp"})) {
    std::size_t n = 0;
    for (auto& text : text_of(file)) out.push_back({file, ++n, text});
  }
  EXPECT_GT(out.size(), 50U) << folder;
  return out;
}

/// What a line includes, without the brackets; empty when it is no include.
std::string included(const line& x) {
  static const std::regex form{R"(^\s*#\s*include\s*[<"]([^>"]+)[>"])"};
  std::smatch m;
  if (!std::regex_search(x.text, m, form)) return "";
  static const std::string prefix = "relay_gateway/";
  auto what = m[1].str();
  return what.compare(0, prefix.size(), prefix) == 0 ? what.substr(prefix.size()) : what;
}

TEST(architecture, FoldersIncludeOnlyWhatStandsBeforeThem) {
  const std::map<std::string, std::set<std::string>> may{
      {"messages", {"messages"}},
      {"config", {"messages", "config"}},
      {"actors", {"messages", "config", "actors"}},
      {"app", {"messages", "config", "actors", "app"}},
  };
  for (auto& [folder, allowed] : may)
    for (auto& x : lines_under(folder)) {
      auto what = included(x);
      auto top = what.substr(0, what.find('/'));
      if (may.count(top) == 0 && top != "tests") continue;
      EXPECT_TRUE(allowed.count(top)) << at(x);
    }
}

TEST(architecture, ActorsReachTheWorldThroughTheirPorts) {
  const std::set<std::string> foreign{"boost",    "openssl",    "rapidjson", "spdlog", "fmt",     "SQLiteCpp",
                                      "yaml-cpp", "prometheus", "CLI",       "sys",    "netinet", "fcntl.h",
                                      "unistd.h", "sqlite3.h",  "fstream",   "thread"};
  for (auto& x : lines_under("actors")) {
    auto what = included(x);
    EXPECT_EQ(foreign.count(what.substr(0, what.find('/'))), 0U) << at(x);
  }
}

TEST(architecture, CoreIsPure) {
  static const std::regex impure{R"((::|\b)now\(\)|random_device|\bthis_thread\b|std::mutex)"};
  std::size_t checked = 0;
  for (auto& x : lines_under("actors")) {
    if (x.file.find("/core/") == std::string::npos) continue;
    ++checked;
    auto what = included(x);
    EXPECT_NE(what.substr(0, what.find('/')), "caf") << at(x);
    EXPECT_FALSE(std::regex_search(x.text, impure)) << at(x);
  }
  EXPECT_GT(checked, 1000U);
}

TEST(architecture, JsonStaysAtTheEdge) {
  for (auto* folder : {"messages", "config", "actors"})
    for (auto& x : lines_under(folder))
      if (included(x).rfind("rapidjson", 0) == 0) {
        EXPECT_TRUE(x.file.rfind("messages/wire/", 0) == 0 || x.file.rfind("config/", 0) == 0) << at(x);
      }
}

// An action is decoded once, where it enters: from there to the frame that leaves it is typed (README of
// messages).
TEST(architecture, ActorsReadNoJson) {
  // Where lines and bodies of peers (agents, the connector, a model's server) become messages and messages
  // become lines: the only ones that call a codec.
  static const std::regex edge{
      "actors/(agents/(link|nats|peers|openai(_turns)?|core/model_(answer|turn))|worker/worker(_acks)?|boot/"
      "[a-z_]+|link/[a-z_]+|inbound/(media|inbound_store)"
      "|http_bridge)\\.[ch]pp"};
  // What decodes and encodes nothing: how actions are made and changed, texts, keys and addresses.
  const std::set<std::string> plain{"messages/wire/actions/action_forms.hpp",
                                    "messages/wire/actions/action_makers.hpp",
                                    "messages/wire/http/hex.hpp",
                                    "messages/wire/http/urls.hpp",
                                    "messages/wire/json/utf8.hpp",
                                    "messages/wire/session_key.hpp"};
  const std::set<std::string> of_actions{
      "messages/wire/actions/actions.hpp", "messages/wire/actions/action_codec.hpp",
      "messages/wire/actions/action_fields.hpp", "messages/wire/actions/action_rules.hpp",
      "messages/wire/actions/result_codec.hpp"};
  static const std::regex codec{R"(\bwire::(decode|encode|read|check|append|prompt)\w*\()"};
  std::size_t codecs = 0;
  for (auto& x : lines_under("actors")) {
    const bool at_the_edge = std::regex_match(x.file, edge);
    if (std::regex_search(x.text, codec)) {
      ++codecs;
      EXPECT_TRUE(at_the_edge) << at(x);
    }
    const auto what = included(x);
    if (what.rfind("messages/wire/", 0) != 0 || plain.count(what)) continue;
    EXPECT_NE(what.rfind("messages/wire/json/", 0), 0U) << at(x);
    EXPECT_FALSE(of_actions.count(what)) << at(x);
    // A numbered answer is written into the event that brings it.
    const bool answers =
        x.file == "actors/inbound/inbound.cpp" && what == "messages/wire/actions/prompts.hpp";
    EXPECT_TRUE(at_the_edge || answers) << at(x);
  }
  EXPECT_GT(codecs, 5U);
}

TEST(architecture, CallsWhoseNamesChangeWithCafStandInOneFile) {
  static const std::regex calls{R"(delayed_send|anon_send\(|->send\()"};
  for (auto& x : lines_under("actors")) {
    if (x.file == "actors/caf_compat.hpp") continue;
    EXPECT_FALSE(std::regex_search(x.text, calls)) << at(x);
  }
}

TEST(architecture, NothingOutsideAppAsksTheTimeOrSleeps) {
  static const std::regex clock{
      R"(system_clock::now|steady_clock::now|\bsleep_(for|until)\b|usleep|std::thread\b)"};
  for (auto* folder : {"messages", "config", "actors"})
    for (auto& x : lines_under(folder)) EXPECT_FALSE(std::regex_search(x.text, clock)) << at(x);
}

TEST(architecture, NoExceptionIsThrownByActors) {
  static const std::regex thrown{R"(\bthrow\b)"};
  for (auto& x : lines_under("actors")) {
    auto code = x.text.substr(0, x.text.find("//"));
    EXPECT_FALSE(std::regex_search(code, thrown)) << at(x);
  }
}

/// What crosses to other nodes has a block of its own, which only those know who have nodes.
TEST(architecture, MessageTypesHaveOneIdBlockAndThoseOfNodesAnother) {
  std::set<std::string> blocks;
  for (auto* folder : {"messages", "config", "actors", "app"})
    for (auto& x : lines_under(folder))
      if (x.text.find("CAF_BEGIN_TYPE_ID_BLOCK") != std::string::npos) {
        EXPECT_TRUE(blocks.insert(x.file).second) << at(x);
      }
  EXPECT_EQ(blocks, (std::set<std::string>{"app/nodes/node_messages.hpp", "messages/type_ids.hpp"}));
}

TEST(architecture, TopLevelIsFixed) {
  const std::set<std::string> folders{"actors", "messages", "app", "config", "tests", "deploy"};
  for (auto& entry : fs::directory_iterator{root}) {
    auto name = entry.path().filename().string();
    if (!entry.is_directory() || name.front() == '.' || name == "build") continue;
    EXPECT_TRUE(folders.count(name)) << name;
  }
}

TEST(architecture, TestsAwaitEventsInsteadOfSleeping) {
  static const std::regex sleeps{"sleep"
                                 "_for|usleep"
                                 R"(\()"};
  for (auto& x : lines_under("tests")) {
    if (x.file == "tests/architecture/rules_test.cpp") continue;
    EXPECT_FALSE(std::regex_search(x.text, sleeps)) << at(x);
  }
}

} // namespace
