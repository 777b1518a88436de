#include "relay_gateway/actors/boot/identity.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/http_bridge.hpp"
#include "relay_gateway/messages/wire/http/control_plane.hpp"

namespace relay {

bool has_identity(const config::identity_settings& x) {
  return !x.token_url.empty() || x.access_token.configured() || !x.login_store.empty();
}

caf::result<identity_token> identity_state::give() {
  auto& from = setup.from;
  if (!from.token_url.empty()) {
    if (from.client_id.empty() || from.client_secret.empty())
      return identity_token{{}, "a token URL is set without client id or secret (gateway.idp)"};
    if (good_until_ms > env.clock->wall_ms()) return kept;
    if (auto left = pause_left(); left.count() > 0 && !fetching)
      return identity_token{{}, "the identity provider asked to wait", false, left.count()};
    if (!fetching) fetch();
    return later();
  }
  if (!from.access_token.file.empty()) { // others renew a mounted token: it is read at each use
    if (!std::exchange(fetching, true)) read_token_file();
    return later();
  }
  if (!from.access_token.value.empty()) return identity_token{from.access_token.value, {}};
  if (from.login_store.empty() || !env.files)
    return identity_token{{}, "no identity token is configured", true};
  if (good_until_ms > env.clock->wall_ms()) return kept;
  if (!fetching) open_login();
  return later();
}

caf::result<identity_token> identity_state::later() {
  auto promise_of_one = self->make_response_promise<identity_token>();
  waiting.push_back(promise_of_one);
  return promise_of_one;
}

void identity_state::token_read(file_locked& x) {
  identity_token out;
  if (!x.error.empty())
    out.error = "the access token file cannot be read: " + x.error;
  else if (x.text.empty())
    out.error = "the access token file is empty";
  else
    out.bearer = std::move(x.text);
  answer(out);
}

void identity_state::fetch() {
  auto& from = setup.from;
  fetching = true;
  std::vector<std::pair<std::string, std::string>> form{{"grant_type", "client_credentials"},
                                                        {"client_id", from.client_id},
                                                        {"client_secret", from.client_secret.reveal()}};
  if (!from.scope.empty()) form.emplace_back("scope", from.scope);
  http_request call;
  call.method = "POST";
  call.url = from.token_url;
  call.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
  call.body = secret{wire::form_encode(form)};
  call.timeout = setup.http_timeout;
  call_http(env, identity_actor{self}, 1, std::move(call));
}

milliseconds identity_state::pause_left() const {
  const auto now = now_of(self);
  if (!not_before || *not_before <= now) return milliseconds{0};
  return std::chrono::ceil<milliseconds>(*not_before - now);
}

void identity_state::answered(const http_response& x) {
  if (const auto wait = asked_wait(env, "token", x); wait.count() > 0) not_before = now_of(self) + wait;
  if (setup.from.token_url.empty())
    renewed(x);
  else
    fetched(x);
}

void identity_state::fetched(const http_response& x) {
  identity_token out;
  if (x.status == 0) {
    out.error = "the identity provider could not be asked: " + x.error;
    answer(out);
    return;
  }
  auto got = wire::decode_token_answer(x.status, x.body.reveal());
  if (!got.error.empty()) {
    out.error = "the identity provider gave no token: " + got.error;
    out.retry_after_ms = pause_left().count();
  } else {
    out.bearer = got.access_token;
    kept = out;
    // Not told how long: good for this round of provisioning only.
    good_until_ms = got.expires_in > 60 ? env.clock->wall_ms() + (got.expires_in - 60) * 1000 : 0;
  }
  answer(out);
}

void identity_state::answer(const identity_token& x) {
  fetching = false;
  auto all = std::exchange(waiting, {});
  for (auto& who : all) who.deliver(x);
}

identity_actor::behavior_type identity_source(identity_actor::stateful_pointer<identity_state> self,
                                              ports env, identity_setup setup, caf::strong_actor_ptr parent) {
  guard_actor(self, env, parent);
  auto* s = &self->state;
  s->env = std::move(env);
  s->setup = std::move(setup);
  if (!s->setup.refresh) s->setup.refresh = std::make_shared<refresh_record>();
  return {
      [s](atom::token) { return s->give(); },
      [s](const http_done& x) { s->answered(x.what); },
      [s](login_locked& x) {
        s->setup.from.access_token.file.empty() ? s->opened(x.what) : s->token_read(x.what);
      },
      [s](const login_replaced& x) { s->saved(x.why_not); },
  };
}

} // namespace relay
