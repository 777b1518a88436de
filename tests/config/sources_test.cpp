// Which files are read, in which order, and what `.env` and `${NAME}` mean.
#include "relay_gateway/config/sources/dotenv.hpp"
#include "relay_gateway/config/sources/substitution.hpp"
#include "relay_gateway/tests/config/setup.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace relay::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(config_file, order_of_places) {
  config_inputs x;
  EXPECT_EQ(x.resolved().config_path, "/home/u/.hermes/config.yaml");
  EXPECT_EQ(x.env("HERMES_HOME", "~/h/").resolved().config_path, "/home/u/h/config.yaml");
  EXPECT_EQ(x.env("GATEWAY_CONFIG", " /etc/g.yaml ").resolved().config_path, "/etc/g.yaml");
  x.from.config_file = "";
  EXPECT_EQ(x.resolved().config_path, "/etc/g.yaml");
  x.from.config_file = "mine.yaml";
  x.file("mine.yaml", "gateway: {grace: 1s}").file(".env", "GATEWAY_AGENT=echo");
  auto result = x.resolved();
  EXPECT_EQ(result.config_path, "mine.yaml");
  EXPECT_TRUE(result.config_found);
  EXPECT_EQ(row_of(result, "gateway.grace").source, "mine.yaml:1");
  EXPECT_EQ(row_of(result, "gateway.agent").source, ".env .env:1");
}

TEST(config_file, a_missing_one_is_empty_unless_the_command_line_names_it) {
  auto x = config_inputs{}.env("GATEWAY_CONFIG", "/none.yaml");
  EXPECT_EQ(problems_text(x.resolved()), "");
  EXPECT_FALSE(x.resolved().config_found);
  x.from.config_file = "/none.yaml";
  auto result = x.resolved();
  EXPECT_TRUE(stops_run(result));
  EXPECT_EQ(problem_of(result, "config file").where, "/none.yaml");
}

TEST(config_file, one_that_is_there_and_cannot_be_read_is_a_problem) {
  auto x = config_inputs{};
  x.from.exists = [](const std::string&) { return true; };
  auto result = x.resolved();
  EXPECT_EQ(problem_of(result, "config file").where, config_yaml);
  EXPECT_EQ(problem_of(result, ".env").where, dot_env);
  EXPECT_FALSE(stops_run(result));
}

TEST(config_file, nothing_to_read_with) {
  auto result = resolve(sources{});
  ASSERT_EQ(result.problems.size(), 1U) << problems_text(result);
  EXPECT_EQ(result.problems.front().key, "gateway.state_dir");
  EXPECT_EQ(result.config_path, "");
  EXPECT_EQ(result.values.relay.default_gateway_id, "gw-hermes");
}

TEST(config_file, a_reader_that_throws_is_a_file_that_cannot_be_read) {
  sources from;
  from.environment = {{"HOME", "/home/u"}, {"GATEWAY_RELAY_SECRET_FILE", "/x"}};
  from.reader = [](const std::string&) -> std::optional<std::string> { throw std::runtime_error{"disk"}; };
  from.exists = [](const std::string&) -> bool { throw std::runtime_error{"disk"}; };
  auto result = resolve(from);
  EXPECT_EQ(problem_of(result, "gateway.relay_secret").where, "GATEWAY_RELAY_SECRET_FILE");
  EXPECT_EQ(problem_of(result, "gateway.relay_secret").reason, "names a file that cannot be read: disk");
}

TEST(config_file, every_file_that_cannot_be_read_is_told_with_its_reason) {
  sources from;
  from.config_file = "/c.yaml";
  from.environment = {{"HOME", "/home/u"},
                      {"GATEWAY_RELAY_SECRET_FILE", "/x"},
                      {"GATEWAY_TLS_CA_FILE", "/x"},
                      {"GATEWAY_NATS_CREDENTIALS_FILE", "/x"},
                      {"GATEWAY_OPENAI_API_KEY_FILE", "/x"}};
  from.reader = [](const std::string&) { return file_content{std::nullopt, "Permission denied"}; };
  from.exists = [](const std::string&) { return true; };
  const auto result = resolve(from);
  for (const char* key : {"gateway.relay_secret", "gateway.tls.ca_file", "gateway.nats.credentials_file",
                          "gateway.openai.api_key"})
    EXPECT_EQ(problem_of(result, key).reason, "names a file that cannot be read: Permission denied") << key;
  EXPECT_EQ(problem_of(result, "config file").reason,
            "is named by --config and cannot be read: Permission denied");
  EXPECT_EQ(problem_of(result, ".env").reason, "is there but cannot be read: Permission denied");
  EXPECT_EQ(result.config_fault, "Permission denied");
}

TEST(config_file, env_file_is_read_without_a_config_file) {
  auto result = config_inputs{}.dotenv("GATEWAY_AGENT=echo").resolved();
  EXPECT_FALSE(result.config_found);
  EXPECT_EQ(result.values.service.agent.kind, agent_kind::echo);
}

TEST(config_file, only_the_first_document_and_only_with_a_word) {
  auto result = config_inputs{}.yaml("gateway: {grace: 1s}\n---\ngateway: {grace: 2s}\n").resolved();
  EXPECT_EQ(result.values.service.grace, milliseconds{1000});
  EXPECT_EQ(problem_of(result, "config file").where, config_yaml);
}

TEST(config_file, merge_keys_and_anchors) {
  auto x = config_inputs{}.yaml("base: &b\n  grace: 3s\n  agent: echo\ngateway:\n  <<: *b\n  agent: link\n");
  auto result = x.resolved();
  EXPECT_EQ(result.values.service.grace, milliseconds{3000});
  EXPECT_EQ(result.values.service.agent.kind, agent_kind::link);
  EXPECT_EQ(row_of(result, "gateway.grace").source, std::string{config_yaml} + ":2");
}

TEST(config_file, foreign_keys_with_unset_variables_are_left_alone) {
  EXPECT_EQ(
      problems_text(
          config_inputs{}.yaml("model: ${NOPE}\ngateway: {other: '${NOPE}', token: ['${X}']}\n").resolved()),
      "");
}

TEST(secret_files, a_layer_above_wins_whatever_its_form) {
  auto x = config_inputs{}
               .env("GATEWAY_RELAY_SECRET_FILE", "/s")
               .file("/s", "from-file")
               .dotenv("GATEWAY_RELAY_SECRET=low\n");
  EXPECT_EQ(x.resolved().values.relay.gateway_secret.reveal(), "from-file");
  EXPECT_EQ(problems_text(x.resolved()), "");
}

TEST(dotenv_file, forms) {
  auto x = parse_dotenv(
      "\xEF\xBB\xBF# comment\n\nA=1\nexport B = two words # not this\r\nC='a # b'\nD=\"x\\ny\\\"z\" # c\n"
      "E=\nF=a#b\nA=2\nG=\"two\nlines\"\nexport H\nI='a\\nb'\nJ=${A}\n  K=k\n");
  auto value = [&](const char* name) { return x.values.at(name).text; };
  EXPECT_EQ(value("A"), "2");
  EXPECT_EQ(x.values.at("A").line, 9);
  EXPECT_EQ(value("B"), "two words");
  EXPECT_EQ(value("C"), "a # b");
  EXPECT_EQ(value("D"), "x\ny\"z");
  EXPECT_EQ(value("E"), "");
  EXPECT_EQ(value("F"), "a#b");
  EXPECT_EQ(value("G"), "two\nlines");
  EXPECT_EQ(value("I"), "a\\nb");
  EXPECT_EQ(value("J"), "${A}");
  EXPECT_EQ(x.values.at("K").line, 15);
  EXPECT_TRUE(x.bad_lines.empty());
}

TEST(dotenv_file, bad_lines_are_named_by_number_only) {
  EXPECT_THAT(parse_dotenv("A=1\ns3cr3t value\n=x\nB=\"open\nC=3\nD='a' b\nword\n").bad_lines,
              ElementsAre(2, 3, 4, 6, 7));
  EXPECT_EQ(parse_dotenv("A='open\nB='1'\n").values.at("B").text, "1");
  EXPECT_EQ(parse_dotenv("B=\"open\nC=3\n").values.at("C").text, "3");
  auto result = config_inputs{}.dotenv("s3cr3t\n").resolved();
  EXPECT_EQ(problem_of(result, ".env").where, std::string{dot_env} + ":1");
  EXPECT_THAT(everything_shown(result), ::testing::Not(HasSubstr("s3cr3t")));
}

TEST(dotenv_file, any_bytes) {
  for (int c = 0; c < 256; ++c)
    for (std::string text : {"A=", "A='", "", "export ", "A=\"\\"}) parse_dotenv(text + static_cast<char>(c));
  parse_dotenv(std::string(1 << 20, '"'));
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "A='\n";
  parse_dotenv(many);
}

TEST(substitution, rules) {
  auto with = [](const std::string& text) {
    return substituted(text, [](const std::string& name) -> std::optional<std::string> {
      if (name == "A") return "${B}";
      return name == "B_2" ? std::optional<std::string>{"two"} : std::nullopt;
    });
  };
  EXPECT_EQ(*with("x${B_2}y${B_2}").value, "xtwoytwo");
  EXPECT_EQ(*with("${A}").value, "${B}") << "what was put in is not looked at again";
  EXPECT_EQ(*with("$A $ {A} $$").value, "$A $ {A} $$");
  EXPECT_THAT(with("${NOPE}").reason, HasSubstr("NOPE"));
  for (const char* bad : {"${", "${}", "${A", "${A:-x}", "${1A}", "${ A }"})
    EXPECT_FALSE(with(bad).value) << bad;
}

TEST(substitution, looks_into_the_env_file_and_counts_empty_as_unset) {
  auto x = config_inputs{}.yaml("gateway: {relay_instance_id: 'i-${N}'}").dotenv("N=7");
  EXPECT_EQ(x.resolved().values.relay.instance_id, "i-7");
  auto result = config_inputs{}.yaml("gateway: {relay_instance_id: 'i-${N}'}").env("N", " ").resolved();
  EXPECT_EQ(result.values.relay.instance_id, "");
  EXPECT_EQ(problem_of(result, "gateway.relay_instance_id").where, std::string{config_yaml} + ":1");
}

TEST(file_first, what_a_file_says_counts_more_than_what_is_given_for_all) {
  auto in = config_inputs{}
                .yaml("gateway: {relay_id: gw-a, agent: echo}")
                .env("GATEWAY_RELAY_ID", "gw-all")
                .env("GATEWAY_RELAY_URL", "http://c.example")
                .flag("agent", "link")
                .flag("log.level", "debug");
  EXPECT_EQ(in.resolved().values.relay.gateway_id, "gw-all");
  auto x = in.resolved(resolve_file_first);
  EXPECT_EQ(x.values.relay.gateway_id, "gw-a");
  EXPECT_EQ(row_of(x, "gateway.relay_id").source, std::string{config_yaml} + ":1");
  EXPECT_EQ(x.values.service.agent.kind, agent_kind::echo);
  EXPECT_EQ(x.values.relay.url, "http://c.example");
  EXPECT_EQ(x.values.service.log_level, "debug");
}

TEST(file_first, a_bad_value_of_the_file_hides_what_is_given_for_all) {
  auto in =
      config_inputs{}.yaml("gateway: {relay_url: nonsense}").env("GATEWAY_RELAY_URL", "http://c.example");
  EXPECT_EQ(in.resolved(resolve_file_first).values.relay.url, "");
}

TEST(fleet, its_directory_is_the_flag_or_the_variable) {
  auto of = [](const config_inputs& in) { return fleet_directory(in.resolved(), in.from); };
  EXPECT_EQ(of(config_inputs{}), "");
  EXPECT_EQ(of(config_inputs{}.env("GATEWAY_FLEET", " /etc/fleet ")), "/etc/fleet");
  EXPECT_EQ(of(config_inputs{}.env("GATEWAY_FLEET", "/etc/fleet").flag("fleet", "~/fleet")), "/home/u/fleet");
  EXPECT_EQ(of(config_inputs{}.yaml("gateway: {fleet: /etc/fleet}")), "")
      << "a file of one gateway names none";
}

} // namespace
} // namespace relay::config
