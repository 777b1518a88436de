// What the link agent knows: who is attached, who has which event, who asked for what.
#pragma once

#include "actors/agents/link.hpp"
#include "actors/core/recent.hpp"
#include "actors/core/spread.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace relay {

struct link_agent_state {
  static inline const char* name = "agent-link";
  struct peer_entry {
    std::shared_ptr<line_socket> socket;
    std::set<std::string> unacked;
    std::map<std::string, action_request> drafts; ///< open ones, by chat and draft id
    std::vector<command_spec> commands;           ///< as declared
    bool media_paths = false;                     ///< wants attachments as files
    bool spoken = false;                          ///< its first frame has come
  };
  explicit link_agent_state(link_agent_actor::pointer ptr) : self(ptr) {}

  void rehost(agent_host x);
  void attach(agent_attached& x);
  void detach(const agent_detached& x);
  void deliver(delivery& x);
  void said(agent_said& x);
  void refuse(std::uint64_t peer, peer_entry& entry, const std::string& what, const std::string& request_id);
  void declared(std::uint64_t peer, peer_entry& entry, wire::agent_hello& x);
  void declare(); ///< tells the host what the agents are like, all together
  void outcome_of(const action_outcome& x);
  void interrupt(const turn_interrupt& x);
  static void note_draft(peer_entry& from, const action_request& x);
  void announce();
  void broadcast(const std::string& frame);

  link_agent_actor::pointer self;
  ports world;
  agent_host host;
  agent_welcome welcome;
  bool welcomed = false, draining = false;
  core::spread spread{1};
  core::recent<std::string, std::uint64_t> sessions{1}; ///< session key -> peer that last got an event of it
  std::map<std::uint64_t, peer_entry> peers;
  std::unordered_map<std::string, std::uint64_t> holder;            ///< delivery -> peer
  std::unordered_map<std::string, std::deque<std::uint64_t>> asked; ///< request id -> peers, in order
};

/// `parent`: its supervisor.
link_agent_actor::behavior_type link_agent(link_agent_actor::stateful_pointer<link_agent_state> self,
                                           ports world, std::uint64_t max_chats,
                                           const caf::strong_actor_ptr& parent);

} // namespace relay
