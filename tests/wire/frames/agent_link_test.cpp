// The agent link (agent-link.md): exact text out, exact meaning in.
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/frames/agent_link.hpp"
#include "relay_gateway/messages/wire/frames/frames.hpp"

#include <gtest/gtest.h>

namespace relay::wire {
namespace agent_link_test {

template <class T>
T agent_says(std::string_view line) {
  auto x = decode_agent_frame(line);
  if (auto* found = std::get_if<T>(&x)) return std::move(*found);
  ADD_FAILURE() << line
                << (std::holds_alternative<bad_agent_frame>(x) ? std::get<bad_agent_frame>(x).what : "");
  return {};
}

TEST(agent_link, ack) {
  EXPECT_EQ(agent_says<agent_ack>(R"({"type":"ack","delivery_id":"d1"})").delivery_id, "d1");
  EXPECT_EQ(agent_says<bad_agent_frame>(R"({"type":"ack"})").what,
            "ack: delivery_id must be a non-empty string");
}

TEST(agent_link, action) {
  const auto x = agent_says<agent_action>(
                     R"({"type":"action","request_id":"r1","platform":"discord","delivery_id":"d1",)"
                     R"("action":{"op":"send","chat_id":"c","content":"hi","metadata":{"k":1}}})")
                     .request;
  EXPECT_EQ(x, (action_request{"r1", "discord", "d1", send("c", "hi", "", R"({"k":1})")}));
  EXPECT_EQ(agent_says<agent_action>(R"({"type":"action","action":{"op":"typing","chat_id":"c"}})").request,
            (action_request{"", "", "", typing("c")}));
}

TEST(agent_link, a_bad_action_is_answered_by_its_request_id) {
  const auto x = agent_says<bad_agent_frame>(R"({"type":"action","request_id":"r1","action":{"op":"send"}})");
  EXPECT_EQ(x.what, "send: chat_id must be a non-empty string");
  EXPECT_EQ(x.request_id, "r1");
  EXPECT_EQ(agent_says<bad_agent_frame>(R"({"type":"action","request_id":2})").what,
            "action: must be an object");
  EXPECT_EQ(agent_says<bad_agent_frame>(R"({"type":"action","request_id":2})").request_id, "2");
}

TEST(agent_link, what_stands_beside_an_action_is_of_its_type_or_refused_by_name) {
  for (const std::string name : {"request_id", "platform", "delivery_id"}) {
    for (const std::string value : {"{}", "[1]", "true", "1.5"}) {
      const auto x = agent_says<bad_agent_frame>(R"({"type":"action",")" + name + "\":" + value +
                                                 R"(,"action":{"op":"typing","chat_id":"c"}})");
      EXPECT_EQ(x.what, "action: " + name + " must be a string") << value;
    }
    agent_says<agent_action>(R"({"type":"action",")" + name +
                             R"(":null,"action":{"op":"typing","chat_id":"c"}})");
  }
  const auto x = agent_says<bad_agent_frame>(
      R"({"type":"action","request_id":"r1","platform":7,"action":{"op":"typing","chat_id":"c"}})");
  EXPECT_EQ(x.what, "action: platform must be a string");
  EXPECT_EQ(x.request_id, "r1");
}

TEST(agent_link, a_line_that_no_parser_takes_still_names_its_request) {
  const std::string before = R"({"type":"action","request_id":"r1","action":{"op":"send","content":")";
  for (const std::string rest : {"\\ud83d", "\xFF\"}}", "\"}", "\"}}}"})
    EXPECT_EQ(agent_says<bad_agent_frame>(before + rest).request_id, "r1") << rest;
  EXPECT_EQ(agent_says<bad_agent_frame>(R"({"type":"ack","request_id":7,)").request_id, "7");
}

TEST(agent_link, half_a_surrogate_pair_costs_its_character_wherever_an_agent_says_it) {
  const auto x =
      agent_says<agent_action>(
          R"({"type":"action","request_id":"r\ud83d","platform":"discord","delivery_id":"d\udc00",)"
          R"("action":{"op":"send","chat_id":"c\udfff","content":"cut \ud83d","reply_to":"m\ud800",)"
          R"("metadata":{"k\ud83d":"v\ud83d"},"x":["\udc00 1.10",1.10]}})")
          .request;
  EXPECT_EQ(x.request_id, "r\uFFFD");
  EXPECT_EQ(x.delivery_id, "d\uFFFD");
  EXPECT_EQ(x.act.chat_id, "c\uFFFD");
  EXPECT_EQ(x.act.content, "cut \uFFFD");
  EXPECT_EQ(x.act.reply_to, "m\uFFFD");
  const auto sent = encode_action(x.act);
  EXPECT_TRUE(decode_action(sent));
  for (const auto* half : {"\\ud83d", "\\udc00", "\\ud800", "\\udfff"})
    EXPECT_EQ(sent.find(half), std::string::npos) << "what is passed on as it came is mended too: " << sent;
  EXPECT_NE(sent.find("1.10]"), std::string::npos);
  EXPECT_EQ(agent_says<agent_ack>(R"({"type":"ack","delivery_id":"d\ud800"})").delivery_id, "d\uFFFD");
  EXPECT_EQ(agent_says<agent_interrupt>(R"({"type":"interrupt","session_key":"s","reason":"\udc00"})").reason,
            "\uFFFD");
  const auto hello = agent_says<agent_hello>(
      R"({"type":"hello","name":"a\ud83d","commands":[{"name":"ask","description":"Ask \ud83d"}]})");
  EXPECT_TRUE(hello.faults.empty());
  EXPECT_EQ(hello.name, "a\uFFFD");
  ASSERT_EQ(hello.commands.size(), 1U);
  EXPECT_EQ(hello.commands[0].description, "Ask \uFFFD");
  agent_hello first;
  bool more = true;
  EXPECT_TRUE(decode_first_frame(R"({"media":"path","x":"\ud83d"})", first, more));
}

TEST(agent_link, what_is_an_object_is_not_said_to_be_none) {
  EXPECT_EQ(agent_says<bad_agent_frame>("[]").what, "frame: not a JSON object");
  EXPECT_EQ(agent_says<bad_agent_frame>("{").what, "frame: not JSON");
  EXPECT_EQ(agent_says<bad_agent_frame>("{\"type\":\"\xFF\"}").what, "frame: not valid UTF-8");
  EXPECT_EQ(
      agent_says<bad_agent_frame>("{\"a\":" + std::string(1000, '[') + std::string(1000, ']') + "}").what,
      "frame: nested too deep");
}

TEST(agent_link, a_name_is_a_short_text) {
  EXPECT_EQ(agent_says<agent_hello>(R"({"type":"hello","name":"bob"})").name, "bob");
  EXPECT_EQ(agent_says<agent_hello>(R"({"type":"hello","name":null})").faults.size(), 0U);
  const auto named = [](const std::string& value) {
    return agent_says<agent_hello>(R"({"type":"hello","name":)" + value + "}");
  };
  EXPECT_EQ(named('"' + std::string(256, 'x') + '"').name.size(), 256U);
  for (const std::string& bad :
       {std::string{"7"}, std::string{"\"\""}, std::string{"[]"}, '"' + std::string(257, 'x') + '"'}) {
    EXPECT_EQ(named(bad).name, "") << bad;
    ASSERT_EQ(named(bad).faults.size(), 1U) << bad;
    EXPECT_EQ(named(bad).faults[0].find("hello: name: "), 0U);
  }
}

TEST(agent_link, on_unknown_is_report_or_resend) {
  const auto with = [](const std::string& value) {
    return R"({"type":"action","request_id":"r1","on_unknown":)" + value +
           R"(,"action":{"op":"typing","chat_id":"c"}})";
  };
  EXPECT_TRUE(agent_says<agent_action>(with(R"("resend")")).request.resend_unknown);
  for (const auto* value : {R"("report")", "null"})
    EXPECT_FALSE(agent_says<agent_action>(with(value)).request.resend_unknown) << value;
  for (const auto* value : {R"("Resend")", R"("")", "true", "{}"}) {
    const auto x = agent_says<bad_agent_frame>(with(value));
    EXPECT_EQ(x.what, "on_unknown: must be report or resend") << value;
    EXPECT_EQ(x.request_id, "r1");
  }
}

TEST(agent_link, interrupt) {
  const auto x = agent_says<agent_interrupt>(R"({"type":"interrupt","session_key":"s","reason":""})");
  EXPECT_EQ(x.session_key, "s");
  EXPECT_TRUE(x.has_reason);
  EXPECT_FALSE(
      agent_says<agent_interrupt>(R"({"type":"interrupt","session_key":"s","reason":null})").has_reason);
  EXPECT_FALSE(agent_says<agent_interrupt>(R"({"type":"interrupt","session_key":"s"})").has_reason);
  EXPECT_EQ(agent_says<bad_agent_frame>(R"({"type":"interrupt"})").what,
            "interrupt: session_key must be a non-empty string");
}

TEST(agent_link, junk_is_a_bad_frame_that_quotes_nothing) {
  for (const std::string line : {"", "[]", "null", "{}", "{", R"({"type":5})", R"({"type":"secret-word"})",
                                 "\xFF", R"({"type":"secret-word"}})"}) {
    const auto x = agent_says<bad_agent_frame>(line);
    EXPECT_FALSE(x.what.empty());
    EXPECT_EQ(x.what.find("secret-word"), std::string::npos);
  }
}

TEST(agent_link, ready) {
  relay::descriptor as_it_came, made_here;
  as_it_came.raw = R"({"platform":"telegram","novel":1})";
  made_here.platform = "discord";
  std::string out;
  encode_ready(out, "gw-1", {as_it_came, made_here});
  EXPECT_EQ(
      out,
      R"({"type":"ready","gateway_id":"gw-1","platforms":[{"platform":"telegram","novel":1},)"
      R"({"contract_version":1,"platform":"discord","label":"","max_message_length":4096,)"
      R"("supports_draft_streaming":false,"supports_edit":false,"supports_threads":false,)"
      R"("markdown_dialect":"plain","len_unit":"chars","emoji":"🔌","platform_hint":"","pii_safe":false,)"
      R"("supports_context":false,"supports_inchannel_continuable":false,"supports_block_formatting":false}]})"
      "\n");
  out.clear();
  encode_ready(out, "", {});
  EXPECT_EQ(out, "{\"type\":\"ready\",\"gateway_id\":\"\",\"platforms\":[]}\n");
}

TEST(agent_link, a_delivery_is_the_event_as_it_came_and_what_is_known_about_it) {
  inbound_event event;
  std::string why;
  ASSERT_TRUE(decode_event(
      R"({"text":"hi","novel":[1],"source":{"user_name":"ann"},"context":[{"text":"before"}]})", event, why));
  event.delivered_via_upstream_relay = true;
  std::string out;
  encode_delivery(out, {"d1", "agent:main:relay:dm", event_ref{event}, true});
  EXPECT_EQ(
      out, R"({"type":"inbound","delivery_id":"d1","session_key":"agent:main:relay:dm","event":{"text":"hi",)"
           R"("novel":[1],"source":{"user_name":"ann"},"context":[{"text":"before"}],)"
           R"("delivered_via_upstream_relay":true,"channel_context":"[Recent channel messages]\nbefore",)"
           R"("display_name":"ann"},"redelivered":true})"
           "\n");
}

TEST(agent_link, a_bare_delivery_has_no_additions) {
  inbound_event event;
  event.raw = "{ }";
  std::string out;
  encode_delivery(out, {"d", "s", event_ref{event}, false});
  EXPECT_EQ(out, "{\"type\":\"inbound\",\"delivery_id\":\"d\",\"session_key\":\"s\",\"event\":{},"
                 "\"redelivered\":false}\n");
  event.raw = "{}";
  event.source.user_handle = "h";
  out.clear();
  encode_delivery(out, {"d", "s", event_ref{event}, false});
  EXPECT_NE(out.find(R"("event":{"display_name":"h"})"), std::string::npos);
}

TEST(agent_link, an_event_of_an_embedder_goes_out_from_its_fields) {
  inbound_event event;
  event.text = "hi";
  event.source.chat_id = "c";
  event.source.user_name = "ann";
  std::string out;
  encode_delivery(out, {"d", "s", event_ref{event}, false});
  EXPECT_NE(
      out.find(R"("event":{"text":"hi","message_type":"text","source":{"platform":"relay","chat_id":"c",)"
               R"("chat_type":"dm","chat_name":null,"user_id":null,"user_name":"ann","thread_id":null,)"
               R"("chat_topic":null},"display_name":"ann"})"),
      std::string::npos)
      << out;
}

TEST(agent_link, the_result_of_a_prompt_tells_its_id) {
  auto made_here = action_result::failed("unsupported", "no");
  auto as_it_came = decode_result(R"({"success":true,"prompt_id":"the connector's word","message_id":"m"})");
  made_here.prompt_id = as_it_came.prompt_id = "n.00000001";
  std::string out;
  encode_outcome(out, {"r", as_it_came});
  encode_outcome(out, {"r", made_here});
  EXPECT_EQ(out, "{\"type\":\"result\",\"request_id\":\"r\",\"result\":{\"success\":true,"
                 "\"message_id\":\"m\",\"prompt_id\":\"n.00000001\"}}\n"
                 "{\"type\":\"result\",\"request_id\":\"r\",\"result\":{\"success\":false,"
                 "\"error\":\"no\",\"code\":\"unsupported\",\"prompt_id\":\"n.00000001\"}}\n");
}

TEST(agent_link, the_other_frames) {
  std::string out;
  encode_outcome(out, {"r1", action_result::success()});
  encode_outcome(out, {"r2", decode_result(R"({"success":false,"error":"x","more":1})")});
  encode_interrupt(out, "s", "c");
  encode_draining(out);
  encode_error(out, "bad \"frame\"");
  encode_error(out, "bad action", "r3");
  EXPECT_EQ(out, "{\"type\":\"result\",\"request_id\":\"r1\",\"result\":{\"success\":true}}\n"
                 "{\"type\":\"result\",\"request_id\":\"r2\",\"result\":{\"success\":false,\"error\":\"x\","
                 "\"more\":1}}\n"
                 "{\"type\":\"interrupt\",\"session_key\":\"s\",\"chat_id\":\"c\"}\n"
                 "{\"type\":\"draining\"}\n"
                 "{\"type\":\"error\",\"message\":\"bad \\\"frame\\\"\"}\n"
                 "{\"type\":\"error\",\"message\":\"bad action\",\"request_id\":\"r3\"}\n");
}

} // namespace agent_link_test
} // namespace relay::wire
