// The short way to read a frame says what the long one says, or nothing.
#include "relay_gateway/messages/wire/frames/ordinary_frames.hpp"
#include "relay_gateway/messages/wire/json/ordinary_reader.hpp"
#include "relay_gateway/tests/wire/frames/golden.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace relay::wire {
namespace ordinary_frames_test {

bool is_ordinary(std::string_view line) {
  frame out;
  return read_ordinary_frame(line, true, out);
}

/// Whether it was read the short way.
bool same_as_the_long_way(std::string_view line, bool authenticated = true) {
  frame brief;
  if (!read_ordinary_frame(line, authenticated, brief)) return false;
  const auto whole = read_frame(line, authenticated);
  EXPECT_EQ(brief.index(), whole.index()) << line;
  if (brief.index() != whole.index()) return true;
  if (const auto* x = std::get_if<inbound>(&brief)) {
    const auto& y = std::get<inbound>(whole);
    EXPECT_EQ(*x->event, *y.event) << line;
    EXPECT_EQ(x->buffer_id, y.buffer_id) << line;
  } else if (const auto* result = std::get_if<outbound_result>(&brief)) {
    const auto& y = std::get<outbound_result>(whole);
    EXPECT_EQ(result->request_id, y.request_id) << line;
    EXPECT_EQ(result->result, y.result) << line;
  } else {
    ADD_FAILURE() << "neither of the two: " << line;
  }
  return true;
}

std::string event_with(const std::string& members, const std::string& source = R"("chat_id":"1")") {
  return R"({"type":"inbound","event":{"text":"hi","source":{)" + source + "}" + members + "}}";
}
std::string result_with(const std::string& members) {
  return R"({"type":"outbound_result","requestId":"r-1","result":{"success":true)" + members + "}}";
}

TEST(ordinary_frames, WhatNearlyAllTrafficIsGoesTheShortWay) {
  const std::vector<std::string> lines{
      event_with(""),
      event_with(R"(,"message_type":"image","message_id":"m","reply_to_message_id":"r")"),
      event_with(R"(,"reply_to":null,"media":null,"context":null,"message_id":null)"),
      event_with(R"(,"mine":{"a":[1,-2.50,true,{"b":"\u00e9"},[]],"c":{}},"other":"\"")"),
      event_with("",
                 R"("platform":"slack","chat_id":"1","guild_id":"g","is_bot":true,"message_is_edit":false)"),
      event_with("", R"("platform":"","chat_type":"","guild_id":"g","scope_id":"s","profile":null,"x":1)"),
      R"({"event":{"source":null,"text":null},"bufferId":"b","type":"inbound"})",
      R"( { "type" : "inbound" , "event" : { "text" : "a\u0000\n\"\\\/\b\f\r\t\u00e9\u20ac\ud83c\udfae" } } )",
      R"({"type":"inbound","event":{"text":"\u007f\u0080\u07ff\u0800\uffff\ud800\udc00\udbff\udfff"}})",
      result_with(""),
      result_with(R"(,"message_id":"m","seen_by":["a"])"),
      result_with(R"(,"message_id":null)"),
  };
  for (const auto& line : lines)
    for (const bool authenticated : {false, true})
      EXPECT_TRUE(same_as_the_long_way(line, authenticated)) << line;
}

TEST(ordinary_frames, WhatIsUnusualIsLeftToTheDocument) {
  const std::string long_id(600, 'x');
  const std::vector<std::string> lines{
      event_with(R"(,"media_urls":[])"),
      event_with(R"(,"context":[])"),
      event_with(R"(,"display_name":"forged")"),
      event_with(R"(,"delivered_via_upstream_relay":null)"),
      event_with(R"(,"message_id":7)"),
      event_with(R"(,"message_type":7)"),
      event_with(R"(,"text":"twice")"),
      event_with(R"(,"x":1,"x":2)"),
      event_with(R"(,"x":{"y":1,"y":1})"),
      event_with(R"(,"\u0078":1)"),
      event_with(R"(,"x":1e3)"),
      event_with(R"(,"x":)" + std::string(400, '1')),
      event_with(R"(,"x":"\ud800")"),
      event_with(R"(,"x":)" + std::string(40, '[') + std::string(40, ']')),
      event_with(R"(,"message_id":")" + long_id + R"("null)"),
      event_with("", R"("chat_id":")" + long_id + '"'),
      event_with("", R"("chat_id":12)"),
      event_with("", R"("is_bot":"true")"),
      event_with("\r\n,\"x\":1"),
      event_with("") + "x",
      event_with("") + "}",
      R"({"type":"inbound"})",
      R"({"type":"inbound","event":[]})",
      R"({"event":{}})",
      R"({"type":"inbound","event":{},"result":{"success":true}})",
      R"({"type":"inbound","event":{},"bufferId":1})",
      R"({"type":"outbound_result","result":{"success":true}})",
      R"({"type":"outbound_result","requestId":"","result":{"success":true}})",
      R"({"type":"outbound_result","requestId":"r"})",
      R"({"type":"outbound_result","requestId":"r","result":{}})",
      R"({"type":"outbound_result","requestId":"r","result":{"success":false}})",
      R"({"type":"outbound_result","requestId":"r","result":{"success":1}})",
      result_with(R"(,"ambiguous":true)"),
      result_with(R"(,"code":"x")"),
      result_with(R"(,"error":"x")"),
      result_with(R"(,"message_ids":["a","b"])"),
      result_with(R"(,"message_id":5)"),
      R"({"type":"hello"})",
      "",
      "nonsense",
  };
  for (const auto& line : lines) EXPECT_FALSE(is_ordinary(line)) << line;
  std::string deep = "1";
  for (int i = 0; i < 40; ++i) deep = R"({"a":)" + deep + "}";
  EXPECT_FALSE(is_ordinary(event_with(R"(,"x":)" + deep)));
  for (char c = 'A'; c <= 'z'; ++c) {
    if (c == '\\') continue;
    const std::string member{',', '"', c, '"', ':', '1'};
    EXPECT_TRUE(is_ordinary(event_with(member))) << member;
    EXPECT_FALSE(is_ordinary(event_with(member + member))) << member << " twice";
  }
}

/// Any byte changed, left out or repeated, and any piece of one line in another.
TEST(ordinary_frames, AMutatedFrameIsReadAlikeBothWays) {
  std::vector<std::string> lines{
      event_with(
          R"(,"message_type":"text","message_id":"m\n1","reply_to":null,"z":{"a":[1,-2.5,true]})",
          R"("platform":"discord","chat_id":"1","user_id":"u","user_name":"ann","guild_id":"g","is_bot":true)"),
      result_with(R"(,"message_id":"1","retry_after":0)"),
      R"({"bufferId":"b","event":{"text":"\ud83c\udfae","source":{"scope_id":"","guild_id":"g"}},"type":"inbound"})"};
  for (const auto& x : golden_frames) lines.emplace_back(x.line);
  constexpr std::string_view bytes = "\"\\{}[],:nulltrefasu019-.eE \t\r\n\x01\x7f\xc3\xa9";
  std::mt19937 random{1};
  const auto below = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>{0, n - 1}(random);
  };
  std::size_t brief = 0;
  for (int i = 0; i < 60'000; ++i) {
    auto line = lines[below(lines.size())];
    for (auto changes = below(3) + 1; changes > 0 && !line.empty(); --changes) {
      const auto at = below(line.size());
      switch (below(4)) {
      case 0: line[at] = bytes[below(bytes.size())]; break;
      case 1: line.erase(at, below(6) + 1); break;
      case 2: line.insert(at, line.substr(below(line.size()), below(24))); break;
      default: {
        const auto& other = lines[below(lines.size())];
        line.insert(at, other.substr(below(other.size()), below(24)));
      }
      }
    }
    if (same_as_the_long_way(line)) ++brief;
  }
  EXPECT_GT(brief, 1'000U);
}

} // namespace ordinary_frames_test
} // namespace relay::wire
