// From an agent's action to the chat that carries it out (protocol.md 6, routing).
#pragma once

#include "actors/core/ledger.hpp"
#include "actors/core/open_turns.hpp"
#include "actors/core/prompts.hpp"
#include "actors/core/reactions.hpp"
#include "actors/core/routes.hpp"
#include "actors/interfaces.hpp"

#include <caf/response_promise.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <list>
#include <string>
#include <unordered_map>
#include <vector>

namespace relay {

struct egress_setup {
  std::vector<identity> fronted;
  milliseconds egress_hold{30'000}, chat_idle{1'800'000}, dedupe_window{600'000};
  std::uint64_t max_pending = 10'000, max_chats = 1'000'000, dedupe_entries = 100'000;
  std::string prompt_nonce; ///< the process's: marks the prompt ids that are minted here
};

struct egress_state {
  static inline const char* name = "egress-router";
  using promise = caf::typed_response_promise<action_outcome>;
  struct chat_entry {
    chat_actor handle;
    std::uint64_t given = 0;
    core::instant used{};
    std::list<chat_key>::iterator age;
  };
  struct open_action {
    promise asker;
    std::string request_id;
    chat_key chat;
    std::string turn;      ///< the delivery that a message of it answers; empty when it is none
    std::string prompt_id; ///< of a prompt
    bool ends = false;     ///< its outcome decides what that one's message shows
  };
  explicit egress_state(egress_router_actor::pointer ptr);

  caf::result<action_outcome> request(action_request& x);
  void settle(std::uint64_t token, action_result result);
  std::string open_prompt(action& x, const chat_key& chat);
  void use(const link_up& x);
  void mark(const turn_mark& x);
  void end_turn(const std::string& delivery_id, core::turn_end how);
  bool can_react(const std::string& platform) const;
  void react(const std::string& delivery_id, std::vector<action> what);
  void interrupt(const session_interrupt& x);
  chat_entry& chat_of(const chat_key& key);
  void lost(const caf::actor_addr& who);
  void sweep();
  void passivate(const chat_key& key, std::uint64_t given);
  void drained_yet();
  action_outcome refuse(const std::string& request_id, std::string code, std::string error);

  egress_router_actor::pointer self;
  ports world;
  egress_setup setup;
  core::route_table routes{1, 1};
  core::ledger ledger{1, milliseconds{1}};
  core::open_turns turns;
  core::prompt_minter minter{{}, 0};
  prompt_sink registry;
  core::reaction_book shown{10'000};
  link_up link;
  media_actor media;
  std::unordered_map<chat_key, chat_entry> chats;
  std::list<chat_key> ages; ///< least recently used chat first
  std::unordered_map<caf::actor_addr, chat_key> by_address;
  std::unordered_map<std::uint64_t, open_action> open;
  std::unordered_map<std::string, std::vector<promise>> waiting; ///< repeats of an open request id
  std::vector<caf::typed_response_promise<bool>> drain_waiters;
  std::uint64_t tokens = 0;
  bool sweeping = false;
};

/// `parent`: its supervisor. Its chats end with it: nobody else holds them.
egress_router_actor::behavior_type egress_router(egress_router_actor::stateful_pointer<egress_state> self,
                                                 ports world, egress_setup setup,
                                                 const caf::strong_actor_ptr& parent);

} // namespace relay
