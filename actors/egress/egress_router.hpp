// From an agent's action to the frames that carry it out, chat by chat (protocol.md 6, routing).
#pragma once

#include "relay_gateway/actors/egress/core/chat_table.hpp"
#include "relay_gateway/actors/egress/core/idempotency_cache.hpp"
#include "relay_gateway/actors/egress/core/open_turns.hpp"
#include "relay_gateway/actors/egress/core/reactions.hpp"
#include "relay_gateway/actors/egress/core/routes.hpp"
#include "relay_gateway/actors/inbound/core/prompts.hpp"
#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/messages/wire/actions/prompts.hpp"

#include <caf/response_promise.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

namespace relay {

struct egress_setup {
  std::vector<identity> fronted;
  milliseconds egress_hold{30'000}, chat_idle{1'800'000}, dedupe_window{600'000},
      route_age{720 * 3'600'000LL}, turn_age{24 * 3'600'000};
  std::uint64_t max_pending = 10'000, max_chats = 1'000'000, dedupe_entries = 100'000;
  bool reply_in_thread = true; ///< on Slack (protocol.md 6, routing 5)
  std::string prompt_nonce;    ///< the process's: marks the prompt ids that are minted here
};

struct egress_state {
  static inline const char* name = "egress-router";
  using promise = caf::typed_response_promise<action_outcome>;
  struct open_action {
    promise asker;
    std::string request_id;
    std::uint64_t digest = 0; ///< of the action that was asked for
    chat_key chat;
    std::string turn;       ///< the delivery that a message of it answers; empty when it is none
    std::string prompt_id;  ///< of a prompt
    bool resend = false;    ///< it may be sent again when nobody knows what became of it
    bool asks_chat = false; ///< a get_chat_info
    bool ends = false;      ///< its outcome decides what that one's message shows
    bool recorded = false;  ///< its outcome is to be written down
    bool unstored = false;  ///< its chat's queue does not have it yet: the store does not either
    core::instant until{};  ///< not sent any more, and by nobody
    bool over = false;      ///< `result` is told when the disk has it, or `until` has passed
    action_result result{};
  };
  /// An action that its chat's queue gets when this commit is on disk, or something that has to stay behind
  /// such a one. Its outcome may have been told since: then it is not open any more, and goes nowhere.
  struct unstored_action {
    std::uint64_t commit = 0;
    core::instant until{}; ///< fails when the store does not take it by then
    chat_action what;
  };
  struct untold_outcome {
    std::uint64_t commit = 0, token = 0;
    core::instant until{};
  };
  struct unstored_mark {
    std::uint64_t commit = 0;
    write_intent what;
  };
  /// An action that came before it was known what was left of before.
  struct early_request {
    core::instant until{};
    action_request what;
    promise asker;
  };
  explicit egress_state(egress_router_actor::pointer ptr);
  egress_state(const egress_state&) = delete;
  egress_state& operator=(const egress_state&) = delete;
  ~egress_state();

  // -- the way of an action (egress_router.cpp)
  caf::result<action_outcome> request(action_request& x);
  void begin(action_request& x, promise& asker);
  void hand_over(chat_action& x);
  void push(const chat_key& chat, chat_action x, bool held);
  void settle(std::uint64_t token, action_result result);
  void deliver_outcome(std::uint64_t token, action_result result);
  std::string open_prompt(action_request& x, const chat_key& chat, const route& where);
  prompt_opened opened(wire::prompt_ask ask, const chat_key& chat, const route& where,
                       const std::string& delivery_id) const;
  void use(const link_up& x);
  void interrupt(const session_interrupt& x);
  void finish();
  void execute(core::chat_table_step& step); ///< does what the chats' queues decided
  void upload(const core::upload& x);
  void wake(std::uint64_t generation); ///< does what is due
  void arm();
  void drained_yet();
  void measure();
  action_outcome refuse(const std::string& request_id, std::string code, std::string error);

  // -- what outlives the process (egress_store.cpp)
  void load();
  void loaded(outbound_image& image);
  void resume(stored_action& x);
  void keep(chat_action& x, open_action& as, const chat_key& chat, const action_request& asked);
  void record(store_record x);
  void schedule_commit(); ///< writes when the burst is over
  void flush();
  void stored(const store_done& x);
  void marked(write_intent& x);
  void await_store(chat_action x, const chat_key& chat, core::instant now);
  void fail_late(core::instant now);
  bool must_be_kept(const open_action& x, const action_result& result) const;
  void conclude_kept(core::instant now);

  // -- reactions on what is worked on (egress_reactions.cpp)
  void mark(const turn_mark& x);
  void end_turn(const std::string& delivery_id, core::turn_end how);
  bool can_react(const std::string& platform) const;
  void react(const std::string& delivery_id, std::vector<action> what);

  egress_router_actor::pointer self;
  ports env;
  egress_setup setup;
  core::route_table routes{core::route_bounds{}};
  core::idempotency_cache idempotency_cache{1, milliseconds{1}};
  core::open_turns turns;
  core::prompt_minter minter{{}, 0};
  prompt_sink registry;
  core::reaction_book shown{10'000, milliseconds{24 * 3'600'000}};
  link_up link;
  media_actor media;
  core::chat_table chats{core::chat_limits{}};
  std::unordered_map<std::uint64_t, open_action> open;
  std::unordered_map<std::string, std::vector<promise>> waiting; ///< repeats of an open request id
  std::size_t repeats = 0;                                       ///< how many these are
  std::vector<caf::typed_response_promise<bool>> drain_waiters;
  std::uint64_t tokens = 0;

  bool durable = false, ready = true; ///< `ready`: what was left of before is known
  std::deque<early_request> early;
  std::vector<store_record> batch;             ///< of this burst
  std::uint64_t commits = 0, commits_done = 0; ///< given to the store, and on disk
  bool commit_scheduled = false;
  std::deque<unstored_action> unstored; ///< by commit
  std::size_t failed = 0;               ///< of these, the first ones that are over already
  std::deque<unstored_mark> unstored_marks;
  std::deque<untold_outcome> deferred_outcomes; ///< by commit
  std::vector<prompt_opened> unannounced;       ///< of before; nobody hears prompts yet
  core::deadline armed;                         ///< of the one alarm
  std::uint64_t generation = 0;                 ///< of that alarm
};

/// `parent`: its supervisor.
egress_router_actor::behavior_type egress_router(egress_router_actor::stateful_pointer<egress_state> self,
                                                 ports env, egress_setup setup,
                                                 const caf::strong_actor_ptr& parent);

} // namespace relay
