// From wire event to agent: executes what its inbox decides (actors/core/inbox).
#pragma once

#include "actors/core/inbox.hpp"
#include "actors/core/places.hpp"
#include "actors/core/prompts.hpp"
#include "actors/interfaces.hpp"
#include "messages/wire/session_key.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <string>
#include <vector>

namespace relay {

struct inbound_setup {
  core::inbox_rules rules;
  wire::session_rules sessions;
  std::string id_prefix; ///< makes delivery ids unique over restarts
  core::prompt_rules prompts;
  std::string prompt_nonce; ///< the process's, as egress_router has it
  std::size_t max_places = 10'000;
  /// Whether the agent counts as present from the start (a built-in or embedded one), or says so itself (the
  /// link).
  bool agent_present = true;
  milliseconds media_patience{75'000}; ///< longer than the media actor may take
  bool reactions = false;              ///< tell egress_router where turns begin and which were given up
};

struct inbound_state {
  static inline const char* name = "inbound";
  explicit inbound_state(inbound_actor::pointer ptr) : self(ptr) {}

  void take(inbound_batch& batch);
  bool answers_prompt(inbound_item& item, core::instant now, core::inbox_step& step);
  void tell_late(const inbound_event& x);
  void acked(const delivery_ack& x);
  void execute(core::inbox_step& step);
  void fetch(std::uint64_t id, std::vector<std::string> urls);
  void mark(const std::string& delivery_id, const inbound_event& x, bool given_up);
  void after();
  void drained_yet();
  std::string name_of(std::uint64_t id) const { return setup.id_prefix + std::to_string(id); }
  std::uint64_t id_of(const std::string& delivery_id) const; ///< 0 when it is not one of ours
  route_seen route_of(const std::string& delivery_id, const inbound_event& x) const;

  inbound_actor::pointer self;
  ports world;
  inbound_setup setup;
  core::inbox inbox{core::inbox_rules{}};
  core::prompts prompts{{}, {}};
  core::places places{1};
  route_sink sink;
  agent_actor agent;
  media_actor media;
  bool want_files = false; ///< some agent wants attachments as files
  std::uint32_t agents = 0;
  std::uint64_t ever = 0; ///< events that came
  link_up link;
  intake told = intake::open;
  core::deadline armed;
  std::vector<caf::typed_response_promise<bool>> drain_waiters;
};

/// `parent`: its supervisor.
inbound_actor::behavior_type inbound(inbound_actor::stateful_pointer<inbound_state> self, ports world,
                                     inbound_setup setup, const caf::strong_actor_ptr& parent);

} // namespace relay
