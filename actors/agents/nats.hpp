// The nats agent: events go to a stream from which any number of workers take them; their actions and acks
// come back by a stream of this gateway.
#pragma once

#include "relay_gateway/actors/agents/core/published_deliveries.hpp"
#include "relay_gateway/actors/agents/core/worker_roster.hpp"
#include "relay_gateway/actors/core/alarm.hpp"
#include "relay_gateway/actors/core/bounded_map.hpp"
#include "relay_gateway/actors/core/publish_queue.hpp"
#include "relay_gateway/actors/core/queue_names.hpp"
#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/actors/queue_bridge.hpp"
#include "relay_gateway/messages/wire/frames/worker_frames.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace relay {

/// NATS AGENT: hands events to workers over a queue.
using nats_agent_actor = agent_actor::extend<
    // the queue's listener.
    caf::reacts_to<queue_news>,
    // INTERNAL: something may be due.
    caf::reacts_to<atom::due>>;

struct nats_setup {
  std::string gateway; ///< its name in subjects; no other gateway of this prefix has it
  std::string prefix = "relay";
  milliseconds ack_timeout{60'000}; ///< how long inbound waits for an ack
  milliseconds ack_wait{30'000};    ///< how long a worker may be silent about an event
  std::uint32_t max_ack_pending = 1'024;
};
nats_setup nats_setup_of(const config::settings& settings);

struct nats_state {
  static inline const char* name = "agent-nats";
  /// Who asked for an action, and the message that did.
  struct asker {
    std::string worker;
    std::uint64_t sequence = 0;
    std::string delivery_id{}; ///< of the event that it answers
  };
  /// The answers of an event that have no outcome yet, and its ack, which waits for them: else a gateway that
  /// dies now would answer the next event before it gets these again.
  struct open_turn {
    std::size_t actions = 0;
    std::vector<std::uint64_t> acks; ///< the messages that hold one
  };
  explicit nats_state(nats_agent_actor::pointer ptr) : self(ptr) {}

  void open();
  void rehost(agent_host x);
  void announce_gateway(gateway_announcement& x);
  void hand(delivery& x);
  void withdraw(const delivery_withdrawn& x);
  void outcome_of(const action_outcome& x);
  void interrupt(const turn_interrupt& x);
  void on_news(queue_news& x);
  void due();

  void state_changed(const queue_state& x);
  void take(queue_message& x);
  void acknowledged(std::uint64_t sequence, const std::string& delivery_id);
  void answered(const std::string& delivery_id);
  void obey(const queue_message& x, wire::worker_frame& frame);
  void take_ack(std::uint64_t sequence, const std::string& delivery_id);
  void take_along(const queue_message& ack, std::vector<action_request>& actions);
  void ask(asker who, action_request& wanted);
  void noted(const queue_note& x);
  void answer(const asker& to, const action_outcome& x);
  void announce_to(const std::string& worker);
  void tell_workers(const std::string& frame);
  void probe();
  void run(core::delivery_step& step);
  void run(core::publish_step& step);
  void settle(std::uint64_t sequence);
  void settle_held();
  void announce();
  void declare();
  void arm();

  nats_agent_actor::pointer self;
  ports env;
  nats_setup setup;
  core::queue_names names;
  std::shared_ptr<queue_session> session;
  agent_host host;
  gateway_announcement announcement;
  bool announced = false;
  core::publish_queue publications;
  core::published_deliveries deliveries;
  core::worker_roster<std::vector<command_spec>> workers;
  std::unordered_map<std::string, std::deque<asker>> asked; ///< by request id, in order
  std::unordered_map<std::string, open_turn> turns;         ///< by delivery
  core::recent_set<std::string> heard{20'000};              ///< request ids that the router got
  std::set<std::uint64_t> in_hand;                          ///< messages that are not settled
  std::deque<std::pair<core::instant, std::uint64_t>> acks; ///< settled once inbound has written them
  /// Messages with several acks, and how many of these are not with inbound.
  std::unordered_map<std::uint64_t, std::size_t> shared_acks;
  std::vector<queue_message> unheard; ///< before it is known whom to tell
  bool usable = false;                ///< the session is
  bool proved = false;                ///< since then something was stored
  bool present = false;
  std::uint64_t probes = 0;
  core::instant stored_at{};
  std::uint32_t told = 0; ///< takers, as inbound knows them
  std::size_t open_actions = 0;
  core::instant marked_at{}; ///< when what is in hand was last said to be worked on
  core::instant settled_at{};
  core::alarm alarm;
};

/// `parent`: its supervisor.
nats_agent_actor::behavior_type nats_agent(nats_agent_actor::stateful_pointer<nats_state> self, ports env,
                                           nats_setup setup, const caf::strong_actor_ptr& parent);

} // namespace relay
