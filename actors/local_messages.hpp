// What actors and ports of one process tell each other beside messages/: it holds pointers, settings or
// secrets, so it has no inspector and never leaves the process. Actors' handles are in interfaces.hpp.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/config/resolve.hpp"
#include "relay_gateway/config/settings.hpp"
#include "relay_gateway/messages/control.hpp"
#include "relay_gateway/messages/flow.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace relay {

// -- settings ----------------------------------------------------------------------------------------

using settings_ptr = std::shared_ptr<const config::settings>;

/// How the settings of the start came about; a reload may not make that worse.
struct settings_origin {
  std::vector<config::problem> problems;
  bool config_found = false; ///< there was a config file
};

/// Resolve the settings anew, and run with them if they are usable.
struct reload_request {};
/// The outcome of a reload.
struct reload_outcome {
  settings_ptr settings;                        ///< that run from now on; null: the running ones stay
  std::vector<std::string> problems;            ///< one line each; also of accepted settings
  std::vector<std::string> waiting_for_restart; ///< keys that differ from what runs, until the next start
};
/// The source port's answer.
struct settings_resolved {
  std::shared_ptr<const config::resolution> what;
};

// -- answers of ports, for several actors -----------------------------------------------------------------

/// The HTTP port's answer to the call of this number.
struct http_done {
  std::uint64_t call = 0;
  http_response what;
};
/// The store has written the commit of this number (actors/store_bridge.hpp).
struct store_done {
  std::uint64_t number = 0;
  store_receipt what;
};

// -- boot ------------------------------------------------------------------------------------------------

/// The file port's answers about the login store, or the secret port's about the token file.
struct login_locked {
  file_locked what;
};
struct login_replaced {
  std::string why_not; ///< empty = it is on the disk
};

/// What POLICY must declare.
struct policy_orders {
  std::string url; ///< of POST /relay/policy
  std::vector<relevance_policy> policies;
  /// Platforms with a declaration that is still to be withdrawn when nothing is set any more (F46).
  std::vector<std::string> declared_before;
  credentials who;           ///< not usable = wait for the next orders
  std::uint64_t version = 0; ///< echoed in policy_progress
};
/// The status of one platform's declaration under the orders of this version; results of older versions are
/// ignored.
struct policy_progress {
  platform_progress what;
  std::uint64_t version = 0;
};

// -- attachments -------------------------------------------------------------------------------------------

/// Where attachments are kept and who may have them.
struct media_access {
  std::string store; ///< the connector's own; empty = there is none
  credentials who;   ///< not usable = without a token
  config::media_settings limits;
};
/// The media port's answers to the call of this number.
struct fetch_done {
  std::uint64_t call = 0;
  media_fetched what;
};
struct upload_done {
  std::uint64_t call = 0;
  media_uploaded what;
};

// -- the store's answers to inbound ----------------------------------------------------------------------

/// The store's answer to inbound's records: all up to this id are on disk, but for the refused ones.
struct inbound_stored {
  std::uint64_t upto = 0;
  store_receipt receipt;
};
/// What a person wants of the events that were set aside (`relay-gateway dlq`).
struct dead_letter_ask {
  enum class wish : std::uint8_t { list, retry, drop };
  wish what = wish::list;
  std::uint64_t seq = 0;   ///< list: those behind it; otherwise the one that is meant
  std::size_t limit = 100; ///< list: how many at most
};
struct dead_letter_answer {
  bool found = false; ///< always of a list
  std::vector<dead_letter> dead_letters;
  bool refused = false; ///< it was to be tried again, and nobody can read it
};
/// The store's answer to a dead_letter_ask of this number.
struct dead_letters_found {
  std::uint64_t ask = 0;
  std::vector<dead_letter> found;
};

// -- prompts ---------------------------------------------------------------------------------------------

/// A prompt that an earlier process, or an earlier router, may have sent is about to leave again.
struct prompt_resumed {
  prompt_opened what;
};

// -- link ------------------------------------------------------------------------------------------------

/// What to dial with. Changing it on a live link redials, unless only platforms were added.
struct link_target {
  std::string url; ///< the configured base; empty = off
  credentials who; ///< not usable = dial without a token
  std::vector<identity> identities;
};
/// The identities that are fronted from now on, and whether replies on Slack go into threads.
struct fronted_set {
  std::vector<identity> all;
  bool reply_in_thread = true;
};

} // namespace relay

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::chat_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::dead_letter_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::dead_letter_ask)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::fetch_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::fronted_set)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::http_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::inbound_image)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::inbound_stored)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::dead_letters_found)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::link_target)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::login_locked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::login_replaced)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::media_access)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::outbound_image)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::policy_orders)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::policy_progress)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::prompt_resumed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::recalled_events)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::reload_outcome)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::reload_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::settings_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::settings_resolved)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::spill_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::store_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::upload_done)
