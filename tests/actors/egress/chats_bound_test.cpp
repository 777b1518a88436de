// No more chats are kept than `max_chats`, but for those at work.
#include "relay_gateway/tests/actors/egress/outbox_fixture.hpp"

namespace relay::testing {
namespace {

class chats_bound : public gateway_test {
protected:
  void say_to(int chat) {
    ask({"r" + std::to_string(chat), "discord", {}, wire::send("c" + std::to_string(chat), "hello")});
  }
};

// replay-storm.json, seed 3082: of many that were busy at once all but one stayed until they were old.
TEST_F(chats_bound, ThoseThatWereBusyTogetherGoWhenTheyAreDone) {
  settings.limits.max_chats = 2;
  start(with::scripted);
  handshake();
  for (int chat = 0; chat < 12; ++chat) say_to(chat);
  EXPECT_EQ(report().egress.chats, 12U) << "a busy one stays";
  answer_all();
  EXPECT_EQ(agent->outcomes.size(), 12U);
  EXPECT_LE(report().egress.chats, 2U);
}

TEST_F(chats_bound, OneThatIsBusyAgainStays) {
  settings.limits.max_chats = 1;
  start(with::scripted);
  handshake();
  for (int chat = 0; chat < 3; ++chat) say_to(chat);
  ask({"again", "discord", {}, wire::send("c0", "and more")});
  answer_all();
  EXPECT_EQ(agent->outcomes.size(), 4U);
  EXPECT_LE(report().egress.chats, 1U);
}

// Seed 431: whoever counted what the disk never took waited for it to be done, for ever.
TEST_F(outbox, ChatsWhoseActionsTheDiskNeverTookGo) {
  settings.limits.max_chats = 1;
  up();
  disk->refuse("disk full");
  ask(send("r1", "hello", "c1"));
  ask(send("r2", "hello", "c2"));
  advance(31s);
  ASSERT_EQ(agent->outcomes.size(), 2U);
  EXPECT_EQ(agent->outcomes[0].result.code, "not_stored");
  disk->heal();
  settle();
  ask(send("r3", "hello", "c3"));
  answer_all();
  EXPECT_EQ(report().egress.chats, 1U);
}

TEST_F(outbox, AChatThatWaitsForTheDiskStays) {
  settings.limits.max_chats = 1;
  up();
  disk->refuse("disk full");
  ask(send("r1", "hello", "c1"));
  ask(send("r2", "hello", "c2"));
  EXPECT_EQ(report().egress.chats, 2U);
  disk->heal();
  settle();
  answer_all();
  EXPECT_EQ(agent->outcomes.size(), 2U);
}

} // namespace
} // namespace relay::testing
