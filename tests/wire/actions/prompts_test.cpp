// Prompts as the gateway acts on them (protocol.md 6, Prompt ids).
#include "relay_gateway/messages/wire/actions/action_fields.hpp"
#include "relay_gateway/messages/wire/actions/action_forms.hpp"
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/actions/prompts.hpp"
#include "relay_gateway/messages/wire/frames/frames.hpp"

#include <gtest/gtest.h>

namespace relay::wire {
namespace prompts_test {

action prompt(const std::string& more, const std::string& content = "ok?") {
  auto x = decode_action(R"({"op":"prompt","chat_id":"c","content":")" + content +
                         R"(","prompt_kind":"approval","reply_to":"m","metadata":{"k":1},"novel":2,)" + more +
                         "}");
  EXPECT_TRUE(x) << x.error;
  return x.value;
}
constexpr const char* two =
    R"("options":[{"id":"yes","label":"Yes\nplease","style":"primary"},{"id":"no","label":""}])";

TEST(prompts, what_an_action_asks) {
  const auto named = prompt(std::string{two} + R"(,"prompt_id":"own","timeout_s":1.5)");
  const auto* ask = prompt_of(named);
  ASSERT_NE(ask, nullptr);
  EXPECT_EQ(ask->id, "own");
  EXPECT_EQ(ask->options, (std::vector<prompt_choice>{{"yes", "Yes\nplease"}, {"no", ""}}));
  EXPECT_EQ(ask->timeout_ms, 1500U);
  EXPECT_TRUE(ask->approval);
  const auto nameless = prompt(two);
  ask = prompt_of(nameless);
  ASSERT_NE(ask, nullptr);
  EXPECT_EQ(ask->id, "");
  EXPECT_EQ(ask->timeout_ms, 0U);
}

TEST(prompts, time_outs_of_any_size) {
  const auto ms = [](const std::string& s) {
    const auto x = prompt(std::string{two} + R"(,"timeout_s":)" + s);
    EXPECT_NE(prompt_of(x), nullptr);
    return prompt_of(x)->timeout_ms;
  };
  EXPECT_EQ(ms("0"), 0U) << "none of its own";
  EXPECT_EQ(ms("0.0001"), 1U) << "not none";
  EXPECT_EQ(ms("3600"), 3'600'000U);
  EXPECT_EQ(ms("1e300"), 1'000'000'000'000U);
}

TEST(prompts, an_embedders_broken_one_is_refused) {
  const auto* good = R"({"prompt_kind":"choice","options":[{"id":"a","label":"x"}]})";
  action x;
  EXPECT_EQ(prompt_of(x), nullptr) << "a send";
  x.kind = op::prompt;
  EXPECT_EQ(prompt_of(x), nullptr);
  read_rest(x, good);
  EXPECT_EQ(prompt_of(x), nullptr);
  EXPECT_EQ(lacks(x), "prompt: chat_id must be a non-empty string");
  x.chat_id = "c";
  read_rest(x, R"({"prompt_kind":"choice","options":[{"id":"a b","label":"x"}]})");
  EXPECT_EQ(prompt_of(x), nullptr);
  EXPECT_EQ(lacks(x), check(x));
  EXPECT_EQ(prompt_of(wire::prompt("c", prompt_kind::choice, "?", {{"a b", "x", ""}})), nullptr);
  read_rest(x, good);
  EXPECT_NE(prompt_of(x), nullptr);
  EXPECT_EQ(lacks(x), "");
}

TEST(prompts, the_name_replaces_any_other) {
  for (const auto* id : {"", R"(,"prompt_id":null)", R"(,"prompt_id":"old")"}) {
    auto x = prompt(std::string{two} + id);
    name_prompt(x, "n.00000001");
    EXPECT_EQ(encode_action(x),
              R"({"op":"prompt","chat_id":"c","content":"ok?","reply_to":"m","prompt_id":"n.00000001",)"
              R"("prompt_kind":"approval","novel":2,"options":[{"id":"yes","label":"Yes\nplease",)"
              R"("style":"primary"},{"id":"no","label":""}],"metadata":{"k":1}})")
        << id;
  }
}

TEST(prompts, as_a_text_with_numbers) {
  auto x = prompt(std::string{two} + R"(,"prompt_id":"own","timeout_s":5)");
  EXPECT_EQ(encode_action(numbered_prompt(x)),
            R"({"op":"send","chat_id":"c","content":"ok?\n\n1. Yes please\n2. no","reply_to":"m","novel":2,)"
            R"("metadata":{"k":1}})");
  x = prompt(two, "");
  EXPECT_EQ(numbered_prompt(x).content, "1. Yes please\n2. no");
  EXPECT_EQ(numbered_prompt(prompt(R"("options":[])")).content, "ok?");
}

TEST(prompts, an_answer_goes_into_the_event_and_nothing_else_changes) {
  inbound_event x;
  std::string why;
  ASSERT_TRUE(
      decode_event(R"({"text":"2","prompt_response":null,"novel":[1],"source":{"chat_id":"c"}})", x, why));
  x.delivered_via_upstream_relay = true;
  const auto y = with_answer(x, {"p", "no", "No", "", true});
  EXPECT_EQ(y.raw, R"({"text":"2","novel":[1],"source":{"chat_id":"c"},)"
                   R"("prompt_response":{"prompt_id":"p","option_id":"no","label":"No"}})");
  inbound_event again;
  ASSERT_TRUE(decode_event(y.raw, again, why)) << why;
  again.delivered_via_upstream_relay = true;
  EXPECT_EQ(again, y);
  EXPECT_EQ(y.text, "2");
  inbound_event embedded;
  embedded.text = "1";
  EXPECT_TRUE(with_answer(embedded, {"p", "no", "", "", true}).raw.empty());
}

TEST(prompts, tokens_are_64_bytes_at_most) {
  EXPECT_TRUE(prompt_token_fits(std::string(57, 'p'), "ab"));
  EXPECT_FALSE(prompt_token_fits(std::string(57, 'p'), "abc"));
  EXPECT_TRUE(prompt_token_fits("aaaa0000.00000001", std::string(32, 'o'))) << "ours always fit";
}

} // namespace prompts_test
} // namespace relay::wire
