// A gateway with a disk that can die and come back on it.
#pragma once

#include "relay_gateway/tests/actors/durable_store.hpp"
#include "relay_gateway/tests/actors/link/link_fixture.hpp"

#include <memory>

namespace relay::testing {

class durable_test : public linked_test {
protected:
  std::shared_ptr<durable_store> disk =
      std::make_shared<durable_store>([machine = env.machine] { return machine->wall; });
  durable_test() { env.store = disk; }

  /// kill -9: nothing is told, nothing is finished. Of the calls that wait for the disk `reached` still
  /// arrive.
  void die(std::size_t reached = 0) {
    disk->crash(reached);
    for (auto& x : env.link->dials) x->listener.reset();
    caf::anon_send_exit(root, caf::exit_reason::kill);
    root = nullptr;
    if (agent_handle) caf::anon_send_exit(agent_handle, caf::exit_reason::kill);
    agent_handle = nullptr;
    link = nullptr;
    sched.clock().cancel_all();
    settle();
    disk->reopen();
    agent->host = {};
    agent = std::make_shared<scripted_agent>();
    answered = 0;
  }
  dead_letter_answer operator_wants(dead_letter_ask x) {
    caf::scoped_actor self{sys, true};
    dead_letter_answer out;
    auto asked = self->request(root, caf::infinite, x);
    settle();
    asked.receive([&](dead_letter_answer& y) { out = std::move(y); },
                  [&](caf::error& e) { ADD_FAILURE() << caf::to_string(e); });
    return out;
  }
};

} // namespace relay::testing
