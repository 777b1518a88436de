// What `check` finds beyond single values: unknown keys, wrong shapes, hostile files.
#include "relay_gateway/config/values/nearest.hpp"
#include "relay_gateway/config/values/units.hpp"
#include "relay_gateway/tests/config/setup.hpp"

#include <random>

namespace relay::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(unknown_keys, near_ones_are_named_with_the_nearest) {
  auto reason = [](const std::string& yaml, const std::string& key) {
    auto found = problem_of(config_inputs{}.yaml(yaml).resolved(), key);
    return found.where + " " + found.reason;
  };
  EXPECT_THAT(reason("gateway:\n  relay_ulr: x\n", "gateway.relay_ulr"),
              HasSubstr(std::string{config_yaml} + ":2 is an unknown key; did you mean gateway.relay_url?"));
  EXPECT_THAT(reason("gateway: {relay_colour_of_the_day: x}", "gateway.relay_colour_of_the_day"),
              HasSubstr("did you mean gateway.relay_"));
  EXPECT_THAT(reason("gateway: {RELAY_URL: x}", "gateway.RELAY_URL"), HasSubstr("gateway.relay_url?"));
  EXPECT_THAT(reason("gateway: {agnet: echo}", "gateway.agnet"), HasSubstr("gateway.agent?"));
  EXPECT_THAT(reason("gateway: {platfoms: {}}", "gateway.platfoms"), HasSubstr("gateway.platforms?"));
  EXPECT_THAT(reason("gateway: {limits: {ping_intervall: 3s}}", "gateway.limits.ping_intervall"),
              HasSubstr("gateway.limits.ping_interval?"));
  EXPECT_THAT(reason("gateway: {idp: {client-id: 3s}}", "gateway.idp.client-id"),
              HasSubstr("gateway.idp.client_id?"));
  EXPECT_THAT(reason("gateway: {tls: {cafile: x}}", "gateway.tls.cafile"), HasSubstr("gateway.tls.ca_file?"));
  EXPECT_THAT(reason("gateway: {slack: {reply_in_tread: x}}", "gateway.slack.reply_in_tread"),
              HasSubstr("gateway.slack.reply_in_thread?"));
  EXPECT_THAT(reason("gateway: {prompts: {aproval_by: x}}", "gateway.prompts.aproval_by"),
              HasSubstr("gateway.prompts.approval_by?"));
  EXPECT_THAT(reason("gateway: {log: {levle: x}}", "gateway.log.levle"), HasSubstr("gateway.log.level?"));
}

TEST(unknown_keys, foreign_ones_are_fine) {
  EXPECT_EQ(
      problems_text(config_inputs{}
                        .yaml("relay_url: x\nmodel: {relay_x: 1}\ngateway:\n  streaming: true\n  [a, b]: c\n"
                              "  platforms: {discord: {relay_x: 1}}\n  tls: {minimum_version: 3}\n"
                              "platforms: {relay: {enabled: true, other: 1}}\n")
                        .resolved()),
      "");
}

TEST(unknown_keys, known_ones_twice) {
  auto result = config_inputs{}.yaml("gateway:\n  grace: 1s\n  grace: 2s\n").resolved();
  EXPECT_EQ(problem_of(result, "gateway.grace").where, std::string{config_yaml} + ":3");
  EXPECT_EQ(result.values.service.grace, milliseconds{2000});
}

TEST(unknown_keys, flags_that_nobody_reads) {
  EXPECT_EQ(problem_of(config_inputs{}.flag("relay_secret", "s3cr3t").resolved(), "relay_secret").where,
            "--relay-secret");
  EXPECT_THAT(everything_shown(config_inputs{}.flag("relay_secret", "s3cr3t").resolved()),
              Not(HasSubstr("s3cr3t")));
}

TEST(unknown_keys, distance) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(nearest("x", {}).key, "");
}

TEST(shapes, sections_that_are_no_maps) {
  for (const char* section : {"gateway", "gateway.idp", "gateway.log", "gateway.tls", "gateway.limits"}) {
    std::string key = section;
    auto dot = key.find('.');
    auto of = [&](const std::string& value) {
      return config_inputs{}
          .yaml(dot == std::string::npos
                    ? key + ": " + value
                    : key.substr(0, dot) + ": {" + key.substr(dot + 1) + ": " + value + "}")
          .resolved();
    };
    for (const char* bad : {"text", "[1]", "true"})
      EXPECT_EQ(problem_of(of(bad), key).where, std::string{config_yaml} + ":1") << section;
    for (const char* fine : {"", "~", "{}"}) EXPECT_EQ(problems_text(of(fine)), "") << section;
  }
}

std::string repeated(const std::string& piece, std::size_t size) {
  std::string result;
  while (result.size() < size) result += piece;
  return result;
}

TEST(hostile_yaml, every_shape_is_a_problem_or_nothing_never_an_exception) {
  std::vector<std::string> texts{"just text",
                                 "[a, b]",
                                 "3",
                                 "\"\\q\"",
                                 "a: b: c",
                                 "a:\n\tb: c",
                                 "\tgateway: x",
                                 "k: *s3cr3t",
                                 "%YAML 9.9\n---\na: b",
                                 "%TAG ! x\n---\n!a b",
                                 "!!binary |\n  x",
                                 "a: !<",
                                 "'open",
                                 "\"open",
                                 "{",
                                 "}",
                                 "]",
                                 "- a\nb: c",
                                 "? [a]\n: b",
                                 "&a [*a]",
                                 "&a {gateway: *a}",
                                 "gateway: &g {<<: *g, idp: *g}",
                                 "gateway: &g {<<: [*g, *g, *g, *g]}",
                                 std::string{"a"} + '\0' + "b",
                                 "\xff\xfe\x00",
                                 "\xEF\xBB\xBFgateway: {}",
                                 "gateway: {relay_url: \"\\x00\"}",
                                 "gateway: {relay_platforms: [\"a\\nb\", \"\\u0007\"]}",
                                 "gateway: {? {a: b} : c}",
                                 "a: &x b\nb: *y"};
  for (const char* piece : {"[", "{", "- ", "? ", "a: ", "&a ", "*a ", "!", "|\n", "a:\n ", "[a,",
                            "{a: ", ": ", "\x80", "\"\\", "- - "})
    texts.push_back(repeated(piece, 30'000));
  texts.push_back(repeated("a", (1U << 20) + 1));
  std::string laughs = "a0: &a0 [x]\n";
  for (int i = 1; i < 40; ++i) {
    auto below = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below + "," + below + "," +
              below + "]\n";
  }
  texts.push_back(laughs + "gateway: {relay_platforms: *a39, relay_route_keys: *a39}\n");
  for (const auto& text : texts) {
    auto result = config_inputs{}.yaml(text).resolved();
    EXPECT_FALSE(result.values.relay.identities.empty());
    EXPECT_FALSE(stops_run(result)) << text.substr(0, 40);
    EXPECT_THAT(everything_shown(result), Not(HasSubstr("s3cr3t")));
  }
}

TEST(hostile_yaml, a_file_has_1_MiB_at_most) {
  std::string text = "gateway: {relay_id: gw-1}\n#";
  text.resize(1U << 20, 'x');
  EXPECT_EQ(config_inputs{}.yaml(text).resolved().values.relay.gateway_id, "gw-1");
  const auto larger = config_inputs{}.yaml(text + "x").resolved();
  EXPECT_EQ(larger.values.relay.gateway_id, config_inputs{}.resolved().values.relay.gateway_id);
  EXPECT_EQ(problem_of(larger, "config file").reason, "is larger than 1 MiB");
}

TEST(hostile_yaml, faults_name_the_line) {
  auto where = [](const std::string& text) {
    return problem_of(config_inputs{}.yaml(text).resolved(), "config file").where;
  };
  EXPECT_EQ(where("a: 1\nb: [\n"), std::string{config_yaml} + ":3");
  EXPECT_EQ(where("a: 1\n\tb: 2\n"), std::string{config_yaml} + ":2");
  EXPECT_EQ(where("- a\n"), std::string{config_yaml} + ":1");
  EXPECT_EQ(where(repeated("[", 5'000)), std::string{config_yaml} + ":1");
}

TEST(hostile_yaml, floods_are_cut_off) {
  std::string keys = "gateway:\n", items = "gateway:\n  relay_platforms:\n", names = items;
  for (int i = 0; i < 20'000; ++i) keys += "  relay_" + std::to_string(i) + ": x\n";
  for (int i = 0; i < 30'000; ++i) items += "  - []\n";
  for (int i = 0; i < 20'000; ++i) names += "  - p" + std::to_string(i) + "\n";
  for (const auto& text : {keys, items, names}) {
    auto result = config_inputs{}.yaml(text).env("GATEWAY_LISTEN", "0.0.0.0:1").resolved();
    EXPECT_LE(result.problems.size(), 502U);
    EXPECT_TRUE(stops_run(result)) << "what stops run is told even then";
    EXPECT_LE(result.values.relay.identities.size(), 256U);
  }
}

TEST(hostile_yaml, a_broken_file_leaves_the_environment_in_force) {
  auto result = config_inputs{}.yaml("gateway: [").env("GATEWAY_AGENT", "echo").resolved();
  EXPECT_EQ(result.values.service.agent.kind, agent_kind::echo);
  EXPECT_EQ(check_exit_code(result), 78);
}

TEST(hostile_yaml, mutations_of_a_good_file) {
  const std::string good =
      "gateway:\n  relay_url: https://c\n  relay_platforms: [a, b]\n  relay_bot_ids: {a: {botId: 1}}\n"
      "  idp: {token_url: 'https://i'}\n  limits: {max_frame: 8MiB}\nplatforms:\n  relay: {enabled: true}\n"
      "a: &x {require_mention: ${M}}\nb: *x\n";
  std::mt19937 random{7};
  for (int run = 0; run < 1'000; ++run) {
    auto text = good;
    for (int i = 0; i < 3; ++i) {
      auto at = random() % text.size();
      switch (random() % 3) {
      case 0: text[at] = static_cast<char>(random() % 256); break;
      case 1: text.erase(at, random() % 9); break;
      default: text.insert(at, std::string{"[]{}:,&*!|>'\"%@`?-# \n\t$"}.substr(random() % 24, 1));
      }
    }
    auto result = config_inputs{}.yaml(text).resolved();
    EXPECT_FALSE(everything_shown(result).empty());
  }
}

TEST(units, forms) {
  auto ms = [](const char* text) { return parse_duration(text).value.value_or(milliseconds{-1}).count(); };
  EXPECT_EQ(ms("0"), 0);
  EXPECT_EQ(ms("1.25s"), 1250);
  EXPECT_EQ(ms("0.5h"), 1'800'000);
  EXPECT_EQ(ms("10 MS"), 10);
  EXPECT_EQ(ms("8760h"), 31'536'000'000);
  for (const char* bad : {"8761h", "", "s", ".5s", "5.", "1,5s", "1s 2s", "0x10", "NaN", "1 000"})
    EXPECT_EQ(ms(bad), -1) << bad;
  EXPECT_EQ(*parse_size("1.5KiB").value, 1536U);
  EXPECT_EQ(*parse_size("1gib").value, 1U << 30);
  EXPECT_EQ(*parse_size("7 B").value, 7U);
  for (const char* bad : {"0", "0.1B", "2GiB", "1TB", "18446744073709551616", "-1"})
    EXPECT_FALSE(parse_size(bad).value) << bad;
  EXPECT_EQ(duration_text(milliseconds{0}), "0s");
  EXPECT_EQ(duration_text(milliseconds{90'000}), "90s");
  EXPECT_EQ(size_text(3U << 20), "3MiB");
}

TEST(hostile_yaml, a_stray_sign_is_a_fault_not_documents_without_end) {
  for (const char* text : {",", "]", "}", "\n\n,x", "a: 1\n---\n,", "a: 1\n],"}) {
    auto found = problem_of(config_inputs{}.yaml(text).resolved(), "config file");
    EXPECT_NE(found.reason, "") << text;
  }
}

} // namespace
} // namespace relay::config
