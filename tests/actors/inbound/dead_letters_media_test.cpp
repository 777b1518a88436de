// Attachments of what was set aside: they stay for an operator who wants it tried again (F31).
#include "relay_gateway/tests/actors/durable_fixture.hpp"

namespace relay::testing {
namespace {

class dead_letters_media : public durable_test {
protected:
  static std::string at(const std::string& id) { return "https://connector.example/relay/media/" + id; }
  /// A gateway whose agent takes files and acknowledges nothing.
  void up() {
    settings.limits.agent_ack_timeout = 10s;
    settings.limits.agent_max_deliveries = 1;
    agent->ack = false;
    start(with::scripted);
    caf::send_as(agent_handle, agent->host.registry, agent_declaration{{}, true});
    settle();
    handshake();
  }
  void one_is_set_aside() {
    auto x = event("discord", "c", "look", "1", "b1");
    x.insert(x.find(R"("text":)"), R"("media_urls":[")" + at("m1") + R"("],)");
    env.link->last().say(x);
    settle();
    fetched("/f1");
    advance(11s);
    ASSERT_EQ(report().inbound.dead_letters, 1U);
  }
  void fetched(const std::string& path) {
    env.media->fetches.back().done({path, 5, ""});
    settle();
  }
  std::uint64_t dead_letter_seq() { return operator_wants({}).dead_letters.at(0).seq; }
  media_fetch& last_fetch() { return env.media->fetches.back().what; }
};

TEST_F(dead_letters_media, F31_TheFilesOfWhatIsTriedAgainAreThere) {
  up();
  one_is_set_aside();
  EXPECT_TRUE(env.media->removed.empty());
  auto first = last_fetch().pin;
  EXPECT_TRUE(operator_wants({dead_letter_ask::wish::retry, dead_letter_seq(), 1}).found);
  ASSERT_EQ(env.media->fetches.size(), 2U);
  EXPECT_EQ(last_fetch().pin_before, first);
  EXPECT_NE(last_fetch().pin, first);
  fetched("/f2");
  ASSERT_EQ(agent->deliveries.size(), 2U);
  EXPECT_EQ(agent->deliveries[1].files, (std::vector<media_file>{{at("m1"), "/f2", ""}}));
  caf::send_as(agent_handle, agent->host.acks, delivery_ack{agent->deliveries[1].id});
  settle();
  EXPECT_EQ(env.media->removed, (std::vector<std::string>{"/f1", "/f2"}));
}

TEST_F(dead_letters_media, F31_TheyOutliveTheProcess) {
  up();
  one_is_set_aside();
  auto first = last_fetch().pin;
  die();
  up();
  EXPECT_TRUE(operator_wants({dead_letter_ask::wish::retry, dead_letter_seq(), 1}).found);
  EXPECT_EQ(last_fetch().pin_before, first);
}

TEST_F(dead_letters_media, FilesThatNobodyWantsAfterADeathAreRemoved) {
  start(with::link);
  handshake();
  auto a = attach(1, true);
  auto x = event("discord", "c", "look", "1", "b1");
  x.insert(x.find(R"("text":)"), R"("media_urls":[")" + at("m1") + R"("],)");
  env.link->last().say(x);
  settle();
  fetched("/f1");
  ASSERT_EQ(of(a, "inbound").size(), 1U);
  kill("inbound");
  ASSERT_EQ(env.media->fetches.size(), 2U) << "it is given out again, with its file";
  EXPECT_TRUE(env.media->removed.empty());
  fetched("/f2");
  ASSERT_EQ(of(a, "inbound").size(), 2U);
  ack(a, of(a, "inbound")[1]);
  EXPECT_EQ(env.media->removed, std::vector<std::string>{"/f2"});
  advance(300s, 5s);
  EXPECT_EQ(env.media->removed, (std::vector<std::string>{"/f2", "/f1"}));
}

TEST_F(dead_letters_media, WhatIsDroppedLeavesNothing) {
  up();
  one_is_set_aside();
  auto first = last_fetch().pin;
  EXPECT_TRUE(operator_wants({dead_letter_ask::wish::drop, dead_letter_seq(), 1}).found);
  EXPECT_EQ(env.media->removed, std::vector<std::string>{"/f1"});
  EXPECT_EQ(env.media->unpinned, std::vector<std::string>{first + " " + at("m1")})
      << "by a process before, too";
}

TEST_F(dead_letters_media, NobodyKeepsThemForAnAgentThatTakesUrls) {
  up();
  one_is_set_aside();
  die();
  settings.limits.agent_max_deliveries = 3;
  start(with::scripted); // this one says nothing of files
  handshake();
  EXPECT_TRUE(operator_wants({dead_letter_ask::wish::retry, dead_letter_seq(), 1}).found);
  EXPECT_EQ(agent->deliveries.size(), 1U);
  EXPECT_EQ(env.media->unpinned.size(), 1U);
}

} // namespace
} // namespace relay::testing
