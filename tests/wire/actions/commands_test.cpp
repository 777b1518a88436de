// Commands: JSON in and out, faults by their place, and the manifest on the hello.
#include "relay_gateway/messages/wire/actions/commands.hpp"
#include "relay_gateway/messages/wire/frames/frames.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace relay::wire {
namespace commands_test {

using ::testing::ElementsAre;

struct decoded {
  std::vector<command_spec> commands;
  std::vector<std::string> faults;
};
decoded read(std::string_view text) {
  decoded out;
  decode_commands(text, out.commands, out.faults);
  return out;
}

const std::string full =
    R"([{"name":"forecast","description":"Sky \"now\"","options":[)"
    R"({"name":"city","description":"Where","type":"string","required":true,)"
    R"("choices":[{"name":"Bonn","value":"7"},{"name":"Two","value":2.5}]},)"
    R"({"name":"sub","description":"More","type":1,"options":[{"name":"x","description":"X","type":4}]}]},)"
    R"({"name":"ask","description":"Ask"}])";

TEST(commands, come_out_as_they_went_in) {
  auto x = read(full);
  EXPECT_TRUE(x.faults.empty());
  EXPECT_EQ(encode_commands(x.commands), full);
  EXPECT_EQ(read(R"([{"name":"a","description":"d","options":null,"later":1}])").commands,
            (std::vector<command_spec>{{"a", "d", {}}}));
  EXPECT_EQ(encode_commands({}), "");
}

TEST(commands, what_is_bad_is_left_out_and_told_by_its_place) {
  auto x = read(
      R"([1,{"name":"A","description":"d"},{"name":"ok","description":"d"},{"name":"o","description":"d",)"
      R"("options":[{"name":"p","description":"d","choices":[{"name":"c","value":true}]}]},)"
      R"({"name":"ok","description":"again"},{"name":5,"description":"d"}])");
  EXPECT_EQ(x.commands, (std::vector<command_spec>{{"ok", "d", {}}}));
  EXPECT_THAT(x.faults, ElementsAre("commands[0]: must be an object",
                                    "commands[1]: name must be 1 to 32 of a-z 0-9 _ -",
                                    "commands[3]: options[0].choices[0].value must be a string or a number",
                                    "commands[4]: name is taken by a command before it",
                                    "commands[5]: name must be a string"));
  EXPECT_THAT(read("{}").faults, ElementsAre("commands: must be a list"));
  EXPECT_THAT(read("[").faults, ElementsAre("commands: must be a JSON list"));
}

TEST(commands, bounds_hold_whatever_comes) {
  std::string many = "[", bad = "[";
  for (int i = 0; i < 150; ++i) {
    many += R"({"name":"c)" + std::to_string(i) + R"(","description":"d"},)";
    bad += "0,";
  }
  many.back() = bad.back() = ']';
  EXPECT_EQ(read(many).commands.size(), 100U);
  EXPECT_EQ(read(many).faults.size(), 1U);
  EXPECT_EQ(read(bad).faults.size(), 21U);
  std::string nested = R"([{"name":"a","description":"d")";
  for (int i = 0; i < 15; ++i) nested += R"(,"options":[{"name":"a","description":"d","type":1)";
  for (int i = 0; i < 15; ++i) nested += "}]";
  EXPECT_EQ(read(nested + "}]").faults.size(), 1U);
}

TEST(commands, stand_on_the_hello) {
  std::string out;
  encode(out, hello{{"discord", "app-1", ""}, encode_commands(read(full).commands)});
  EXPECT_EQ(out,
            R"({"type":"hello","platform":"discord","botId":"app-1","command_manifest":)" + full + "}\n");
}

} // namespace commands_test
} // namespace relay::wire
