// The other end of a queue: takes events of any number of gateways and gives them to agents here, one agent
// for each gateway, so that sessions, request ids and platforms of two never mix.
#pragma once

#include "relay_gateway/actors/core/alarm.hpp"
#include "relay_gateway/actors/core/publish_queue.hpp"
#include "relay_gateway/actors/core/queue_names.hpp"
#include "relay_gateway/actors/queue_bridge.hpp"
#include "relay_gateway/actors/worker/core/worker_turns.hpp"
#include "relay_gateway/actors/worker/remote_gateway.hpp"
#include "relay_gateway/messages/wire/frames/worker_frames.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace relay {

/// WORKER: hosts agents for gateways that it reaches by a queue.
using worker_actor = hosted_sink_actor::extend<
    // the queue's listener.
    caf::reacts_to<queue_news>,
    // the application: take nothing new, finish, and end.
    caf::reacts_to<atom::finish>,
    // INTERNAL: something may be due.
    caf::reacts_to<atom::due>>;

struct worker_setup {
  std::string name; ///< no other worker has it, this one's predecessor neither
  std::string prefix = "relay";
  std::uint32_t room = 16; ///< events in hand at a time
  milliseconds ack_wait{30'000};
  milliseconds grace{25'000};
  /// Makes the agent for one gateway; `parent`: the worker.
  std::function<agent_actor(caf::strong_actor_ptr parent)> make_agent;
  bool agent_present = true; ///< before it says so itself
  /// The agent takes an event before it answers it, and tells when it has (delivery_answered). Until then
  /// another worker gets the event if this one dies; its gateway has let go of it.
  bool answers_later = false;
};

struct worker_state {
  static inline const char* name = "worker";
  /// An action without an outcome.
  struct ask {
    std::uint64_t number = 0;  ///< of the hosted action
    std::string request_id;    ///< as the agent said it
    std::string delivery_id{}; ///< of the event that it answers
    core::instant published{};
    queue_publication what;
  };
  struct hosted {
    remote_gateway_actor gateway;
    agent_actor agent;
    bool present = false;
    bool waited = false;         ///< it was away for a while, and events wait for it
    std::vector<delivery> early; ///< until it is present
    std::vector<command_spec> commands;
    std::map<std::string, std::deque<ask>> asks;                    ///< by request id as published, in order
    std::unordered_map<std::string, std::vector<std::string>> open; ///< their request ids, by event
    std::set<std::string> late;    ///< events whose acks wait until none of theirs is open
    bool takes_acks = false;       ///< several in one message
    bool ack_out = false;          ///< one such message is on its way
    std::vector<std::string> acks; ///< events whose acks are for the next one
  };
  /// What a publication is about, for when it is stored.
  struct purpose {
    std::string gateway, turn;        ///< the event that it belongs to
    bool closes = false;              ///< it tells what became of that event
    std::string request_id{};         ///< of an action
    std::uint64_t ask = 0;            ///< its number; 0: it is none
    std::vector<std::string> turns{}; ///< instead of `turn`: of several acks in one
  };
  explicit worker_state(worker_actor::pointer ptr) : self(ptr) {}

  void open();
  void on_news(queue_news& x);
  void take(const queue_message& x);
  void noted(const queue_note& x);
  void hear(hosted_news& x);
  void act(const std::string& gateway, hosted& host, hosted_action& x);
  void outcome(const std::string& gateway, action_outcome& x);
  void finish();
  void due();
  void agent_died(const caf::down_msg& x);

  hosted& host_of(const std::string& gateway);
  void start_agent(const std::string& gateway, hosted& host);
  void present(hosted& host, bool now_present);
  void give(hosted& host, delivery x);
  void give_back(const std::string& gateway, delivery_returned what);
  void apologise(const std::string& gateway, const delivery& x);
  void tell_ack(const std::string& gateway, const std::string& id);
  void gather_ack(const std::string& gateway, const std::string& id);
  void send_acks(const std::string& gateway, hosted& host);
  void had_outcome(const std::string& gateway, hosted& host, const std::string& request_id, const ask& one);
  void acks_stored(const purpose& why);
  void acks_refused(const purpose& why);
  void published(const purpose& why);
  void publish_action(const std::string& gateway, ask& what, const std::string& key, const std::string& id);
  void ask_again();
  void give_up_waiting();
  void put(const std::string& key, queue_publication x, purpose why);
  void run(core::publish_step& step);
  void settle(const std::vector<std::uint64_t>& messages, settlement how = settlement::done);
  void say_hello();
  void set_limit();
  void end_if_done();
  void arm();

  worker_actor::pointer self;
  ports env;
  worker_setup setup;
  core::queue_names names;
  std::shared_ptr<queue_session> session;
  core::publish_queue publications;
  core::worker_turns turns;
  std::map<std::string, hosted> hosts; ///< by the gateway's token
  std::unordered_map<std::uint64_t, purpose> purposes;
  std::uint64_t unnamed = 0, repeats = 0;
  bool usable = false, draining = false;
  std::uint32_t limit = 0;
  std::uint32_t asked_for = 0; ///< as the session was told: what is being answered takes no room
  core::instant hello_at{}, marked_at{}, asked_at{}, ends_at{};
  core::alarm alarm;
};

worker_actor::behavior_type worker(worker_actor::stateful_pointer<worker_state> self, ports env,
                                   worker_setup setup);

} // namespace relay
