#include "relay_gateway/actors/egress/egress_store.hpp"

#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/egress/core/action_digest.hpp"
#include "relay_gateway/actors/egress/egress_router.hpp"
#include "relay_gateway/actors/metrics.hpp"
#include "relay_gateway/actors/store_bridge.hpp"
#include "relay_gateway/messages/contract/op_traits.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace relay::egress {

constexpr std::size_t chats_at_once = 10'000; // some 4 MiB

void load(egress_state& s) {
  const auto durable = s.env.store->durable();
  s.outbox = core::outbox{core::outbox_rules{durable, s.setup.egress_hold}};
  if (!durable)
    return; // nothing is there, nobody has to wait for it, and nothing is
            // written
  s.ready = false;
  s.routes.track();
  s.env.store->chats_after(0, chats_at_once, posts_to(egress_router_actor{s.self}));
}

namespace {

/// An action that had no outcome when the process, or this actor, ended.
void resume(egress_state& s, core::resumed_action& x) {
  const auto now = now_of(s.self);
  auto& asked = x.what.what;
  const auto token = x.what.token;
  const auto key = chat_of(x.what.where, asked.act);
  if (!asked.request_id.empty()) (void)s.idempotency_cache.open(asked.request_id, now, x.digest);
  egress_state::open_action as;
  as.request_id = std::move(asked.request_id);
  as.chat = key;
  as.kind = asked.act.kind;
  as.delivery = asked.delivery_id;
  if (traits_of(asked.act.kind).answers) as.turn = asked.delivery_id;
  const auto* prompt = prompt_of(asked.act);
  prompt_resumed said;
  if (prompt != nullptr) {
    said.what = s.opened(*prompt, key, x.what.where, asked.delivery_id);
    as.prompt = egress_state::place_of(said.what);
  }
  s.open.put(token).value = std::move(as);
  s.env.metrics->add(counter::actions_resumed, core::to_string(x.how));
  if (x.how != core::resumption::sent) return s.settle(token, std::move(x.result));
  if (prompt != nullptr) { // its answers are still ours
    if (s.registry.prompts)
      tell(s.self, s.registry.prompts, std::move(said));
    else
      s.unannounced.push_back(std::move(said));
  }
  s.chats.activate(key, now);
  chat_action out;
  out.token = token;
  out.act = std::move(asked.act);
  out.where = std::move(x.what.where);
  out.hold_until = nanoseconds_of(x.until);
  out.turn = std::move(asked.delivery_id);
  out.record = x.what.maybe_written ? action_record::maybe_written : action_record::not_written;
  out.resend = asked.resend_unknown;
  out.abandons = asked.abandons;
  out.lost = x.what.maybe_written ? 1 : 0;
  s.push(key, std::move(out), false);
}

} // namespace

void loaded(egress_state& s, const chat_page& page) {
  if (s.ready) return;
  const auto now = now_of(s.self);
  for (auto& x : page.chats) s.routes.restore(x, now);
  if (page.next != 0)
    s.env.store->chats_after(page.next, chats_at_once, posts_to(egress_router_actor{s.self}));
  else
    s.env.store->load_outbound(posts_to(egress_router_actor{s.self}));
}

void loaded(egress_state& s, outbound_image& image) {
  if (s.ready) return;
  s.ready = true;
  const auto now = now_of(s.self);
  for (auto& x : image.settled) {
    auto [id, digest] = core::without_digest(x.request_id);
    s.idempotency_cache.restore(id, x.result, now, milliseconds{x.age_ms}, digest);
  }
  for (auto& x : image.chats) s.routes.restore(x, now);
  for (auto& x : image.turns) s.routes.restore(x, now);
  auto serves = [&s](const std::string& platform) { return s.routes.serves(platform); };
  auto left = s.outbox.resume(image, serves, now, s.env.clock->wall_ms());
  auto count = [&](core::resumption how) {
    return std::count_if(left.begin(), left.end(), [&](auto& x) { return x.how == how; });
  };
  if (!left.empty())
    s.env.log->write(severity::info, "outbox.resumed",
                     {{"to_send", count(core::resumption::sent)},
                      {"unknown", count(core::resumption::unknown)},
                      {"refused", count(core::resumption::refused)},
                      {"next", "the first are sent, the others reported and not sent again"}});
  // Without a link at first: older states of a message give way to newer ones, as they did before.
  core::chat_table_step none, next;
  s.chats.link(nullptr, false, none);
  for (auto& x : left) resume(s, x);
  s.chats.link(s.link.connection ? s.link.what : nullptr, false, next);
  s.execute(next);
  for (auto& x : std::exchange(s.early, {})) s.begin(x.what, x.asker);
  s.measure();
}

void schedule_commit(egress_state& s) {
  if (s.commit_scheduled || (s.outbox.records() == 0 && !s.routes.changed())) return;
  s.commit_scheduled = true;
  tell(s.self, egress_router_actor{s.self}, atom::start_v);
}

void flush(egress_state& s) {
  if (!s.outbox.may_commit()) return; // stored() comes back to it
  for (auto& x : s.routes.changes(now_of(s.self))) s.outbox.add(chat_routed{std::move(x)});
  if (auto next = s.outbox.next_commit())
    commit_records(s.env, egress_router_actor{s.self}, std::move(next->records), next->number);
}

void stored(egress_state& s, const store_done& x) {
  core::outbox_step step;
  s.outbox.stored(x.number, step);
  s.execute(step);
  if (!s.commit_scheduled) flush(s);
  s.drained_yet();
}

} // namespace relay::egress
