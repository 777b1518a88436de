// Waiting when told to (protocol.md 6), over the whole tree on virtual time; and lines that nobody can read.
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/tests/actors/durable_fixture.hpp"

namespace relay::testing {
namespace {

// -- control plane and upgrade --------------------------------------------------------------------------

class waits : public gateway_test {
protected:
  std::vector<fake_http::call_t*> calls(const std::string& end) { return env.http->open(end); }
  std::uint64_t asked(const std::string& where) {
    return env.metrics->get("waits_asked_total{" + where + "}");
  }
  action_result outcome_of(const std::string& id) {
    for (auto& x : agent->outcomes)
      if (x.request_id == id) return x.result;
    ADD_FAILURE() << "no outcome of " << id;
    return {};
  }
  bool settled(const std::string& id) {
    for (auto& x : agent->outcomes)
      if (x.request_id == id) return true;
    return false;
  }
  /// The newest outbound frame is answered with this result.
  void result(const std::string& text) {
    env.link->last().say(R"({"type":"outbound_result","requestId":")" + field(sent().back(), "requestId") +
                         R"(","result":)" + text + "}\n");
    settle();
  }
};

TEST_F(waits, ARefusedUpgradeIsNotDialledAgainBeforeItsTime) {
  start();
  env.link->last().end(0, {}, 429, "40");
  settle();
  advance(39s);
  EXPECT_EQ(env.link->dials.size(), 1U);
  caf::anon_send(root, command::reconnect);
  settle();
  EXPECT_EQ(env.link->dials.size(), 1U) << "whoever asks";
  advance(2s);
  EXPECT_EQ(env.link->dials.size(), 2U);
  EXPECT_EQ(asked("upgrade"), 1U);
}

TEST_F(waits, AnUpgradeRefusedForAnotherReasonIsDialledAsUsual) {
  start();
  env.link->last().end(0, {}, 502, "40");
  settle();
  advance(2s);
  EXPECT_EQ(env.link->dials.size(), 2U);
}

TEST_F(waits, OfOneWhoAsksForAnHourFiveMinutesCount) {
  start();
  env.link->last().end(0, {}, 503, "3600");
  settle();
  advance(299s);
  EXPECT_EQ(env.link->dials.size(), 1U);
  advance(2s);
  EXPECT_EQ(env.link->dials.size(), 2U);
}

TEST_F(waits, ProvisioningWaitsForItsPlatform) {
  settings.relay.gateway_secret = {};
  settings.relay.gateway_id.clear();
  settings.relay.default_gateway_id = "gw-host";
  settings.relay.identities = {{"discord", "a", ""}};
  settings.idp.access_token.value = secret{"token"};
  start();
  calls("/relay/provision")[0]->answer(429, "{}", "60");
  settle();
  advance(59s);
  EXPECT_TRUE(calls("/relay/provision").empty());
  advance(2s);
  EXPECT_EQ(calls("/relay/provision").size(), 1U);
  EXPECT_EQ(asked("provision"), 1U);
}

TEST_F(waits, ATokenIsNotAskedForBeforeItsGiverAllowsIt) {
  settings.relay.gateway_secret = {};
  settings.relay.gateway_id.clear();
  settings.relay.default_gateway_id = "gw-host";
  settings.idp.token_url = "https://idp.example/token";
  settings.idp.client_id = "id";
  settings.idp.client_secret = secret{"s"};
  start();
  ASSERT_EQ(calls("/token").size(), 1U);
  calls("/token")[0]->answer(503, "{}", "90");
  settle();
  advance(89s);
  EXPECT_TRUE(calls("/token").empty());
  advance(2s);
  EXPECT_EQ(calls("/token").size(), 1U);
  EXPECT_EQ(asked("token"), 1U);
}

TEST_F(waits, APolicyIsNotDeclaredAgainBeforeItsTime) {
  settings.policies = {{"discord", true, {}, false}};
  start();
  ASSERT_EQ(calls("/relay/policy").size(), 1U);
  calls("/relay/policy")[0]->answer(429, "{}", "60");
  settle();
  advance(59s);
  EXPECT_TRUE(calls("/relay/policy").empty());
  advance(2s);
  EXPECT_EQ(calls("/relay/policy").size(), 1U);
  EXPECT_EQ(asked("policy"), 1U);
}

// -- media ----------------------------------------------------------------------------------------------

TEST_F(waits, AFileIsGivenToTheStoreAgainAndOtherFilesWaitToo) {
  start(with::scripted);
  env.link->last().accept();
  settle();
  env.link->last().say(descriptor_line("discord", 2000, R"(["send","send_media"])"));
  settle();
  const auto send_file = [](const std::string& chat) {
    return wire::send_file(chat, wire::media_kind::document, "/data/a.txt", {});
  };
  ask({"a", "discord", {}, send_file("c")});
  ASSERT_EQ(env.media->uploads.size(), 1U);
  media_uploaded busy{media_uploaded::step::answered, 429, "{}", {}};
  busy.retry_after = "20";
  env.media->uploads[0].done(busy);
  settle();
  ask({"b", "discord", {}, send_file("d")});
  advance(19s);
  EXPECT_EQ(env.media->uploads.size(), 1U);
  EXPECT_TRUE(agent->outcomes.empty());
  advance(2s);
  ASSERT_EQ(env.media->uploads.size(), 3U);
  EXPECT_EQ(asked("media"), 1U);
}

// -- results --------------------------------------------------------------------------------------------

TEST_F(waits, TheChatHoldsAndGoesOnWithTheVeryFrame) {
  start(with::scripted);
  handshake();
  ask({"a", "discord", {}, wire::send("c", "first")});
  ask({"b", "discord", {}, wire::send("c", "second")});
  result(R"({"success":false,"error":"slow down","retry_after":45})");
  ask({"o", "discord", {}, wire::send("d", "other")});
  EXPECT_EQ(sent().size(), 2U) << "other chats go on";
  advance(44s);
  EXPECT_EQ(sent().size(), 2U);
  advance(2s);
  ASSERT_EQ(sent().size(), 3U);
  EXPECT_EQ(field(sent()[2], "content"), "first");
  EXPECT_NE(field(sent()[2], "requestId"), field(sent()[0], "requestId"));
  EXPECT_FALSE(settled("a"));
  result(R"({"success":true,"message_id":"m1"})");
  EXPECT_EQ(outcome_of("a").message_id, "m1");
  EXPECT_EQ(field(sent().back(), "content"), "second");
  EXPECT_EQ(env.log->count("chat.waits"), 1U);
  EXPECT_EQ(asked("action"), 1U);
}

TEST_F(waits, TwoMinutesBeyondTheHoldAreTheEnd) {
  settings.limits.egress_hold = 10s;
  start(with::scripted);
  handshake();
  ask({"a", "discord", {}, wire::send("c", "first")});
  result(R"({"success":false,"retry_after":131})");
  EXPECT_EQ(outcome_of("a").code, "rate_limited");
  ask({"b", "discord", {}, wire::send("c", "second")});
  result(R"({"success":false,"retry_after":129})");
  EXPECT_FALSE(settled("b"));
  advance(130s);
  EXPECT_EQ(field(sent().back(), "content"), "second");
}

TEST_F(waits, WhiteSpaceAloneIsRefusedBeforeItLeaves) {
  start(with::scripted);
  handshake();
  ask({"a", "discord", {}, wire::send("c", " \n\t\xC2\xA0")});
  EXPECT_EQ(outcome_of("a").code, "bad_action");
  EXPECT_EQ(outcome_of("a").how, outcome::definite);
  EXPECT_TRUE(sent().empty());
  ask({"a", "discord", {}, wire::send("c", "x")});
  EXPECT_EQ(sent().size(), 1U) << "the id is free again";
}

// -- lines that nobody can read -------------------------------------------------------------------------

class unreadable_lines : public durable_test {
protected:
  static constexpr const char* poison = R"({"type":"inbound","event":{"text":NaN},"bufferId":"b1"})";
  void say(const std::string& line) {
    env.link->last().say(line + "\n");
    settle();
  }
  void kept() {
    ASSERT_EQ(acked().size(), 1U);
    EXPECT_NE(acked()[0].find("b1"), std::string::npos);
    const auto all = operator_wants({}).dead_letters;
    ASSERT_EQ(all.size(), 1U);
    EXPECT_TRUE(all[0].event->unreadable);
    EXPECT_EQ(all[0].event->text, poison);
    EXPECT_EQ(report().inbound.dead_letters, 1U);
    EXPECT_TRUE(agent->deliveries.empty());
  }
};

TEST_F(unreadable_lines, AreDeadLettersAndAckedOnceTheyAreOnDisk) {
  start(with::scripted);
  handshake();
  disk->hold();
  say(poison);
  EXPECT_TRUE(acked().empty());
  disk->release();
  settle();
  kept();
  say(event("discord", "c", "alive", "1", "b1"));
  EXPECT_EQ(agent->deliveries.size(), 1U) << "the id names an event now";
  die();
  start(with::scripted);
  handshake();
  EXPECT_EQ(operator_wants({}).dead_letters.size(), 1U) << "over a restart";
}

TEST_F(unreadable_lines, AreDeadLettersWithoutADiskToo) {
  env.store = make_memory_store();
  start(with::scripted);
  handshake();
  say(poison);
  kept();
}

TEST_F(unreadable_lines, AreTriedAgainOnlyWhenTheyCanBeReadByThen) {
  start(with::scripted);
  handshake();
  say(poison);
  const auto seq = operator_wants({}).dead_letters.at(0).seq;
  EXPECT_TRUE(operator_wants({dead_letter_ask::wish::retry, seq, 1}).refused);
  EXPECT_EQ(operator_wants({}).dead_letters.size(), 1U);
  EXPECT_TRUE(operator_wants({dead_letter_ask::wish::drop, seq, 1}).found);
  EXPECT_TRUE(operator_wants({}).dead_letters.empty());
  say("{\"type\":\"inbound\",\"event\":{\"text\":\"caf\xE9\",\"source\":{\"platform\":\"discord\",\"chat_"
      "id\":\"c\"}}}");
  const auto again =
      operator_wants({dead_letter_ask::wish::retry, operator_wants({}).dead_letters.at(0).seq, 1});
  EXPECT_TRUE(again.found);
  EXPECT_FALSE(again.refused);
  ASSERT_EQ(agent->deliveries.size(), 1U);
  EXPECT_EQ(agent->deliveries[0].event->text, "caf\uFFFD");
}

} // namespace
} // namespace relay::testing
