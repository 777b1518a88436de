// What the gateway only passes on keeps its text: numbers above all, which no double can hold.
#include "relay_gateway/messages/wire/actions/action_forms.hpp"
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/actions/prompts.hpp"
#include "relay_gateway/messages/wire/actions/result_codec.hpp"
#include "relay_gateway/messages/wire/frames/agent_link.hpp"
#include "relay_gateway/messages/wire/frames/frames.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"

#include <gmock/gmock.h>

namespace relay::wire {
namespace as_it_came_test {

using ::testing::HasSubstr;

/// None of them survives being a double, or being written anew.
constexpr std::string_view numbers =
    R"([18446744073709551616,-9223372036854775809,123456789012345678901234567890,)"
    R"(0.1000000000000000055511151231257827,3.14159265358979323846264338327950288,1.10,1E+2,1e5,-0,-0.0,100.0])";

std::string with_numbers(std::string_view before, std::string_view after) {
  std::string out{before};
  return out.append(numbers).append(after);
}

action decoded(const std::string& text) {
  auto x = decode_action(text);
  EXPECT_TRUE(x) << x.error << text;
  return x.value;
}

TEST(as_it_came, numbers_of_an_action) {
  const auto text = with_numbers(R"({"op":"task_card","chat_id":"c","card_id":"k","chunks":[{"n":)",
                                 with_numbers("}],\"x\":98765432109876543210,\"metadata\":{\"deep\":{\"n\":",
                                              R"(},"id":123456789012345678901}})"));
  const auto x = decoded(text);
  EXPECT_EQ(encode_action(x), text);
  EXPECT_EQ(decoded(encode_action(x)), x);
  EXPECT_EQ(encode_action(x, {"", "u", ""}), text.substr(0, text.size() - 2) + R"(,"user_id":"u"}})");
}

TEST(as_it_came, strings_keep_their_escapes_and_white_space_goes) {
  const auto x =
      decoded("{ \"op\" : \"react\", \"chat_id\":\"c\",\"message_id\":\"m\",\"emoji\":\"\\u00e9\",\n"
              "\"a b\" : [ 1.50 ,\t{ \"k \\\" 1\" : \" \\u0041\\\\\" } , \"\\/\" ] ,\r\n"
              "\"metadata\" : { \"\\u0061\" : [ 1 , 2.0 ] , \"e\" : { } } }");
  const auto text = R"({"op":"react","chat_id":"c","message_id":"m","emoji":"\u00e9",)"
                    R"("a b":[1.50,{"k \" 1":" \u0041\\"},"\/"],"metadata":{"a":[1,2.0],"e":{}}})";
  EXPECT_EQ(encode_action(x), text);
  EXPECT_EQ(decoded(text), x);
}

TEST(as_it_came, metadata_of_an_embedder) {
  EXPECT_EQ(encode_action(typing("c", "{\n \"n\" : [ 1.10 , 123456789012345678901 ],\"n\":-0\n}")),
            R"({"op":"typing","chat_id":"c","metadata":{"n":[1.10,123456789012345678901],"n":-0}})");
}

TEST(as_it_came, an_action_from_the_agent_to_the_connector) {
  const auto what = with_numbers(R"({"op":"send","chat_id":"c","content":"t","reply_to":null,"x":)",
                                 with_numbers(R"(,"metadata":{"n":)", "}}"));
  // Names with escapes, and a name twice: neither may lead to another text than the one that was checked.
  for (const auto* before : {"", R"("\u0061ction_":1,)", R"("b":{"action":{}},)"}) {
    const auto line = std::string{"{"} + before + R"("type":"action","request_id":"r" , "action" : )" + what +
                      R"(,"action":{"op":"typing","chat_id":"other","x":1.5}})";
    const auto frame = decode_agent_frame(line);
    const auto* asked = std::get_if<agent_action>(&frame);
    ASSERT_NE(asked, nullptr) << line;
    std::string out;
    encode(out, outbound{"r", asked->request.act, {}});
    EXPECT_THAT(out, HasSubstr(what));
    const auto seen = decode(std::string_view{out}.substr(0, out.find('\n')), true);
    ASSERT_TRUE(std::holds_alternative<outbound>(seen)) << out;
    EXPECT_EQ(encode_action(std::get<outbound>(seen).what), what) << "as the stand-in reads it";
  }
}

TEST(as_it_came, what_is_made_of_drafts_and_prompts) {
  const auto draft = decoded(
      with_numbers(R"({"op":"draft","chat_id":"c","content":"t","draft_id":7,"final":false,"x":)", "}"));
  EXPECT_EQ(seal_draft(draft).rest.text(), with_numbers(R"({"draft_id":7,"x":)", R"(,"final":true})"));
  EXPECT_EQ(draft_as_text(draft).rest.text(), with_numbers(R"({"x":)", "}"));

  auto prompt = decoded(with_numbers(
      R"({"op":"prompt","chat_id":"c","content":"?","prompt_kind":"choice","options":[{"id":"a","label":"A"}],"timeout_s":1.50,"x":)",
      "}"));
  EXPECT_EQ(numbered_prompt(prompt).rest.text(), with_numbers(R"({"x":)", "}"));
  name_prompt(prompt, "n.1");
  EXPECT_EQ(
      prompt.rest.text(),
      with_numbers(
          R"({"prompt_id":"n.1","prompt_kind":"choice","options":[{"id":"a","label":"A"}],"timeout_s":1.50,"x":)",
          "}"));
}

TEST(as_it_came, events_that_are_added_to) {
  const auto event = [](std::string_view more) {
    return with_numbers(R"({"text":"t",)" + std::string{more} + R"("x":)",
                        with_numbers(R"(,"media":[{"url":"u","n":)", "}]}"));
  };
  inbound_event x;
  std::string why;
  ASSERT_TRUE(decode_event(event(R"("display_name":"forged",)"), x, why)) << why;
  EXPECT_EQ(x.raw, event({})) << "forged members go, the others stay as they are";

  std::string out;
  encode_delivery(out, {"d", "k", event_ref{x}, false, {{"u", "/tmp/f", ""}}}, true);
  EXPECT_THAT(out, HasSubstr(with_numbers(R"({"text":"t","x":)", ",\"media\":")));
  EXPECT_THAT(out, HasSubstr(with_numbers(R"([{"url":"u","n":)", R"(,"path":"/tmp/f"}])")));

  EXPECT_THAT(with_answer(x, {"p", "o", "l", "m", true}).raw,
              HasSubstr(with_numbers(R"("media":[{"url":"u","n":)", "}]")));
}

TEST(as_it_came, results_that_are_completed) {
  const auto silent = decode_result(with_numbers(R"({"chat_info":{"n":)", "}}"));
  EXPECT_EQ(silent.raw, with_numbers(R"({"success":true,"chat_info":{"n":)", "}}"));
  auto named = decode_result(with_numbers(R"({"success":true,"prompt_id":"theirs","x":)", "}"));
  named.prompt_id = "ours";
  EXPECT_EQ(encode_result(named), with_numbers(R"({"success":true,"x":)", R"(,"prompt_id":"ours"})"));
}

} // namespace as_it_came_test
} // namespace relay::wire
