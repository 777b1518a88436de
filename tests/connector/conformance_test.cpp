// The parts of `relay-connector conformance` that need no gateway.
#include "relay_gateway/app/connector/conformance/description.hpp"
#include "relay_gateway/app/connector/conformance/scenarios.hpp"
#include "relay_gateway/app/connector/json.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <unistd.h>

namespace relay::connector::conformance {
namespace {

bool has(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

TEST(conformance, EveryClauseIsTriedByOneScenarioAndNoScenarioNamesAnother) {
  std::set<std::string_view> known, tried;
  for (const auto& x : all_clauses()) EXPECT_TRUE(known.insert(x.id).second) << x.id;
  for (const auto& x : all_scenarios())
    for (auto id : x.clauses) {
      EXPECT_TRUE(known.count(id)) << id;
      EXPECT_TRUE(tried.insert(id).second) << id << " twice";
    }
  EXPECT_EQ(tried, known);
}

TEST(conformance, AFailureStaysAndNotOfferedGivesWay) {
  report told{{{"keepalive", "no timers here"}}};
  told.not_offered("url.dial", "x");
  told.pass("url.dial");
  told.not_offered("url.dial", "too late");
  EXPECT_EQ(told.of("url.dial"), outcome::pass);
  told.fail("url.dial", "the second time");
  told.pass("url.dial");
  EXPECT_EQ(told.of("url.dial"), outcome::fail);
  told.fail("keepalive", "seen all the same");
  EXPECT_EQ(told.of("keepalive"), outcome::not_offered) << "the description said so";
  EXPECT_EQ(told.of("hello.order"), outcome::untried);
  EXPECT_THROW(told.pass("no.such"), std::logic_error);
  record read{0, 0, {}, {}, {}, told.json("the gateway")};
  EXPECT_EQ(read.at("gateway"), "the gateway");
  EXPECT_EQ(read.at("passed") + read.at("failed") + read.at("not_offered"), "011");
  EXPECT_EQ(read.at("clauses.0.id") + " " + read.at("clauses.0.outcome") + " " + read.at("clauses.0.why"),
            "url.dial fail the second time");
  std::ostringstream text;
  told.print(text);
  EXPECT_NE(text.str().find("fail        url.dial"), std::string::npos) << text.str();
  EXPECT_NE(text.str().find("0 passed, 1 failed, 1 not offered\n"), std::string::npos) << text.str();
}

TEST(conformance, AGatewayGetsTheStandardVariablesAndItsOwnInTheirPlace) {
  ::setenv("GATEWAY_RELAY_SECRET", "of the developer", 1);
  ::setenv("DISCORD_ALLOW_BOTS", "all", 1);
  ::setenv("CONFORMANCE_TEST", "kept", 1);
  settings values;
  values.url = "http://127.0.0.1:1";
  values.work_dir = "/w";
  values.access_token = "bearer";
  values.platforms = {"discord", "slack"};
  description what;
  what.environment = {{"MY_URL", "${url}/x?d=${work_dir}&n=${nothing}"}, {"GATEWAY_RELAY_PLATFORMS", ""}};
  auto set = environment_of(what, values);
  for (const char* name : {"GATEWAY_RELAY_SECRET", "DISCORD_ALLOW_BOTS", "CONFORMANCE_TEST"})
    ::unsetenv(name);
  EXPECT_TRUE(has(set, "GATEWAY_RELAY_URL=http://127.0.0.1:1"));
  EXPECT_TRUE(has(set, "GATEWAY_RELAY_ACCESS_TOKEN=bearer"));
  EXPECT_TRUE(
      has(set, R"(GATEWAY_RELAY_BOT_IDS={"discord":{"botId":"bot-discord"},"slack":{"botId":"bot-slack"}})"));
  EXPECT_TRUE(has(set, "MY_URL=http://127.0.0.1:1/x?d=/w&n=${nothing}"));
  EXPECT_TRUE(has(set, "CONFORMANCE_TEST=kept"));
  for (const auto& x : set) {
    EXPECT_EQ(x.find("of the developer"), std::string::npos) << "settings of the caller are not inherited";
    EXPECT_NE(x.substr(0, 19), "DISCORD_ALLOW_BOTS=");
    EXPECT_NE(x.substr(0, 24), "GATEWAY_RELAY_PLATFORMS=") << "an empty value leaves it out";
  }
}

TEST(conformance, ADescriptionIsReadStrictly) {
  auto path =
      (std::filesystem::temp_directory_path() / ("conformance-" + std::to_string(::getpid()))).string();
  auto read = [&](const std::string& text, description& out) {
    std::ofstream{path} << text;
    std::string error;
    read_description(path, true, out, error);
    return error.empty() ? error : error.substr(path.size());
  };
  description all;
  EXPECT_EQ(read("name: x\ncommand: run it\ndirectory: sub\nactions: true\nstart_timeout_s: 5\n"
                 "environment: {A: b}\nnot_offered: {url.dial: never}\n",
                 all),
            "");
  EXPECT_EQ(all.command, "run it");
  EXPECT_EQ(all.directory, (std::filesystem::temp_directory_path() / "sub").string());
  EXPECT_TRUE(all.actions);
  EXPECT_EQ(all.start_limit, std::chrono::seconds{5});
  EXPECT_EQ(all.not_offered.at("url.dial"), "never");
  for (const char* bad : {"command: x\nactions: maybe\n", "command: x\nenvironment: [a]\n", "command: [x]\n",
                          "command: x\nenvironment: {A: [b]}\n", "command: x\nmore: y\n", "name: x\n"}) {
    description none;
    EXPECT_NE(read(bad, none), "") << bad;
  }
  std::filesystem::remove(path);
}

} // namespace
} // namespace relay::connector::conformance
