// A worker that is told to stop ends what it has, and no later.
#include "relay_gateway/tests/actors/worker/pool_fixture.hpp"

namespace relay::testing {
namespace {

TEST_F(pool, AStoppedWorkerFinishesAndSaysGoodbye) {
  start_gateway();
  start_worker("w1", false, false);
  arrives("c", "hello", "1");
  caf::anon_send(workers["w1"], atom::finish_v);
  settle();
  EXPECT_EQ(report().inbound.agents, 0U) << "it takes nothing new";
  auto& script = *agents["w1"];
  EXPECT_EQ(script.finished, 1U);
  caf::scoped_actor acks{sys};
  acks->send(script.host.acks, delivery_ack{script.deliveries[0].id});
  settle();
  EXPECT_EQ(report().inbound.pending, 0U);
  EXPECT_EQ(env.log->count("worker.detached"), 1U);
}

TEST_F(pool, AStoppedWorkerEndsWithItsLastAnswer) {
  start_gateway();
  start_worker("w1", false, true, true);
  arrives("c", "hello", "1");
  caf::scoped_actor watches{sys};
  watches->monitor(workers["w1"]);
  caf::anon_send(workers["w1"], atom::finish_v);
  settle();
  EXPECT_FALSE(watches->has_next_message()) << "its agent has not answered yet";
  answered("w1");
  EXPECT_TRUE(watches->has_next_message());
  EXPECT_EQ(env.log->count("worker.detached"), 1U);
  watches->receive([](const caf::down_msg&) {}, caf::after(0s) >> [] {});
}

} // namespace
} // namespace relay::testing
