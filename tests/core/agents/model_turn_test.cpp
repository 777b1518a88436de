// One question: what is asked, what is said, and the one clear line when it goes wrong.
#include "relay_gateway/actors/agents/core/model_turn.hpp"
#include "relay_gateway/messages/wire/chat/chat_completion.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace relay::core {
namespace model_turn_test {

using namespace std::chrono_literals;
using kind = display_action::kind;

open_question question() { return {"d1-1", "discord", "1", "u", "hi", R"("hi")"}; }

struct asked : model_turn {
  explicit asked(open_question what = question(), display_mode mode = display_mode::edits)
      : model_turn({{10s, 5s, 60s}, mode, {700ms, 2s, 4s}, {}}, what) {
    begin(now, out);
  }
  void answers(const std::string& text, const std::string& finish = "null") {
    head("text/event-stream");
    bytes(R"(data: {"choices":[{"delta":{"content":")" + text + R"("},"finish_reason":)" + finish + "}]}\n\n",
          now, out);
  }
  void completes() {
    answers("", R"("stop")");
    ended(200, {}, {}, 0ms, now, out);
  }
  std::string last() const { return out.say.empty() ? std::string{} : out.say.back().text; }
  kind last_kind() const { return out.say.back().what; }
  instant now{1h};
  turn_orders out;
};

TEST(ModelTurn, AsksAndAnswers) {
  asked x;
  EXPECT_TRUE(x.out.request);
  EXPECT_EQ(x.last_kind(), kind::typing);
  x.requested(x.now);
  x.answers("hello");
  x.completes();
  EXPECT_EQ(x.last(), "hello");
  EXPECT_EQ(x.last_kind(), kind::final_send);
  EXPECT_FALSE(x.over());
  x.outcome_of(action_result::success(), x.now, x.out);
  EXPECT_TRUE(x.over());
  EXPECT_EQ(x.remembered(), "hello");
}

TEST(ModelTurn, EveryFailureIsOneClearLine) {
  const auto failed = [](int status, milliseconds wait) {
    asked x;
    x.requested(x.now);
    x.ended(status, status == 0 ? "refused" : "", "", wait, x.now, x.out);
    EXPECT_EQ(x.remembered(), "");
    return x.last();
  };
  EXPECT_NE(failed(0, 0ms).find("cannot be reached"), std::string::npos);
  EXPECT_NE(failed(401, 0ms).find("status 401"), std::string::npos);
  EXPECT_NE(failed(429, 20'500ms).find("in 21 seconds"), std::string::npos);
  EXPECT_NE(failed(429, 0ms).find("later"), std::string::npos);
  EXPECT_NE(failed(503, 1s).find("in 1 second."), std::string::npos);
  asked x;
  x.requested(x.now);
  x.timer(x.now + 10s, x.out);
  EXPECT_TRUE(x.out.cancel);
  EXPECT_NE(x.last().find("did not begin"), std::string::npos);
  x.timer(x.now + 1h, x.out);
  EXPECT_EQ(x.out.say.size(), 2U) << "typing, and one line";
}

TEST(ModelTurn, AnAnswerThatBreaksOffKeepsItsBeginning) {
  asked x;
  x.requested(x.now);
  x.answers("Once upon");
  x.ended(0, "connection reset", {}, 0ms, x.now, x.out);
  EXPECT_EQ(x.last().find("Once upon\n\n"), 0U) << x.last();
  EXPECT_NE(x.last().find("broke off"), std::string::npos);
  EXPECT_EQ(x.remembered(), "Once upon") << "the model is told what it said";
}

TEST(ModelTurn, IsStopped) {
  asked x;
  x.requested(x.now);
  x.answers("Once");
  x.stop({}, x.now, x.out);
  EXPECT_TRUE(x.out.cancel);
  EXPECT_EQ(x.last(), "Once") << "what has come stays";
  x.stop({}, x.now, x.out);
  x.ended(0, "aborted", {}, 0ms, x.now, x.out);
  x.outcome_of(action_result::success(), x.now, x.out);
  EXPECT_TRUE(x.over() && x.stopped());
  EXPECT_EQ(x.remembered(), "Once");
  asked y;
  y.requested(y.now);
  y.stop({}, y.now, y.out);
  EXPECT_TRUE(y.over()) << "nothing was there";
  EXPECT_EQ(y.last_kind(), kind::clear_typing);
  asked z;
  z.stop("The gateway stops.", z.now, z.out);
  EXPECT_EQ(z.last(), "The gateway stops.");
}

TEST(ModelTurn, AModelThatTakesNoImagesIsAskedAgainWithout) {
  auto what = question();
  what.content = wire::chat_content("see", {{"image/png", "x"}});
  asked x{what};
  x.requested(x.now);
  x.out = {};
  x.ended(400, {}, R"({"error":"no images"})", 0ms, x.now, x.out);
  EXPECT_TRUE(x.out.request);
  EXPECT_TRUE(x.out.say.empty());
  EXPECT_EQ(x.content(), R"("see\n[image: the model takes no images]")");
  EXPECT_FALSE(x.due() && *x.due() > x.now + 10s);
  x.requested(x.now);
  x.answers("ok");
  x.completes();
  EXPECT_TRUE(x.images_disliked());
  asked y{what};
  for (int i = 0; i < 2; ++i) {
    y.requested(y.now);
    y.out = {};
    y.ended(400, {}, {}, 0ms, y.now, y.out);
  }
  EXPECT_FALSE(y.out.request) << "once";
  EXPECT_NE(y.last().find("status 400"), std::string::npos);
  EXPECT_FALSE(y.images_disliked());
}

TEST(ModelTurn, WhatIsDecidedIsSaidAgainAndNobodyIsAsked) {
  auto what = question();
  what.decided = true;
  what.answer = "hello";
  what.said_as = "edit";
  what.shown_id = "m1";
  what.remembered = "hello";
  asked x{what};
  EXPECT_FALSE(x.out.request);
  EXPECT_EQ(x.last_kind(), kind::final_edit);
  EXPECT_EQ(x.out.say[0].message_id, "m1");
  EXPECT_FALSE(x.due());
  x.outcome_of(action_result::success(), x.now, x.out);
  EXPECT_TRUE(x.over());
  EXPECT_EQ(x.remembered(), "hello");
}

TEST(ModelTurn, AChatThatTakesNothingEndsTheRequest) {
  asked x;
  x.requested(x.now);
  x.answers("a");
  x.timer(x.now + 700ms, x.out);
  x.out = {};
  x.outcome_of(action_result::failed("egress_declined", "no"), x.now, x.out);
  EXPECT_TRUE(x.over());
  EXPECT_TRUE(x.out.cancel);
}

} // namespace model_turn_test
} // namespace relay::core
