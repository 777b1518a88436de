#include "relay_gateway/actors/egress/egress_router.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/egress/chat.hpp"
#include "relay_gateway/actors/egress/core/action_digest.hpp"
#include "relay_gateway/actors/egress/core/chat_queue.hpp"
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/actions/prompts.hpp"

#include <algorithm>

namespace relay {

egress_state::egress_state(egress_router_actor::pointer ptr) : self(ptr) {
  link.what = std::make_shared<const descriptor_set>();
}

/// Its chats go with it: they would carry on with what its successor takes up (F30). What is known by now is
/// still written down (F29).
egress_state::~egress_state() {
  for (auto& [key, entry] : chats) caf::anon_send_exit(entry.handle, caf::exit_reason::user_shutdown);
  if (!batch.empty()) env.store->commit(std::move(batch), nullptr);
}

caf::result<action_outcome> egress_state::request(action_request& x) {
  auto asker = self->make_response_promise<action_outcome>();
  if (ready) {
    begin(x, asker);
  } else if (early.size() >= setup.max_pending) {
    asker.deliver(
        refuse(x.request_id, to_string(ec::overloaded), "too many actions are pending; try again later"));
  } else {
    early.push_back({now_of(self) + setup.egress_hold, std::move(x), asker});
    arm();
  }
  return asker;
}

void egress_state::begin(action_request& x, promise& asker) {
  auto now = now_of(self);
  auto digest = core::digest_of(x);
  if (!x.request_id.empty()) {
    switch (idempotency_cache.open(x.request_id, now, digest)) {
    case core::idempotency_cache::verdict::fresh: break;
    case core::idempotency_cache::verdict::settled:
      env.metrics->add(counter::actions_repeated);
      asker.deliver(action_outcome{x.request_id, *idempotency_cache.recorded(x.request_id)});
      return;
    case core::idempotency_cache::verdict::pending:
      env.metrics->add(counter::actions_repeated);
      if (repeats >= setup.max_pending) {
        asker.deliver(action_outcome{
            x.request_id, action_result::ambiguous("it is under way, and too many ask what becomes of it")});
        return;
      }
      ++repeats;
      waiting[x.request_id].push_back(asker);
      return;
    case core::idempotency_cache::verdict::conflict:
      env.metrics->add(counter::actions_refused, "request_id_conflict");
      env.log->write(severity::warn, "egress.request_id_conflict",
                     {{"request", x.request_id},
                      {"chat", x.act.chat_id},
                      {"next", "refused: the id was used for another action"}});
      asker.deliver(action_outcome{x.request_id, core::id_conflict()});
      return;
    }
  }
  auto refused = [&](std::string code, std::string error) {
    asker.deliver(refuse(x.request_id, std::move(code), std::move(error)));
  };
  if (open.size() >= setup.max_pending)
    return refused(to_string(ec::overloaded),
                   "too many actions are pending (" + std::to_string(open.size()) + "); try again later");
  if (unstored.size() >= setup.max_pending) return refused(core::not_stored().code, core::not_stored().error);
  if (core::says_nothing(x.act)) {
    const auto worse = wire::check(x.act);
    return refused(to_string(ec::bad_action), worse.empty() ? core::nothing_said().error : worse);
  }
  auto to = routes.resolve(x, now);
  if (!to) return refused(to.code, to.error);
  chat_key key{to.where.platform, x.act.chat_id.empty() ? x.act.session_key : x.act.chat_id};
  std::string prompt_id;
  if (x.act.kind == op::prompt) {
    prompt_id = open_prompt(x, key, to.where);
    if (prompt_id.empty()) return refused(to_string(ec::bad_action), wire::check(x.act));
  }
  if (to.untagged) {
    env.metrics->add(counter::actions_untagged);
    if (chats.find(key) == chats.end()) // once per chat, as long as it is active
      env.log->write(
          severity::warn, "egress.untagged",
          {{"chat", key.chat_id}, {"next", "sent without a platform: the connector's default takes it"}});
  }
  env.metrics->add(counter::actions_accepted);
  auto hold =
      std::chrono::duration_cast<std::chrono::nanoseconds>((now + setup.egress_hold).time_since_epoch());
  auto& chat = chat_of(key);
  chat.used = now;
  // Indicators and reactions are no answer: the turn goes on behind them.
  auto answers = x.act.kind != op::typing && x.act.kind != op::react && x.act.kind != op::get_chat_info;
  chat_action out;
  out.token = ++tokens;
  out.where = std::move(to.where);
  out.hold_until = hold.count();
  out.resend = x.resend_unknown;
  out.abandons = x.abandons;
  open_action as;
  as.asker = asker;
  as.turn = answers ? x.delivery_id : std::string{};
  as.prompt_id = std::move(prompt_id);
  as.ends = core::ends_turn(x.act);
  as.asks_chat = x.act.kind == op::get_chat_info;
  as.resend = x.resend_unknown;
  as.until = now + setup.egress_hold;
  as.digest = digest;
  if (durable) keep(out, as, chat, x);
  auto waits = as.unstored;
  as.request_id = std::move(x.request_id);
  as.chat = std::move(key);
  out.act = std::move(x.act);
  out.turn = std::move(x.delivery_id);
  open.emplace(out.token, std::move(as));
  if (durable) ++chat.open;
  env.metrics->set(gauge::actions_pending, static_cast<std::int64_t>(open.size()));
  if (waits) {
    await_store(std::move(out), chat, now);
  } else {
    give(chat, std::move(out));
  }
}

/// The store has it: its turn in its chat begins.
void egress_state::hand_over(chat_action& x) {
  auto it = open.find(x.token);
  if (it == open.end()) return; // it was given up meanwhile
  left_store(it->second);
  give(chat_of(it->second.chat), std::move(x));
}

void egress_state::give(chat_entry& chat, chat_action x) {
  ++chat.given;
  tell(self, chat.handle, std::move(x));
  if (finishing) tell(self, chat.handle, atom::finish_v);
}

/// Names the prompt if its agent did not, and tells who hears its answers, before it can leave. Empty: it is
/// none.
std::string egress_state::open_prompt(action_request& x, const chat_key& chat, const route& where) {
  wire::prompt_ask ask;
  if (!wire::read_prompt(x.act, ask)) return {};
  if (ask.id.empty()) {
    ask.id = minter.next();
    wire::name_prompt(x.act, ask.id);
  }
  auto id = ask.id;
  tell(self, registry.prompts, opened(std::move(ask), chat, where, x.delivery_id));
  return id;
}

/// It belongs to the session of its turn, unless the action names another thread or profile.
prompt_opened egress_state::opened(wire::prompt_ask ask, const chat_key& chat, const route& where,
                                   const std::string& delivery_id) const {
  auto turn = routes.place_of(delivery_id, chat.chat_id);
  prompt_opened out{std::move(ask.id), chat, std::move(ask.options), ask.timeout_ms};
  // Where the action goes, which Slack's anchors decide too; else where its turn is.
  out.thread_id = !ask.thread_id.empty()     ? std::move(ask.thread_id)
                  : !where.thread_id.empty() ? where.thread_id
                                             : std::move(turn.thread_id);
  out.profile = ask.profile.empty() ? where.who.profile : std::move(ask.profile);
  out.approval = ask.approval;
  out.decided_by = std::move(turn.group_author);
  return out;
}

action_outcome egress_state::refuse(const std::string& request_id, std::string code, std::string error) {
  // Nothing was sent, so the id is free for another try.
  if (!request_id.empty()) idempotency_cache.forget(request_id);
  env.metrics->add(counter::actions_refused, code);
  return {request_id, action_result::failed(std::move(code), std::move(error))};
}

egress_state::chat_entry& egress_state::chat_of(const chat_key& key) {
  auto it = chats.find(key);
  if (it != chats.end()) {
    ages.splice(ages.end(), ages, it->second.age);
    return it->second;
  }
  chat_entry fresh;
  fresh.handle = self->spawn(chat, env, egress_router_actor{self}, key, link, media);
  self->monitor(fresh.handle);
  by_address.emplace(fresh.handle.address(), key);
  fresh.age = ages.insert(ages.end(), key);
  auto& entry = chats.emplace(key, std::move(fresh)).first->second;
  env.metrics->set(gauge::chats_active, static_cast<std::int64_t>(chats.size()));
  if (chats.size() > setup.max_chats) {
    tell(self, chats.at(ages.front()).handle, atom::idle_v);
    ages.splice(ages.end(), ages, ages.begin()); // a busy one stays; the next time another one is asked
  }
  if (!sweeping) {
    sweeping = true;
    tell_later<egress_router_actor>(self, setup.chat_idle / 2, atom::due_v);
  }
  return entry;
}

void egress_state::settle(std::uint64_t token, action_result result) {
  auto it = open.find(token);
  if (it == open.end() || it->second.over) return;
  auto& x = it->second;
  if (auto chat = chats.find(x.chat); chat != chats.end()) {
    if (durable && chat->second.open > 0) --chat->second.open;
    if (chats.size() > setup.max_chats)
      tell(self, chat->second.handle, atom::idle_v); // it stayed as a busy one
  }
  if (x.asks_chat && result.raw.empty() && result.code == to_string(ec::unsupported)) {
    auto known = routes.facts(x.chat.platform, x.chat.chat_id, now_of(self));
    result = wire::chat_info(known.name, known.type);
  }
  if (!x.prompt_id.empty()) {
    if (result.how == outcome::definite) // what nobody saw, nobody answers
      tell(self, registry.prompts, prompt_shown{x.prompt_id, prompt_face::withdrawn});
    result.prompt_id = x.prompt_id;
  }
  if (x.recorded) record(action_settled{token, core::with_digest(x.request_id, x.digest), result});
  if (must_be_kept(x, result)) {
    x.over = true;
    x.result = std::move(result);
    deferred_outcomes.push_back({commits + 1, token, x.until});
    arm();
    return;
  }
  deliver_outcome(token, std::move(result));
}

/// Tells everybody who asked.
void egress_state::deliver_outcome(std::uint64_t token, action_result result) {
  auto it = open.find(token);
  if (it == open.end()) return;
  auto done = std::move(it->second);
  open.erase(it);
  if (!done.turn.empty()) turns.answered(done.turn);
  env.metrics->add(counter::actions_settled, to_string(result.how));
  env.metrics->set(gauge::actions_pending, static_cast<std::int64_t>(open.size()));
  if (!done.request_id.empty()) {
    idempotency_cache.settle(done.request_id, result, now_of(self));
    if (auto more = waiting.find(done.request_id); more != waiting.end()) {
      for (auto& asker : more->second) asker.deliver(action_outcome{done.request_id, result});
      repeats -= more->second.size();
      waiting.erase(more);
    }
  }
  auto how = result.how;
  if (done.asker.pending()) // of before: nobody asks yet
    done.asker.deliver(action_outcome{std::move(done.request_id), std::move(result)});
  if (done.ends && !done.turn.empty() && shown.size() > 0)
    end_turn(done.turn, how == outcome::done       ? core::turn_end::answered
                        : how == outcome::definite ? core::turn_end::failed
                                                   : core::turn_end::unknown);
  drained_yet();
}

void egress_state::use(const link_up& x) {
  link = x;
  for (auto& [key, entry] : chats) tell(self, entry.handle, link);
}

void egress_state::interrupt(const session_interrupt& x) {
  if (link.connection) {
    tell_urgent(self, link.connection, x);
  } else {
    env.metrics->add(counter::interrupts_sent, "dropped");
  }
}

void egress_state::lost(const caf::actor_addr& who) {
  auto at = by_address.find(who);
  if (at == by_address.end()) return;
  auto key = at->second;
  by_address.erase(at);
  if (auto it = chats.find(key); it != chats.end() && it->second.handle.address() == who) {
    ages.erase(it->second.age);
    chats.erase(it);
  }
  env.metrics->set(gauge::chats_active, static_cast<std::int64_t>(chats.size()));
  // It died with these; whether their frames left is not known any more.
  std::vector<std::uint64_t> tokens_lost;
  for (auto& [token, action] : open)
    if (action.chat == key && !action.unstored) tokens_lost.push_back(token);
  std::sort(tokens_lost.begin(), tokens_lost.end());
  for (auto token : tokens_lost)
    settle(token, action_result::ambiguous("the chat's actor died before the outcome was known"));
}

void egress_state::sweep() {
  sweeping = false;
  auto now = now_of(self);
  for (auto& key : ages) { // least recently used first
    auto& entry = chats.at(key);
    if (now - entry.used < setup.chat_idle) break;
    tell(self, entry.handle, atom::idle_v);
  }
  if (!chats.empty()) {
    sweeping = true;
    tell_later<egress_router_actor>(self, setup.chat_idle / 2, atom::due_v);
  }
}

void egress_state::passivate(const chat_key& key, std::uint64_t given) {
  auto it = chats.find(key);
  if (it == chats.end() || it->second.given != given) return; // something went to it meanwhile
  if (it->second.unstored > 0) return;                        // or is about to
  // It may have been asked twice: the second answer must not end the chat that took its place.
  if (it->second.handle.address() != caf::actor_cast<caf::actor_addr>(self->current_sender())) return;
  self->send_exit(it->second.handle, caf::exit_reason::user_shutdown);
  by_address.erase(it->second.handle.address());
  ages.erase(it->second.age);
  chats.erase(it);
  env.metrics->set(gauge::chats_active, static_cast<std::int64_t>(chats.size()));
}

void egress_state::finish() {
  finishing = true;
  for (auto& [key, entry] : chats) tell(self, entry.handle, atom::finish_v);
}

void egress_state::drained_yet() {
  if (drain_waiters.empty() || !open.empty() || !early.empty()) return;
  if (durable && (!batch.empty() || commits_done < commits)) return; // outcomes on their way to the disk
  for (auto& x : drain_waiters) x.deliver(true);
  drain_waiters.clear();
}

void egress_state::measure() {
  auto set = [this](gauge what, std::size_t n) { env.metrics->set(what, static_cast<std::int64_t>(n)); };
  set(gauge::routes_known, routes.chats());
  set(gauge::route_bytes, routes.chat_bytes());
  set(gauge::turn_bytes, routes.turn_bytes());
  set(gauge::outcome_bytes, idempotency_cache.bytes());
  set(gauge::turns_known, routes.turns());
  set(gauge::turns_open, turns.size());
  set(gauge::outcomes_recorded, idempotency_cache.size());
  set(gauge::reactions_shown, shown.size());
}

egress_router_actor::behavior_type egress_router(egress_router_actor::stateful_pointer<egress_state> self,
                                                 ports env, egress_setup setup,
                                                 const caf::strong_actor_ptr& parent) {
  auto* s = &self->state;
  guard_actor(self, env, parent, [s](const caf::down_msg& d) { s->lost(d.source); });
  s->routes = core::route_table{
      core::route_bounds{setup.max_chats, setup.dedupe_entries, setup.route_age, setup.turn_age}};
  s->routes.fronted(setup.fronted);
  s->routes.slack_threads(setup.reply_in_thread);
  s->idempotency_cache = core::idempotency_cache{setup.dedupe_entries, setup.dedupe_window};
  s->shown = core::reaction_book{10'000, setup.turn_age};
  s->env = std::move(env);
  s->setup = std::move(setup);
  s->minter = core::prompt_minter{s->setup.prompt_nonce, static_cast<std::uint32_t>(s->env.random->bits())};
  s->load();
  return {
      [s](action_request& x) { return s->request(x); },
      [s](const session_interrupt& x) { s->interrupt(x); },
      [s](const route_seen& x) {
        auto now = now_of(s->self);
        s->routes.seen(x, now);
        if (s->routes.changed()) s->schedule_commit();
        if (!x.delivery_id.empty()) s->turns.opened(x.delivery_id, now); // a chat alone is no turn
        s->measure();
      },
      [s](const turn_mark& x) { s->mark(x); },
      [s](chat_outcome& x) { s->settle(x.token, std::move(x.result)); },
      [s](const write_intent& x) { s->marked(x, caf::actor_cast<chat_actor>(s->self->current_sender())); },
      [s](outbound_image& x) { s->loaded(x); },
      [s](const store_done& x) { s->stored(x); },
      [s](prompt_shown& x) { tell(s->self, s->registry.prompts, std::move(x)); },
      [s](const prompt_sink& x) {
        s->registry = x;
        for (auto& y : std::exchange(s->unannounced, {})) tell(s->self, x.prompts, std::move(y));
      },
      [s](const link_up& x) { s->use(x); },
      [s](const media_actor& x) {
        s->media = x;
        for (auto& [key, entry] : s->chats) tell(s->self, entry.handle, x);
      },
      [s](fronted_set& x) {
        s->routes.fronted(std::move(x.all));
        s->routes.slack_threads(x.reply_in_thread);
      },
      [s](atom::finish) { s->finish(); },
      [s](atom::drained) -> caf::result<bool> {
        auto later = s->self->make_response_promise<bool>();
        s->drain_waiters.push_back(later);
        s->drained_yet();
        return later;
      },
      [s](atom::status) -> caf::result<egress_report> {
        return egress_report{s->chats.size(),
                             s->open.size() + s->early.size(),
                             s->routes.chats(),
                             s->idempotency_cache.size(),
                             s->turns.count(now_of(s->self)),
                             s->tokens};
      },
      [s](atom::due) { s->sweep(); },
      [s](atom::due, std::uint64_t which) { s->late(which); },
      [s](atom::start) {
        s->commit_scheduled = false;
        s->flush();
      },
      [s](atom::idle, const chat_key& key, std::uint64_t given) { s->passivate(key, given); },
  };
}

} // namespace relay
