#include "relay_gateway/actors/boot/policy.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/http_bridge.hpp"
#include "relay_gateway/messages/wire/http/control_plane.hpp"
#include "relay_gateway/messages/wire/http/tokens.hpp"

#include <algorithm>

namespace relay {

void policy_state::obey(policy_orders& x) {
  // Another connector, or another account: what is on its way there changes nothing here.
  auto same = x.url == orders.url && (!x.who.usable() || x.who.gateway_id == account);
  orders = std::move(x);
  if (orders.who.usable()) account = orders.who.gateway_id;
  auto old = std::exchange(platforms, {});
  auto& before = orders.declared_before;
  for (auto& what : orders.policies) {
    entry fresh;
    if (auto it = old.find(what.platform); same && it != old.end()) {
      fresh.call = it->second.call;
      fresh.in_force = std::move(it->second.in_force);
      fresh.sent = std::move(it->second.sent);
      fresh.busy = it->second.busy;
      fresh.not_before = it->second.not_before;
      old.erase(it);
    }
    fresh.what = what.is_unset() ? relevance_policy::quiet_default(what.platform) : what;
    fresh.pause = core::backoff{setup.backoff_min, setup.backoff_max};
    if (what.is_unset()) {
      // A declaration is withdrawn once; without one there is nothing to withdraw.
      auto withdrawn = !fresh.busy && fresh.in_force == fresh.what;
      auto told = fresh.sent || std::find(before.begin(), before.end(), what.platform) != before.end();
      if (withdrawn || !told) fresh.step = withdrawn ? platform_step::done : platform_step::skipped;
    }
    report(fresh, {});
    auto& mine = platforms.emplace(what.platform, std::move(fresh)).first->second;
    if (mine.step == platform_step::pending) declare(mine);
  }
  for (auto& [platform, rest] : old) {
    if (!same || !rest.busy) continue;
    rest.dropped = true;
    rest.again = false;
    platforms.emplace(platform, std::move(rest));
  }
}

void policy_state::declare(entry& x) {
  if (!orders.who.usable()) return;
  x.step = platform_step::pending;
  if (quiet) return;
  if (x.busy) {
    x.again = x.sent != x.what; // the answer to the same declaration is as good
    return;
  }
  if (auto now = now_of(self); x.not_before && now < *x.not_before) {
    x.call = ++calls;
    tell_later<policy_actor>(self, *x.not_before - now, atom::due_v, x.what.platform, x.call);
    return;
  }
  x.call = ++calls;
  x.busy = true;
  x.sent = x.what;
  x.in_force.reset();
  http_request call;
  call.method = "POST";
  call.url = orders.url;
  call.bearer = wire::mint_token(orders.who, env.clock->wall_ms() / 1000);
  call.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  call.body = secret{wire::encode_policy(x.what)};
  call.timeout = setup.http_timeout;
  call_http(env, policy_actor{self}, x.call, std::move(call));
}

void policy_state::speak() {
  quiet = false;
  for (auto& [platform, x] : platforms)
    if (x.step == platform_step::pending) declare(x);
}

void policy_state::answered(const http_done& x) {
  auto it = std::find_if(platforms.begin(), platforms.end(),
                         [&](auto& y) { return y.second.busy && y.second.call == x.call; });
  if (it == platforms.end()) return;
  auto& [platform, mine] = *it;
  mine.busy = false;
  const auto wait = asked_wait(env, "policy", x.what);
  mine.not_before.reset();
  if (wait.count() > 0) mine.not_before = now_of(self) + wait;
  if (mine.dropped) {
    platforms.erase(it);
    return;
  }
  if (std::exchange(mine.again, false)) {
    declare(mine);
    return;
  }
  if (x.what.status != 200) {
    failed(platform, mine, x.what);
    return;
  }
  mine.step = platform_step::done;
  mine.in_force = mine.sent;
  mine.pause.reset();
  env.metrics->add(counter::policy_attempts, "done");
  env.log->write(severity::info, "policy.declared", {{"platform", platform}});
  report(mine, {});
}

void policy_state::failed(const std::string& platform, entry& x, const http_response& why) {
  auto error = why.status == 0 ? "the connector could not be asked: " + why.error
                               : "HTTP " + std::to_string(why.status) + [&] {
                                   auto detail = wire::error_detail(why.body.reveal());
                                   return detail.empty() ? detail : ": " + detail;
                                 }();
  x.step = platform_step::failed;
  env.metrics->add(counter::policy_attempts, "failed");
  env.log->write(
      severity::warn, "policy.refused",
      {{"platform", platform}, {"error", error}, {"next", "tried again with backoff; nothing waits for it"}});
  report(x, error);
  x.call = ++calls;
  const auto now = now_of(self);
  const auto at = std::max(now + x.pause.next(env.random->bits()), x.not_before.value_or(now));
  tell_later<policy_actor>(self, at - now, atom::due_v, platform, x.call);
}

void policy_state::report(const entry& x, std::string error) {
  tell(self, owner, policy_progress{{x.what.platform, x.step, std::move(error)}, orders.version});
}

policy_actor::behavior_type policy(policy_actor::stateful_pointer<policy_state> self, ports env,
                                   const policy_setup& setup, supervisor_actor owner) {
  guard_actor(self, env, caf::actor_cast<caf::strong_actor_ptr>(owner));
  auto* s = &self->state;
  s->env = std::move(env);
  s->owner = std::move(owner);
  s->setup = setup;
  s->quiet = setup.quiet.count() > 0;
  if (s->quiet) tell_later<policy_actor>(self, setup.quiet, atom::look_v);
  auto retry = [s](policy_state::entry& x) {
    if (x.step == platform_step::failed) s->declare(x);
  };
  return {
      [s](policy_orders& x) { s->obey(x); },
      [s, retry](atom::start, const std::string& platform) {
        if (auto it = s->platforms.find(platform); it != s->platforms.end()) retry(it->second);
      },
      [s](const http_done& x) { s->answered(x); },
      [s](atom::look) { s->speak(); },
      [s, retry](atom::due, const std::string& platform, std::uint64_t call) {
        auto it = s->platforms.find(platform);
        if (it == s->platforms.end() || it->second.call != call || it->second.busy) return;
        if (it->second.step == platform_step::pending) // a pause that the connector asked for is over
          s->declare(it->second);
        else
          retry(it->second);
      },
  };
}

} // namespace relay
