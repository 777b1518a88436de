// Whatever a peer sends is a counted bad_frame, never a crash (F12, F13, F14). Run under the sanitizers too.
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/frames/agent_link.hpp"
#include "relay_gateway/messages/wire/frames/discord.hpp"
#include "relay_gateway/messages/wire/http/control_plane.hpp"
#include "relay_gateway/messages/wire/json/json_scan.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"
#include "relay_gateway/tests/wire/frames/golden.hpp"

#include <gtest/gtest.h>

#include <random>

namespace relay::wire {
namespace hostile_test {

std::string nested(std::size_t depth, char open, char close) {
  return std::string(depth, open) + std::string(depth, close);
}
std::string deep_event(std::size_t depth) {
  return R"({"type":"inbound","bufferId":"b-1","event":{"x":)" + nested(depth, '[', ']') + "}}";
}

/// Feeds a text to everything that reads what a peer wrote.
void read_everywhere(std::string_view text) {
  const auto decoded = decode(text, true);
  const auto again = encode_frame(decoded);
  // What was accepted can be said again, on one line, and is accepted again.
  if (!again.empty()) {
    ASSERT_EQ(again.find('\n'), again.size() - 1) << text;
    const auto second = decode(std::string_view{again}.substr(0, again.size() - 1), true);
    ASSERT_EQ(second.index(), decoded.index()) << text << "\n" << again;
  }
  if (const auto* x = std::get_if<inbound>(&decoded)) {
    std::string out;
    encode_delivery(out, {"d", "s", x->event, false});
    json::document doc;
    ASSERT_TRUE(doc.parse(std::string_view{out}.substr(0, out.size() - 1))) << out;
  }
  if (const auto* x = std::get_if<passthrough_forward>(&decoded)) {
    inbound_event event;
    decode_discord_interaction(*x, event);
  }
  const auto* bad = std::get_if<bad_frame>(&decoded);
  ASSERT_TRUE(bad == nullptr || !bad->what.empty());
  decode_agent_frame(text);
  decode_result(text);
  decode_action(text);
  decode_provision(200, text, "gw", false);
  decode_enroll(403, text);
  decode_token_answer(200, text);
  inbound_event event;
  std::string why;
  decode_event(text, event, why);
}

TEST(hostile, lines_that_are_no_object_F12) {
  const std::pair<std::string, refusal> lines[] = {
      {"", refusal::not_json},
      {" ", refusal::not_json},
      {"{", refusal::not_json},
      {"nul", refusal::not_json},
      {"{}{}", refusal::not_json},
      {"{\"a\":1,}", refusal::not_json},
      {"{'a':1}", refusal::not_json},
      {"{\"type\":\"going_idle\"} x", refusal::not_json},
      {std::string("{\"type\":\"going_idle\"}\0x", 23), refusal::not_json},
      {std::string("\0", 1), refusal::not_json},
      {"\xEF\xBB\xBF{}", refusal::not_json},
      {"{\"type\":\"\x01\"}", refusal::not_json},
      {"{\"type\":1e999}", refusal::not_json},
      {"{\"n\":NaN,\"type\":\"hello\"", refusal::not_json},
      {"{\"type\":\"hello\",\"n\":NaN}}", refusal::not_json},
      {"{\"type\":\"hello\",\"n\":NaN,}", refusal::not_json},
      {"[]", refusal::not_object},
      {"[{\"type\":\"going_idle\"}]", refusal::not_object},
      {"null", refusal::not_object},
      {"\"x\"", refusal::not_object},
      {"0", refusal::not_object},
      {"{}", refusal::no_type},
      {"{\"type\":null}", refusal::no_type},
      {"{\"type\":7}", refusal::no_type},
      {"{\"type\":\"\"}", refusal::no_type},
      {"{\"type\":[\"hello\"]}", refusal::no_type}};
  for (const auto& [line, why] : lines) {
    EXPECT_EQ(refused(line).why, why) << line;
    EXPECT_NE(refused(line).what, "was not refused") << line;
  }
}

TEST(hostile, required_members_of_other_types_F12) {
  for (const std::string value : {"null", "[]", "7", "\"x\"", "true"}) {
    EXPECT_EQ(refused(R"({"type":"descriptor","descriptor":)" + value + "}").why, refusal::bad_field)
        << value;
    EXPECT_EQ(refused(R"({"type":"inbound","event":)" + value + "}").why, refusal::bad_field) << value;
    EXPECT_EQ(refused(R"({"type":"passthrough_forward","forward":)" + value + "}").why, refusal::bad_field)
        << value;
  }
  EXPECT_EQ(refused(R"({"type":"interrupt_inbound"})").why, refusal::bad_field);
  EXPECT_EQ(refused(R"({"type":"passthrough_forward","bufferId":"b"})").buffer_id, "b")
      << "so that it can be acked (F23)";
}

TEST(hostile, depth_is_bounded_before_anything_is_built) {
  EXPECT_EQ(decode_as<inbound>(deep_event(62)).buffer_id, "b-1") << "64 levels in all are fine";
  for (std::size_t depth : {63U, 100U, 10'000U, 1'000'000U}) {
    const auto x = refused(deep_event(depth));
    EXPECT_EQ(x.why, refusal::too_deep) << depth;
    EXPECT_EQ(x.buffer_id, "b-1") << "a poison frame can still be acked (F12, F32)";
    EXPECT_EQ(x.type, "inbound");
  }
  read_everywhere(nested(2'000'000, '[', ']'));
  read_everywhere(std::string(2'000'000, '['));
  read_everywhere(std::string(2'000'000, '{'));
  read_everywhere(nested(2'000'000, '{', '}'));
  std::string objects;
  for (int i = 0; i < 200'000; ++i) objects += "{\"a\":";
  read_everywhere(objects);
}

TEST(hostile, brackets_inside_strings_are_not_depth) {
  const std::string many(1000, '[');
  EXPECT_EQ(decode_as<inbound>(R"({"type":"inbound","event":{"text":"\"\\)" + many + R"("}})").event->text,
            "\"\\" + many);
}

TEST(hostile, width_is_no_problem) {
  std::string members = R"({"type":"inbound","event":{"text":"t")";
  for (int i = 0; i < 50'000; ++i) members += ",\"k" + std::to_string(i) + "\":[" + std::to_string(i) + "]";
  EXPECT_EQ(decode_as<inbound>(members + "}}").event->text, "t");
}

TEST(hostile, invalid_utf8_is_one_skipped_frame_F14) {
  for (const std::string bytes :
       {"\x80", "\xC0\xAF", "\xC3", "\xE2\x82", "\xED\xA0\x80", "\xF0\x80\x80\x80", "\xF5\x80\x80\x80",
        "\xFF", "\xF4\x90\x80\x80", "\xE0\x9F\xBF", "\xC3\x28"}) {
    const auto x = refused(R"({"type":"inbound","bufferId":"b-1","event":{"text":")" + bytes + R"("}})");
    EXPECT_EQ(x.why, refusal::bad_utf8);
    EXPECT_EQ(x.buffer_id, "b-1");
    EXPECT_EQ(x.type, "inbound");
    EXPECT_EQ(x.what, "not valid UTF-8");
  }
}

TEST(hostile, a_context_that_cannot_be_read_never_loses_its_event_F12) {
  const auto line = [](const std::string& context, const std::string& more = {}) {
    return R"({"type":"inbound","bufferId":"b","event":{"text":"t","context":)" + context + more + "}}";
  };
  const auto deep = std::string(500, '[') + std::string(500, ']');
  for (const std::string& context : {deep,
                                     std::string{R"([{"text":")"
                                                 "\xFF"
                                                 R"("}])"},
                                     R"({"a":)" + deep + "}"}) {
    const auto x = decode_as<inbound>(line(context));
    EXPECT_EQ(x.event->text, "t");
    EXPECT_EQ(x.event->channel_context, "");
    EXPECT_EQ(x.buffer_id, "b");
    EXPECT_EQ(x.event->raw, R"({"text":"t","context":null})");
  }
  EXPECT_EQ(decode_as<inbound>(line(deep, R"(,"novel":)" + deep)).event->raw,
            R"({"text":"t","context":null,"novel":null})");
  EXPECT_EQ(refused(R"({"type":"inbound","event":[)" + deep + "]}").why, refusal::too_deep);
}

TEST(hostile, an_unreadable_side_field_costs_itself_alone) {
  for (const std::string value : {"NaN", "-Infinity", "1e999", "undefined", "[1,NaN]", R"({"size":NaN})",
                                  "\"\xFF\"", "\"\x01\"", "01"}) {
    const auto x = decode_as<inbound>(R"({"seq":)" + value + R"(,"type":"inbound","event":{"media":)" +
                                      value + R"(,"text":"t","source":{"chat_id":"c","user_name":)" + value +
                                      R"(, "platform" : "p" } , "message_id":"m"},"bufferId":"b"})");
    EXPECT_EQ(x.event->text, "t") << value;
    EXPECT_EQ(x.event->source.chat_id, "c") << value;
    EXPECT_EQ(x.event->source.platform, "p") << value;
    EXPECT_EQ(x.event->message_id, "m") << value;
    EXPECT_EQ(x.buffer_id, "b") << value;
    EXPECT_EQ(
        x.event->raw,
        R"({"media":null,"text":"t","source":{"chat_id":"c","user_name":null,"platform" : "p"},"message_id":"m"})")
        << value;
  }
  EXPECT_EQ(
      decode_as<outbound_result>(
          R"({"type":"outbound_result","requestId":"r","result":{"success":true,"message_id":"m","t":NaN}})")
          .result.message_id,
      "m")
      << "whoever waits for it is told";
}

TEST(hostile, an_unreadable_field_that_says_whose_it_is_spoils_the_event) {
  for (const std::string field : {"platform", "chat_id", "chat_type", "thread_id", "profile", "scope_id",
                                  "guild_id", "user_id", "user_id_alt", "message_is_edit", "chat_\\u0069d"}) {
    const auto x = refused(R"({"type":"inbound","event":{"text":"t","source":{")" + field +
                           R"(":NaN}},"bufferId":"b"})");
    EXPECT_EQ(x.why, refusal::not_json) << field;
    EXPECT_EQ(x.buffer_id, "b") << field;
  }
  const std::string_view bad[] = {R"({"type":"inbound","event":{"text":"t","source":[NaN]}})",
                                  R"({"type":"inbound","event":{"text":NaN,"message_id":"m"}})",
                                  R"({"type":"inbound","event":{"text":"","media":[NaN]}})",
                                  R"({"type":"inbound","event":{"media":[NaN]}})",
                                  R"({"type":"inbound","event":{"text":"t","x":NaN})",
                                  R"({"type":"inbound","event":{"text":"t","x":NaN}} {})",
                                  R"({"type":"outbound_result","requestId":"r","result":{"success":NaN}})"};
  for (const auto line : bad) EXPECT_EQ(refused(line).why, refusal::not_json) << line;
}

TEST(hostile, a_refused_line_is_kept_as_text_and_bounded) {
  EXPECT_EQ(refused("{\"type\":\"inbound\",NaN}\r").line, "{\"type\":\"inbound\",NaN}");
  EXPECT_EQ(refused("a\xFF\xC3z").line, "a\uFFFD\uFFFDz");
  EXPECT_EQ(refused("[]").line, "[]");
  EXPECT_EQ(refused(R"({"type":"inbound","event":7})").line, R"({"type":"inbound","event":7})");
  EXPECT_EQ(refused(std::string(longest_kept_line - 1, 'x') + "\u00e9").line.size(), longest_kept_line - 1)
      << "no character is cut";
}

TEST(hostile, half_a_surrogate_pair_costs_its_character_alone_F12) {
  const auto line = [](const std::string& text) {
    return R"({"type":"inbound","event":{"text":")" + text + R"("}})";
  };
  const std::pair<const char*, const char*> halves[] = {{R"(\ud800)", "\uFFFD"},
                                                        {R"(\uDFFF)", "\uFFFD"},
                                                        {R"(\udc00\ud800)", "\uFFFD\uFFFD"},
                                                        {R"(\ud83d\ud83d\udd0c)", "\uFFFD🔌"},
                                                        {R"(\ud83dx)", "\uFFFDx"},
                                                        {R"(\ud83d\\udd0c)", "\uFFFD\\udd0c"},
                                                        {R"(x\\\udc00)", "x\\\uFFFD"}};
  for (const auto& [half, text] : halves) {
    const auto x = decode_as<inbound>(line(half));
    EXPECT_EQ(x.event->text, text) << half;
    inbound_event again;
    std::string why;
    EXPECT_TRUE(decode_event(x.event->raw, again, why)) << "what goes on is clean";
  }
  EXPECT_EQ(decode_as<inbound>(R"({"type":"inbound","event":{"text":"t","context":[{"text":"cut \ud83d"}]}})")
                .event->channel_context,
            "[Recent channel messages]\ncut \uFFFD");
  EXPECT_EQ(refused(line("\xFF"
                         R"(\ud83d)"))
                .why,
            refusal::bad_utf8);
  EXPECT_EQ(decode_as<inbound>(line(R"(\ud83d\udd0c)")).event->text, "🔌");
  EXPECT_EQ(decode_as<inbound>(line(R"(\\ud800)")).event->text, "\\ud800") << "only looks like one";
}

TEST(hostile, a_nul_inside_a_string_is_kept) {
  const auto x =
      decode_as<inbound>(R"({"type":"inbound","bufferId":"a\u0000b","event":{"text":"x\u0000y"}})");
  EXPECT_EQ(x.event->text, std::string("x\0y", 3));
  EXPECT_EQ(x.buffer_id, std::string("a\0b", 3));
  EXPECT_EQ(encode_frame(inbound_ack{x.buffer_id}),
            "{\"type\":\"inbound_ack\",\"bufferId\":\"a\\u0000b\"}\n");
}

TEST(hostile, huge_and_odd_numbers) {
  for (const std::string n : {"1e308", "-1e308", "123456789012345678901234567890", "-0", "0.0000001e-300",
                              "0e308", "1E+2", "18446744073709551616"}) {
    read_everywhere(R"({"type":"inbound","bufferId":)" + n + R"(,"event":{"message_id":)" + n +
                    R"(,"media":[{"url":"u","size":)" + n + "}]}}");
    read_everywhere(R"({"type":"descriptor","descriptor":{"contract_version":)" + n +
                    R"(,"max_message_length":)" + n + "}}");
    read_everywhere(R"({"type":)" + n + "}");
  }
}

TEST(hostile, errors_never_quote_the_input) {
  for (const std::string line :
       {R"({"type":"inbound","event":"hush"})", R"({"type":"inbound","event":{"text":{"hush":1}}})",
        R"({"type":"outbound","requestId":"r","action":{"op":"hush"}})",
        R"({"type":"outbound","requestId":"r","action":{"op":"send","chat_id":["hush"]}})", "hush"})
    EXPECT_EQ(refused(line).what.find("hush"), std::string::npos) << line;
}

TEST(hostile, every_prefix_of_every_frame) {
  for (const auto& x : golden_frames)
    for (std::size_t n = 0; n < x.line.size(); ++n) {
      // Outside this copy is nothing that a reader may look at.
      const std::string cut{x.line.substr(0, n)};
      read_everywhere(cut);
    }
}

TEST(hostile, random_changes_of_every_frame) {
  std::mt19937_64 random{20240607}; // fixed: a failure must come back
  using namespace std::string_view_literals;
  const auto alphabet = "{}[]\",:\\u0d8\0\n\r 1-.eE\x80\xC3\xFFntf"sv;
  for (int round = 0; round < 400; ++round) {
    for (const auto& x : golden_frames) {
      std::string text{x.line};
      for (auto changes = random() % 4 + 1; changes > 0 && !text.empty(); --changes) {
        const auto at = random() % text.size();
        const auto n = std::min<std::size_t>(random() % 12, text.size() - at);
        switch (random() % 5) {
        case 0: text[at] = alphabet[random() % alphabet.size()]; break;
        case 1: text.insert(at, 1, alphabet[random() % alphabet.size()]); break;
        case 2: text.erase(at, n); break;
        case 3: text.insert(at, text.substr(at, n)); break;
        default:
          text.insert(random() % text.size(), golden_frames[random() % std::size(golden_frames)].line);
          break;
        }
      }
      // One line, as the splitter would hand it over.
      if (auto end = text.find('\n'); end != std::string::npos) text.resize(end);
      ASSERT_NO_FATAL_FAILURE(read_everywhere(text)) << text;
    }
  }
}

TEST(hostile, values_of_every_type_in_every_place) {
  // Replaces each value of each frame, at every depth, by values of the other types.
  const std::string_view values[] = {"null",  "true", "-1",     "1e300", "\"\"",
                                     "\"x\"", "[]",   "[null]", "{}",    "{\"\":{}}"};
  for (const auto& x : golden_frames) {
    for (std::size_t colon = x.line.find(':'); colon != std::string_view::npos;
         colon = x.line.find(':', colon + 1)) {
      // member_text wants an object: give it one that holds just this member.
      const auto object = "{\"v\":" + std::string{x.line.substr(colon + 1)};
      const auto size = json::member_text(object, "v").size();
      for (auto other : values) {
        std::string text{x.line};
        text.replace(colon + 1, size, other);
        ASSERT_NO_FATAL_FAILURE(read_everywhere(text)) << text;
      }
    }
  }
}

} // namespace hostile_test
} // namespace relay::wire
