// The login store (settings.md, Identity token): what other programs of this machine keep about a login.
// Thread-safe, never throws.
#pragma once

#include "relay_gateway/messages/secret.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace relay::wire {

/// `providers.nous` of the store.
struct login_entry {
  secret access_token, refresh_token;
  std::int64_t expires_at = 0; ///< of the access token, unix seconds; 0 = it cannot be told
  std::string portal_base_url, client_id;
  std::string error; ///< one line when there is no login in it; never quotes the store
};
login_entry read_login(std::string_view store);

/// The store with a new pair, and everything else as it was, byte for byte. `refresh_token` empty: the old
/// one stays. `expires_at` 0: it cannot be told. Empty, with one line in `error`, when that cannot be done
/// without harm.
secret with_login(std::string_view store, const secret& access_token, const secret& refresh_token,
                  std::int64_t expires_at, std::string& error);

/// Whether the access token must be renewed before it is used: it ends within two minutes, or nobody knows
/// when.
bool login_stale(const login_entry& x, std::int64_t now);

/// Where a login is renewed: the operator's choice, else the stored one if it is the known portal over https
/// or on this machine, else the known portal. A store must not send the refresh token elsewhere.
std::string portal_of(std::string_view override_url, std::string_view stored);

} // namespace relay::wire
