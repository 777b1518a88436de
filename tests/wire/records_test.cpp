// What the store keeps comes back as it was, and what is no record is refused without harm.
#include "relay_gateway/messages/wire/actions/action_fields.hpp"
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/actions/prompts.hpp"
#include "relay_gateway/messages/wire/frames/discord.hpp"
#include "relay_gateway/messages/wire/frames/frames.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"
#include "relay_gateway/messages/wire/records.hpp"
#include "relay_gateway/tests/wire/frames/golden.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace relay::wire {
namespace records_test {

/// Any text that a record may hold: arbitrary bytes, repaired to UTF-8.
std::string any_text() {
  const auto bytes = *rc::gen::container<std::string>(rc::gen::oneOf(
      rc::gen::arbitrary<char>(), rc::gen::element('"', '\\', '\n', '\0', '{', '}', '[', ']', '\x7f')));
  std::string quoted;
  json::append_string(quoted, bytes);
  json::document doc;
  RC_ASSERT(doc.parse(quoted));
  return doc.root().IsString() ? std::string{doc.root().GetString(), doc.root().GetStringLength()}
                               : std::string{};
}
std::vector<std::string> texts() {
  std::vector<std::string> out(*rc::gen::inRange<std::size_t>(0, 4));
  for (auto& x : out) x = any_text();
  return out;
}

inbound_event kept_and_read(const inbound_event& x) {
  std::string room, why;
  inbound_event out;
  EXPECT_TRUE(read_kept_event(text_of(x, room), marks_of(x), out, why)) << why;
  return out;
}
inbound_event of_golden(std::string_view line) {
  auto found = decode(line, true);
  if (auto* x = std::get_if<inbound>(&found)) return *x->event;
  inbound_event out;
  if (auto* x = std::get_if<passthrough_forward>(&found)) decode_discord_interaction(*x, out);
  return out;
}
inbound_event event_of(const std::string& object) {
  return of_golden(R"({"type":"inbound","event":)" + object + "}");
}

TEST(records, EventsOfTheWireComeBackEqual) {
  std::size_t seen = 0;
  for (const auto& golden : golden_frames) {
    auto x = of_golden(golden.line);
    if (x.raw.empty()) continue;
    ++seen;
    EXPECT_EQ(kept_and_read(x), x) << golden.line;
  }
  EXPECT_GE(seen, 1U);
}

TEST(records, AnEventWithEverythingComesBackEqual) {
  auto x = event_of(
      R"({ "text" : "a\u0000b\ud83d\ude00", "message_type":"image","message_id":12345678901,"reply_to_message_id":"r",)"
      R"("source":{"platform":"discord","chat_id":77,"chat_type":"thread","user_id":"u","guild_id":"g","profile":"p",)"
      R"("parent_chat_id":"c0","is_bot":true,"message_is_edit":true,"thread_id":"t"},)"
      R"("reply_to":{"text":"q","author":"w","is_own":true},"media_urls":["https://x/1"],)"
      R"("media":[{"url":"https://x/1","kind":"image","mime":"image/png","size":9,"caption":"c"}],)"
      R"("context":[{"text":"before","source":{"user_name":"bo"}}],"context_error":"some",)"
      R"("channel_context":"forged","delivered_via_upstream_relay":false,)"
      R"("prompt_response":{"prompt_id":"n.1","option_id":"yes","label":"Yes","prompt_message_id":"m"},)"
      R"("x_new":{"deep":[1.50,1e3]}})");
  ASSERT_TRUE(x.prompt.present);
  ASSERT_TRUE(x.delivered_via_upstream_relay);
  ASSERT_FALSE(x.channel_context.empty());
  EXPECT_EQ(kept_and_read(x), x);
}

TEST(records, AnAnswerPutIntoAnEventSurvives) {
  auto x = with_answer(event_of(R"({"text":"2","source":{"platform":"telegram","chat_id":"5"}})"),
                       {"n.00000001", "no", "No", "", true});
  EXPECT_EQ(kept_and_read(x), x);
}

TEST(records, AnInteractionSurvives) {
  passthrough_forward from;
  from.platform = "discord";
  from.profile = "coder";
  from.authenticated = true;
  from.body = R"({"type":3,"id":"9","token":"s","channel_id":"c","guild_id":"g","member":{"user":{"id":"u",)"
              R"("username":"ann"}},"message":{"id":"m"},"data":{"custom_id":"hp1:n.00000001:yes"}})";
  inbound_event x;
  ASSERT_TRUE(decode_discord_interaction(from, x));
  ASSERT_TRUE(x.interaction);
  EXPECT_EQ(kept_and_read(x), x);
}

TEST(records, AnEventWithoutItsTextIsWrittenFromItsFields) {
  inbound_event x;
  x.text = "hi";
  x.source.chat_id = "c";
  EXPECT_EQ(kept_and_read(x), x);
}

TEST(records, ReadersRefuseWhatIsNone) {
  inbound_event event;
  std::string why;
  event.text = "as it was";
  EXPECT_FALSE(read_kept_event(R"({"text":)", 0, event, why));
  EXPECT_FALSE(why.empty());
  EXPECT_EQ(event.text, "as it was");
  std::vector<std::string> keys;
  action_request request;
  route where;
  action_result result;
  prompt_opened prompt;
  for (auto* text : {"", "nul", "[1]", "{}", R"({"how":"maybe"})", R"({"action":{"op":"dance"}})", "\xff"}) {
    EXPECT_FALSE(read_kept(text, keys)) << text;
    EXPECT_FALSE(read_kept(text, request, where)) << text;
    EXPECT_FALSE(read_kept(text, result)) << text;
    EXPECT_FALSE(read_kept(text, prompt)) << text;
  }
}

/// These are on disk: a change breaks the records of every earlier version.
TEST(records, TheirFormIsFixed) {
  std::string out;
  append_kept(out, std::vector<std::string>{"ba", "m\"b"});
  EXPECT_EQ(out, R"(["ba","m\"b"])");
  out.clear();
  action_request what{"r", "p", "d", send_file("c", media_kind::image, "/tmp/a.png", {}, "image/png"), true};
  append_kept(out, what, {"discord", "b", {"s", "u", "f"}});
  EXPECT_EQ(out, R"({"request_id":"r","platform":"p","delivery_id":"d","resend_unknown":true,"action":{"op":)"
                 R"("send_media","chat_id":"c","rest":"{\"media_kind\":\"image\",\"filename\":\"a.png\"}",)"
                 R"("path":"/tmp/a.png","mime":"image/png","name":"a.png"},"to":"discord","bot_id":"b",)"
                 R"("scope_id":"s","user_id":"u","profile":"f"})");
  out.clear();
  append_kept(out, {{}, {}, {}, draft("c", 7, "so", true), false, true}, {"slack", {}, {}, "t", true});
  EXPECT_EQ(out, R"({"abandons":true,"action":{"op":"draft","chat_id":"c","content":"so",)"
                 R"("rest":"{\"draft_id\":7,\"final\":true}"},"to":"slack","thread_id":"t","flat":true})");
  out.clear();
  append_kept(out, action_result{outcome::unknown, "m", {"m", "n"}, "e", "c", "{}", "p"});
  EXPECT_EQ(out, R"({"how":"unknown","message_id":"m","message_ids":["m","n"],"error":"e","code":"c",)"
                 R"("raw":"{}","prompt_id":"p"})");
  out.clear();
  append_kept(out, prompt_opened{"i", {"p", "c"}, {{"yes", "Yes"}, {"no", ""}}, 5});
  EXPECT_EQ(out, R"({"prompt_id":"i","platform":"p","chat_id":"c","options":[{"id":"yes","label":"Yes"},)"
                 R"({"id":"no"}]})");
  EXPECT_EQ(event_mark::interaction | event_mark::upstream_relay << 8 | event_mark::without_raw << 16,
            0x040201);
}

/// As earlier versions wrote them, whose actions had text where these have fields.
TEST(records, ActionsOfEarlierVersionsHaveTheirFields) {
  const auto read = [](const std::string& act) {
    action_request out;
    route where;
    EXPECT_TRUE(read_kept(R"({"request_id":"r","action":)" + act + R"(,"to":"slack"})", out, where)) << act;
    return out.act;
  };
  const auto draft =
      read(R"({"op":"draft","chat_id":"c","content":"so","rest":"{\"final\":true,\"draft_id\":7}"})");
  ASSERT_NE(draft_of(draft), nullptr);
  EXPECT_EQ(*draft_of(draft), (draft_fields{"7", true}));
  EXPECT_EQ(encode_action(draft), R"({"op":"draft","chat_id":"c","content":"so","final":true,"draft_id":7})");
  const auto prompt =
      read(R"({"op":"prompt","chat_id":"c","content":"?","metadata":"{\"thread_id\":\"t\"}","rest":)"
           R"("{\"prompt_id\":\"n.1\",\"prompt_kind\":\"choice\",\"options\":)"
           R"([{\"id\":\"a\",\"label\":\"A\"}],\"timeout_s\":1.50}"})");
  ASSERT_NE(prompt_of(prompt), nullptr);
  EXPECT_EQ(*prompt_of(prompt), (prompt_fields{"n.1", {{"a", "A"}}, 1500, false, "t", "", ""}));
  const auto clear = read(R"({"op":"typing","chat_id":"c","rest":"{\"content\":\"\"}"})");
  EXPECT_TRUE(clears_status(clear));
  const auto answer =
      read(R"({"op":"follow_up","content":"x","session_key":"s","follow_up_kind":"slack.modal"})");
  ASSERT_NE(follow_up_of(answer), nullptr);
  EXPECT_EQ(*follow_up_of(answer), (follow_up_fields{"s", "slack.modal"}));
  const auto file =
      read(R"({"op":"send_media","chat_id":"c","rest":"{\"media_kind\":\"image\"}","path":"/a/b",)"
           R"("mime":"image/png","name":"b"})");
  ASSERT_NE(file_of(file), nullptr);
  EXPECT_EQ(*file_of(file), (local_file{"/a/b", "image/png", "b"}));
  EXPECT_EQ(read(R"({"op":"send","chat_id":"c","rest":"no object"})").rest.text(), "");
}

RC_GTEST_PROP(records_property, keys_come_back, ()) {
  auto x = texts();
  std::string out;
  append_kept(out, x);
  std::vector<std::string> back{"other"};
  RC_ASSERT(read_kept(out, back));
  RC_ASSERT(back == x);
}

RC_GTEST_PROP(records_property, actions_come_back, ()) {
  action act;
  act.kind = static_cast<op>(*rc::gen::inRange(0, int{op_count}));
  for (auto* field : {&act.chat_id, &act.content, &act.message_id, &act.reply_to, &act.metadata})
    *field = any_text();
  std::string rest;
  json::object_writer to{rest};
  for (const auto* name : {"draft_id", "final", "prompt_id", "content", "thread_name"})
    if (*rc::gen::arbitrary<bool>()) to.text(name, any_text());
  to.foreign_key(any_text());
  json::append_string(rest, any_text());
  to.end();
  read_rest(act, rest);
  if (act.kind == op::follow_up) act.fields = follow_up_fields{any_text(), any_text()};
  if (act.kind == op::send_media && *rc::gen::arbitrary<bool>())
    act.fields = media_fields{{"/" + any_text(), any_text(), any_text()}};
  action_request x{
      any_text(), any_text(), any_text(), act, *rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>()};
  route where{
      any_text(), any_text(), {any_text(), any_text(), any_text()}, any_text(), *rc::gen::arbitrary<bool>()};
  std::string out;
  append_kept(out, x, where);
  action_request back;
  route there;
  RC_ASSERT(read_kept(out, back, there));
  RC_ASSERT(back == x);
  RC_ASSERT(there == where);
}

RC_GTEST_PROP(records_property, results_come_back, ()) {
  action_result x{*rc::gen::element(outcome::done, outcome::definite, outcome::unknown),
                  any_text(),
                  texts(),
                  any_text(),
                  any_text(),
                  any_text(),
                  any_text(),
                  *rc::gen::inRange<std::int64_t>(0, 100'000)};
  std::string out;
  append_kept(out, x);
  action_result back;
  RC_ASSERT(read_kept(out, back));
  RC_ASSERT(back == x);
}

RC_GTEST_PROP(records_property, prompts_come_back_without_their_lifetime, ()) {
  prompt_opened x{any_text(), {any_text(), any_text()}, {{any_text(), any_text()}, {any_text(), ""}}, 77};
  x.thread_id = any_text(), x.profile = any_text(), x.decided_by = any_text();
  x.approval = *rc::gen::arbitrary<bool>(), x.turn_forgotten = *rc::gen::arbitrary<bool>();
  std::string out;
  append_kept(out, x);
  prompt_opened back;
  RC_ASSERT(read_kept(out, back));
  x.lifetime_ms = 0;
  RC_ASSERT(back == x);
}

RC_GTEST_PROP(records_property, any_bytes_are_read_or_refused, (const std::string& bytes)) {
  std::vector<std::string> keys;
  action_request request;
  route where;
  action_result result;
  prompt_opened prompt;
  inbound_event event;
  std::string why;
  read_kept(bytes, keys);
  read_kept(R"({"action":{"op":"send"},"to":)" + bytes + "}", request, where);
  read_kept(R"({"how":"done","message_ids":)" + bytes + "}", result);
  read_kept(R"({"prompt_id":"i","options":)" + bytes + "}", prompt);
  read_kept_event(bytes, 7, event, why);
}

} // namespace records_test
} // namespace relay::wire
