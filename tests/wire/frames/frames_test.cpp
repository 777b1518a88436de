// Every frame of protocol.md 3: exact text out, exact meaning in.
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/frames/frames.hpp"
#include "relay_gateway/tests/wire/frames/golden.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace relay::wire {
namespace frames_test {

TEST(frames, golden_lines_survive_decoding_and_encoding) {
  for (const auto& x : golden_frames) {
    const auto decoded = decode(x.line, true);
    ASSERT_FALSE(std::holds_alternative<bad_frame>(decoded)) << x.line << std::get<bad_frame>(decoded).what;
    EXPECT_EQ(encode_frame(decoded), std::string{x.line} + "\n");
  }
}

TEST(frames, golden_lines_cover_every_type) {
  // Two of the variant's cases have no line of their own: bad_frame and unknown_frame.
  std::vector<bool> seen(std::variant_size_v<frame>);
  for (const auto& x : golden_frames) seen[decode(x.line, true).index()] = true;
  EXPECT_EQ(std::count(seen.begin(), seen.end(), true), std::ptrdiff_t(seen.size() - 2));
}

TEST(frames, encoding_appends) {
  std::string out;
  encode(out, going_idle{});
  encode(out, inbound_ack{"b"});
  encode(out, going_idle_ack{});
  EXPECT_EQ(out, "{\"type\":\"going_idle\"}\n{\"type\":\"inbound_ack\",\"bufferId\":\"b\"}\n{\"type\":"
                 "\"going_idle_ack\"}\n");
}

TEST(frames, a_carriage_return_and_blanks_around_a_line_are_allowed) {
  EXPECT_TRUE(std::holds_alternative<going_idle_ack>(decode(" {\"type\" : \"going_idle_ack\"} \r", true)));
}

TEST(frames, an_unknown_type_is_no_error) {
  EXPECT_EQ(decode_as<unknown_frame>(R"({"type":"novelty","x":[1]})").type, "novelty");
  EXPECT_EQ(decode_as<unknown_frame>(R"({"type":")" + std::string(1000, 'x') + R"("})").type.size(), 64U);
}

TEST(frames, unknown_fields_are_ignored) {
  EXPECT_EQ(
      decode_as<inbound_ack>(R"({"new":{"a":[]},"type":"inbound_ack","bufferId":"b","more":null})").buffer_id,
      "b");
}

TEST(frames, ids_may_be_numbers) {
  EXPECT_EQ(decode_as<inbound_ack>(R"({"type":"inbound_ack","bufferId":-100123456789})").buffer_id,
            "-100123456789");
  EXPECT_EQ(decode_as<hello>(R"({"type":"hello","platform":"p","botId":18446744073709551615})").who.bot_id,
            "18446744073709551615");
}

TEST(frames, hello_says_empty_bot_ids_and_drops_a_manifest_that_is_none) {
  std::string out;
  encode(out, hello{{"telegram", "", ""}, ""});
  encode(out, hello{{"discord", "7", ""}, "{\"no\":1}"});
  encode(out, hello{{"discord", "7", ""}, "[\n{\"name\": \"a\"}\n]"});
  EXPECT_EQ(out, "{\"type\":\"hello\",\"platform\":\"telegram\",\"botId\":\"\"}\n"
                 "{\"type\":\"hello\",\"platform\":\"discord\",\"botId\":\"7\"}\n"
                 "{\"type\":\"hello\",\"platform\":\"discord\",\"botId\":\"7\",\"command_manifest\":[{"
                 "\"name\":\"a\"}]}\n");
}

TEST(frames, a_descriptor_with_nothing_in_it_is_all_defaults_F42) {
  const auto x = decode_as<descriptor_frame>(R"({"type":"descriptor","descriptor":{}})").what;
  relay::descriptor expected;
  expected.raw = "{}";
  EXPECT_EQ(x, expected);
  EXPECT_EQ(x.emoji, "\xF0\x9F\x94\x8C");
  EXPECT_TRUE(x.supports(op::follow_up));
  EXPECT_FALSE(x.supports(op::react));
}

TEST(frames, a_descriptors_limit_is_always_usable) {
  const auto limit = [](const std::string& x) {
    return decode_as<descriptor_frame>(R"({"type":"descriptor","descriptor":{"max_message_length":)" + x +
                                       "}}")
        .what.max_message_length;
  };
  for (const auto* x : {"0", "-1", "\"2000\"", "null", "true", "[]", "0.5", "-1e300"})
    EXPECT_EQ(limit(x), 4096U) << x;
  EXPECT_EQ(limit("1"), 1U);
  EXPECT_EQ(limit("2000"), 2000U);
  EXPECT_EQ(limit("2000.0"), 2000U);
  EXPECT_EQ(limit("1e300"), 4294967295U);
}

TEST(frames, a_descriptor_of_wrong_types_takes_defaults) {
  const auto x =
      decode_as<descriptor_frame>(
          R"({"type":"descriptor","descriptor":{"contract_version":"2","platform":5,"supports_edit":"false",)"
          R"("len_unit":"words","supported_ops":"send","emoji":null,"markdown_dialect":7}})")
          .what;
  EXPECT_EQ(x.contract_version, 1);
  EXPECT_EQ(x.platform, "");
  EXPECT_FALSE(x.supports_edit) << "F47: a text is not true";
  EXPECT_EQ(x.len_unit, length_unit::chars);
  EXPECT_TRUE(x.supported_ops.empty());
  EXPECT_EQ(x.markdown_dialect, "plain");
}

TEST(frames, an_outbound_frame_is_tagged_only_when_the_platform_is_known_F39) {
  outbound x{"r", send("c", "t"), {}};
  std::string out;
  encode(out, x);
  EXPECT_EQ(
      out,
      R"({"type":"outbound","requestId":"r","action":{"op":"send","chat_id":"c","content":"t","reply_to":null}})"
      "\n");
  x.where.platform = "discord";
  out.clear();
  encode(out, x);
  EXPECT_EQ(
      out,
      R"({"type":"outbound","requestId":"r","action":{"op":"send","chat_id":"c","content":"t","reply_to":null},)"
      R"("platform":"discord"})"
      "\n");
}

TEST(frames, an_outbound_frame_carries_its_discriminators_F35_F36) {
  outbound x{"r", send("c", "t"), {"discord", "7", {"g1", "u1", "coder"}}};
  std::string out;
  encode(out, x);
  EXPECT_EQ(
      out,
      R"({"type":"outbound","requestId":"r","action":{"op":"send","chat_id":"c","content":"t","reply_to":null,)"
      R"("metadata":{"scope_id":"g1","guild_id":"g1","user_id":"u1","profile":"coder"}},)"
      R"("platform":"discord","botId":"7"})"
      "\n");
}

TEST(frames, a_request_without_an_id_is_refused) {
  EXPECT_EQ(refused(R"({"type":"outbound_result","result":{}})").what,
            "outbound_result: requestId is not a string");
  EXPECT_EQ(refused(R"({"type":"outbound","action":{"op":"send"}})").what,
            "outbound: requestId is not a string");
  EXPECT_EQ(refused(R"({"type":"outbound","requestId":"r"})").what, "outbound: action: must be an object");
  EXPECT_EQ(refused(R"({"type":"outbound","requestId":"r","action":{"op":"send","chat_id":"c"}})").what,
            "outbound: send: content must be a string");
}

TEST(frames, a_bad_passthrough_body_or_header_is_dropped_not_the_frame) {
  const auto x = decode_as<passthrough_forward>(
      R"({"type":"passthrough_forward","forward":{"platform":"slack","bodyB64":"***",)"
      R"("headers":[["a","b"],["c"],[1,"x"],"y",null,["d","e","f"],["g","h"]]},"bufferId":"b"})");
  EXPECT_EQ(x.body, "");
  EXPECT_EQ(x.headers, (std::vector<std::pair<std::string, std::string>>{{"a", "b"}, {"g", "h"}}));
  EXPECT_EQ(x.buffer_id, "b");
  EXPECT_TRUE(x.authenticated);
}

TEST(frames, a_passthrough_body_is_its_exact_bytes) {
  passthrough_forward x;
  x.body = std::string("\0\xFF\x80\n", 4);
  const auto back = decode_as<passthrough_forward>(encode_frame(x).substr(0, encode_frame(x).size() - 1));
  EXPECT_EQ(back.body, x.body);
}

TEST(results, success_must_be_true_to_count) {
  EXPECT_EQ(decode_result(R"({"success":true,"message_id":7})").message_id, "7");
  EXPECT_EQ(decode_result(R"({"success":true})").how, outcome::done);
  for (const auto* x : {"{}", R"({"success":"true"})", R"({"success":1})", R"({"success":null})"}) {
    EXPECT_EQ(decode_result(x).how, outcome::definite) << x;
    EXPECT_FALSE(decode_result(x).error.empty()) << x;
  }
}

TEST(results, facts_about_a_chat_need_no_success) {
  for (const auto* x : {R"({"chat_info":{"name":"n","type":"dm"}})", R"({"name":"n","type":"dm"})"}) {
    const auto result = decode_result(x);
    EXPECT_EQ(result.how, outcome::done) << x;
    EXPECT_EQ(encode_result(result), std::string{R"({"success":true,)"} + (x + 1));
  }
  EXPECT_EQ(decode_result(R"({"success":false,"chat_info":{"name":"n"}})").how, outcome::definite);
  EXPECT_EQ(decode_result(R"({"chat_info":null})").how, outcome::definite);
  EXPECT_EQ(decode_result(R"({"name":"n"})").how, outcome::definite);
}

TEST(results, whoever_asked_is_always_told_whether_it_succeeded) {
  EXPECT_EQ(encode_result(decode_result(R"({"success":"true","x":[1]})")),
            R"({"success":false,"error":"the connector reported a failure without a reason","x":[1]})");
  EXPECT_EQ(encode_result(decode_result(R"({"error":"no"})")), R"({"success":false,"error":"no"})");
  const auto* own = R"({"success":false,"error":null})"; // said: told as it came
  EXPECT_EQ(encode_result(decode_result(own)), own);
  const auto again = decode_result(encode_result(decode_result(R"({"ambiguous":true})")));
  EXPECT_EQ(again.how, outcome::unknown);
  EXPECT_FALSE(again.error.empty());
}

TEST(results, what_cannot_be_read_is_unknown) {
  for (const auto* x : {"", "null", "[]", "7", "{", "\"success\""})
    EXPECT_EQ(decode_result(x).how, outcome::unknown) << x;
  EXPECT_EQ(decode_as<outbound_result>(R"({"type":"outbound_result","requestId":"r"})").result.how,
            outcome::unknown);
}

TEST(results, ambiguity_wins_over_everything_F55) {
  EXPECT_EQ(decode_result(R"({"success":true,"ambiguous":true})").how, outcome::unknown);
  const auto x =
      decode_result(R"x({"success":false,"ambiguous":true,"error":"ack lost (Egress declined: maybe)"})x");
  EXPECT_EQ(x.how, outcome::unknown);
  EXPECT_EQ(x.code, "");
}

TEST(results, a_refusal_is_told_by_its_text_and_kept_verbatim_F54) {
  const auto* text = R"({"success":false,"error":"Upstream: EGRESS Declined: no route","extra":[1]})";
  const auto x = decode_result(text);
  EXPECT_EQ(x.code, "egress_declined");
  EXPECT_EQ(x.error, "Upstream: EGRESS Declined: no route");
  EXPECT_EQ(encode_result(x), text);
}

TEST(results, are_made_from_the_fields_without_a_raw_text) {
  EXPECT_EQ(encode_result(action_result::success()), R"({"success":true})");
  EXPECT_EQ(encode_result(action_result::failed("unsupported", "no")),
            R"({"success":false,"error":"no","code":"unsupported"})");
  EXPECT_EQ(encode_result(action_result::ambiguous("lost")),
            R"({"success":false,"error":"lost","ambiguous":true})");
  auto x = action_result::success();
  x.message_id = "2";
  x.message_ids = {"1", "2"};
  EXPECT_EQ(encode_result(x), R"({"success":true,"message_id":"2","message_ids":["1","2"]})");
  EXPECT_EQ(decode_result(encode_result(x)).message_ids, x.message_ids);
}

} // namespace frames_test
} // namespace relay::wire
