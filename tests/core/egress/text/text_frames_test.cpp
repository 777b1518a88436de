// Every action fits its platform: which frames a long one is made of.
#include "relay_gateway/actors/egress/core/text/splitter.hpp"
#include "relay_gateway/actors/egress/core/text/text_frames.hpp"
#include "relay_gateway/messages/wire/actions/actions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace relay::core {
namespace text_frames_test {

using ::testing::ElementsAre;

descriptor platform(std::vector<std::string> ops = {"send", "edit", "delete"}) {
  descriptor x;
  x.platform = "p";
  x.max_message_length = 10;
  x.supported_ops = std::move(ops);
  return x;
}
std::vector<std::string> shown(const action& x, const std::vector<std::string>& continuations = {},
                               const descriptor& to = platform()) {
  std::vector<std::string> out;
  for (auto& y : text_frames(x, to, continuations)) {
    EXPECT_LE(measure(y.content, to.len_unit), 10U);
    out.push_back(std::string{to_string(y.kind)} + (y.message_id.empty() ? "" : "@" + y.message_id) + ":" +
                  y.content + (y.cleanup ? "!" : ""));
  }
  return out;
}
const std::string text = "aaaa bbbb cccc dddd eeee";

TEST(TextFrames, WhatFitsIsOneFrameOfItsOwn) {
  EXPECT_THAT(shown(wire::send("c", "short")), ElementsAre("send:short"));
  EXPECT_THAT(shown(wire::edit("c", "m", "short")), ElementsAre("edit@m:short"));
  EXPECT_THAT(shown(wire::react("c", "m", "x")), ElementsAre("react:"));
  EXPECT_THAT(shown(wire::send("c", "")), ElementsAre("send:"));
}

TEST(TextFrames, SendsAndFollowUpsArePiecesOfTheirKind) {
  EXPECT_THAT(shown(wire::send("c", text)), ElementsAre("send:aaaa bbbb", "send:cccc dddd", "send:eeee"));
  EXPECT_THAT(shown(wire::follow_up("agent:main:p:dm:c", "p.x", text)),
              ElementsAre("follow_up:aaaa bbbb", "follow_up:cccc dddd", "follow_up:eeee"));
}

TEST(TextFrames, AnEditGoesOnInTheMessagesThatItHasAndInNewOnes) {
  auto x = wire::edit("c", "m", text);
  EXPECT_THAT(shown(x), ElementsAre("edit@m:aaaa bbbb", "send:cccc dddd", "send:eeee"));
  EXPECT_THAT(shown(x, {"n1"}), ElementsAre("edit@m:aaaa bbbb", "edit@n1:cccc dddd", "send:eeee"));
  EXPECT_THAT(shown(x, {"n1", "n2"}), ElementsAre("edit@m:aaaa bbbb", "edit@n1:cccc dddd", "edit@n2:eeee"));
}

TEST(TextFrames, AnEditThatShrinksTakesAwayWhatItDoesNotNeed) {
  auto x = wire::edit("c", "m", "aaaa bbbb cccc");
  EXPECT_THAT(shown(x, {"n1", "n2"}), ElementsAre("edit@m:aaaa bbbb", "edit@n1:cccc", "delete@n2:!"));
  EXPECT_THAT(shown(wire::edit("c", "m", "a"), {"n1"}, platform({"send", "edit"})),
              ElementsAre("edit@m:a", "edit@n1:\xE2\x80\xA6!"))
      << "nothing can be deleted there";
}

TEST(TextFrames, ADeleteTakesItsContinuationsAlong) {
  EXPECT_THAT(shown(wire::remove_message("c", "m"), {"n1", "n2"}),
              ElementsAre("delete@m:", "delete@n1:!", "delete@n2:!"));
}

TEST(TextFrames, APromptStandsBehindItsOverflowAndMediaBeforeIt) {
  auto ask = wire::prompt("c", wire::prompt_kind::choice, text, {{"a", "A", ""}});
  EXPECT_THAT(shown(ask), ElementsAre("send:aaaa bbbb", "send:cccc dddd", "prompt:eeee"));
  auto picture = wire::send_media("c", wire::media_kind::image, "https://x.example/a", {.content = text});
  EXPECT_THAT(shown(picture), ElementsAre("send_media:aaaa bbbb", "send:cccc dddd", "send:eeee"));
}

TEST(TextFrames, ADraftShowsWhatFitsAndItsSealCarriesOn) {
  EXPECT_THAT(shown(wire::draft("c", 7, text, false)), ElementsAre("draft:aaaa bbbb"));
  EXPECT_THAT(shown(wire::draft("c", 7, text, true)),
              ElementsAre("draft:aaaa bbbb", "send:cccc dddd", "send:eeee"));
  auto status = wire::typing("c");
  status.content = text;
  EXPECT_THAT(shown(status), ElementsAre("typing:aaaa bbbb"));
}

std::vector<std::string> wired(const action& x) {
  std::vector<std::string> out;
  bool first = true;
  for (auto& y : text_frames(x, platform(), {"n1"}))
    out.push_back(wire::encode_action(frame_of(x, y, std::exchange(first, false))));
  return out;
}

TEST(TextFrames, TextBesideAnOpHasNothingOfItsOwn) {
  auto ask = wire::prompt("c", wire::prompt_kind::choice, "aaaa bbbb cccc", {{"a", "A", ""}},
                          {.prompt_id = "n.1", .reply_to = "r", .metadata = R"({"k":1})"});
  EXPECT_THAT(
      wired(ask),
      ElementsAre(R"({"op":"send","chat_id":"c","content":"aaaa bbbb","reply_to":"r","metadata":{"k":1}})",
                  R"({"op":"prompt","chat_id":"c","content":"cccc","prompt_kind":"choice",)"
                  R"("prompt_id":"n.1","options":[{"id":"a","label":"A"}],"metadata":{"k":1}})"));
  auto picture = wire::send_media("c", wire::media_kind::image, "https://x.example/a",
                                  {.content = "aaaa bbbb cccc", .filename = "f", .reply_to = "r"});
  EXPECT_THAT(wired(picture),
              ElementsAre(R"({"op":"send_media","chat_id":"c","content":"aaaa bbbb","reply_to":"r",)"
                          R"("media_kind":"image","source_url":"https://x.example/a","filename":"f"})",
                          R"({"op":"send","chat_id":"c","content":"cccc","reply_to":null})"));
  EXPECT_THAT(wired(wire::draft("c", 7, "aaaa bbbb cccc", true)),
              ElementsAre(R"({"op":"draft","chat_id":"c","content":"aaaa bbbb","draft_id":7,"final":true})",
                          R"({"op":"send","chat_id":"c","content":"cccc","reply_to":null})"));
}

TEST(TextFrames, FramesOfAnEditNameTheirOwnMessage) {
  EXPECT_THAT(
      wired(wire::edit("c", "m", text, R"({"k":1})")),
      ElementsAre(R"({"op":"edit","chat_id":"c","message_id":"m","content":"aaaa bbbb","metadata":{"k":1}})",
                  R"({"op":"edit","chat_id":"c","message_id":"n1","content":"cccc dddd","metadata":{"k":1}})",
                  R"({"op":"send","chat_id":"c","content":"eeee","reply_to":null,"metadata":{"k":1}})"));
  EXPECT_THAT(wired(wire::edit("c", "m", "a")),
              ElementsAre(R"({"op":"edit","chat_id":"c","message_id":"m","content":"a"})",
                          R"({"op":"delete","chat_id":"c","message_id":"n1"})"));
}

} // namespace text_frames_test
} // namespace relay::core
