// Who may provision (settings.md, Identity token).
#pragma once

#include "actors/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <vector>

namespace relay {

struct identity_setup {
  config::identity_settings from;
  milliseconds http_timeout{15'000};
};

struct identity_state {
  static inline const char* name = "identity";
  using promise = caf::typed_response_promise<identity_token>;
  explicit identity_state(identity_actor::pointer ptr) : self(ptr) {}
  caf::result<identity_token> give();
  void fetch();
  void fetched(const http_response& x);
  void answer(const identity_token& x);

  identity_actor::pointer self;
  ports world;
  identity_setup setup;
  std::vector<promise> waiting;
  identity_token kept;
  std::int64_t good_until_ms = 0; ///< wall time; 0 = nothing kept
  bool fetching = false;
};

/// `parent`: its supervisor.
identity_actor::behavior_type identity_source(identity_actor::stateful_pointer<identity_state> self,
                                              ports world, identity_setup setup,
                                              caf::strong_actor_ptr parent);

/// Whether any source of an identity token is configured that this version can use.
bool has_identity(const config::identity_settings& x);

} // namespace relay
