// The way in with a disk: acks only once an event is safe, nothing lost and nothing new twice over a restart.
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/tests/actors/durable_fixture.hpp"

namespace relay::testing {
namespace {

class durable_inbound : public durable_test {};

TEST_F(durable_inbound, F24_TheConnectorIsAckedOnceTheEventIsOnDiskAndNotEarlier) {
  start(with::scripted);
  handshake();
  disk->hold();
  env.link->last().say(event("discord", "c", "hi", "1", "b1"));
  settle();
  EXPECT_TRUE(acked().empty());
  EXPECT_TRUE(agent->deliveries.empty());
  disk->release();
  settle();
  EXPECT_EQ(acked().size(), 1U);
  EXPECT_EQ(agent->deliveries.size(), 1U);
}

TEST_F(durable_inbound, F24_AnEventThatWasAckedReachesTheAgentOfTheNextProcess) {
  agent->ack = false;
  start(with::scripted);
  handshake();
  env.link->last().say(event("discord", "c", "hi", "1", "b1"));
  settle();
  ASSERT_EQ(acked().size(), 1U);
  ASSERT_EQ(agent->deliveries.size(), 1U);
  auto id = agent->deliveries[0].id;
  EXPECT_FALSE(agent->deliveries[0].redelivered);
  die();
  start(with::scripted);
  ASSERT_EQ(agent->deliveries.size(), 1U) << "without a connection, too";
  EXPECT_EQ(agent->deliveries[0].id, id) << "an ack of the old process' agent would count";
  EXPECT_TRUE(agent->deliveries[0].redelivered);
  EXPECT_EQ(agent->deliveries[0].event->text, "hi");
  EXPECT_EQ(env.log->count("store.resumed"), 1U) << "of the second life; the first had nothing to resume";
}

TEST_F(durable_inbound, F22_ARepeatAfterARestartIsAckedAndGoesNoFurther) {
  start(with::scripted);
  handshake();
  env.link->last().say(event("discord", "c", "hi", "1", "b1"));
  settle();
  ASSERT_EQ(agent->deliveries.size(), 1U);
  die();
  start(with::scripted);
  handshake();
  env.link->last().say(event("discord", "c", "hi", "1", "b1") + event("discord", "c", "hi", "1", "b2"));
  settle();
  EXPECT_EQ(acked().size(), 2U);
  EXPECT_TRUE(agent->deliveries.empty());
}

TEST_F(durable_inbound, F25_ACrashBeforeTheCommitLosesNothingBecauseNothingWasAcked) {
  start(with::scripted);
  handshake();
  disk->hold();
  env.link->last().say(event("discord", "c", "hi", "1", "b1"));
  settle();
  die();
  start(with::scripted);
  handshake();
  env.link->last().say(event("discord", "c", "hi", "1", "b1")); // the connector's replay
  settle();
  ASSERT_EQ(agent->deliveries.size(), 1U);
  EXPECT_FALSE(agent->deliveries[0].redelivered) << "nobody ever got it";
}

TEST_F(durable_inbound, F28_TheCommittedSnapshotWinsOverTheReplayedText) {
  agent->ack = false;
  start(with::scripted);
  handshake();
  env.link->last().say(event("discord", "c", "first", "1", "b1"));
  settle();
  die();
  start(with::scripted);
  handshake();
  env.link->last().say(event("discord", "c", "second", "1", "b1"));
  settle();
  ASSERT_EQ(agent->deliveries.size(), 1U);
  EXPECT_EQ(agent->deliveries[0].event->text, "first");
}

TEST_F(durable_inbound, F32_ADroppedAnswerIsAckedOnceItsEndIsOnDisk) {
  start(with::scripted);
  handshake();
  disk->hold();
  env.link->last().say(
      R"({"type":"inbound","event":{"text":"","source":{"platform":"discord","chat_id":"c"},"message_id":"9","prompt_response":{"prompt_id":"someoneelse.00000001","option_id":"yes"}},"bufferId":"b1"})"
      "\n");
  settle();
  EXPECT_TRUE(acked().empty());
  disk->release();
  settle();
  EXPECT_EQ(acked().size(), 1U);
  EXPECT_TRUE(agent->deliveries.empty());
}

TEST_F(durable_inbound, F31_AnAttachmentHasTheSameNameAfterARestart) {
  start(with::link);
  handshake();
  auto a = attach(1);
  say(a, R"({"type":"hello","media":"path"})"
         "\n");
  auto with_file =
      std::string{
          R"({"type":"inbound","event":{"text":"see","source":{"platform":"discord","chat_id":"c","chat_type":"dm","user_id":"u"},"message_id":"1","media_urls":["https://connector.example/relay/media/abc"]},"bufferId":"b1"})"} +
      "\n";
  env.link->last().say(with_file);
  settle();
  ASSERT_EQ(env.media->fetches.size(), 1U);
  env.media->fetches[0].done({"/tmp/file-1", 3, {}});
  settle();
  ASSERT_EQ(of(a, "inbound").size(), 1U);
  EXPECT_NE(of(a, "inbound")[0].find("/tmp/file-1"), std::string::npos);
  auto name = env.media->fetches[0].what.pin;
  EXPECT_FALSE(name.empty());
  die();
  EXPECT_TRUE(env.media->removed.empty());
  start(with::link);
  handshake();
  auto b = attach(2, true); // said at the door: what waits comes with its files
  ASSERT_EQ(env.media->fetches.size(), 2U);
  EXPECT_EQ(env.media->fetches[1].what.pin, name) << "so that the port finds the file";
  env.media->fetches[1].done({"/tmp/file-1", 3, {}});
  settle();
  ASSERT_EQ(of(b, "inbound").size(), 1U);
  EXPECT_NE(of(b, "inbound")[0].find("/tmp/file-1"), std::string::npos);
  ack(b, of(b, "inbound")[0]);
  EXPECT_EQ(env.media->removed, std::vector<std::string>{"/tmp/file-1"});
}

TEST_F(durable_inbound, TheRestOfAChatComesInOrderAfterARestart) {
  agent->ack = false;
  start(with::scripted);
  handshake();
  std::string all;
  for (int i = 1; i <= 5; ++i)
    all += event("discord", "c", "t" + std::to_string(i), std::to_string(i), "b" + std::to_string(i));
  env.link->last().say(all);
  settle();
  EXPECT_EQ(acked().size(), 5U);
  die();
  start(with::scripted);
  std::vector<std::string> texts;
  std::vector<bool> again;
  for (auto& x : agent->deliveries) {
    texts.push_back(x.event->text);
    again.push_back(x.redelivered);
  }
  EXPECT_EQ(texts, (std::vector<std::string>{"t1", "t2", "t3", "t4", "t5"}));
  EXPECT_EQ(again.front(), true);
}

TEST_F(durable_inbound, AFrozenAgentFillsTheDiskNotTheMemoryAndTheReaderGoesOn) {
  settings.limits.max_pending = 20;
  settings.limits.max_in_memory = 20;
  settings.limits.chat_in_memory = 4;
  agent->ack = false;
  start(with::scripted);
  handshake();
  for (int i = 0; i < 1'000; ++i)
    env.link->last().say(event("discord", "c" + std::to_string(i % 10), "t" + std::to_string(i),
                               std::to_string(i), "b" + std::to_string(i)));
  settle();
  EXPECT_TRUE(env.link->last().reading);
  EXPECT_EQ(acked().size(), 1'000U);
  EXPECT_LE(report().inbound.pending, 20U);
  EXPECT_GT(env.metrics->get("events_spilled_total"), 900U);
  // It wakes up.
  agent->ack = true;
  std::map<std::string, std::vector<int>> order;
  auto taken = [&] { return agent->deliveries.size(); };
  for (std::size_t i = 0; i < taken(); ++i) {
    auto x = agent->deliveries[i];
    if (i < 10) caf::send_as(agent_handle, agent->host.acks, delivery_ack{x.id}); // those it had slept on
    settle();
    order[x.event->source.chat_id].push_back(std::stoi(x.event->text.substr(1)));
  }
  EXPECT_EQ(taken(), 1'000U);
  for (auto& [chat, texts] : order) {
    EXPECT_EQ(texts.size(), 100U);
    EXPECT_TRUE(std::is_sorted(texts.begin(), texts.end())) << chat;
  }
  EXPECT_EQ(report().inbound.pending, 0U);
}

TEST_F(durable_inbound, WhatIsResumedIsToldWithWhatIsOnDiskOnly) {
  settings.limits.chat_in_memory = 1;
  agent->ack = false;
  start(with::scripted);
  handshake();
  for (const auto* n : {"1", "2"}) env.link->last().say(event("discord", "c", n, n));
  settle();
  ASSERT_EQ(env.metrics->get("events_spilled_total"), 1U);
  die();
  EXPECT_EQ(env.log->count("store.resumed"), 0U);
  start(with::scripted);
  ASSERT_EQ(env.log->count("store.resumed"), 1U);
  const auto& lines = env.log->lines;
  const auto told =
      std::find_if(lines.begin(), lines.end(), [](const auto& x) { return x.id == "store.resumed"; });
  EXPECT_NE(told->text.find("open=2 "), std::string::npos) << told->text;
}

TEST_F(durable_inbound, ADiskThatRefusesIsNotReadyAcksNothingAndHeals) {
  start(with::scripted);
  handshake();
  EXPECT_TRUE(report().ready);
  disk->refuse("disk full");
  env.link->last().say(event("discord", "c", "hi", "1", "b1"));
  settle();
  EXPECT_FALSE(report().ready);
  EXPECT_EQ(report().store.why, "disk full");
  EXPECT_TRUE(acked().empty());
  disk->heal();
  settle();
  EXPECT_TRUE(report().ready);
  EXPECT_EQ(acked().size(), 1U);
  EXPECT_EQ(agent->deliveries.size(), 1U);
}

TEST_F(durable_inbound, ADeadInboundIsStartedAgainWithWhatTheDiskKnows) {
  agent->ack = false;
  start(with::scripted);
  handshake();
  env.link->last().say(event("discord", "c", "hi", "1", "b1") + event("discord", "c", "ho", "2", "b2"));
  settle();
  kill("inbound");
  advance(1s);
  ASSERT_EQ(agent->deliveries.size(), 2U);
  EXPECT_EQ(agent->deliveries[1].event->text, "hi");
  EXPECT_TRUE(agent->deliveries[1].redelivered);
  caf::send_as(agent_handle, agent->host.acks, delivery_ack{agent->deliveries[1].id});
  settle();
  ASSERT_EQ(agent->deliveries.size(), 3U);
  EXPECT_EQ(agent->deliveries[2].event->text, "ho");
}

// Seed 4822: it was given to the agent again, and only then taken as acknowledged.
TEST_F(durable_inbound, WhatIsAckedWhileInboundReadsTheDiskIsNotGivenAgain) {
  agent->ack = false;
  start(with::scripted);
  handshake();
  env.link->last().say(event("discord", "c", "hi", "1", "b1") + event("discord", "c", "ho", "2", "b2"));
  settle();
  ASSERT_EQ(agent->deliveries.size(), 1U);
  disk->hold();
  kill("inbound");
  caf::send_as(agent_handle, agent->host.acks, delivery_ack{agent->deliveries[0].id});
  settle();
  disk->release();
  settle();
  ASSERT_EQ(agent->deliveries.size(), 2U);
  EXPECT_EQ(agent->deliveries[1].event->text, "ho");
}

TEST_F(durable_inbound, APromptIsAnsweredAfterARestart) {
  start(with::scripted);
  env.link->last().accept();
  settle();
  env.link->last().say(descriptor_line("discord", 2000, R"(["send","prompt"])"));
  settle();
  ask({"r1",
       "discord",
       {},
       wire::prompt("c", wire::prompt_kind::approval, "may I?", {{"yes", "Yes", {}}, {"no", "No", {}}})});
  answer_all();
  ASSERT_EQ(agent->outcomes.size(), 1U);
  auto id = agent->outcomes[0].result.prompt_id;
  ASSERT_FALSE(id.empty());
  die();
  start(with::scripted);
  handshake();
  auto press = [&](const std::string& message) {
    env.link->last().say(
        R"({"type":"inbound","event":{"text":"","source":{"platform":"discord","chat_id":"c","user_id":"u"},"message_id":")" +
        message + R"(","prompt_response":{"prompt_id":")" + id + R"(","option_id":"yes"}}})" + "\n");
    settle();
  };
  press("10");
  ASSERT_EQ(agent->deliveries.size(), 1U) << "one of ours, and still open";
  EXPECT_EQ(agent->deliveries[0].event->prompt.option_id, "yes");
  die();
  start(with::scripted);
  handshake();
  press("11");
  EXPECT_TRUE(agent->deliveries.empty()) << "answered before";
  EXPECT_TRUE(sent().empty());
}

TEST_F(durable_inbound, F71_TheDefaultIdFirstUsedIsUsedAgain) {
  settings.relay.gateway_id.clear();
  settings.relay.gateway_secret = {};
  settings.relay.default_gateway_id = "gw-pod-1";
  settings.idp.access_token = {secret{"token"}, {}};
  start(with::scripted);
  ASSERT_EQ(env.http->open("/relay/provision").size(), 1U);
  EXPECT_NE(env.http->open("/relay/provision")[0]->what.body.reveal().find("gw-pod-1"), std::string::npos);
  die();
  env.http->calls.clear();
  settings.relay.default_gateway_id = "gw-pod-2";
  start(with::scripted);
  ASSERT_EQ(env.http->open("/relay/provision").size(), 1U);
  EXPECT_NE(env.http->open("/relay/provision")[0]->what.body.reveal().find("gw-pod-1"), std::string::npos);
}

TEST_F(durable_inbound, F71_AContainersHostNameBecomesTheIdOnlyWithAWarning) {
  settings.relay.gateway_id.clear();
  settings.relay.gateway_secret = {};
  settings.relay.default_gateway_id = "gw-4f1c2b9a7d3e";
  settings.idp.access_token = {secret{"token"}, {}};
  start(with::scripted);
  EXPECT_EQ(env.log->count("provision.container_host_name"), 1U);
  die();
  settings.relay.default_gateway_id = "gw-9e8d7c6b5a40"; // another container, the same state directory
  start(with::scripted);
  EXPECT_EQ(env.log->count("provision.container_host_name"), 1U) << "the first id is kept";
  die();
  settings.relay.gateway_id = "gw-given";
  start(with::scripted);
  EXPECT_EQ(env.log->count("provision.container_host_name"), 1U);
}

TEST_F(durable_inbound, F46_APolicyOfAnEarlierProcessIsReplacedByTheDefaultOnce) {
  settings.policies = {{"discord", true, {}, false}};
  start(with::scripted);
  ASSERT_EQ(env.http->open("/relay/policy").size(), 1U);
  env.http->open("/relay/policy")[0]->answer(200, "{}");
  settle();
  for (int round = 0; round < 2; ++round) {
    die();
    env.http->calls.clear();
    settings.policies = {{"discord", false, {}, false}};
    start(with::scripted);
    ASSERT_EQ(env.http->open("/relay/policy").size(), round == 0 ? 1U : 0U);
    for (auto* x : env.http->open("/relay/policy")) x->answer(200, "{}");
    settle();
  }
}

TEST_F(durable_inbound, DrainFinishesWhatIsInMemoryAndLeavesTheRestOnDisk) {
  settings.limits.chat_in_memory = 1;
  agent->ack = false;
  start(with::scripted);
  handshake();
  env.link->last().say(event("discord", "c", "one", "1", "b1") + event("discord", "c", "two", "2", "b2"));
  settle();
  ASSERT_EQ(agent->deliveries.size(), 1U);
  caf::anon_send(root, command::drain);
  settle();
  env.link->last().say("{\"type\":\"going_idle_ack\"}\n");
  settle();
  EXPECT_EQ(agent->finished, 1U);
  caf::send_as(agent_handle, agent->host.acks, delivery_ack{agent->deliveries[0].id});
  settle();
  advance(2s);
  EXPECT_EQ(agent->deliveries.size(), 1U);
  EXPECT_EQ(env.link->last().closed_with, 1000);
  die();
  start(with::scripted);
  ASSERT_EQ(agent->deliveries.size(), 1U);
  EXPECT_EQ(agent->deliveries[0].event->text, "two");
}

TEST_F(durable_inbound, WhatWasSetAsideIsOnDiskAndMayBeTriedAgain) {
  settings.limits.agent_ack_timeout = 10s;
  settings.limits.agent_max_deliveries = 2;
  agent->ack = false;
  start(with::scripted);
  handshake();
  env.link->last().say(event("discord", "c", "poison", "1", "b1"));
  settle();
  advance(25s);
  EXPECT_EQ(report().inbound.dead_letters, 1U);
  EXPECT_EQ(agent->withdrawn, std::vector<std::string>{agent->deliveries.at(0).id});
  die();
  start(with::scripted);
  EXPECT_TRUE(agent->deliveries.empty());
  auto list = operator_wants({});
  ASSERT_EQ(list.dead_letters.size(), 1U);
  EXPECT_EQ(list.dead_letters[0].event->text, "poison");
  EXPECT_FALSE(operator_wants({dead_letter_ask::wish::retry, 999, 1}).found);
  EXPECT_TRUE(operator_wants({dead_letter_ask::wish::retry, list.dead_letters[0].seq, 1}).found);
  ASSERT_EQ(agent->deliveries.size(), 1U);
  EXPECT_TRUE(agent->deliveries[0].redelivered);
  EXPECT_TRUE(operator_wants({}).dead_letters.empty());
}

} // namespace
} // namespace relay::testing
