// From an agent's action to the frames that carry it out, chat by chat (protocol.md 6, routing).
#pragma once

#include "relay_gateway/actors/core/alarm.hpp"
#include "relay_gateway/actors/core/flat_map.hpp"
#include "relay_gateway/actors/egress/core/action_digest.hpp"
#include "relay_gateway/actors/egress/core/chat_table.hpp"
#include "relay_gateway/actors/egress/core/idempotency_cache.hpp"
#include "relay_gateway/actors/egress/core/outbox.hpp"
#include "relay_gateway/actors/egress/core/reactions.hpp"
#include "relay_gateway/actors/egress/core/routing/open_turns.hpp"
#include "relay_gateway/actors/egress/core/routing/routes.hpp"
#include "relay_gateway/actors/egress/outcome_asker.hpp"
#include "relay_gateway/actors/inbound/core/prompts.hpp"
#include "relay_gateway/actors/interfaces.hpp"

#include <caf/response_promise.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace relay {

struct egress_setup {
  std::vector<identity> fronted;
  milliseconds egress_hold{30'000}, chat_idle{1'800'000}, dedupe_window{600'000},
      route_age{720 * 3'600'000LL}, turn_age{24 * 3'600'000};
  std::uint64_t max_pending = 10'000, max_chats = 1'000'000, dedupe_entries = 100'000;
  bool reply_in_thread = true; ///< on Slack (protocol.md 6, routing 5)
  std::string prompt_nonce;    ///< the process's: marks the prompt ids that are minted here

  static egress_setup of(const config::settings& from) {
    const auto& l = from.limits;
    egress_setup x;
    x.fronted = from.relay.identities;
    x.egress_hold = l.egress_hold;
    x.chat_idle = l.chat_idle;
    x.dedupe_window = l.dedupe_window;
    x.max_pending = l.max_pending;
    x.max_chats = l.max_chats;
    x.dedupe_entries = l.dedupe_entries;
    x.route_age = l.route_age;
    x.turn_age = l.turn_age;
    x.reply_in_thread = from.slack.reply_in_thread;
    return x;
  }
  /// `secret`: as in core::fingerprint_key.
  core::route_bounds bounds_of_routes(core::fingerprint_key secret) const {
    core::route_bounds x{max_chats, dedupe_entries, route_age, turn_age};
    x.secret = secret;
    return x;
  }
};

struct egress_state {
  static inline const char* name = "egress-router";
  /// An accepted action whose outcome nobody was told yet.
  struct open_action {
    outcome_asker asker; ///< none of an action that was resumed
    std::string request_id;
    chat_key chat;
    std::string turn;       ///< the delivery that a message of it answers; empty when it is none
    prompt_shown prompt;    ///< of a prompt: its id and place
    bool asks_chat = false; ///< a get_chat_info
    bool ends = false;      ///< its outcome decides what that one's message shows
    core::instant since{};  ///< when it was accepted; the epoch: by an earlier process
    std::string delivery{}; ///< as its agent named it
    op kind = op::send;
    std::size_t piece = 0;     ///< the one that went out last, counted from 1
    std::uint32_t attempt = 0; ///< how often that one went out
  };
  /// An action that arrived before the stored state was loaded.
  struct early_request {
    core::instant until{};
    action_request what;
    outcome_asker asker;
  };
  explicit egress_state(egress_router_actor::pointer ptr);
  egress_state(const egress_state&) = delete;
  egress_state& operator=(const egress_state&) = delete;
  ~egress_state();

  // -- from a request to its chat's queue
  caf::result<action_outcome> request(action_request& x);
  void requests(burst<action_request>& x);
  void take(action_request& x, outcome_asker asker);
  void begin(action_request& x, outcome_asker& asker);
  bool is_repeat(const action_request& x, const core::action_digests& digests, outcome_asker& asker);
  void accept(action_request& x, std::uint64_t digest, core::routing&& to, outcome_asker& asker);
  prompt_shown open_prompt(action_request& x, const chat_key& chat, const route& where);
  static prompt_shown place_of(const prompt_opened& x);
  prompt_opened opened(const prompt_fields& asked, const chat_key& chat, const route& where,
                       const std::string& delivery_id) const;
  void push(const chat_key& chat, chat_action&& x, bool held);
  action_outcome refuse(const action_request& x, std::string code, std::string error);

  // -- from a decision to what is done
  /// One message: what `job` decides is told at its end.
  template <class Job>
  void handle(const Job& job) {
    flushed(job, [this] { flush(); });
  }
  /// The same of a message that brings one item: its frame need not be gathered.
  template <class Job>
  void handle_one(const Job& job) {
    gathers = false;
    flushed(job, [this] {
      gathers = true;
      flush();
    });
  }
  void flush();
  void execute(core::chat_table_step& step);
  /// A step to be filled. What finish_step() is given is executed, and its memory serves the next one.
  core::chat_table_step begin_step() { return std::exchange(spare_step, {}); }
  void finish_step(core::chat_table_step& step);
  void execute(core::outbox_step& step);
  void send(std::vector<transmit>& all);
  void sent(const core::sent_piece& x);
  void upload(const core::upload& x);
  void settle(std::uint64_t token, action_result&& result);
  void deliver_outcome(std::uint64_t token, action_result&& result);
  void use(const link_up& x);
  void interrupt(const session_interrupt& x);
  void finish();
  void wake(); ///< does what is due
  void arm();
  void drained_yet();
  void seen(const route_seen& x, core::instant now);
  void seen_all(const burst<route_seen>& x);
  void results(burst<transmitted>& x);
  void use(const media_actor& x);
  caf::result<bool> drain();
  caf::result<egress_report> report();
  void measure();

  egress_router_actor::pointer self;
  ports env;
  egress_setup setup;
  core::route_table routes{core::route_bounds{}};
  core::idempotency_cache idempotency_cache{1, milliseconds{1}};
  core::open_turns turns;
  core::prompt_minter minter{{}, 0};
  prompt_sink registry;
  core::shown_reactions shown{10'000, milliseconds{24 * 3'600'000}};
  link_up link;
  media_actor media;
  core::chat_table chats{core::chat_limits{}};
  core::chat_table_step spare_step; ///< empty, with memory of earlier ones
  std::vector<transmit> frames;     ///< to be told to the connection
  bool gathers = true;              ///< frames, until flush()
  outcome_bursts outcomes;          ///< to be told to agents
  core::number_map<open_action> open;
  struct repeat {
    outcome_asker asker;
    bool of_another = false; ///< it asked for another action, which is refused
  };
  std::unordered_map<std::string, std::vector<repeat>> repeats; ///< of an open request id, in order
  std::size_t repeats_waiting = 0;                              ///< how many these are
  std::vector<caf::typed_response_promise<bool>> drain_waiters;
  core::outbox outbox{core::outbox_rules{}};
  bool ready = true;                       ///< the stored state is loaded
  std::deque<early_request> early;         ///< until it is
  std::vector<prompt_resumed> unannounced; ///< resumed ones, until there is a prompt_sink
  bool commit_scheduled = false;
  core::alarm alarm; ///< of all that may be due
};

/// The chat that an action belongs to.
chat_key chat_of(const route& where, const action& x);
/// An instant as chat_action::hold_until has it.
std::int64_t nanoseconds_of(core::instant at);

/// `parent`: its supervisor.
egress_router_actor::behavior_type egress_router(egress_router_actor::stateful_pointer<egress_state> self,
                                                 ports env, egress_setup setup,
                                                 const caf::strong_actor_ptr& parent);

} // namespace relay
