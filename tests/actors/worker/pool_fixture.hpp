// A gateway, a queue and workers, whose agents the test plays.
#pragma once

#include "relay_gateway/actors/agents/nats.hpp"
#include "relay_gateway/actors/worker/worker.hpp"
#include "relay_gateway/messages/wire/actions/action_makers.hpp"
#include "relay_gateway/tests/actors/fixture.hpp"
#include "relay_gateway/tests/actors/worker/nats_gateway.hpp"
#include "relay_gateway/tests/actors/worker/queue_model.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace relay::testing {

class pool : public gateway_test {
protected:
  std::shared_ptr<queue_model> queue = std::make_shared<queue_model>();
  std::map<std::string, worker_actor> workers;
  std::map<std::string, std::shared_ptr<scripted_agent>> agents;
  std::map<std::string, std::vector<agent_actor>> hosted; ///< made for each worker
  bool agents_present = true;                             ///< of workers that are started, from the beginning

  ~pool() override {
    for (auto& [name, x] : workers) caf::anon_send_exit(x, caf::exit_reason::kill);
    workers.clear();
    sched.clock().cancel_all();
    settle();
    for (auto& [name, x] : agents) x->host = {};
    hosted.clear();
    settle();
  }
  ports with_queue() {
    auto out = env.all();
    out.queue = queue;
    return out;
  }
  void start_gateway() {
    settings.limits.agent_max_deliveries = 3;
    root = start_nats_gateway(sys, with_queue(), settings);
    settle();
    handshake();
  }
  void start_worker(const std::string& name, bool echo = true, bool acks = true, bool answers_later = false) {
    worker_setup what;
    what.name = name;
    what.room = 4;
    what.answers_later = answers_later;
    what.agent_present = agents_present;
    auto script = agents[name] = std::make_shared<scripted_agent>();
    script->ack = acks;
    what.make_agent = [this, echo, name, script,
                       all = env.all()](caf::strong_actor_ptr parent) -> agent_actor {
      auto made = echo ? agent_actor{sys.spawn(echo_agent, all, std::move(parent))}
                       : agent_actor{sys.spawn(run_scripted, script)};
      hosted[name].push_back(made);
      return made;
    };
    workers[name] = sys.spawn(worker, with_queue(), std::move(what));
    settle();
  }
  void kill_worker(const std::string& name) {
    queue->kill(name);
    caf::anon_send_exit(workers[name], caf::exit_reason::kill);
    workers.erase(name);
    settle();
  }
  void arrives(const std::string& chat, const std::string& text, const std::string& id) {
    env.link->last().say(event("discord", chat, text, id));
    settle();
  }
  std::size_t answers() { return sent().size(); }
  /// The agent of that worker does something for the first event that it has, and takes that.
  void says(const std::string& name, const std::string& request_id, const std::string& text) {
    auto& script = *agents[name];
    caf::scoped_actor asks{sys};
    asks->send(script.host.actions,
               action_request{request_id, "discord", script.deliveries.at(0).id, wire::send("c", text)});
    settle();
  }
  void acks_first(const std::string& name) {
    caf::scoped_actor acks{sys};
    acks->send(agents[name]->host.acks, delivery_ack{agents[name]->deliveries.at(0).id});
    settle();
  }
  /// The agent of that worker has answered the first event that it took.
  void answered(const std::string& name) {
    auto& script = *agents[name];
    caf::scoped_actor tells{sys};
    tells->send(script.host.answers, delivery_answered{script.deliveries.at(0).id});
    settle();
  }
};

} // namespace relay::testing
