// A project of somebody else: its own actor, tested on the ports, the stand-in's scripts and the fixture of
// relay::testing.
#include "relay_gateway/app/connector/faults/injector.hpp"
#include "relay_gateway/tests/actors/fixture.hpp"
#include "relay_gateway/tests/sim/ports/deterministic_scheduler.hpp"
#include "relay_gateway/tests/sim/ports/link.hpp"

#include <caf/event_based_actor.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace {

using namespace relay::sim;
using namespace std::chrono_literals;

// -- the simulated ports ------------------------------------------------------------------------------------

/// What is under test: says hello on a line, and again after each minute of silence.
struct greeter_state {
  std::shared_ptr<relay::line_socket> line;
};
struct quiet_listener final : relay::socket_listener {
  void on_open() override {}
  void on_bytes(std::string_view) override {}
  void on_end(const relay::socket_end&) override {}
};
caf::behavior greeter(caf::stateful_actor<greeter_state>* self, std::shared_ptr<relay::link_port> port) {
  relay::dial_request what;
  what.url = "wss://connector.example/relay";
  self->state.line = port->dial(std::move(what), std::make_shared<quiet_listener>());
  self->state.line->write("hello\n");
  self->delayed_send(self, std::chrono::minutes{1}, caf::atom("again"));
  return {[self](caf::atom_value) { self->state.line->write("hello again\n"); }};
}

/// The other side.
struct hotel final : link_server, far_end, std::enable_shared_from_this<hotel> {
  std::vector<std::string> lines;
  upgrade_answer upgrade(std::uint64_t, const relay::dial_request&,
                         const std::shared_ptr<sim_socket>&) override {
    return {shared_from_this(), 0};
  }
  void heard(std::string_view line) override { lines.emplace_back(line); }
  void over(std::uint16_t) override {}
};

TEST(consumer, AnActorOfOnesOwnRunsInVirtualTimeOnSimulatedPorts) {
  timeline time;
  fault_set faults{7, fault_mask{}.set(static_cast<std::size_t>(fault::slow_network)), true};
  trace log;
  stage on{time, faults, log, 7};
  seeded_rng rng{7, "order"};
  observer nobody;
  auto other = std::make_shared<hotel>();
  link_network net{*other, nobody};
  auto host = std::make_shared<process>(on, 1);
  {
    deterministic_scheduler actors{host};
    auto mine = actors.system().spawn(greeter, net.port(host, usec{1'000}, 1 << 20));
    auto until = usec{90'000'000};
    for (;;) {
      if (actors.busy()) {
        actors.run_one(rng);
      } else if (auto timer = actors.next_timer(); timer && (!time.next() || *timer <= *time.next())) {
        if (*timer > until) break;
        time.move_to(*timer);
        actors.catch_up();
      } else if (time.next() && *time.next() <= until) {
        time.step();
      } else {
        break;
      }
    }
    EXPECT_EQ(other->lines, (std::vector<std::string>{"hello", "hello again"}));
    caf::anon_send_exit(mine, caf::exit_reason::user_shutdown);
    host->die();
  }
}

// -- the stand-in -------------------------------------------------------------------------------------------

TEST(consumer, TheStandInsFaultScriptsAreRead) {
  std::vector<relay::connector::faults::problem> problems;
  auto script = relay::connector::faults::parse(
      R"({"rules":[{"when":{"type":"outbound_result"},"then":{"drop":true}}]})", problems);
  ASSERT_TRUE(script);
  relay::connector::faults::injector faults{*script, relay::milliseconds{0}};
  faults.on_open(1, "gw", {}, relay::milliseconds{0});
  EXPECT_TRUE(
      faults.on_frame(1, relay::connector::faults::way::out, R"({"type":"outbound_result"})", {}).empty());
}

// -- the fixture --------------------------------------------------------------------------------------------

class own_test : public relay::testing::gateway_test {};

TEST_F(own_test, TheGatewaysFixtureTalksToTheWholeActorTree) {
  start(with::scripted);
  handshake();
  env.link->last().say(event("discord", "c", "hi", "1", "b1"));
  settle();
  ASSERT_EQ(agent->deliveries.size(), 1U);
  EXPECT_EQ(agent->deliveries[0].event->text, "hi");
  EXPECT_EQ(acked().size(), 1U);
}

} // namespace
