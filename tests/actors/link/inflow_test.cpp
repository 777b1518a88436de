// What sockets bring waits in mailboxes: bounded by not reading, whichever thread the actors run on.
#include "relay_gateway/tests/actors/link/link_fixture.hpp"

namespace relay::testing {
namespace {

class inflow_test : public linked_test {
protected:
  static std::string lines(const std::string& line, std::size_t bytes) {
    std::string out;
    while (out.size() < bytes) out += line;
    return out;
  }
  static constexpr std::size_t much = 5UL << 20;
};

TEST_F(inflow_test, AnAgentIsNotReadFromWhileWhatItSaidWaits) {
  start(with::link);
  auto x = attach(1);
  x.socket->say(lines("{\"type\":\"ack\",\"delivery_id\":\"d0-1\"}\n", 1'000));
  EXPECT_FALSE(x.socket->listener->behind());
  x.socket->say(lines("{\"type\":\"ack\",\"delivery_id\":\"d0-1\"}\n", much));
  EXPECT_TRUE(x.socket->listener->behind());
  settle();
  EXPECT_FALSE(x.socket->listener->behind());
}

TEST_F(inflow_test, LinesOfOneLetterCountAsWhatTheyHoldInMemory) {
  start(with::link);
  auto x = attach(1);
  x.socket->say(lines("x\n", 100'000));
  EXPECT_TRUE(x.socket->listener->behind());
  settle();
  EXPECT_FALSE(x.socket->listener->behind());
}

TEST_F(inflow_test, OneWhoseActorIsGoneIsNotBehind) {
  start(with::link);
  auto x = attach(1);
  kill("agent-link");
  x.socket->say(lines("x\n", 100'000));
  settle();
  EXPECT_FALSE(x.socket->listener->behind());
}

TEST_F(inflow_test, TheConnectorIsNotReadFromWhileItsEventsWait) {
  start(with::link);
  handshake();
  auto& socket = env.link->last();
  socket.say(lines(event("discord", "c", std::string(100'000, 'y'), "1"), much));
  EXPECT_TRUE(socket.listener->behind());
  settle();
  EXPECT_FALSE(socket.listener->behind());
}

} // namespace
} // namespace relay::testing
