// Who may provision (settings.md, Identity token).
#pragma once

#include "relay_gateway/actors/core/clock.hpp"
#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/messages/wire/http/login_store.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <memory>
#include <string>
#include <vector>

namespace relay {

/// What must outlive the actor: a refresh token works once, so the successor of an actor that died must know
/// which one was sent, and with which outcome.
struct refresh_record {
  secret token;    ///< a refresh token that was sent
  std::string why; ///< the outcome
  /// A new pair that is on no disk yet. Until it is, it is not used: another program would renew, too.
  secret fresh_access, fresh_refresh;
  std::int64_t fresh_until = 0; ///< unix seconds; 0 = not told
};

struct identity_setup {
  config::identity_settings from;
  milliseconds http_timeout{15'000};
  /// Shared with the actor that follows a dead one, never with one that lives; null: this actor's own.
  std::shared_ptr<refresh_record> refresh{};
};

struct identity_state {
  static inline const char* name = "identity";
  using promise = caf::typed_response_promise<identity_token>;
  explicit identity_state(identity_actor::pointer ptr) : self(ptr) {}
  caf::result<identity_token> give();
  caf::result<identity_token> later(); ///< answered when what is under way is over
  void read_token_file();              ///< off this thread: its file system may hang (identity_login.cpp)
  void token_read(file_locked& x);
  void fetch();
  void answered(const http_response& x);
  void fetched(const http_response& x);
  void answer(const identity_token& x);

  // -- login store (identity_login.cpp)
  void open_login();
  void opened(file_locked& x);
  void renew();
  void renewed(const http_response& x);
  void save();
  void saved(const std::string& why_not);
  /// What is left of the pause that was asked for.
  milliseconds pause_left() const;
  void no_login(std::string why);
  void not_now(std::string why);

  identity_actor::pointer self;
  ports env;
  identity_setup setup;
  std::vector<promise> waiting;
  identity_token kept;
  std::int64_t good_until_ms = 0; ///< wall time; 0 = nothing kept
  bool fetching = false;
  core::deadline not_before; ///< whoever gives tokens asked for this long a pause

  struct login_t {
    std::shared_ptr<locked_file> lock; ///< while it is read, renewed and written
    secret text;                       ///< of the store, under the lock
    wire::login_entry entry;
  } login;
};

/// `parent`: its supervisor.
identity_actor::behavior_type identity_source(identity_actor::stateful_pointer<identity_state> self,
                                              ports env, identity_setup setup, caf::strong_actor_ptr parent);

/// Whether any source of an identity token is configured.
bool has_identity(const config::identity_settings& x);

} // namespace relay
