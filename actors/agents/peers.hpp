// What an agent in front of others knows: who is attached, who has which event, who asked for what. The link
// agent has any number of them, the exec agent the child that runs.
#pragma once

#include "relay_gateway/actors/agents/core/output_gate.hpp"
#include "relay_gateway/actors/agents/core/sticky_balancer.hpp"
#include "relay_gateway/actors/agents/link.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/core/token_bucket.hpp"

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace relay {

/// Base of the state of those actors.
struct agent_peers {
  struct peer_entry {
    std::shared_ptr<line_socket> socket;
    std::set<std::string> unacked;
    std::map<std::string, action_request> drafts;   ///< open ones, by chat and draft id
    std::vector<command_spec> commands;             ///< as declared
    bool media_paths = false;                       ///< wants attachments as files
    bool spoken = false;                            ///< its first frame has come
    std::string name;                               ///< as declared: its request ids are its own
    std::map<std::string, action_request> statuses; ///< typing that nothing has ended yet, by chat and thread
    core::token_bucket complaints{100, 10};         ///< of bad frames, that are answered and noted
    std::uint64_t unanswered = 0;                   ///< bad frames since the last one that was noted
    core::token_bucket hellos{10, 1};               ///< beyond them a hello is a bad frame
  };
  /// Who has an event.
  struct holding {
    std::uint64_t peer = 0;
    std::set<std::uint64_t> missed; ///< agents that did not ack it in time
    bool new_host = false;          ///< if it comes again, its ack was not missed: its host is another one
  };
  struct asker {
    std::uint64_t peer = 0;
    std::string request_id; ///< as that one said it
    std::size_t bytes = 0;  ///< of the action
  };
  explicit agent_peers(self_as<agent_actor> ptr) : self(ptr) {}

  void rehost(agent_host x);
  void send_hello(gateway_announcement& x);
  void drain(); ///< tells the agents, once
  /// It gets the gateway's announcement; events only once it has joined.
  void attach(std::uint64_t peer, std::shared_ptr<line_socket> socket);
  /// Before it joins: its very first event comes with files.
  void wish_files(std::uint64_t peer);
  void join(std::uint64_t peer);
  /// Gives back what it had not acked, and seals its open drafts. Returns how many events that were.
  std::size_t detach(std::uint64_t peer);
  /// Events, acks and actions are gathered until flush().
  void deliver(delivery& x);
  void deliver(burst<delivery>& x);
  void outcomes_of(const burst<action_outcome>& x);
  void flush(); ///< tells the host
  void withdraw(const delivery_withdrawn& x);
  void said(agent_said& x);
  void on_frames(agent_said& x, peer_entry& from);
  /// An ack of an event that an agent has is passed on; so are others, which may be late, at a rate.
  void acknowledge(std::uint64_t peer, wire::agent_ack& x);
  /// Passed on at a rate: nothing else bounds how many wait for the router.
  void stop_session(wire::agent_interrupt& x);
  void refuse(std::uint64_t peer, peer_entry& entry, const std::string& what, const std::string& request_id);
  void declared(std::uint64_t peer, peer_entry& entry, wire::agent_hello& x);
  /// An action of an agent; its request id is made its own first.
  void ask(std::uint64_t peer, peer_entry& entry, action_request& x);
  /// One whose request id another agent waits under: only the answer to a message of its own tells whose it
  /// is.
  void ask_apart(asker who, action_request& x);
  /// False when the agent used the id for another action before.
  static void scope_id(const peer_entry& entry, action_request& x);
  /// Who gets a delivery; 0 = nobody is there.
  std::uint64_t taker_of(const delivery& x);
  void answer(const asker& to, const action_result& result);
  void clear_statuses(const peer_entry& gone);
  static void note_status(peer_entry& from, const action_request& x);
  void declare(); ///< tells the host what the agents are like, all together
  void outcome_of(const action_outcome& x);
  void told(const asker& who, const std::string& request_id, const action_result& result);
  void settled(const asker& who);
  void show_output();
  void interrupt(const turn_interrupt& x);
  static void note_draft(peer_entry& from, const action_request& x);
  void announce();
  void broadcast(const std::string& frame);

  using outcome_told = std::function<void(const action_outcome&)>;
  /// For ask_apart(). `me`: this actor, whose pointer can wait for answers. A router that dies does not
  /// answer, which rehost() tells.
  template <class Self>
  void answer_requests(Self* me) {
    request = [this, me](action_request&& x, outcome_told then) {
      me->request(host.actions, caf::infinite, std::move(x)).then(std::move(then), [](const caf::error&) {});
    };
  }

  self_as<agent_actor> self;
  std::function<void(action_request&&, outcome_told)> request;
  ports env;
  agent_host host;
  gateway_announcement announcement;
  bool announced = false, draining = false;
  core::sticky_balancer sticky_balancer{1};
  core::output_gate output;
  bool gathers = false;                        ///< acks and actions, until flush()
  std::vector<delivery_ack> acks;              ///< to be told by flush()
  std::vector<action_request> requests;        ///< the same
  std::vector<std::string> unplaced;           ///< events that no agent is there for; the same
  core::token_bucket late_acks{10'000, 1'000}; ///< of all agents: acks of events that none of them has
  core::token_bucket interrupts{1'000, 100};   ///< of all agents
  std::map<std::uint64_t, peer_entry> peers;
  std::unordered_map<std::string, holding> holder; ///< by delivery
  /// By request id as the router has it; empty: of actions without one. All of an id are of one agent.
  std::unordered_map<std::string, std::deque<asker>> asked;
  std::map<std::uint64_t, asker> asked_apart; ///< by number; their answers come through `request`
  std::uint64_t last_apart = 0;
  /// Said before it is known whom to tell. Bounded by what sockets bring within a start.
  std::vector<agent_said> unheard;
};

} // namespace relay
