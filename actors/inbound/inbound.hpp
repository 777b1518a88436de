// From wire event to agent: executes what its inbox decides (actors/inbound/core/inbox).
#pragma once

#include "relay_gateway/actors/core/alarm.hpp"
#include "relay_gateway/actors/inbound/core/admission_queue.hpp"
#include "relay_gateway/actors/inbound/core/connector_keys.hpp"
#include "relay_gateway/actors/inbound/core/inbox.hpp"
#include "relay_gateway/actors/inbound/core/prompts.hpp"
#include "relay_gateway/actors/inbound/core/session_aliases.hpp"
#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/messages/wire/session_key.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace relay {

/// How these settings make session keys.
inline wire::session_rules session_rules_of(const config::settings& x) {
  // Flat replies never leave the chat: a session of one message could not be continued.
  return {x.service.group_sessions_per_user, x.service.thread_sessions_per_user,
          x.slack.reply_in_thread && x.slack.dm_top_level_threads_as_sessions};
}

struct inbound_setup {
  core::inbox_rules rules;
  wire::session_rules sessions;
  std::string instance; ///< makes delivery ids unique over restarts; a durable store has its own
  core::prompt_rules prompts;
  std::string prompt_nonce; ///< the process's, as egress_router has it
  std::size_t max_aliases = 10'000;
  /// Whether the agent counts as present from the start (a built-in or embedded one), or says so itself (the
  /// link).
  bool agent_present = true;
  std::string gateway{};  ///< named in deliveries (agent_host::gateway)
  bool reactions = false; ///< tell egress_router where turns begin and which were given up

  static inbound_setup of(const config::settings& from) {
    inbound_setup x;
    x.rules = core::inbox_rules::of(from.limits);
    x.prompts = core::prompt_rules::of(from);
    x.sessions = session_rules_of(from);
    x.reactions = from.service.reactions;
    return x;
  }
};

struct inbound_state {
  static inline const char* name = "inbound";
  explicit inbound_state(inbound_actor::pointer ptr) : self(ptr) {}

  // -- the way of an event (inbound.cpp)
  void take(inbound_batch& batch);
  void admit_waiting();
  void accept(inbound_batch& batch, const std::vector<bool>& id_reused = {});
  bool answers_prompt(inbound_item& item, const core::buffered_id& buffered, core::instant now,
                      core::inbox_step& step);
  void tell_late(const inbound_event& x);
  /// An event that no agent gets a second time.
  void repeated(const inbound_event& x, const std::string& buffer_id, core::repeat_reason why);
  void acked(std::span<const delivery_ack> all);
  void acked(const delivery_ack& x, core::inbox_step& step);
  void given_back(const delivery_returned& x, core::inbox_step& step);
  void returned(const delivery_returned& x);
  void presence(agent_presence x);
  void use(const link_up& x);
  void use(const media_actor& x);
  /// Deliver to this agent from now on.
  void serve(agent_line& x);
  caf::result<bool> drain();
  caf::result<inbound_report> report();
  void overdue();
  void execute(core::inbox_step& step);
  void hand_out(std::vector<core::handout>& all);
  void ask_store(core::inbox_step& step);
  void mark(const std::string& delivery_id, const inbound_event& x, bool given_up);
  std::uint64_t oldest_ms() const;
  void after();
  void drained_yet();
  bool wants_files(const inbound_event& x) const;
  void wish(bool paths);
  void fetch_held(const std::vector<std::uint64_t>& ids);

  // -- what outlives the process (inbound_store.cpp)
  void load();
  void loaded(inbound_image& image);
  void stored(const inbound_stored& x);
  void store_room(const store_health& x);
  void heed_receipt(const store_receipt& x);
  void acknowledge(std::vector<std::string> ids);
  std::size_t admissible_now() const;
  void admit_when_last();
  void recalled(recalled_events& x);
  void scanned(const spill_page& x);
  void opened(prompt_opened&& x);
  void resumed(prompt_opened&& x);
  void keep_prompts(core::inbox_step& step);
  void keep_prompts();
  caf::result<dead_letter_answer> dead_letters(const dead_letter_ask& x);
  void on_dead_letters(dead_letters_found& x);
  static bool made_readable(dead_letter& x);
  void decide(const dead_letter_ask& x, const dead_letter& dead);

  /// The session key of an event under the running settings.
  std::string session_of(const inbound_event& x) const;
  std::string name_of(std::uint64_t id) const { return delivery_name(setup.instance, id); }
  std::uint64_t id_of(const std::string& delivery_id) const; ///< 0 when it is not one of ours
  route_seen route_of(const std::string& delivery_id, const inbound_event& x,
                      const std::string& session) const;

  inbound_actor::pointer self;
  ports env;
  inbound_setup setup;
  core::inbox inbox{core::inbox_rules{}};
  core::prompts prompts{{}, {}};
  core::session_aliases session_aliases{1};
  core::connector_keys connector_keys{1};
  route_sink sink;
  agent_actor agent;
  burst_agent_actor agent_bursts;   ///< the same one; null: it takes single events only
  std::vector<route_seen> routes;   ///< to be told by execute()
  std::vector<delivery> deliveries; ///< the same
  media_actor media;
  bool want_files = false; ///< some agent wants attachments as files
  milliseconds media_patience{75'000};
  std::uint32_t agents = 0;
  std::uint64_t ever = 0; ///< events that came
  link_up link;
  backpressure told = backpressure::none;
  core::alarm alarm;
  std::vector<caf::typed_response_promise<bool>> drain_waiters;
  bool ready = false;  ///< the stored state is loaded
  bool scarce = false; ///< the store has hardly any room; what comes waits for admission
  std::uint64_t room_bytes = store_health{}.room_bytes;
  bool draining = false;
  /// Came before that, while it was scarce, or beyond `room_bytes`: not known to the inbox, not acked.
  /// Bounded by backpressure::hard.
  core::admission_queue awaiting_admission;
  core::held_acks held_acks;      ///< of the link that is served
  core::instant awaiting_since{}; ///< when the first of those that wait there came
  std::vector<delivery_ack> early_acks;
  std::map<std::uint64_t, std::pair<dead_letter_ask, caf::typed_response_promise<dead_letter_answer>>>
      open_dead_letter_asks;
  std::uint64_t dead_letter_asks = 0;
  /// What an operator wants tried again and who has its files, until they are asked for: by event.
  std::map<std::uint64_t, std::string> dead_letter_of;
};

/// `parent`: its supervisor.
inbound_actor::behavior_type inbound(inbound_actor::stateful_pointer<inbound_state> self, ports env,
                                     inbound_setup setup, const caf::strong_actor_ptr& parent);

} // namespace relay
