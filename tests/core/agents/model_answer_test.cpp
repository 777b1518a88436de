// The answer of a model: pieces cut anywhere, and every way to end.
#include "relay_gateway/actors/agents/core/model_answer.hpp"

#include <gtest/gtest.h>

#include <string>

namespace relay::core {
namespace model_answer_test {

using namespace std::chrono_literals;

const instant begin{1h};
const answer_limits limits{10s, 5s, 60s};

std::string say(const std::string& text, const std::string& finish = "null") {
  return R"(data: {"choices":[{"delta":{"content":")" + text + R"("},"finish_reason":)" + finish + "}]}\n\n";
}
const std::string done = "data: [DONE]\n\n";

model_answer streamed(const std::string& bytes, std::size_t piece = std::string::npos) {
  model_answer x{limits, begin};
  x.head("text/event-stream; charset=utf-8");
  for (std::size_t at = 0; at < bytes.size(); at += std::min(piece, bytes.size()))
    x.bytes(std::string_view{bytes}.substr(at, piece), begin + 1s);
  return x;
}

TEST(ModelAnswer, ComesWholeHoweverItIsCut) {
  const auto bytes = say("") + ": ping\n\n" + say("Hel") + say("l\xC3\xB6") + say("", "\"stop\"") + done;
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    const auto x = streamed(bytes, piece);
    ASSERT_EQ(x.how(), answer_end::complete) << piece;
    EXPECT_EQ(x.text(), "Hell\xC3\xB6");
    EXPECT_EQ(x.first_token(), begin + 1s);
    EXPECT_FALSE(x.due());
  }
}

TEST(ModelAnswer, EndsAlsoWithoutTheLastMark) {
  auto x = streamed(say("a") + say("", "\"stop\""));
  EXPECT_FALSE(x.over()) << "usage may follow";
  x.ended(200, {}, {});
  EXPECT_EQ(x.how(), answer_end::complete);
  x = streamed(say("a", "\"length\""));
  x.ended(0, "connection reset", {});
  EXPECT_EQ(x.how(), answer_end::complete) << "the model had finished";
}

TEST(ModelAnswer, BreaksOff) {
  auto x = streamed(say("half"));
  x.ended(200, {}, {});
  EXPECT_EQ(x.how(), answer_end::broken) << "the stream ended in order, the answer did not";
  EXPECT_EQ(x.text(), "half");
  x = streamed(say("half"));
  x.ended(0, "connection reset", {});
  EXPECT_EQ(x.how(), answer_end::broken);
  x = streamed(say("half") + "data: {nonsense\n\n");
  EXPECT_EQ(x.how(), answer_end::broken);
  x = streamed(say("half") + "data: {\"error\":{\"message\":\"out of memory\"}}\n\n");
  EXPECT_EQ(x.how(), answer_end::broken);
  EXPECT_NE(x.detail().find("out of memory"), std::string::npos);
  x = model_answer{limits, begin};
  x.ended(0, "connection refused", {});
  EXPECT_EQ(x.how(), answer_end::unreachable);
}

TEST(ModelAnswer, IsRefused) {
  const auto status = [](int code) {
    model_answer x{limits, begin};
    x.ended(code, {}, R"({"error":{"message":"no such model"}})");
    EXPECT_EQ(x.detail(), "status " + std::to_string(code) + ": no such model");
    return x;
  };
  EXPECT_EQ(status(429).how(), answer_end::busy);
  EXPECT_EQ(status(503).how(), answer_end::busy);
  EXPECT_EQ(status(500).how(), answer_end::refused);
  for (int redirect : {300, 302, 308})
    EXPECT_EQ(status(redirect).how(), answer_end::refused) << "redirects are not followed";
  EXPECT_TRUE(status(400).may_dislike_images());
  EXPECT_FALSE(status(401).may_dislike_images());
  EXPECT_FALSE(status(429).may_dislike_images());
}

TEST(ModelAnswer, NotStreamed) {
  const auto whole = [](const std::string& body) {
    model_answer x{limits, begin};
    x.head("application/json");
    const std::size_t piece = body.size() < 1000 ? 1 : body.size();
    for (std::size_t at = 0; at < body.size(); at += piece)
      x.bytes(std::string_view{body}.substr(at, piece), begin + 1s);
    x.ended(200, {}, {});
    return x;
  };
  auto x = whole(R"({"choices":[{"message":{"content":"hi"}}]})");
  EXPECT_EQ(x.how(), answer_end::complete);
  EXPECT_EQ(x.text(), "hi");
  EXPECT_EQ(whole(R"({"choices":[{"message":{"content":" "}}]})").how(), answer_end::empty);
  EXPECT_EQ(whole("<html>").how(), answer_end::broken);
  EXPECT_EQ(whole(R"({"error":"no"})").how(), answer_end::refused);
  EXPECT_EQ(whole(std::string(5U << 20, 'x')).how(), answer_end::too_long);
}

TEST(ModelAnswer, TimeRunsOut) {
  model_answer x{limits, begin};
  EXPECT_EQ(x.due(), begin + 10s);
  x.head("text/event-stream");
  x.bytes(say(""), begin + 9s); // a sign of life is no token
  EXPECT_EQ(x.due(), begin + 10s);
  x.timer(begin + 9999ms);
  EXPECT_FALSE(x.over());
  x.timer(begin + 10s);
  EXPECT_EQ(x.how(), answer_end::no_token);
  x = streamed(say("a"));
  EXPECT_EQ(x.due(), begin + 6s);
  x.bytes(": ping\n\n", begin + 5s); // somebody in between keeps the connection alive, not the model
  x.timer(begin + 6s);
  EXPECT_EQ(x.how(), answer_end::silent);
  EXPECT_EQ(x.text(), "a");
  x = streamed(say("a"));
  for (auto at = begin + 2s; at < begin + 59s; at += 4s) x.bytes(say("b"), at);
  EXPECT_EQ(x.due(), begin + 60s);
  x.timer(begin + 60s);
  EXPECT_EQ(x.how(), answer_end::overdue);
}

TEST(ModelAnswer, AWholeAnswerMayTakeItsTime) {
  auto slow = limits;
  slow.streamed = false;
  model_answer x{slow, begin};
  EXPECT_EQ(x.due(), begin + 60s);
  model_answer y{limits, begin};
  y.head("application/json");
  EXPECT_EQ(y.due(), begin + 60s) << "the server does not stream";
}

TEST(ModelAnswer, IsBounded) {
  auto small = limits;
  small.longest = 10;
  model_answer x{small, begin};
  x.head("text/event-stream");
  x.bytes(say("012345678\xC3\xA9"), begin);
  EXPECT_EQ(x.how(), answer_end::too_long);
  EXPECT_EQ(x.text(), "012345678") << "no half character";
}

} // namespace model_answer_test
} // namespace relay::core
