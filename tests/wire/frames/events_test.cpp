// The event object of protocol.md 5.
#include "relay_gateway/messages/wire/frames/frames.hpp"
#include "relay_gateway/tests/wire/frames/golden.hpp"

#include <gtest/gtest.h>

namespace relay::wire {
namespace events_test {

inbound_event event(const std::string& text) {
  inbound_event out;
  std::string why;
  EXPECT_TRUE(decode_event(text, out, why)) << why << ": " << text;
  return out;
}
std::string complaint(const std::string& text) {
  inbound_event out;
  std::string why;
  EXPECT_FALSE(decode_event(text, out, why)) << text;
  return why;
}

TEST(events, an_empty_event_is_all_defaults) {
  inbound_event expected;
  expected.raw = "{}";
  EXPECT_EQ(event("{}"), expected);
  EXPECT_EQ(event("{}").source.platform, "relay");
  EXPECT_EQ(event("{}").source.chat_type, "dm");
  expected.raw = R"({"text":null,"source":null,"media":null,"context":null,"reply_to":null})";
  EXPECT_EQ(event(expected.raw), expected);
}

TEST(events, every_field_arrives) {
  const auto x = event(
      R"({"text":"t","message_type":"voice","source":{"platform":"slack","chat_id":"c","chat_type":"thread",)"
      R"("chat_name":"cn","user_id":"u","user_name":"un","thread_id":"th","chat_topic":"ct","user_display_name":"ud",)"
      R"("user_handle":"uh","user_id_alt":"ua","chat_id_alt":"ca","scope_id":"s","parent_chat_id":"p","message_id":"sm",)"
      R"("profile":"pr","is_bot":true,"message_is_edit":true,"one_to_one_verified":true,"auto_thread_created":true,)"
      R"("auto_thread_initial_name":"an","prospective_thread_id":"pt"},"message_id":"m","reply_to_message_id":"r",)"
      R"("reply_to":{"text":"rt","author":"ra","is_own":true},"media_urls":["https://a/1","https://a/2"],)"
      R"("media":[{"url":"https://a/2","kind":"image","mime":"image/png","size":7,"filename":"f","caption":"c"}],)"
      R"("context_error":"ce","prompt_response":{"prompt_id":"n.0001","option_id":"o","label":"l",)"
      R"("prompt_message_id":9}})");
  inbound_event y;
  y.text = "t";
  y.type = message_type::voice;
  y.source = {"slack", "c", "thread", "cn", "u",  "un", "th", "ct", "ud", "uh", "ua",
              "ca",    "s", "p",      "sm", "pr", "an", "pt", true, true, true, true};
  y.message_id = "m";
  y.reply_to_message_id = "r";
  y.reply_to = {"rt", "ra", true, true};
  y.media_urls = {"https://a/1", "https://a/2"};
  y.media = {{"https://a/2", "image", "image/png", "f", "c", 7}};
  y.prompt = {"n.0001", "o", "l", "9", true};
  y.context_error = "ce";
  y.raw = x.raw;
  EXPECT_EQ(x, y);

  // The typed fields say the same again when they are written and read.
  y.raw.clear();
  const auto line = encode_frame(inbound{event_ref{y}, ""});
  auto again = *decode_as<inbound>(line.substr(0, line.size() - 1), false).event;
  again.raw.clear();
  EXPECT_EQ(again, y);
}

TEST(events, message_types) {
  const auto type = [](const std::string& x) { return event(R"({"message_type":)" + x + "}").type; };
  for (auto x : {message_type::text, message_type::location, message_type::photo, message_type::video,
                 message_type::audio, message_type::voice, message_type::document, message_type::sticker,
                 message_type::command})
    EXPECT_EQ(type("\"" + to_string(x) + "\""), x);
  EXPECT_EQ(type(R"("image")"), message_type::photo);
  EXPECT_EQ(type(R"("hologram")"), message_type::text);
  EXPECT_EQ(type("7"), message_type::text);
}

TEST(events, guild_id_is_the_older_name_of_scope_id) {
  EXPECT_EQ(event(R"({"source":{"guild_id":"g"}})").source.scope_id, "g");
  EXPECT_EQ(event(R"({"source":{"guild_id":"g","scope_id":"s"}})").source.scope_id, "s");
  EXPECT_EQ(event(R"({"source":{"guild_id":"g","scope_id":null}})").source.scope_id, "g");
  inbound_event x;
  x.source.scope_id = "s";
  const auto line = encode_frame(inbound{event_ref{x}, ""});
  EXPECT_NE(line.find(R"("scope_id":"s","guild_id":"s")"), std::string::npos) << "both are written";
}

TEST(events, numeric_ids_become_text) {
  const auto x =
      event(R"({"message_id":12,"source":{"chat_id":-1001234567890123,"user_id":18446744073709551615,)"
            R"("thread_id":0}})");
  EXPECT_EQ(x.message_id, "12");
  EXPECT_EQ(x.source.chat_id, "-1001234567890123");
  EXPECT_EQ(x.source.user_id, "18446744073709551615");
  EXPECT_EQ(x.source.thread_id, "0");
}

TEST(events, a_chat_that_cannot_be_named_refuses_the_event) {
  EXPECT_EQ(complaint(R"({"source":{"chat_id":{}}})"), "event.source.chat_id is not a string");
  EXPECT_EQ(complaint(R"({"source":{"chat_id":1.5}})"), "event.source.chat_id is not a string");
  EXPECT_EQ(complaint(R"({"source":[]})"), "event.source is not an object");
  EXPECT_EQ(complaint(R"({"text":5})"), "event.text is not a string");
  EXPECT_EQ(complaint("[]"), "event is not an object");
  EXPECT_EQ(complaint("nope"), "event is not JSON");
}

TEST(events, wrong_types_of_the_rest_are_defaults) {
  const auto x =
      event(R"({"message_type":{},"source":{"chat_type":5,"user_name":[],"is_bot":"true","platform":null},)"
            R"("media_urls":"x","media":{"url":"y"},"reply_to":"z","prompt_response":[]})");
  EXPECT_EQ(x.source, event_source{});
  EXPECT_TRUE(x.media_urls.empty() && x.media.empty() && !x.reply_to.present && !x.prompt.present);
}

TEST(events, urls_and_their_types_stay_together_when_an_entry_drops_F67) {
  const auto x =
      event(R"({"media_urls":["https://a/1",null,"https://a/3"],"media":[{"mime":"image/gif"},)"
            R"({"url":"https://a/3","mime":"image/png"},7,{"url":"https://a/1","mime":"audio/ogg"}]})");
  EXPECT_EQ(x.media_urls, (std::vector<std::string>{"https://a/1", "https://a/3"}));
  ASSERT_EQ(x.media.size(), 2U);
  EXPECT_EQ(x.media[0].url, "https://a/3");
  EXPECT_EQ(x.media[0].mime, "image/png");
  EXPECT_EQ(x.media[1].url, "https://a/1");
  EXPECT_EQ(x.media[1].mime, "audio/ogg");
}

TEST(events, a_prompt_response_needs_both_ids) {
  EXPECT_FALSE(event(R"({"prompt_response":{"prompt_id":"p"}})").prompt.present);
  EXPECT_FALSE(event(R"({"prompt_response":{"option_id":"o"}})").prompt.present);
  EXPECT_TRUE(event(R"({"prompt_response":{"prompt_id":"p","option_id":"o"}})").prompt.present);
}

TEST(events, context_is_rendered_oldest_first) {
  const auto x =
      event(R"({"text":"now","context":[{"text":"one","source":{"user_name":"ann","user_id":"1"}},)"
            R"({"text":"two","source":{"user_id":2}},{"text":""},{"source":{"user_name":"x"}},)"
            R"({"text":"three"},{"text":"f\nour","source":{"user_name":"e\nve"}}]})");
  EXPECT_EQ(x.channel_context, "[Recent channel messages]\nann: one\n2: two\nthree\ne ve: f our");
}

TEST(events, no_separator_begins_a_line_of_the_context) {
  const auto x =
      event(R"({"context":[{"text":"a\u0085b\u2028c\u2029d\u000be\u000cf\u001cg\u001dh\u001ei\r\nj",)"
            R"("source":{"user_name":"e\u2028ve"}},{"text":"\u2027\u00a0\u0084"}]})");
  EXPECT_EQ(x.channel_context,
            "[Recent channel messages]\ne ve: a b c d e f g h i  j\n\xE2\x80\xA7\xC2\xA0\xC2\x84");
  EXPECT_EQ(event(R"({"context":[{"text":"\u2028\u0085"}]})").channel_context, "")
      << "a blank line says nothing";
}

TEST(events, context_without_text_is_none) {
  EXPECT_EQ(event(R"({"context":[]})").channel_context, "");
  EXPECT_EQ(event(R"({"context":[{"text":"  "},{},{"text":null}]})").channel_context, "");
}

TEST(events, a_malformed_context_never_loses_the_event_F12) {
  for (const auto* x :
       {"5", "\"x\"", "{}", "[5]", "[null,[],\"x\",{\"text\":{}},{\"text\":\"a\",\"source\":[]}]", "true"}) {
    const auto y = event(R"({"text":"kept","context":)" + std::string{x} + "}");
    EXPECT_EQ(y.text, "kept");
  }
  EXPECT_EQ(event(R"({"context":[7,{"text":"a","source":[]}]})").channel_context,
            "[Recent channel messages]\na");
}

TEST(events, raw_is_the_event_as_it_came) {
  const auto* text = R"({ "b":1.10, "text":"x",  "a":[12345678901234567890123,{"é":"\u00e9"}]})";
  EXPECT_EQ(event(text).raw, text);
  EXPECT_EQ(
      *decode_as<inbound>(R"({"x":{"event":1},"event":)" + std::string{text} + R"(,"type":"inbound"})").event,
      [&] {
        auto x = event(text);
        x.delivered_via_upstream_relay = true;
        return x;
      }());
}

TEST(events, raw_never_holds_a_line_break) {
  EXPECT_EQ(event("{\n \"text\": \"a\\nb\",\r\n \"n\": [1, 2.5]\n}").raw, R"({"text":"a\nb","n":[1,2.5]})");
}

TEST(events, a_member_name_in_escapes_changes_nothing) {
  const auto x =
      decode_as<inbound>(R"({"type":"inbound","\u0065vent":{"text":"first"},"event":{"text":"second"}})");
  EXPECT_EQ(x.event->text, "first");
  EXPECT_EQ(x.event->raw, R"({"text":"first"})");
}

TEST(events, what_only_a_gateway_may_say_is_dropped) {
  const auto x = decode_as<inbound>(
      R"({"type":"inbound","event":{"delivered_via_upstream_relay":true,"text":"t","channel_context":"forged",)"
      R"("display_\u006eame":"forged","n":{"display_name":"deeper is not ours"},"channel_context":"twice"}})",
      false);
  EXPECT_FALSE(x.event->delivered_via_upstream_relay);
  EXPECT_EQ(x.event->channel_context, "");
  EXPECT_EQ(x.event->raw, R"({"text":"t","n":{"display_name":"deeper is not ours"}})");
}

TEST(events, only_the_authenticated_socket_marks_an_event) {
  const auto* line = R"({"type":"inbound","event":{"text":"t"}})";
  EXPECT_TRUE(decode_as<inbound>(line, true).event->delivered_via_upstream_relay);
  EXPECT_FALSE(decode_as<inbound>(line, false).event->delivered_via_upstream_relay);
}

TEST(events, an_inbound_frame_without_an_event_keeps_its_buffer_id_F12_F32) {
  for (const auto* x : {R"("event":null,)", R"("event":[],)", R"("event":"x",)", "", R"("event":7,)"}) {
    const auto bad = refused(R"({"type":"inbound",)" + std::string{x} + R"("bufferId":"b-9"})");
    EXPECT_EQ(bad.why, refusal::bad_field) << x;
    EXPECT_EQ(bad.what, "inbound: event is not an object") << x;
    EXPECT_EQ(bad.type, "inbound") << x;
    EXPECT_EQ(bad.buffer_id, "b-9") << x;
  }
}

} // namespace events_test
} // namespace relay::wire
