// How long ids may be, and objects with one name twice: refused or mended where they come in.
#include "relay_gateway/messages/lengths.hpp"
#include "relay_gateway/messages/wire/frames/agent_link.hpp"
#include "relay_gateway/messages/wire/frames/frames.hpp"
#include "relay_gateway/messages/wire/json/json_unique.hpp"

#include <gtest/gtest.h>

#include <string>

namespace relay::wire {
namespace lengths_test {

const std::string fits(512, 'x'), too_long(513, 'x');

std::string inbound_line(const std::string& member, const std::string& value) {
  const auto dot = member.find('.');
  const auto field = "\"" + member.substr(dot == std::string::npos ? 0 : dot + 1) + "\":\"" + value + "\"";
  const auto in = [&](const char* where) {
    return dot != std::string::npos && member.substr(0, dot) == where ? "," + field : std::string{};
  };
  return R"({"type":"inbound","event":{"text":"hi","source":{"a":1)" + in("source") + "}" +
         R"(,"prompt_response":{"prompt_id":"p","option_id":"o"})" +
         (dot == std::string::npos && member != "bufferId" ? "," + field : "") + "}" +
         (member == "bufferId" ? "," + field : R"(,"bufferId":"b")") + "}";
}

TEST(Lengths, EveryIdOfAnEventIsBounded) {
  for (const auto* member : {"source.platform",
                             "source.chat_id",
                             "source.chat_type",
                             "source.chat_name",
                             "source.user_id",
                             "source.user_name",
                             "source.thread_id",
                             "source.user_display_name",
                             "source.user_handle",
                             "source.user_id_alt",
                             "source.chat_id_alt",
                             "source.scope_id",
                             "source.guild_id",
                             "source.parent_chat_id",
                             "source.message_id",
                             "source.profile",
                             "source.auto_thread_initial_name",
                             "source.prospective_thread_id",
                             "message_id",
                             "reply_to_message_id",
                             "bufferId"}) {
    const auto good = decode(inbound_line(member, fits), true);
    EXPECT_TRUE(std::holds_alternative<inbound>(good)) << member;
    const auto refused = decode(inbound_line(member, too_long), true);
    const auto* bad = std::get_if<bad_frame>(&refused);
    ASSERT_NE(bad, nullptr) << member;
    EXPECT_EQ(bad->why, refusal::long_id) << member;
    EXPECT_EQ(bad->buffer_id, std::string{member} == "bufferId" ? too_long : "b") << "it is acknowledged";
    EXPECT_EQ(bad->what.find(too_long), std::string::npos);
  }
}

TEST(Lengths, TextsAndTopicsAreNoIds) {
  for (const auto* member : {"source.chat_topic", "context_error"})
    EXPECT_TRUE(std::holds_alternative<inbound>(decode(inbound_line(member, std::string(5'000, 'x')), true)));
}

TEST(Lengths, OtherFramesOfTheConnector) {
  for (const auto& line :
       {R"({"type":"outbound_result","requestId":")" + std::string(257, 'r') + R"(","result":{}})",
        R"({"type":"descriptor","descriptor":{"platform":")" + too_long + R"("}})",
        R"({"type":"interrupt_inbound","session_key":"s","chat_id":")" + too_long + R"("})",
        R"({"type":"interrupt_inbound","chat_id":"c","session_key":")" + std::string(4'097, 's') + R"("})",
        R"({"type":"passthrough_forward","forward":{"platform":")" + too_long + R"("}})"}) {
    const auto refused = decode(line, true);
    const auto* bad = std::get_if<bad_frame>(&refused);
    ASSERT_NE(bad, nullptr) << line.substr(0, 60);
    EXPECT_EQ(bad->why, refusal::long_id);
  }
}

TEST(Lengths, OtherFramesOfTheConnectorWithTheLongestIds) {
  for (const auto& line :
       {R"({"type":"outbound_result","requestId":")" + std::string(256, 'r') + R"(","result":{}})",
        R"({"type":"descriptor","descriptor":{"platform":")" + fits + R"("}})",
        R"({"type":"interrupt_inbound","session_key":"s","chat_id":")" + fits + R"("})",
        R"({"type":"interrupt_inbound","chat_id":"c","session_key":")" + std::string(4'096, 's') + R"("})",
        R"({"type":"passthrough_forward","forward":{"platform":")" + fits + R"("}})"})
    EXPECT_FALSE(std::holds_alternative<bad_frame>(decode(line, true))) << line.substr(0, 60);
}

bad_agent_frame refused_by_agent_link(const std::string& line) {
  auto out = decode_agent_frame(line);
  auto* bad = std::get_if<bad_agent_frame>(&out);
  return bad == nullptr ? bad_agent_frame{"it was accepted", {}, false} : *bad;
}

TEST(Lengths, IdsOfAnAgent) {
  const auto action = [](const std::string& members, const std::string& more = {}) {
    return R"({"type":"action","request_id":"r")" + more + R"(,"action":{"op":"send","content":"x",)" +
           members + "}}";
  };
  for (const auto* name : {"chat_id", "reply_to"}) {
    const auto chat = std::string{name} == "chat_id" ? std::string{} : R"("chat_id":"c",)";
    const auto bad = refused_by_agent_link(action(chat + "\"" + name + "\":\"" + too_long + "\""));
    EXPECT_TRUE(bad.long_id) << name;
    EXPECT_EQ(bad.request_id, "r") << "whoever waits for the result is told";
    EXPECT_EQ(bad.what, "action: " + std::string{name} + " is longer than 512 bytes");
  }
  EXPECT_TRUE(
      refused_by_agent_link(action(R"("chat_id":"c")", R"(,"delivery_id":")" + too_long + "\"")).long_id);
  EXPECT_TRUE(
      refused_by_agent_link(action(R"("chat_id":"c")", R"(,"platform":")" + too_long + "\"")).long_id);
  EXPECT_TRUE(refused_by_agent_link(R"({"type":"ack","delivery_id":")" + too_long + "\"}").long_id);
  EXPECT_TRUE(
      refused_by_agent_link(R"({"type":"interrupt","session_key":")" + std::string(4'097, 's') + "\"}")
          .long_id);
  const auto id = refused_by_agent_link(R"({"type":"action","request_id":")" + std::string(257, 'r') +
                                        R"(","action":{"op":"send","chat_id":"c","content":"x"}})");
  EXPECT_TRUE(id.long_id);
  EXPECT_TRUE(id.request_id.empty()) << "it is no id, so it is not told back";
  const auto both =
      refused_by_agent_link(R"({"type":"action","request_id":")" + std::string(256, 'r') +
                            R"(","action":{"op":"send","content":"x","chat_id":")" + too_long + R"("}})");
  EXPECT_TRUE(both.long_id);
  EXPECT_EQ(both.request_id, std::string(256, 'r')) << "it is the longest that is one";
  for (const auto& line : {R"({"type":"ack","delivery_id":")" + fits + "\"}",
                           R"({"type":"interrupt","session_key":")" + std::string(4'096, 's') + "\"}"})
    EXPECT_EQ(refused_by_agent_link(line).what, "it was accepted");
  for (const auto* name : {"delivery_id", "platform"})
    EXPECT_EQ(
        refused_by_agent_link(action(R"("chat_id":"c")", std::string{",\""} + name + "\":\"" + fits + "\""))
            .what,
        "it was accepted");
  EXPECT_FALSE(refused_by_agent_link(R"({"type":"action","request_id":")" + std::string(256, 'r') +
                                     R"(","action":{"op":"send","chat_id":")" + fits + R"(","content":"x"}})")
                   .long_id);
}

TEST(Lengths, IdsThatAnActionOnlyPassesOn) {
  const auto refused = [](const std::string& action) {
    return refused_by_agent_link(R"({"type":"action","request_id":"r","action":)" + action + "}");
  };
  for (const auto* name :
       {"thread_id", "scope_id", "guild_id", "user_id", "profile", "message_id", "reply_to_message_id"}) {
    const auto send = [&](const std::string& id) {
      return R"({"op":"send","chat_id":"c","content":"x","metadata":{"other":")" + std::string(5'000, 'o') +
             "\",\"" + name + "\":\"" + id + "\"}}";
    };
    EXPECT_EQ(refused(send(too_long)).what,
              "action: metadata." + std::string{name} + " is longer than 512 bytes");
    EXPECT_EQ(refused(send(fits)).what, "it was accepted") << name;
  }
  const auto react = [&](const std::string& emoji) {
    return R"({"op":"react","chat_id":"c","message_id":"m","emoji":")" + emoji + "\"}";
  };
  EXPECT_EQ(refused(react(too_long)).what, "action: emoji is longer than 512 bytes");
  EXPECT_EQ(refused(react(fits)).what, "it was accepted");
  std::string escaped;
  for (int i = 0; i < 256; ++i) escaped += R"(\u00e9)"; // two bytes each, six as they are written
  EXPECT_EQ(refused(react(escaped)).what, "it was accepted") << "what it says counts, not how it is written";
  EXPECT_EQ(refused(react(escaped + "x")).what, "action: emoji is longer than 512 bytes");
  EXPECT_EQ(
      refused(
          R"({"op":"send_media","chat_id":"c","media_kind":"image","source_url":"http://h/x","filename":")" +
          too_long + "\"}")
          .what,
      "action: filename is longer than 512 bytes");
  EXPECT_EQ(
      refused(
          R"({"op":"thread_rename","chat_id":"c","message_id":"m","thread_name":"n","only_if_current_name":")" +
          too_long + "\"}")
          .what,
      "action: only_if_current_name is longer than 512 bytes");
}

TEST(Lengths, WhatIsWrongOtherwiseIsNotCountedAsThat) {
  for (const auto* wrong :
       {R"({"op":5,"chat_id":"c","content":"x"})", R"({"op":"prompt","chat_id":"c"})", "[]"}) {
    const auto bad =
        refused_by_agent_link(R"({"type":"action","request_id":"r","action":)" + std::string{wrong} + "}");
    EXPECT_NE(bad.what, "it was accepted") << wrong;
    EXPECT_EQ(bad.counted_as(), "") << wrong;
  }
}

TEST(Lengths, ListsOfAnActionHaveABound) {
  // What is done for each entry would be done 10^5 times and more, in which nobody else is served.
  const auto prompt = [](std::size_t count, const std::string& last) {
    std::string out =
        R"({"type":"action","request_id":"r","action":{"op":"prompt","chat_id":"c","prompt_kind":"choice","content":"x","options":[)";
    for (std::size_t i = 0; i < count; ++i) out += R"({"id":"a)" + std::to_string(i) + R"(","label":"l"},)";
    return out + R"({"id":")" + last + R"(","label":"l"}]}})";
  };
  EXPECT_EQ(refused_by_agent_link(prompt(999, "b")).what, "it was accepted");
  EXPECT_EQ(refused_by_agent_link(prompt(999, "a7")).what, "prompt: options must have different ids");
  for (const auto count : {1'000UL, 150'000UL}) {
    const auto bad = refused_by_agent_link(prompt(count, "b"));
    EXPECT_EQ(bad.what, "action: options has more than 1000 entries");
    EXPECT_EQ(bad.request_id, "r");
    EXPECT_TRUE(bad.too_many);
  }
  const auto card = [](std::size_t count, const std::string& name) {
    std::string list = "[1";
    for (std::size_t i = 1; i < count; ++i) list += ",1";
    return R"({"type":"action","request_id":"r","action":{"op":"task_card","chat_id":"c","card_id":"d","chunks":[],")" +
           name + "\":" + list + "]}}";
  };
  EXPECT_EQ(refused_by_agent_link(card(1'000, "more")).what, "it was accepted");
  EXPECT_EQ(refused_by_agent_link(card(1'001, "more")).what, "action: more has more than 1000 entries");
}

TEST(Lengths, LabelsOfOptions) {
  const auto prompt = [](const std::string& label) {
    return refused_by_agent_link(
               R"({"type":"action","request_id":"r","action":{"op":"prompt","chat_id":"c","prompt_kind":"choice","content":"x",)"
               R"("options":[{"id":"a","label":")" +
               label + R"("}]}})")
        .what;
  };
  EXPECT_EQ(prompt(fits), "it was accepted");
  EXPECT_EQ(prompt(too_long), "prompt: options must have labels of at most 512 bytes");
}

// -- one name twice -------------------------------------------------------------------------------------

TEST(RepeatedNames, WhatIsPassedOnIsWhatWasRead) {
  const auto out =
      decode(R"({"type":"inbound","type":"hello","event":{"text":"a","text":"b","x":[{"y":1.50,"\u0079":2}],)"
             R"("source":{"chat_id":"1","chat_id":"2"}},"event":{"text":"c"},"bufferId":"b","bufferId":"d"})",
             true);
  const auto* x = std::get_if<inbound>(&out);
  ASSERT_NE(x, nullptr);
  EXPECT_EQ(x->event->text, "a");
  EXPECT_EQ(x->event->source.chat_id, "1");
  EXPECT_EQ(x->buffer_id, "b");
  EXPECT_EQ(x->event->raw, R"({"text":"a","x":[{"y":1.50}],"source":{"chat_id":"1"}})");
}

TEST(RepeatedNames, OfResultsAndActionsToo) {
  const auto out = decode(
      R"({"type":"outbound_result","requestId":"r","result":{"success":false,"error":"no","success":true}})",
      true);
  const auto* result = std::get_if<outbound_result>(&out);
  ASSERT_NE(result, nullptr);
  EXPECT_EQ(result->result.how, outcome::definite);
  EXPECT_EQ(result->result.raw, R"({"success":false,"error":"no"})");
  const auto said = decode_agent_frame(
      R"({"type":"action","action":{"op":"send","chat_id":"c","content":"x","metadata":{"scope_id":"1","scope_id":"2"}}})");
  const auto* wanted = std::get_if<agent_action>(&said);
  ASSERT_NE(wanted, nullptr);
  EXPECT_EQ(wanted->request.act.metadata, R"({"scope_id":"1"})");
}

TEST(RepeatedNames, AreSeenInObjectsOfAnySize) {
  for (int n : {2, 32, 33, 500}) {
    std::string plain = "{", twice;
    for (int i = 0; i < n; ++i)
      plain += (i > 0 ? "," : "") + std::string{"\"k"} + std::to_string(i) + "\":" + std::to_string(i);
    twice = plain + R"(,"k1":"again"})";
    plain += "}";
    json::document doc;
    ASSERT_TRUE(doc.parse(plain));
    EXPECT_FALSE(json::has_repeated_names(doc.root())) << n;
    json::document other;
    ASSERT_TRUE(other.parse(twice));
    EXPECT_TRUE(json::has_repeated_names(other.root())) << n;
    std::string once;
    json::append_unique(once, other.root(), other.text());
    EXPECT_EQ(once, plain);
  }
}

} // namespace lengths_test
} // namespace relay::wire
