// The login store as the source of the identity token (settings.md). A refresh token works once, so the store
// is locked from reading it to writing its successor, and what was sent is never sent again.
#include "relay_gateway/actors/boot/identity.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/http_bridge.hpp"
#include "relay_gateway/messages/wire/http/control_plane.hpp"

#include <chrono>
#include <utility>

namespace relay {

using namespace std::chrono_literals;

namespace {

constexpr milliseconds lock_patience{10'000};
constexpr std::int64_t margin_s = 120; ///< renewed this long before its end (wire::login_stale)

/// What an answer says about the refresh token: these statuses leave it as good as it was.
bool may_try_again(int status) {
  return status == 408 || status == 425 || status == 429 || (status >= 500 && status < 600);
}

template <class Message>
auto posts(identity_actor::pointer self) {
  return [to = weak_handle<identity_actor>{self}](auto answer) { to.post(Message{std::move(answer)}); };
}

} // namespace

void identity_state::read_token_file() {
  auto tell_self = posts<login_locked>(self);
  env.secrets->read_later(setup.from.access_token.file, [tell_self](secret_read x) {
    file_locked found;
    found.text = std::move(x.text);
    found.error = std::move(x.error);
    tell_self(std::move(found));
  });
}

void identity_state::open_login() {
  fetching = true;
  env.files->lock(setup.from.login_store, lock_patience, posts<login_locked>(self));
}

void identity_state::opened(file_locked& x) {
  if (x.missing)
    return no_login("no identity token is configured and nobody is logged in: there is no " +
                    setup.from.login_store);
  if (!x.error.empty()) return not_now("the login store cannot be used: " + x.error);
  login.lock = std::move(x.file);
  login.text = std::move(x.text);
  login.entry = wire::read_login(login.text.reveal());
  auto& entry = login.entry;
  if (!entry.error.empty()) return no_login(entry.error);
  auto sent_before = !setup.refresh->token.empty() && entry.refresh_token == setup.refresh->token;
  if (sent_before && !setup.refresh->fresh_access.empty())
    return save(); // its successor is known and nowhere on disk
  setup.refresh->fresh_access = setup.refresh->fresh_refresh = {};
  auto now = env.clock->wall_ms() / 1000;
  if (!wire::login_stale(entry, now)) {
    kept = {entry.access_token, {}};
    good_until_ms = (entry.expires_at - margin_s) * 1000;
    login.lock.reset();
    return answer(kept);
  }
  if (entry.refresh_token.empty())
    return no_login("the login has ended and has no refresh token; log in again");
  if (sent_before) return no_login(setup.refresh->why);
  // Everything that could lose the successor is tried before the token is spent.
  std::string why = x.unwritable;
  if (why.empty()) wire::with_login(login.text.reveal(), entry.access_token, entry.refresh_token, now, why);
  if (!why.empty()) return not_now("the login must be renewed and its successor could not be kept: " + why);
  if (pause_left().count() > 0) return not_now("the login portal asked to wait");
  renew();
}

void identity_state::renew() {
  auto& entry = login.entry;
  setup.refresh->token = entry.refresh_token;
  setup.refresh->why = "the refresh was sent and its answer never came; log in again";
  http_request call;
  call.method = "POST";
  call.url = wire::portal_of(setup.from.portal_override, entry.portal_base_url) + "/api/oauth/token";
  call.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
  call.secret_headers = {{"x-nous-refresh-token", entry.refresh_token}};
  call.body = secret{wire::form_encode(
      {{"grant_type", "refresh_token"},
       {"client_id", entry.client_id.empty() ? std::string{"hermes-cli"} : entry.client_id}})};
  call.timeout = setup.http_timeout;
  call_http(env, identity_actor{self}, 2, std::move(call));
}

void identity_state::renewed(const http_response& x) {
  if (x.status == 0) {
    if (x.sent) return no_login(setup.refresh->why + " (" + x.error + ")");
    setup.refresh->token = {};
    return not_now("the login portal could not be asked: " + x.error);
  }
  auto got = wire::decode_token_answer(x.status, x.body.reveal());
  if (!got.error.empty()) {
    if (may_try_again(x.status)) {
      setup.refresh->token = {};
      return not_now("the login portal gave no token: " + got.error);
    }
    setup.refresh->why = "the login portal refused the refresh: " + got.error + "; log in again";
    return no_login(setup.refresh->why);
  }
  setup.refresh->fresh_access = std::move(got.access_token);
  setup.refresh->fresh_refresh = std::move(got.refresh_token);
  setup.refresh->fresh_until = got.expires_in > 0 ? env.clock->wall_ms() / 1000 + got.expires_in : 0;
  env.log->write(severity::info, "identity.renewed",
                 {{"expires_in_s", got.expires_in}, {"next", "written, then used"}});
  save();
}

void identity_state::save() {
  std::string why;
  auto text = wire::with_login(login.text.reveal(), setup.refresh->fresh_access, setup.refresh->fresh_refresh,
                               setup.refresh->fresh_until, why);
  if (!why.empty()) return saved(why);
  login.lock->replace(std::move(text), posts<login_replaced>(self));
}

void identity_state::saved(const std::string& why_not) {
  if (!why_not.empty())
    return not_now("the login was renewed and could not be written, so it is not used: " + why_not);
  if (setup.refresh->fresh_refresh.empty())
    setup.refresh->token = {}; // it was not replaced, so it is good for more
  kept = {std::exchange(setup.refresh->fresh_access, {}), {}};
  setup.refresh->fresh_refresh = {};
  good_until_ms = setup.refresh->fresh_until > 0 ? (setup.refresh->fresh_until - margin_s) * 1000 : 0;
  login.lock.reset();
  answer(kept);
}

/// Without a login there is no identity to provision with.
void identity_state::no_login(std::string why) {
  login.lock.reset();
  answer({{}, std::move(why), true});
}

void identity_state::not_now(std::string why) {
  login.lock.reset();
  answer({{}, std::move(why), false, pause_left().count()});
}

} // namespace relay
