#include "relay_gateway/actors/egress/egress_router.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/egress/action_log.hpp"
#include "relay_gateway/actors/egress/core/action_digest.hpp"
#include "relay_gateway/actors/egress/core/action_shape.hpp"
#include "relay_gateway/actors/egress/core/chat_queue.hpp"
#include "relay_gateway/actors/egress/egress_reactions.hpp"
#include "relay_gateway/actors/egress/egress_store.hpp"
#include "relay_gateway/actors/metrics.hpp"
#include "relay_gateway/messages/contract/op_traits.hpp"
#include "relay_gateway/messages/errors.hpp"
#include "relay_gateway/messages/wire/actions/action_forms.hpp"
#include "relay_gateway/messages/wire/actions/action_makers.hpp"

#include <optional>
#include <utility>

namespace relay {

chat_key chat_of(const route& where, const action& x) {
  const auto* session = x.chat_id.empty() ? follow_up_of(x) : nullptr;
  return {where.platform, session != nullptr ? session->session_key : x.chat_id};
}

std::int64_t nanoseconds_of(core::instant at) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
}

egress_state::egress_state(egress_router_actor::pointer ptr) : self(ptr) {
  link.what = std::make_shared<const descriptor_set>();
}

/// What is known by now is still written down (F29), before the successor reads it. The queues end here, and
/// what becomes of their frames is told to nobody: the successor cannot take it for its own (F30).
egress_state::~egress_state() {
  if (auto last = outbox.take_records(); !last.empty()) env.store->commit(std::move(last), nullptr);
}

caf::result<action_outcome> egress_state::request(action_request& x) {
  auto later = self->make_response_promise<action_outcome>();
  handle_one([&] { take(x, outcome_asker{later}); });
  return later;
}

void egress_state::take(action_request& x, outcome_asker asker) {
  if (ready) {
    begin(x, asker);
  } else if (early.size() >= setup.max_pending) {
    asker.deliver(refuse(x, to_string(ec::overloaded), "too many actions are pending; try again later"));
  } else {
    early.push_back({now_of(self) + setup.egress_hold, std::move(x), std::move(asker)});
    arm();
  }
}

/// Answers a request whose id is known, or lets it wait for the outcome of its first one.
bool egress_state::is_repeat(const action_request& x, const core::action_digests& digests,
                             outcome_asker& asker) {
  using verdict = core::idempotency_cache::verdict;
  if (x.request_id.empty()) return false;
  const auto what = idempotency_cache.open(x.request_id, now_of(self), digests.sorted, digests.as_it_came);
  if (what == verdict::fresh) return false;
  if (what == verdict::conflict) {
    env.metrics->add(counter::actions_refused, "request_id_conflict");
    env.log->write(severity::warn, "egress.request_id_conflict",
                   {{"request", x.request_id},
                    {"chat", x.act.chat_id},
                    {"next", "refused: the id was used for another action"}});
    // Agents without names share their ids, so outcomes are told in the order of asking.
    if (idempotency_cache.recorded(x.request_id) || repeats_waiting >= setup.max_pending) {
      asker.deliver(action_outcome{x.request_id, core::id_conflict()});
      return true;
    }
    ++repeats_waiting;
    repeats[x.request_id].push_back({asker, true});
    return true;
  }
  env.metrics->add(counter::actions_repeated);
  if (what == verdict::settled) {
    asker.deliver(action_outcome{x.request_id, *idempotency_cache.recorded(x.request_id)});
  } else if (repeats_waiting >= setup.max_pending) {
    asker.deliver(action_outcome{
        x.request_id, action_result::ambiguous("it is under way, and too many ask what becomes of it")});
  } else {
    ++repeats_waiting;
    repeats[x.request_id].push_back({asker, false});
  }
  return true;
}

void egress_state::begin(action_request& x, outcome_asker& asker) {
  const auto digests = core::digests_of(x);
  if (is_repeat(x, digests, asker)) return;
  auto refused = [&](std::string code, std::string error) {
    asker.deliver(refuse(x, std::move(code), std::move(error)));
  };
  if (open.size() >= setup.max_pending)
    return refused(to_string(ec::overloaded),
                   "too many actions are pending (" + std::to_string(open.size()) + "); try again later");
  if (outbox.waiting() >= setup.max_pending)
    return refused(core::not_stored().code, core::not_stored().error);
  if (core::says_nothing(x.act)) {
    const auto worse = lacks(x.act);
    return refused(to_string(ec::bad_action), worse.empty() ? core::nothing_said().error : worse);
  }
  auto to = routes.resolve(x, now_of(self));
  if (!to) return refused(to.code, to.error);
  accept(x, digests.sorted, std::move(to), asker);
  egress::schedule_commit(*this);
}

void egress_state::accept(action_request& x, std::uint64_t digest, core::routing&& to, outcome_asker& asker) {
  const auto now = now_of(self);
  const auto key = chat_of(to.where, x.act);
  prompt_shown prompt;
  if (x.act.kind == op::prompt) {
    prompt = open_prompt(x, key, to.where);
    if (prompt.prompt_id.empty()) {
      asker.deliver(refuse(x, to_string(ec::bad_action), lacks(x.act)));
      return;
    }
  }
  if (to.untagged) {
    env.metrics->add(counter::actions_untagged);
    if (!chats.contains(key)) // once per chat, as long as it is active
      env.log->write(
          severity::warn, "egress.untagged",
          {{"chat", key.chat_id}, {"next", "sent without a platform: the connector's default takes it"}});
  }
  env.metrics->add(counter::actions_accepted);
  const auto [chat_ready, chat_holds] = chats.activate_for(key, now);
  chat_action out;
  out.token = outbox.next_token();
  auto& as = open.put(out.token).value;
  as.asker = asker;
  as.chat = key;
  if (traits_of(x.act.kind).answers) as.turn = x.delivery_id;
  if (!prompt.prompt_id.empty()) as.prompt = std::move(prompt);
  as.ends = core::ends_turn(x.act);
  as.kind = x.act.kind;
  as.delivery = x.delivery_id;
  as.asks_chat = traits_of(x.act.kind).known_here;
  const auto disk =
      outbox.accept(out.token, x, digest, to.where, chat_ready, chat_holds, now, env.clock->wall_ms());
  out.act = std::move(x.act);
  out.where = std::move(to.where);
  out.hold_until = nanoseconds_of(now + setup.egress_hold);
  out.turn = std::move(x.delivery_id);
  out.record = disk.record;
  out.resend = x.resend_unknown;
  out.abandons = x.abandons;
  as.request_id = std::move(x.request_id);
  as.since = now;
  if (env.log->wants(severity::debug)) action_log::accepted(*env.log, link.epoch, as);
  env.metrics->set(gauge::actions_pending, static_cast<std::int64_t>(open.size()));
  if (!disk.waits) return push(key, std::move(out), false);
  chats.hold(key);
  outbox.wait(std::move(out), now);
  env.metrics->set(gauge::actions_unstored, static_cast<std::int64_t>(outbox.waiting()));
  env.metrics->set(gauge::chats_active, static_cast<std::int64_t>(chats.size()));
  arm();
}

/// Names the prompt if its agent did not, and tells who hears its answers, before it can leave. Without an
/// id: it is none.
prompt_shown egress_state::open_prompt(action_request& x, const chat_key& chat, const route& where) {
  const auto* prompt = prompt_of(x.act);
  if (prompt == nullptr) return {};
  if (prompt->id.empty()) wire::name_prompt(x.act, minter.next());
  auto said = opened(*prompt, chat, where, x.delivery_id);
  auto place = place_of(said);
  tell(self, registry.prompts, std::move(said));
  return place;
}

prompt_shown egress_state::place_of(const prompt_opened& x) {
  return {x.prompt_id, prompt_face::buttons, x.chat, x.thread_id, x.profile};
}

/// It belongs to the session of its turn, unless the action names another thread or profile.
prompt_opened egress_state::opened(const prompt_fields& asked, const chat_key& chat, const route& where,
                                   const std::string& delivery_id) const {
  auto turn = routes.place_of(delivery_id, chat.chat_id);
  prompt_opened out{asked.id, chat, asked.options, asked.timeout_ms};
  // Where the action goes, which Slack's anchors decide too; else where its turn is.
  out.thread_id = !asked.thread_id.empty()   ? asked.thread_id
                  : !where.thread_id.empty() ? where.thread_id
                                             : std::move(turn.thread_id);
  out.profile = asked.profile.empty() ? where.who.profile : asked.profile;
  out.approval = asked.approval;
  out.decided_by = std::move(turn.group_author);
  out.turn_forgotten = !delivery_id.empty() && !turn.known;
  return out;
}

action_outcome egress_state::refuse(const action_request& x, std::string code, std::string error) {
  // Nothing was sent, so the id is free for another try.
  if (!x.request_id.empty()) idempotency_cache.forget(x.request_id);
  env.metrics->add(counter::actions_refused, code);
  action_log::refused(*env.log, x, code, error);
  return {x.request_id, action_result::failed(std::move(code), std::move(error))};
}

void egress_state::push(const chat_key& chat, chat_action&& x, bool held) {
  auto step = begin_step();
  chats.push(chat, std::move(x), held, now_of(self), step);
  finish_step(step);
}

void egress_state::execute(core::chat_table_step& step) {
  for (auto& x : step.shown) {
    auto* of = open.find(x.token);
    if (of == nullptr || of->value.prompt.prompt_id.empty()) continue;
    of->value.prompt.how = x.how;
    tell(self, registry.prompts, of->value.prompt);
  }
  for (auto& x : step.sent) sent(x);
  send(step.out);
  for (auto& x : step.done) settle(x.token, std::move(x.result));
  for (auto& x : step.intents) outbox.intend(std::move(x));
  for (auto& x : step.uploads) upload(x);
  for (auto& x : step.waiting_chats) {
    env.metrics->add(counter::waits_asked, "action");
    env.log->write(severity::info, "chat.waits",
                   {{"platform", x.chat.platform},
                    {"chat", x.chat.chat_id},
                    {"wait_ms", x.wait.count()},
                    {"next", "the same frame goes out again then; other chats go on"}});
  }
  for (auto& x : step.failed) {
    env.metrics->add(counter::stray_messages, "exception");
    env.log->write(severity::error, "chat.failed",
                   {{"platform", x.chat.platform},
                    {"chat", x.chat.chat_id},
                    {"what", x.what},
                    {"next", "its actions are reported as unknown; other chats go on"}});
  }
  env.metrics->set(gauge::chats_active, static_cast<std::int64_t>(chats.size()));
  env.metrics->set(gauge::chat_bytes, static_cast<std::int64_t>(chats.remembered_bytes()));
  egress::schedule_commit(*this);
  arm();
}

void egress_state::execute(core::outbox_step& step) {
  for (auto& x : step.ready)
    if (auto* of = open.find(x.token)) push(of->value.chat, std::move(x), true);
  for (auto& x : step.committed) {
    core::chat_table_step next;
    chats.intent_committed(x, next);
    execute(next);
  }
  for (auto token : step.not_stored) {
    auto* of = open.find(token);
    if (of == nullptr) continue;
    const auto chat = of->value.chat;
    settle(token, core::not_stored());
    chats.release(chat);
  }
  for (auto& x : step.told) deliver_outcome(x.token, std::move(x.result));
  env.metrics->set(gauge::actions_unstored, static_cast<std::int64_t>(outbox.waiting()));
}

void egress_state::sent(const core::sent_piece& x) {
  auto* known = open.find(x.token);
  if (known == nullptr) return;
  auto& of = known->value;
  of.attempt = of.piece == x.piece ? of.attempt + 1 : 1;
  of.piece = x.piece;
  if (env.log->wants(severity::debug)) action_log::sent(*env.log, link.epoch, of, x, now_of(self));
}

void egress_state::upload(const core::upload& x) {
  auto settle = [this, which = core::upload{x.number, {}, x.chat}](const media_reference& where) {
    handle([&] {
      core::chat_table_step step;
      chats.uploaded(which, where, now_of(self), step);
      execute(step);
    });
  };
  if (!media) {
    settle({{}, "media_refused", "this gateway uploads no files"});
    return;
  }
  // Longer than the upload itself may take, which tells more about what went wrong.
  self->request(media, caf::duration{std::chrono::seconds{75}}, x.file)
      .then(settle, [settle](const caf::error&) {
        settle({{}, "media_refused", "the file was not uploaded: whoever does that is gone"});
      });
}

void egress_state::settle(std::uint64_t token, action_result&& result) {
  auto* of = open.find(token);
  if (of == nullptr || outbox.is_settled(token)) return;
  auto& x = of->value;
  if (x.asks_chat && result.raw.empty() && result.code == to_string(ec::unsupported)) {
    auto known = routes.facts(x.chat.platform, x.chat.chat_id, now_of(self));
    result = wire::chat_info(known.name, known.type);
  }
  if (!x.prompt.prompt_id.empty()) {
    x.prompt.how = prompt_face::withdrawn;
    if (result.how == outcome::definite) tell(self, registry.prompts, x.prompt); // nobody saw it
    result.prompt_id = x.prompt.prompt_id;
  }
  if (outbox.settle(token, result, now_of(self)))
    deliver_outcome(token, std::move(result));
  else
    arm();
  egress::schedule_commit(*this);
}

/// Tells everybody who asked.
void egress_state::deliver_outcome(std::uint64_t token, action_result&& result) {
  auto* of = open.find(token);
  if (of == nullptr) return;
  auto done = open.take(*of);
  if (!done.turn.empty()) turns.answered(done.turn);
  env.metrics->add(counter::actions_settled, to_string(result.how));
  if (result.how != outcome::done || env.log->wants(severity::debug))
    action_log::settled(*env.log, link.epoch, done, result, now_of(self));
  if (done.since != core::instant{})
    env.metrics->observe(histogram::action_to_result, now_of(self) - done.since);
  env.metrics->set(gauge::actions_pending, static_cast<std::int64_t>(open.size()));
  std::vector<repeat> others;
  if (!done.request_id.empty()) {
    idempotency_cache.settle(done.request_id, result, now_of(self));
    if (auto more = repeats.find(done.request_id); more != repeats.end()) {
      others = std::move(more->second);
      repeats_waiting -= others.size();
      repeats.erase(more);
    }
  }
  auto how = result.how;
  std::optional<action_result> kept;
  if (!others.empty()) kept = result;
  if (done.asker.pending()) // none of a resumed action
    done.asker.deliver(action_outcome{done.request_id, std::move(result)});
  for (auto& x : others)
    x.asker.deliver(action_outcome{done.request_id, x.of_another ? core::id_conflict() : *kept});
  if (done.ends && !done.turn.empty() && shown.size() > 0)
    egress::end_turn(*this, done.turn,
                     how == outcome::done       ? core::turn_end::answered
                     : how == outcome::definite ? core::turn_end::failed
                                                : core::turn_end::unknown);
  drained_yet();
}

void egress_state::use(const link_up& x) {
  auto same = x.connection && x.connection == link.connection; // another platform's descriptor came
  link = x;
  if (same) {
    chats.describe(x.what);
    return;
  }
  core::chat_table_step step;
  chats.link(x.connection ? x.what : nullptr, x.abandoned, step);
  execute(step);
}

void egress_state::interrupt(const session_interrupt& x) {
  if (link.connection) {
    tell_urgent(self, link.connection, x);
  } else {
    env.metrics->add(counter::interrupts_sent, "dropped");
  }
}

void egress_state::finish() {
  core::chat_table_step step;
  chats.finish(step);
  execute(step);
}

void egress_state::arm() {
  auto at = core::earlier(chats.due(), outbox.due());
  if (!early.empty()) at = core::earlier(at, early.front().until);
  if (alarm.arm(at)) tell_later<egress_router_actor>(self, *at - now_of(self), atom::due_v);
}

void egress_state::wake() {
  alarm.rang();
  auto now = now_of(self);
  for (; !early.empty() && early.front().until <= now; early.pop_front())
    early.front().asker.deliver(action_outcome{std::move(early.front().what.request_id), core::not_stored()});
  core::outbox_step late;
  outbox.expire(now, late);
  execute(late);
  core::chat_table_step step;
  chats.expire(now, step);
  execute(step); // arms the next alarm
  drained_yet();
}

void egress_state::drained_yet() {
  if (drain_waiters.empty() || open.size() > 0 || !early.empty()) return;
  if (!outbox.quiet() || !outcomes.empty()) return; // outcomes are on their way to the disk, or to agents
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

void egress_state::use(const media_actor& x) {
  if (x == media) return;
  media = x;
  core::chat_table_step step;
  chats.uploads_lost(step);
  execute(step);
}

caf::result<bool> egress_state::drain() {
  auto later = self->make_response_promise<bool>();
  drain_waiters.push_back(later);
  drained_yet();
  return later;
}

caf::result<egress_report> egress_state::report() {
  return egress_report{chats.size(),
                       open.size() + early.size(),
                       routes.chats(),
                       idempotency_cache.size(),
                       turns.count(now_of(self)),
                       outbox.last_token()};
}

egress_router_actor::behavior_type egress_router(egress_router_actor::stateful_pointer<egress_state> self,
                                                 ports env, egress_setup setup,
                                                 const caf::strong_actor_ptr& parent) {
  auto* s = &self->state;
  guard_actor(self, env, parent);
  const core::fingerprint_key secret{env.random->bits(), env.random->bits()};
  s->routes = core::route_table{setup.bounds_of_routes(secret)};
  s->chats = core::chat_table{core::chat_limits{setup.max_chats, setup.chat_idle}};
  s->routes.fronted(setup.fronted);
  s->routes.slack_threads(setup.reply_in_thread);
  constexpr std::size_t outcome_bytes = 32UL << 20;
  s->idempotency_cache =
      core::idempotency_cache{setup.dedupe_entries, setup.dedupe_window, outcome_bytes, secret};
  s->turns = core::open_turns{core::open_turns::usual_limit, core::open_turns::usual_max, secret};
  s->shown = core::shown_reactions{10'000, setup.turn_age};
  s->env = std::move(env);
  s->setup = std::move(setup);
  s->minter = core::prompt_minter{s->setup.prompt_nonce, static_cast<std::uint32_t>(s->env.random->bits())};
  egress::load(*s);
  return {
      [s](action_request& x) { return s->request(x); },
      [s](const session_interrupt& x) { s->interrupt(x); },
      [s](burst<action_request>& x) { s->handle([&] { s->requests(x); }); },
      [s](const route_seen& x) {
        s->seen(x, now_of(s->self));
        egress::schedule_commit(*s);
        s->measure();
      },
      [s](const burst<route_seen>& x) { s->seen_all(x); },
      [s](const turn_mark& x) { egress::mark(*s, x); },
      [s](transmitted& x) {
        s->handle_one([&] {
          auto step = s->begin_step();
          s->chats.settled(std::move(x), now_of(s->self), step);
          s->finish_step(step);
        });
      },
      [s](burst<transmitted>& x) { s->handle([&] { s->results(x); }); },
      [s](const chat_page& x) { egress::loaded(*s, x); },
      [s](outbound_image& x) { s->handle([&] { egress::loaded(*s, x); }); },
      [s](const store_done& x) { s->handle([&] { egress::stored(*s, x); }); },
      [s](const prompt_sink& x) {
        s->registry = x;
        for (auto& y : std::exchange(s->unannounced, {})) tell(s->self, x.prompts, std::move(y));
      },
      [s](const link_up& x) { s->handle([&] { s->use(x); }); },
      [s](const media_actor& x) { s->handle([&] { s->use(x); }); },
      [s](fronted_set& x) {
        s->routes.fronted(std::move(x.all));
        s->routes.slack_threads(x.reply_in_thread);
      },
      [s](atom::finish) { s->handle([s] { s->finish(); }); },
      [s](atom::drained) { return s->drain(); },
      [s](atom::status) { return s->report(); },
      [s](atom::due) { s->handle([s] { s->wake(); }); },
      [s](atom::start) {
        s->commit_scheduled = false;
        egress::flush(*s);
      },
  };
}

} // namespace relay
