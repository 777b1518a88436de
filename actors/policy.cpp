#include "actors/policy.hpp"

#include "actors/caf_compat.hpp"
#include "actors/harden.hpp"
#include "actors/http_bridge.hpp"
#include "messages/wire/control_plane.hpp"
#include "messages/wire/tokens.hpp"

#include <algorithm>

namespace relay {

void policy_state::declare(entry& x) {
  if (!who.usable()) return;
  x.call = ++calls;
  x.step = platform_step::pending;
  http_request call;
  call.method = "POST";
  call.url = setup.url;
  call.bearer = wire::mint_token(who, world.world->wall_ms() / 1000);
  call.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  call.body = secret{wire::encode_policy(x.what)};
  call.timeout = setup.http_timeout;
  call_http(world, policy_actor{self}, x.call, std::move(call));
}

void policy_state::answered(const http_done& x) {
  for (auto& [platform, mine] : platforms) {
    if (mine.call != x.call) continue;
    if (x.what.status == 200) {
      mine.step = platform_step::done;
      mine.pause.reset();
      world.metrics->add(counter::policy_attempts, "done");
      world.notes->note(severity::info, "policy.declared", {{"platform", platform}});
      report(mine, {});
      return;
    }
    auto error = x.what.status == 0 ? "the connector could not be asked: " + x.what.error
                                    : "HTTP " + std::to_string(x.what.status) + [&] {
                                        auto detail = wire::error_detail(x.what.body.reveal());
                                        return detail.empty() ? detail : ": " + detail;
                                      }();
    mine.step = platform_step::failed;
    world.metrics->add(counter::policy_attempts, "failed");
    world.notes->note(severity::warn, "policy.refused",
                      {{"platform", platform},
                       {"error", error},
                       {"next", "tried again with backoff; nothing waits for it"}});
    report(mine, error);
    mine.call = ++calls;
    tell_later<policy_actor>(self, mine.pause.next(world.world->random()), atom::due_v, platform, mine.call);
    return;
  }
}

void policy_state::report(const entry& x, std::string error) {
  tell(self, owner, platform_progress{x.what.platform, x.step, std::move(error)}, false);
}

policy_actor::behavior_type policy(policy_actor::stateful_pointer<policy_state> self, ports world,
                                   policy_setup setup, supervisor_actor owner) {
  harden(self, world, caf::actor_cast<caf::strong_actor_ptr>(owner));
  auto* s = &self->state;
  s->world = std::move(world);
  s->owner = std::move(owner);
  for (auto& x : setup.policies) {
    policy_state::entry fresh;
    fresh.what = x;
    fresh.pause = core::backoff{setup.backoff_min, setup.backoff_max};
    auto& before = setup.declared_before;
    // Silence is the default's declaration, unless something else was declared once.
    if (x.is_default() && std::find(before.begin(), before.end(), x.platform) == before.end())
      fresh.step = platform_step::skipped;
    s->report(fresh, {});
    s->platforms.emplace(x.platform, std::move(fresh));
  }
  s->setup = std::move(setup);
  return {
      [s](const credentials& x) {
        s->who = x;
        for (auto& [name, entry] : s->platforms)
          if (entry.step != platform_step::skipped) s->declare(entry);
      },
      [s](atom::start, const std::string& platform) {
        auto it = s->platforms.find(platform);
        if (it != s->platforms.end() && it->second.step == platform_step::failed) s->declare(it->second);
      },
      [s](const http_done& x) { s->answered(x); },
      [s](atom::due, const std::string& platform, std::uint64_t call) {
        auto it = s->platforms.find(platform);
        if (it != s->platforms.end() && it->second.call == call) s->declare(it->second);
      },
  };
}

} // namespace relay
