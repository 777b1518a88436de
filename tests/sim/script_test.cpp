// Fault scripts in the simulator: the ready ones (tests/faults) and every action by itself play, bite, and
// break no rule.
#include "relay_gateway/tests/sim/run/run.hpp"
#include "relay_gateway/tests/sim/script/raw_bytes.hpp"
#include "relay_gateway/tests/sim/script/spoken.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/wait.h>

namespace relay::sim {
namespace {

const std::string folder = std::string{RELAY_SOURCE_DIR} + "/tests/faults/";

// Sanitizers make a run thirty times as long.
#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t seeds_each = 2;
#else
constexpr std::uint64_t seeds_each = 20;
#endif

scripted::script ready(const std::string& name) {
  std::string why;
  auto x = read_script(folder + name + ".json", why);
  EXPECT_TRUE(x) << why;
  return x.value_or(scripted::script{});
}

scripted::script of_text(const std::string& text) {
  std::vector<scripted::problem> told;
  auto x = scripted::parse(text, told);
  EXPECT_TRUE(x) << text << (told.empty() ? "" : "\n" + to_string(told.front()));
  return x.value_or(scripted::script{});
}

run_result play(std::uint64_t seed, const scripted::script* what) {
  run_options options;
  options.faults = beside_a_script();
  options.script = what;
  return run{seed, options}.play();
}

/// Plays some seeds; how often each rule was used in all of them.
std::vector<std::uint64_t> play_some(const scripted::script& what, std::uint64_t seeds) {
  std::vector<std::uint64_t> uses(what.rules.size());
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    auto x = play(seed, &what);
    EXPECT_TRUE(x.violations.empty())
        << "seed " << seed << ": " << x.violations.front().rule << ": " << x.violations.front().what;
    for (std::size_t i = 0; i < uses.size(); ++i) uses[i] += x.script_uses.at(i);
  }
  return uses;
}

// -- the ready scripts ------------------------------------------------------------------------------------

std::vector<std::string> ready_scripts() {
  std::vector<std::string> out;
  for (auto& x : std::filesystem::directory_iterator{folder})
    if (x.path().extension() == ".json") out.push_back(x.path().stem());
  std::sort(out.begin(), out.end());
  return out;
}

std::string as_name(std::string text) {
  for (auto& c : text)
    if (c == '-') c = '_';
  return text;
}

class ready_script : public ::testing::TestWithParam<std::string> {};

TEST_P(ready_script, BitesAndBreaksNoRule) {
  auto what = ready(GetParam());
  auto uses = play_some(what, seeds_each);
  if (seeds_each < 20) return;
  for (std::size_t i = 0; i < uses.size(); ++i) EXPECT_GT(uses[i], 0U) << title_of(what, i) << " never fired";
}

INSTANTIATE_TEST_SUITE_P(all, ready_script, ::testing::ValuesIn(ready_scripts()),
                         [](auto& x) { return as_name(x.param); });

TEST(scripts, TheSameSeedAndScriptAreTheSameRun) {
  for (auto& name : ready_scripts()) {
    auto what = ready(name);
    auto one = play(3, &what), two = play(3, &what);
    EXPECT_EQ(one.hash, two.hash) << name;
    EXPECT_EQ(one.script_uses, two.script_uses) << name;
  }
}

TEST(scripts, ChangeWhatHappens) {
  auto what = ready("flaky-link");
  EXPECT_NE(play(3, &what).hash, play(3, nullptr).hash);
}

// -- each action ------------------------------------------------------------------------------------------

struct kind {
  const char* name;
  const char* rules;
};
void PrintTo(const kind& x, std::ostream* out) { *out << x.name; }

class action : public ::testing::TestWithParam<kind> {};

TEST_P(action, IsPlayedAndBreaksNoRule) {
  auto what = of_text(GetParam().rules);
  auto uses = play_some(what, seeds_each);
  if (seeds_each < 20) return;
  for (std::size_t i = 0; i < uses.size(); ++i) EXPECT_GT(uses[i], 0U) << "rule " << i;
}

constexpr std::array kinds{
    kind{"drop", R"([{"when":{"probability":0.05},"then":{"drop":true}}])"},
    kind{"delay", R"([{"when":{"probability":0.3},"then":{"delay":{"ms":[0,5000]}}},
                      {"when":{"type":"outbound_result","every_n":7},"then":{"delay":{"ms":20000,"in_order":true}}}])"},
    kind{"duplicate",
         R"([{"when":{"probability":0.3},"then":{"duplicate":{"copies":[1,3],"after_ms":[0,3000]}}}])"},
    kind{"reorder", R"([{"when":{"every_n":3},"then":{"reorder":{"by":[1,4],"within_ms":2000}}},
                        {"when":{"every_n":7},"then":{"reorder":{"by":2,"keep_chat_order":true}}}])"},
    kind{"truncate", R"([{"when":{"every_n":9},"then":{"truncate":{"percent":70}}},
                         {"when":{"direction":"out","every_n":11},"then":{"truncate":{"bytes":30,"newline":false}}}])"},
    kind{"corrupt", R"([{"when":{"every_n":4},"then":{"corrupt":{"bytes":[1,4]}}},
                        {"when":{"every_n":9},"then":{"corrupt":{"kind":"utf8"}}}])"},
    kind{
        "rewrite_events",
        R"([{"when":{"type":"inbound","every_n":3},"then":{"rewrite":{"/event/message_id":"in2","/event/text":"other words"}}},
                               {"when":{"type":"inbound","every_n":5},"then":{"rewrite":{"/bufferId":"b3"}}},
                               {"when":{"type":"inbound","every_n":7},"then":{"rewrite":{"/event/source/chat_id":"nowhere"}}}])"},
    kind{
        "rewrite_results",
        R"([{"when":{"type":"outbound_result","every_n":3},"then":{"rewrite":{"/result/success":false,"/result/error":"no"}}},
                                {"when":{"type":"outbound_result","every_n":4},"then":{"rewrite":{"/result":{"success":true,"message_id":"x"}}}}])"},
    kind{
        "rewrite_descriptors",
        R"([{"when":{"type":"descriptor"},"then":{"rewrite":{"/descriptor/max_message_length":25,"/descriptor/supported_ops":["send"]}}}])"},
    kind{
        "rewrite_actions",
        R"([{"when":{"type":"outbound","every_n":4},"then":{"rewrite":{"/action/content":"other words","/action/q":"q1"}}}])"},
    kind{
        "insert_in",
        R"([{"when":{"type":"inbound_ack","every_n":4},"then":{"insert":{"frame":{"type":"inbound_ack","bufferId":"b2"}}}},
                          {"when":{"type":"outbound","every_n":5},"then":{"insert":{"frame":{"type":"outbound","requestId":"never","action":{"op":"send","chat_id":"1","content":"x"}},"before":true}}},
                          {"when":{"type":"hello","every_n":2},"then":{"insert":{"frame":{"type":"going_idle"}}}}])"},
    kind{
        "insert_out",
        R"([{"when":{"direction":"out","type":"inbound","every_n":4},"then":{"insert":{"frame":{"type":"inbound","event":{"text":"from nobody","source":{"platform":"discord","chat_id":"100","chat_type":"dm"}},"bufferId":"made-up"}}}},
                           {"when":{"on":"time","after_ms":4000,"every_ms":9000},"then":{"insert":{"text":"{no json"}}},
                           {"when":{"on":"upgrade"},"then":{"insert":{"frame":{"type":"outbound_result","requestId":"never","result":{}}}}}])"},
    kind{"pieces",
         R"([{"when":{"direction":"out","every_n":2},"then":{"split":{"bytes":9,"every_ms":[0,20]}}},
                       {"when":{"direction":"out","every_n":3},"then":{"split":{"into":4,"as":"fragments"},"binary":true}},
                       {"when":{"direction":"out","every_n":5},"then":{"merge":{"frames":[2,9]}}}])"},
    kind{
        "close",
        R"([{"when":{"on":"time","after_ms":3000,"every_ms":[2000,30000]},"then":{"close":{"code":1012,"reason":"deploy"}}},
                      {"when":{"type":"outbound","every_n":9},"then":{"close":{"code":4401,"reason":"expired"}}},
                      {"when":{"on":"upgrade","every_n":4},"then":{"close":{"code":1013}}}])"},
    kind{"cut",
         R"([{"when":{"type":"outbound","nth":2,"per_connection":true},"then":{"drop":true,"cut":true}},
                    {"when":{"type":"hello","every_n":3},"then":{"reset":true}}])"},
    kind{
        "stalls",
        R"([{"when":{"on":"time","after_ms":4000,"every_ms":30000},"then":{"stall_reading":{"ms":[100,40000]}}},
                       {"when":{"type":"inbound_ack","every_n":9},"then":{"stall_writing":{"ms":[100,40000]}}},
                       {"when":{"on":"upgrade","every_n":3},"then":{"stall_writing":true}},
                       {"when":{"on":"time","after_ms":20000,"every_ms":20000},"then":{"resume":true}}])"},
    kind{"half_open", R"([{"when":{"type":"outbound","every_n":6},"then":{"half_open":{"ms":60000}}},
                          {"when":{"on":"upgrade","every_n":3},"then":{"half_open":true}}])"},
    kind{"raw", R"([{"when":{"on":"time","after_ms":4000,"every_ms":20000},"then":{"raw":{"hex":"c1 01 41"}}},
                    {"when":{"on":"time","after_ms":7000,"every_ms":20000},"then":{"raw":{"hex":"81 03 7b 7d 0a 89 00"}}},
                    {"when":{"on":"time","after_ms":30000},"then":{"raw":{"hex":"88 02 03 f4"}}}])"},
    kind{"answers",
         R"([{"when":{"on":"call","every_n":4},"then":{"answer":{"status":500,"body":"{not json"}}},
                        {"when":{"on":"call","path":"/relay/policy","every_n":2},"then":{"answer":{"status":200,"body":"{}"}}},
                        {"when":{"on":"call","path":"/relay/provision","nth":1},"then":{"answer":{"status":200,"body":{"secret":"of somebody else","gatewayId":"another"}}}},
                        {"when":{"on":"call","every_n":7},"then":{"cut":true,"processed":false}},
                        {"when":{"on":"call","every_n":9},"then":{"reset":true}}])"},
    kind{"bad_answers", R"([{"when":{"on":"call","every_n":3},"then":{"corrupt":{"bytes":[1,9]}}},
                            {"when":{"on":"call","every_n":4},"then":{"truncate":true}},
                            {"when":{"on":"call","every_n":5},"then":{"pad":{"bytes":3000000}}},
                            {"when":{"on":"call","every_n":2},"then":{"drip":{"bytes":10,"every_ms":[1,900]},"delay":{"ms":[0,4000]}}},
                            {"when":{"on":"call","every_n":7},"then":{"silence":true}}])"},
    kind{"upgrades", R"([{"when":{"on":"upgrade","every_n":3},"then":{"refuse":{"status":429}}},
                         {"when":{"on":"upgrade","nth":2},"then":{"refuse":{"status":401}}},
                         {"when":{"on":"upgrade","every_n":5},"then":{"silence":true}},
                         {"when":{"on":"upgrade","every_n":7},"then":{"cut":true}},
                         {"when":{"on":"upgrade","every_n":2},"then":{"delay":{"ms":[0,6000]}}},
                         {"when":{"on":"time","after_ms":2000,"every_ms":4000},"then":{"reset":true}}])"},
    kind{"credentials",
         R"([{"when":{"on":"time","after_ms":3000,"every_ms":20000},"times":3,"then":{"expire_tokens":true}},
                            {"when":{"on":"time","after_ms":9000},"then":{"shift_clock":{"seconds":900,"ms":5000},"cut":true}},
                            {"when":{"on":"time","after_ms":19000},"then":{"revoke_tokens":{"close":false}}}])"},
    kind{
        "storms",
        R"([{"when":{"on":"time","after_ms":4000},"then":{"replay":{"events":60,"chats":7,"repeat":2,"platform":"telegram"}}},
                       {"when":{"on":"time","after_ms":6000},"then":{"outage":{"ms":[100,9000]}}},
                       {"when":{"on":"time","after_ms":6100},"then":{"replay":{"events":9}}}])"},
    kind{
        "pokes",
        R"([{"when":{"on":"time","after_ms":3000,"every_ms":10000},"then":{"poke":{"times":20,"every_ms":300}}},
                      {"when":{"on":"poke","every_n":3},"then":{"drop":true}},
                      {"when":{"on":"poke","every_n":4},"then":{"duplicate":{"copies":3,"after_ms":5},"delay":{"ms":40}}}])"},
};

INSTANTIATE_TEST_SUITE_P(all, action, ::testing::ValuesIn(kinds), [](auto& x) { return x.param.name; });

// -- parts ------------------------------------------------------------------------------------------------

TEST(spoken, KnowsWhatWasSaidFromWhatAScriptMadeOfIt) {
  spoken x;
  x.said("a", {7, "b1"});
  x.said("a"); // saying it is no other event
  ASSERT_TRUE(x.event_of("a"));
  EXPECT_EQ(x.event_of("a")->number, 7U);
  EXPECT_FALSE(x.was_said("A"));
  x.wrote(1, "q");
  EXPECT_EQ(x.hear(2, "q"), hearing::altered);
  EXPECT_EQ(x.hear(1, "q"), hearing::as_said);
  EXPECT_EQ(x.hear(1, "q"), hearing::again);
  x.wrote(1, "q"); // the gateway said it twice itself
  EXPECT_EQ(x.hear(1, "q"), hearing::as_said);
}

TEST(raw_bytes, AreReadAsAClientReadsThem) {
  using namespace std::string_view_literals;
  auto text = read_raw("\x81\x02hi\x82\x01!\x89\x00"sv);
  EXPECT_TRUE(text.fine);
  EXPECT_EQ(text.text, "hi!");
  EXPECT_FALSE(read_raw("\xc1\x01"
                        "A"sv)
                   .fine); // a reserved bit
  EXPECT_FALSE(read_raw("\x81\x82"
                        "abcdhi"sv)
                   .fine);                     // masked
  EXPECT_FALSE(read_raw("\x81\x05hi"sv).fine); // not whole
  EXPECT_FALSE(read_raw("\x83\x00"sv).fine);   // an opcode that nobody knows
  auto close = read_raw("\x88\x02\x03\xf4"sv);
  EXPECT_TRUE(close.closes);
  EXPECT_EQ(close.code, 1012);
}

// -- the program ------------------------------------------------------------------------------------------

struct outcome {
  int code = -1;
  std::string said;
};

outcome relay_sim(const std::string& arguments) {
  outcome out;
  auto* pipe = popen((std::string{RELAY_BIN_DIR} + "/relay-sim " + arguments + " 2>&1").c_str(), "r");
  if (!pipe) return out;
  std::array<char, 4096> bytes{};
  for (std::size_t n = 0; (n = fread(bytes.data(), 1, bytes.size(), pipe)) > 0;)
    out.said.append(bytes.data(), n);
  auto status = pclose(pipe);
  out.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return out;
}

std::string written(const std::string& name, const std::string& text) {
  auto path = ::testing::TempDir() + name;
  std::ofstream{path} << text;
  return path;
}

TEST(program, ABadScriptIsOneLineAnd2) {
  auto path =
      written("bad.json", R"({"rules":[{"then":{"dorp":true}},{"when":{"tpye":"a"},"then":{"cut":true}}]})");
  auto x = relay_sim("--seed 1 --script " + path);
  EXPECT_EQ(x.code, 2);
  EXPECT_EQ(x.said,
            "relay-sim: " + path +
                ": /rules/0/then/dorp: unknown key; did you mean 'drop'? (and 1 more: relay-connector "
                "--check-faults lists them)\n");
  x = relay_sim("--seed 1 --script /nowhere/x.json");
  EXPECT_EQ(x.code, 2);
  EXPECT_EQ(x.said, "relay-sim: /nowhere/x.json: cannot be read: No such file or directory\n");
}

TEST(program, SaysWhichRulesNeverFired) {
  auto path = written("idle.json", R"([{"name":"used","when":{"type":"hello"},"then":{"delay":{"ms":1}}},
                                       {"when":{"type":"no such frame"},"then":{"drop":true}}])");
  auto x = relay_sim("--seeds 3 --script " + path);
  EXPECT_EQ(x.code, 0) << x.said;
  EXPECT_EQ(x.said.find("rule 'used' never fired"), std::string::npos) << x.said;
  EXPECT_NE(x.said.find("rule '#2' never fired\nseeds: 3, steps: "), std::string::npos) << x.said;
}

} // namespace
} // namespace relay::sim
