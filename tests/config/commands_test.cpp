// gateway.commands: every shape, and what happens to a bad entry.
#include "relay_gateway/tests/config/setup.hpp"

namespace relay::config {
namespace {

using ::testing::HasSubstr;

std::vector<command_spec> commands_of(const resolution& x) { return x.values.service.commands; }

TEST(commands, all_members_arrive) {
  auto result =
      config_inputs{}
          .env("PLACE", "here")
          .yaml("gateway:\n"
                "  commands:\n"
                "    - name: forecast\n"
                "      description: The forecast ${PLACE}\n"
                "      options:\n"
                "        - {name: city, description: Where, type: string, required: yes,\n"
                "           choices: [{name: Bonn, value: 007}, {name: Rome, value: r}]}\n"
                "        - {name: days, description: How far, type: 4, choices: [{name: two, value: 2}]}\n"
                "        - {name: any, description: More}\n"
                "    - {name: admin, description: A group, options: [{name: ban, description: Ban, type: "
                "sub_command, options: [{name: who, description: Whom, type: user}]}]}\n")
          .resolved();
  EXPECT_EQ(problems_text(result), "");
  command_option city{"city", "Where", "string", true, {{"Bonn", "007", false}, {"Rome", "r", false}}, {}};
  command_option days{"days", "How far", "4", false, {{"two", "2", true}}, {}};
  command_option any{"any", "More", "", false, {}, {}};
  command_option ban{"ban", "Ban", "sub_command", false, {}, {{"who", "Whom", "user", false, {}, {}}}};
  EXPECT_EQ(commands_of(result),
            (std::vector<command_spec>{{"forecast", "The forecast here", {city, days, any}},
                                       {"admin", "A group", {ban}}}));
  EXPECT_EQ(row_of(result, "gateway.commands").value, "forecast, admin");
}

TEST(commands, a_bad_one_is_named_by_its_line_and_the_others_stay) {
  const std::string option = "{name: ok, description: d, options: [";
  for (const auto& [bad, reason] : std::vector<std::pair<std::string, std::string>>{
           {"ask", "is not a map"},
           {"{description: d}", "name must be"},
           {"{name: Ask, description: d}", "name must be"},
           {"{name: " + std::string(33, 'a') + ", description: d}", "name must be"},
           {"{name: 'a b', description: d}", "name must be"},
           {"{name: [a], description: d}", "name is a list"},
           {"{name: ask}", "description must be"},
           {"{name: ask, description: " + std::string(101, 'd') + "}", "description must be"},
           {"{name: ask, description: \"a\\nb\"}", "description"},
           {"{name: ask, description: d, options: x}", "options is not a list"},
           {option + "{name: X, description: d}]}", "options[0].name must be"},
           {option + "{name: x}]}", "options[0].description must be"},
           {option + "{name: x, description: d, type: text}]}", "options[0].type must be"},
           {option + "{name: x, description: d, type: 12}]}", "options[0].type must be"},
           {option + "{name: x, description: d, type: 03}]}", "options[0].type must be"},
           {option + "{name: x, description: d, required: maybe}]}", "options[0].required"},
           {option + "{name: x, description: d, choices: [a]}]}", "options[0].choices[0].is not a map"},
           {option + "{name: x, description: d, choices: [{value: a}]}]}", "choices[0].name must be"},
           {option + "{name: x, description: d, choices: [{name: a}]}]}", "choices[0].value must be"},
           {option + "{name: x, description: d, type: 4, choices: [{name: a, value: b}]}]}", "value must be"},
           {option + "{name: x, description: d, type: 4, choices: [{name: a, value: 01}]}]}",
            "value must be"},
           {option + "{name: x, description: d, type: 4, choices: [{name: a, value: -01}]}]}",
            "value must be"},
           {option + "{name: x, description: d}, {name: x, description: d}]}", "options[1].name is taken"},
           {option + "{name: x, description: d}, {name: y, description: d, required: true}]}",
            "options[1].required must not follow"},
           {option + "{name: x, description: d, options: [{name: y, description: d}]}]}",
            "sub-commands only"}}) {
    auto result = config_inputs{}
                      .yaml("gateway:\n  commands:\n    - {name: first, description: d}\n    - " + bad +
                            "\n    - {name: last, description: d}\n")
                      .resolved();
    auto found = problem_of(result, "gateway.commands");
    EXPECT_EQ(found.where, std::string{config_yaml} + ":4") << bad;
    EXPECT_THAT(found.reason, HasSubstr("entry 2")) << bad;
    EXPECT_THAT(found.reason, HasSubstr(reason)) << bad;
    EXPECT_EQ(row_of(result, "gateway.commands").value, "first, last") << bad;
  }
}

TEST(commands, a_description_is_counted_in_utf16_units) {
  auto of = [](const std::string& character, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += character;
    return config_inputs{}.yaml("gateway: {commands: [{name: a, description: " + text + "}]}").resolved();
  };
  EXPECT_EQ(problems_text(of("\u00FC", 100)), "") << "one unit each";
  EXPECT_EQ(problems_text(of("\uFF5E", 100)), "") << "three bytes, one unit";
  EXPECT_EQ(problems_text(of("\U0001F680", 50)), "") << "two units each";
  for (const auto& long_one : {of("\u00FC", 101), of("\U0001F680", 51)}) {
    EXPECT_THAT(problem_of(long_one, "gateway.commands").reason, HasSubstr("UTF-16"));
    EXPECT_TRUE(commands_of(long_one).empty());
  }
}

TEST(commands, a_command_is_of_8000_units_at_most_altogether) {
  auto of = [](int choices_of_the_last) {
    const std::string longest(100, 'd');
    std::string yaml =
        "gateway:\n  commands:\n    - name: a\n      description: " + longest + "\n      options:\n";
    for (int i = 0; i < 2; ++i) {
      yaml += "        - name: o" + std::to_string(i) + "\n          description: " + longest +
              "\n          choices:\n";
      for (int k = 0; k < (i == 0 ? 25 : choices_of_the_last); ++k)
        yaml += "            - {name: " + longest + ", value: " + longest + "}\n";
    }
    return config_inputs{}.yaml(yaml).resolved();
  };
  EXPECT_EQ(problems_text(of(13)), "") << "101 + 2 * 102 + 38 * 200 = 7905";
  EXPECT_THAT(problem_of(of(14), "gateway.commands").reason, HasSubstr("8000"));
}

TEST(commands, the_second_of_a_name_and_the_101st_are_left_out) {
  auto twice = config_inputs{}
                   .yaml("gateway: {commands: [{name: a, description: 1}, {name: a, description: 2}]}")
                   .resolved();
  ASSERT_EQ(commands_of(twice).size(), 1U);
  EXPECT_EQ(commands_of(twice)[0].description, "1");
  EXPECT_THAT(problem_of(twice, "gateway.commands").reason, HasSubstr("taken"));
  std::string many = "gateway:\n  commands:\n";
  for (int i = 0; i < 103; ++i) many += "    - {name: c" + std::to_string(i) + ", description: d}\n";
  auto result = config_inputs{}.yaml(many).resolved();
  EXPECT_EQ(commands_of(result).size(), 100U);
  EXPECT_EQ(problem_of(result, "gateway.commands").where, std::string{config_yaml} + ":103");
}

TEST(commands, an_alias_that_nests_without_end_ends) {
  auto result =
      config_inputs{}
          .yaml("gateway:\n  commands:\n    - {name: a, description: d, options: &o [{name: x, description: "
                "d, type: 1, options: *o}]}\n")
          .resolved();
  EXPECT_TRUE(commands_of(result).empty());
  EXPECT_EQ(problem_of(result, "gateway.commands").applied, "left out");
}

} // namespace
} // namespace relay::config
