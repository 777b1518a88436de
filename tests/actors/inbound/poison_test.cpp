// Messages that kill their agent, in virtual time: who is answered, and when (agent-link.md, Promises).
#include "relay_gateway/tests/actors/agents/exec_fixture.hpp"

#include <map>
#include <set>

namespace relay::testing {
namespace {

class poison : public exec_test {
protected:
  std::set<std::string> answered;
  std::size_t read = 0;
  std::size_t lives = 0;

  static bool is_poison(const std::string& frame) {
    return frame.find("\"text\":\"die") != std::string::npos;
  }
  /// The child takes what it has, and dies of the first poison.
  void live() {
    if (children->all.size() != lives) {
      lives = children->all.size();
      read = 0;
      run();
    }
    if (!child().listener) return; // it is dead, and the next one has not been started
    for (; read < of("inbound").size(); ++read) {
      auto frame = of("inbound")[read];
      if (is_poison(frame)) return end();
      answered.insert(field(frame, "chat_id"));
      ack(frame);
    }
  }
  /// All at once: the child reads only when every one is out.
  void burst(std::size_t chats, std::size_t poisons) {
    for (std::size_t n = 0; n < chats; ++n)
      arrives("c" + std::to_string(n), n % (chats / poisons) == 3 ? "die" + std::to_string(n) : "hello",
              std::to_string(n));
  }
  milliseconds until_answered(std::size_t chats, milliseconds most) {
    milliseconds passed{0};
    for (live(); answered.size() < chats && passed < most; passed += 50ms) {
      advance(50ms, 50ms);
      live();
    }
    return passed;
  }
};

TEST_F(poison, OneAmongTwentyOneIsSetAsideAlone) {
  start_running();
  lives = 1;
  burst(21, 1);
  EXPECT_LE(until_answered(20, 60s), 10s);
  EXPECT_EQ(answered.size(), 20U);
  EXPECT_EQ(report().inbound.dead_letters, 0U) << "it had one death of its own by then";
  (void)until_answered(21, 60s);
  EXPECT_EQ(report().inbound.dead_letters, 1U);
  EXPECT_EQ(report().inbound.pending, 0U);
}

TEST_F(poison, ThreeAmongThirtyThreeWithinAMinute) {
  start_running();
  lives = 1;
  burst(33, 3);
  EXPECT_LE(until_answered(30, 120s), 60s);
  EXPECT_EQ(answered.size(), 30U);
  (void)until_answered(33, 60s);
  EXPECT_EQ(report().inbound.dead_letters, 3U) << "all within the same minute";
  EXPECT_EQ(report().inbound.pending, 0U);
}

TEST_F(poison, AChildThatTookSomethingIsFollowedLikeAFirstOne) {
  start_running();
  for (int n = 0; n < 6; ++n) {
    arrives("c" + std::to_string(n), "hello", std::to_string(n));
    ack(of("inbound").back());
    end();
    auto had = children->all.size();
    advance(1s);
    ASSERT_EQ(children->all.size(), had + 1) << n;
    run();
  }
}

} // namespace
} // namespace relay::testing
