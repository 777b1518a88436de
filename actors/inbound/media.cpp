#include "relay_gateway/actors/inbound/media.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/http_bridge.hpp"
#include "relay_gateway/messages/wire/http/control_plane.hpp"
#include "relay_gateway/messages/wire/http/tokens.hpp"

#include <chrono>

namespace relay {

secret media_state::token() const {
  return access.who.usable() ? wire::mint_token(access.who, env.clock->wall_ms() / 1000) : secret{};
}

caf::result<media_ready> media_state::wanted(const media_wanted& x) {
  auto later = self->make_response_promise<media_ready>();
  if (!env.media || waiting.count(x.delivery_id) > 0) {
    later.deliver(media_ready{});
    return later;
  }
  waiting.emplace(x.delivery_id, later);
  core::media_step step;
  cache.wanted(x, access.store, now_of(self), step);
  execute(step);
  return later;
}

void media_state::use(media_access x) {
  access = std::move(x);
  core::media_rules rules;
  rules.max_total = access.limits.disk;
  rules.max_at_once = access.limits.at_once;
  rules.max_items = access.limits.per_event;
  rules.patience = access.limits.wait;
  core::media_step step;
  cache.go_by(rules, now_of(self), step);
  execute(step);
}

void media_state::execute(core::media_step& step) {
  for (auto& x : step.start) {
    media_fetch what;
    what.url = std::move(x.url);
    what.bearer = token();
    what.timeout = x.timeout;
    what.max_bytes = largest_media;
    // Deliveries of a durable store have the same name after a restart, and come again (F31).
    if (env.store->durable()) {
      what.pin = std::move(x.delivery);
      what.pin_before = std::move(x.before);
    }
    env.media->fetch(std::move(what),
                     [to = weak_handle<media_actor>{self}, call = x.call](media_fetched answer) {
                       to.post(fetch_done{call, std::move(answer)});
                     });
  }
  for (auto& [id, files] : step.ready) {
    auto it = waiting.find(id);
    if (it == waiting.end()) continue;
    auto asker = std::move(it->second);
    waiting.erase(it);
    asker.deliver(std::move(files));
  }
  if (!step.remove.empty()) env.media->remove(std::move(step.remove));
  env.metrics->set(gauge::media_bytes, static_cast<std::int64_t>(cache.bytes()));
  const auto at = cache.due();
  if (alarm.arm(at)) tell_later<media_actor>(self, *at - now_of(self), atom::due_v);
}

caf::result<media_reference> media_state::upload(const local_file& x) {
  if (!env.media || access.store.empty())
    return media_reference{{}, "not_connected", "there is no connector to give the file to"};
  if (auto now = now_of(self); uploads_from && now < *uploads_from)
    return media_reference{{},
                           "media_refused",
                           "the connector's store asked to wait",
                           std::chrono::ceil<milliseconds>(*uploads_from - now).count()};
  auto later = self->make_response_promise<media_reference>();
  auto call = ++next_upload;
  uploads.emplace(call, later);
  media_upload what;
  what.url = access.store;
  what.bearer = token();
  what.path = x.path;
  what.content_type = x.mime.empty() ? core::mime_of(x.path) : x.mime;
  what.filename = x.name;
  what.timeout = access.limits.upload_timeout;
  what.max_bytes = largest_media;
  env.media->upload(std::move(what), [to = weak_handle<media_actor>{self}, call](media_uploaded answer) {
    to.post(upload_done{call, std::move(answer)});
  });
  return later;
}

void media_state::uploaded(upload_done& x) {
  auto it = uploads.find(x.call);
  if (it == uploads.end()) return;
  auto asker = std::move(it->second);
  uploads.erase(it);
  media_reference out;
  switch (x.what.how) {
  case media_uploaded::step::file_unreadable: out.code = "media_unreadable"; break;
  case media_uploaded::step::file_too_large: out.code = "media_too_large"; break;
  case media_uploaded::step::not_reached: out.code = "not_connected"; break;
  case media_uploaded::step::answered: {
    auto answer = wire::decode_media(x.what.status, x.what.body);
    if (!answer.id.empty()) out.url = access.store + "/" + answer.id;
    out.code = std::move(answer.code);
    x.what.error = std::move(answer.error);
    const auto wait = asked_wait(env, "media", x.what.status, x.what.retry_after, x.what.date);
    if (wait.count() > 0) uploads_from = now_of(self) + wait;
    out.retry_after_ms = wait.count();
  }
  }
  out.error = std::move(x.what.error);
  env.metrics->add(counter::media_uploaded, out.url.empty() ? "failed" : "done");
  if (out.url.empty())
    env.log->write(severity::warn, "media.not_uploaded", {{"code", out.code}, {"why", out.error}});
  asker.deliver(std::move(out));
}

media_actor::behavior_type media(media_actor::stateful_pointer<media_state> self, ports env,
                                 const caf::strong_actor_ptr& parent) {
  guard_actor(self, env, parent);
  auto* s = &self->state;
  s->env = std::move(env);
  return {
      [s](const media_wanted& x) { return s->wanted(x); },
      [s](const media_released& x) {
        core::media_step step;
        // Only what is pinned can be found again.
        auto stays = x.set_aside && s->env.store->durable();
        for (auto& id : x.delivery_ids)
          stays ? s->cache.kept(id, now_of(s->self), step) : s->cache.released(id, now_of(s->self), step);
        s->execute(step);
      },
      [s](media_forgotten& x) {
        if (!s->env.media) return;
        core::media_step step;
        s->cache.forgotten(x.delivery_id, now_of(s->self), step);
        s->execute(step);
        s->env.media->unpin(std::move(x.delivery_id), std::move(x.urls));
      },
      [s](const local_file& x) { return s->upload(x); },
      [s](media_access& x) { s->use(std::move(x)); },
      [s](atom::start) {
        core::media_step step;
        s->waiting.clear();
        if (s->env.store->durable()) // the events come again, and want theirs
          s->cache.set_aside(now_of(s->self), step);
        else
          s->cache.all_released(now_of(s->self), step);
        s->execute(step);
      },
      [s](fetch_done& x) {
        auto& got = x.what;
        s->env.metrics->add(counter::media_fetched, got.path.empty() ? "failed" : "done");
        if (got.path.empty())
          s->env.log->write(severity::warn, "media.not_fetched",
                            {{"why", got.error}, {"next", "the agent gets the URL alone"}});
        core::media_step step;
        const auto wait = asked_wait(s->env, "media", got.status, got.retry_after, got.date);
        s->cache.fetched(x.call, std::move(got.path), got.bytes, std::move(got.error), now_of(s->self), step,
                         wait);
        s->execute(step);
      },
      [s](upload_done& x) { s->uploaded(x); },
      [s](atom::due) {
        core::media_step step;
        s->alarm.rang();
        s->cache.timer(now_of(s->self), step);
        s->execute(step);
      },
  };
}

} // namespace relay
