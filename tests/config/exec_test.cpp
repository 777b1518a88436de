// `exec:`: its command line, and which variables its child must not see.
#include "relay_gateway/config/sources/command_line.hpp"
#include "relay_gateway/tests/config/setup.hpp"

namespace relay::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using words = std::vector<std::string>;

words split(const std::string& text) {
  auto found = parse_command_line(text);
  EXPECT_TRUE(found.value) << text << ": " << found.reason;
  return found.value.value_or(words{});
}

TEST(command_line, blanks_separate_and_quotes_join) {
  EXPECT_EQ(split("python3 -u agent.py"), (words{"python3", "-u", "agent.py"}));
  EXPECT_EQ(split("  a\t\tb \n c  "), (words{"a", "b", "c"}));
  EXPECT_EQ(split("a 'b c' \"d e\" f\\ g"), (words{"a", "b c", "d e", "f g"}));
  EXPECT_EQ(split("a --x='1 2'\"3 4\"5"), (words{"a", "--x=1 23 45"}));
  EXPECT_EQ(split("a '' \"\" b"), (words{"a", "", "", "b"}));
  EXPECT_EQ(split("'my program' x"), (words{"my program", "x"}));
}

TEST(command_line, what_a_backslash_keeps) {
  EXPECT_EQ(split(R"(a \' \" \\ \a)"), (words{"a", "'", "\"", "\\", "a"}));
  EXPECT_EQ(split(R"(a "\" \\ \n \$ '")"), (words{"a", R"(" \ \n \$ ')"}));
  EXPECT_EQ(split(R"(a '\' b)"), (words{"a", "\\", "b"})) << "nothing is special in single quotes";
}

TEST(command_line, there_is_no_shell) {
  EXPECT_EQ(split("a $HOME ~ * ? `x` $(y) | tee > f & ; # not a comment"),
            (words{"a", "$HOME", "~", "*", "?", "`x`", "$(y)", "|", "tee", ">", "f", "&", ";", "#", "not",
                   "a", "comment"}));
  EXPECT_EQ(split("a \xC3\xBC '\xF0\x9F\x98\x80 x'"), (words{"a", "\xC3\xBC", "\xF0\x9F\x98\x80 x"}));
}

TEST(command_line, bad_ones_say_why) {
  for (const char* bad : {"a 'b", "a \"b", "a 'b\" c", "a \"b\\\"", "'"})
    EXPECT_THAT(parse_command_line(bad).reason, HasSubstr("quote")) << bad;
  EXPECT_THAT(parse_command_line("a b\\").reason, HasSubstr("\\"));
  for (const char* none : {"", "  \t ", "'' a", "\"\""})
    EXPECT_THAT(parse_command_line(none).reason, HasSubstr("no program")) << none;
}

TEST(exec_agent, an_open_quote_is_a_problem_that_stops_run) {
  auto result = config_inputs{}.yaml("gateway:\n  agent: \"exec:agent --key 'sesame\"\n").resolved();
  auto found = problem_of(result, "gateway.agent");
  EXPECT_TRUE(found.fatal_for_run);
  EXPECT_TRUE(stops_run(result));
  EXPECT_EQ(found.where, std::string{config_yaml} + ":2");
  EXPECT_THAT(found.reason, HasSubstr("quote"));
  EXPECT_THAT(everything_shown(result), Not(HasSubstr("sesame")));
  EXPECT_EQ(row_of(result, "gateway.agent").value, "link");
  EXPECT_EQ(check_exit_code(result), 78);
  EXPECT_FALSE(stops_run(config_inputs{}.env("GATEWAY_AGENT", "exec:agent 'a b'").resolved()));
}

TEST(exec_agent, variables_that_secrets_are_made_of_are_named) {
  auto result = config_inputs{}
                    .env("A", "1")
                    .env("B", "2")
                    .env("C", "3")
                    .env("D", "4")
                    .yaml("gateway:\n"
                          "  relay_url: https://${A}\n"
                          "  relay_secret: x${B}y${C}\n"
                          "  admin_token: ${MISSING}\n"
                          "  idp:\n    client_secret: ${D}\n    scope: ${A}\n")
                    .resolved();
  EXPECT_THAT(result.values.service.secret_variables,
              ::testing::UnorderedElementsAre("B", "C", "MISSING", "D"));
  EXPECT_THAT(config_inputs{}.resolved().values.service.secret_variables, ElementsAre());
}

} // namespace
} // namespace relay::config
