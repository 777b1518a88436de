// The small pure parts: status JSON, one-shot sends, liveness_monitor, small files.
#include "relay_gateway/app/admin/one_shot.hpp"
#include "relay_gateway/app/admin/status_json.hpp"
#include "relay_gateway/app/commands/running/log_command.hpp"
#include "relay_gateway/app/health/liveness_monitor.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"

#include <gmock/gmock.h>

namespace relay {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using wire::json::document;
using namespace std::chrono_literals;

TEST(LogText, TellsTimeLevelAndEventFirstAndLetsNothingThrough) {
  EXPECT_EQ(
      commands::log_text(R"({"ts":"T","level":"warn","event":"link.lost","why":"a\u001b[2J b","epoch":3})"),
      "T warn  link.lost why=\"a\\u001B[2J b\" epoch=3");
  EXPECT_EQ(commands::log_text("no line"), "");
}

// -- status -------------------------------------------------------------------------------------------

gateway_report some_report() {
  gateway_report x;
  x.link = {link_phase::connected, "", 3};
  x.since_ms = 1'767'323'045'678;
  x.started = true;
  x.gateway_id = "gw-\"1\"";
  x.tenant = "t";
  x.connector = "https://user:pass@connector.example/relay";
  x.agent = "link";
  platform_report p;
  p.who = {"discord", "42", "bot"};
  p.provisioning = {"discord", platform_step::done, ""};
  p.policy = {"discord", platform_step::failed, "<b>refused</b>"};
  p.described = true;
  p.what.raw = R"({"platform":"discord","max_message_length":2000})";
  x.platforms.push_back(p);
  platform_report q;
  q.who = {"telegram", "", ""};
  x.platforms.push_back(q);
  x.inbound.pending = 3;
  x.egress.pending = 4;
  x.egress.chats = 2;
  return x;
}

TEST(StatusJson, HasEveryPromisedMember) {
  document doc;
  auto text = admin::status_json(some_report(), {{"dials", 1}, {"dials.a\"b", 1}}, "memory");
  ASSERT_TRUE(doc.parse(text)) << text;
  const auto& root = doc.root();
  for (const char* name : {"state", "since", "gateway_id", "tenant", "connector", "platforms", "agent",
                           "chats", "pending", "store", "counters"})
    EXPECT_NE(wire::json::find(root, name), nullptr) << name;
  EXPECT_EQ(wire::json::text(root, "state"), "connected");
  EXPECT_EQ(wire::json::text(root, "since"), "2026-01-02T03:04:05.678Z");
  EXPECT_EQ(wire::json::text(root, "gateway_id"), "gw-\"1\"");
  EXPECT_EQ(wire::json::id(root, "pending"), "7");
  EXPECT_EQ(wire::json::id(root, "chats"), "2");
  EXPECT_EQ(wire::json::id(*wire::json::object(root, "counters"), "dials"), "1");
  const auto& platforms = *wire::json::array(root, "platforms");
  ASSERT_EQ(platforms.Size(), 2U);
  EXPECT_TRUE(wire::json::flag(platforms[0], "provisioned"));
  EXPECT_EQ(wire::json::text(platforms[0], "policy"), "failed");
  EXPECT_EQ(wire::json::id(*wire::json::object(platforms[0], "descriptor"), "max_message_length"), "2000");
  EXPECT_FALSE(wire::json::flag(platforms[1], "provisioned"));
  EXPECT_TRUE(wire::json::find(platforms[1], "descriptor")->IsNull());
}

TEST(StatusJson, TellsAgesTimesAndTheNextDial) {
  auto x = some_report();
  x.inbound.oldest_ms = 4'711;
  x.link.next_dial_ms = 1'767'323'045'678;
  document doc;
  ASSERT_TRUE(doc.parse(admin::status_json(x, {}, "memory", {{"dial", 3, 0.6, 0.1, 0.45}})));
  const auto& root = doc.root();
  EXPECT_EQ(wire::json::id(*wire::json::object(root, "events"), "oldest_age_ms"), "4711");
  EXPECT_EQ(wire::json::text(root, "next_dial"), "2026-01-02T03:04:05.678Z");
  const auto& dial = *wire::json::object(*wire::json::object(root, "latencies"), "dial");
  EXPECT_EQ(wire::json::id(dial, "count"), "3");
  EXPECT_DOUBLE_EQ(wire::json::find(dial, "sum_ms")->GetDouble(), 600);
  EXPECT_DOUBLE_EQ(wire::json::find(dial, "p99_ms")->GetDouble(), 450);
  ASSERT_TRUE(doc.parse(admin::status_json(some_report(), {}, "memory")));
  EXPECT_TRUE(wire::json::find(doc.root(), "next_dial")->IsNull());
}

TEST(StatusJson, KeepsPasswordsOfUrlsOut) {
  auto text = admin::status_json(some_report(), {}, "memory");
  EXPECT_THAT(text, HasSubstr("https://connector.example/relay"));
  EXPECT_THAT(text, Not(HasSubstr("pass@")));
}

TEST(Readiness, OnlyServingAndSleepingOnPurposeAreReady) {
  for (auto phase : {link_phase::off, link_phase::starting, link_phase::connecting, link_phase::waiting,
                     link_phase::connected, link_phase::draining, link_phase::dormant, link_phase::disabled,
                     link_phase::stopped}) {
    gateway_report x;
    x.link.phase = phase;
    bool ready = phase == link_phase::connected || phase == link_phase::dormant;
    auto said = admin::readiness_of(&x);
    EXPECT_EQ(said.status, ready ? 200 : 503) << to_string(phase);
    EXPECT_THAT(said.body, HasSubstr(std::string{R"("state":")"} + to_string(phase)));
    if (!ready) {
      EXPECT_THAT(said.body, HasSubstr("\"reason\":"));
    }
  }
  EXPECT_EQ(admin::readiness_of(nullptr).status, 503);
}

TEST(Readiness, ADiskThatWantsNoFurtherEventsIsNotReady) {
  gateway_report x;
  x.link.phase = link_phase::connected;
  x.store = {true, "relay.db: the disk is nearly full", false};
  auto said = admin::readiness_of(&x);
  EXPECT_EQ(said.status, 503);
  EXPECT_THAT(said.body, HasSubstr("state directory: relay.db: the disk is nearly full"));
  EXPECT_THAT(admin::status_json(x, {}, "sqlite"), HasSubstr(R"("store_ok":false)"));
}

TEST(Startup, IsOverOnce) {
  gateway_report x;
  EXPECT_EQ(admin::startup_of(&x).status, 503);
  x.started = true;
  EXPECT_EQ(admin::startup_of(&x).status, 200);
  EXPECT_EQ(admin::startup_of(nullptr).status, 503);
}

// -- one-shot sends -----------------------------------------------------------------------------------

TEST(OneShot, ReadsARequest) {
  auto x = admin::read_one_shot(
      R"({"platform":"discord","request_id":"r1","action":{"op":"send","chat_id":"c","content":"hi"},"later":1})");
  EXPECT_EQ(x.error, "");
  EXPECT_EQ(x.request.platform, "discord");
  EXPECT_EQ(x.request.request_id, "r1");
  EXPECT_EQ(x.request.act.chat_id, "c");
  EXPECT_EQ(x.request.act.content, "hi");
  EXPECT_EQ(
      admin::read_one_shot(R"({"platform":null,"action":{"op":"send","chat_id":"c","content":"hi"}})").error,
      "");
}

TEST(OneShot, KeepsTheNumbersOfAnActionAsTheyCame) {
  auto x = admin::read_one_shot(
      "{ \"\\u0061\": 1, \"action\": { \"op\":\"send\",\"chat_id\":\"c\",\"content\":\"hi\",\n"
      " \"x\": [ 123456789012345678901, 1.10 ] } }");
  EXPECT_EQ(x.error, "");
  EXPECT_EQ(x.request.act.rest.text(), R"({"x":[123456789012345678901,1.10]})");
}

TEST(OneShot, HalfASurrogatePairCostsItsCharacter) {
  auto x = admin::read_one_shot(
      R"({"request_id":"\ud83d","action":{"op":"send","chat_id":"c","content":"a\ud83d","x":"\udc00"}})");
  EXPECT_EQ(x.error, "");
  EXPECT_EQ(x.request.request_id, "\uFFFD");
  EXPECT_EQ(x.request.act.content, "a\uFFFD");
  EXPECT_EQ(x.request.act.rest.text(), R"({"x":"\ufffd"})");
}

TEST(OneShot, SaysWhatIsWrongWithABody) {
  EXPECT_EQ(admin::read_one_shot("[]").error, "the body is not a JSON object");
  EXPECT_EQ(admin::read_one_shot("{").error, "the body is not JSON");
  EXPECT_EQ(admin::read_one_shot("{\"a\":\"\xFF\"}").error, "the body is not valid UTF-8");
  EXPECT_EQ(admin::read_one_shot("{\"a\":" + std::string(1000, '[') + std::string(1000, ']') + "}").error,
            "the body is nested too deep");
}

TEST(OneShot, MayWantUnknownOutcomesSentAgain) {
  const std::string action = R"(,"action":{"op":"send","chat_id":"c","content":"hi"}})";
  EXPECT_TRUE(admin::read_one_shot(R"({"on_unknown":"resend")" + action).request.resend_unknown);
  EXPECT_FALSE(admin::read_one_shot(R"({"on_unknown":"report")" + action).request.resend_unknown);
  EXPECT_THAT(admin::read_one_shot(R"({"on_unknown":"never")" + action).error, HasSubstr("on_unknown"));
}

TEST(OneShot, SaysWhatIsWrong) {
  for (const char* bad :
       {"", "nonsense", "[]", "{}", R"({"action":[]})", R"({"action":{}})",
        R"({"action":{"op":"send","chat_id":"c"}})", R"({"action":{"op":"fly","chat_id":"c"}})",
        R"({"platform":7,"action":{"op":"send","chat_id":"c","content":"x"}})",
        R"({"request_id":{},"action":{"op":"send","chat_id":"c","content":"x"}})"})
    EXPECT_THAT(admin::read_one_shot(bad).error, Not(IsEmpty())) << bad;
}

TEST(OneShot, WhatIsRefusedHasAReasonToCount) {
  const auto of = [](const std::string& action) {
    return admin::read_one_shot(
               R"({"action":{"op":"prompt","chat_id":"c","prompt_kind":"choice","content":"?",)" + action +
               "}}")
        .counted_as;
  };
  const std::string option = R"({"id":"a","label":"A"})";
  std::string options = option;
  for (int i = 0; i < 1000; ++i) options += "," + option;
  EXPECT_EQ(of("\"options\":[" + options + "]"), "too_many");
  EXPECT_EQ(of("\"options\":[]"), "bad_action");
  EXPECT_EQ(of("\"prompt_id\":\"p.1\",\"metadata\":{\"thread_id\":\"" + std::string(513, 't') +
               "\"},\"options\":[" + option + "]"),
            "long_id");
}

TEST(OneShot, OutcomesHaveTheirStatus) {
  EXPECT_EQ(admin::status_of(action_result::success()), 200);
  EXPECT_EQ(admin::status_of(action_result::ambiguous("?")), 504);
  EXPECT_EQ(admin::status_of(action_result::failed("", "no")), 409);
  EXPECT_EQ(admin::status_of(action_result::failed("egress_declined", "no")), 409);
  EXPECT_EQ(admin::status_of(action_result::failed("unsupported", "no")), 409);
  EXPECT_EQ(admin::status_of(action_result::failed("not_connected", "no")), 503);
  EXPECT_EQ(admin::status_of(action_result::failed("not_stored", "no")), 503);
  EXPECT_EQ(admin::status_of(action_result::failed("bad_action", "no")), 400);
}

// -- liveness_monitor ---------------------------------------------------------------------------------------

constexpr liveness_monitor::time start{1000h};

TEST(Heartbeats, NameWhoIsLate) {
  liveness_monitor all;
  auto io = all.add("I/O", start), actors = all.add("actor", start);
  EXPECT_EQ(all.late(start + 15s), "");
  all.look(start);
  for (auto t = 5s; t <= 20s; t += 5s) {
    all.look(start + t);
    io->beat(start + t);
  }
  EXPECT_EQ(all.late(start + 20s), "the actor thread was not heard of for 20 s");
  actors->beat(start + 21s);
  EXPECT_EQ(all.late(start + 21s), "");
}

TEST(Heartbeats, AFrozenProcessIsNotAHungThread) {
  liveness_monitor all;
  auto io = all.add("I/O", start);
  all.look(start);
  all.look(start + 1h); // SIGSTOP in between
  EXPECT_EQ(all.late(start + 1h), "");
  EXPECT_THAT(all.late(start + 1h + 16s), HasSubstr("I/O"));
}

TEST(Heartbeats, WhoIsGoneIsNotMissed) {
  liveness_monitor all;
  all.add("short-lived", start).reset();
  EXPECT_EQ(all.late(start + 1h), "");
}

} // namespace
} // namespace relay
