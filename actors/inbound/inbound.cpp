#include "relay_gateway/actors/inbound/inbound.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/bursts.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/egress/core/reactions.hpp"
#include "relay_gateway/actors/inbound/core/attachment_cache.hpp"
#include "relay_gateway/actors/inbound/event_log.hpp"
#include "relay_gateway/messages/wire/actions/action_makers.hpp"
#include "relay_gateway/messages/wire/actions/prompts.hpp"

#include <algorithm>
#include <charconv>

namespace relay {

std::uint64_t inbound_state::id_of(const std::string& delivery_id) const {
  auto prefix = "d" + setup.instance + "-";
  if (delivery_id.size() <= prefix.size() || delivery_id.compare(0, prefix.size(), prefix) != 0) return 0;
  std::uint64_t id = 0;
  auto* first = delivery_id.data() + prefix.size();
  auto* last = delivery_id.data() + delivery_id.size();
  auto [end, err] = std::from_chars(first, last, id);
  return err == std::errc{} && end == last ? id : 0;
}

route_seen inbound_state::route_of(const std::string& delivery_id, const inbound_event& x,
                                   const std::string& session) const {
  // Both the scope and the author: a place without a route of its own is found by its author (F35, F36).
  return {delivery_id,
          x.chat(),
          {x.source.scope_id, x.source.user_id, x.source.profile},
          x.source.parent_chat_id,
          delivery_id.empty() ? std::string{} : x.source.thread_id,
          delivery_id.empty() ? std::string{} : x.message_id,
          wire::chat_type_of(x.source, session),
          x.source.chat_name,
          delivery_id.empty() || !x.source.thread_id.empty() ? std::string{}
                                                             : x.source.prospective_thread_id};
}

void inbound_state::take(inbound_batch& batch) {
  batch.token.reset(); // from here on it is counted as waiting
  // A replay may start before link_manager has told of the new link; its acks must not go to the old one.
  if (batch.epoch >= link.epoch) {
    auto is_new = batch.epoch > link.epoch;
    link.epoch = batch.epoch;
    link.connection = caf::actor_cast<connection_actor>(self->current_sender());
    if (is_new) held_acks.clear();
    inbox.serve(batch.origin);
    if (is_new && told != backpressure::none) tell(self, link.connection, told);
  }
  const auto ample = room_bytes == store_health{}.room_bytes;
  if (ready && !scarce && ample && awaiting_admission.empty()) {
    accept(batch);
    return;
  }
  auto items = batch.items.size();
  for (auto& x : batch.items) held_acks.withdraw(x.buffer_id);
  if (awaiting_admission.empty()) awaiting_since = now_of(self);
  auto repeats = awaiting_admission.add(std::move(batch));
  if (!repeats.empty()) {
    ever += repeats.size();
    env.metrics->add(counter::events_received, repeats.size());
    for (auto& x : repeats) repeated(*x.event, x.buffer_id, core::repeat_reason::buffer_id);
  }
  if (repeats.size() < items) after();
  if (!ample) admit_waiting();
}

void inbound_state::repeated(const inbound_event& x, const std::string& buffer_id, core::repeat_reason why) {
  env.metrics->add(counter::events_duplicate, core::to_string(why));
  env.log->write(severity::debug, "event.repeated",
                 {{"reason", core::to_string(why)},
                  {"platform", x.source.platform},
                  {"profile", x.source.profile},
                  {"chat", x.source.chat_id},
                  {"message", x.message_id},
                  {"buffer_id", buffer_id},
                  {"next", "dropped: it was here before"}});
}

/// Some at once: then the store tells whether there still is room.
void inbound_state::admit_waiting() {
  constexpr std::size_t some = 64;
  while (ready && !scarce && !awaiting_admission.empty() && (draining || inbox.unstored() < some)) {
    const auto bytes = admissible_now();
    if (bytes == 0) return;
    auto next = awaiting_admission.take(bytes);
    accept(next.batch, next.id_reused);
  }
}

/// What has no room beside others goes when nothing else is left that could make some.
void inbound_state::admit_when_last() {
  if (room_bytes != store_health{}.room_bytes) admit_waiting();
}

void inbound_state::accept(inbound_batch& batch, const std::vector<bool>& id_reused) {
  auto now = now_of(self);
  core::inbox_step step;
  const auto events = static_cast<std::uint64_t>(
      std::count_if(batch.items.begin(), batch.items.end(), [](auto& x) { return !x.event->unreadable; }));
  ever += events;
  env.metrics->add(counter::events_received, events);
  std::vector<std::uint64_t> held;
  core::buffered_id buffered{{}, batch.origin};
  for (std::size_t i = 0; i < batch.items.size(); ++i) {
    auto& item = batch.items[i];
    buffered.id = item.buffer_id;
    buffered.reused = i < id_reused.size() && id_reused[i];
    if (item.event->unreadable) {
      if (inbox.set_aside(item.event, buffered, now, step)) env.metrics->add(counter::events_dead_letter);
      continue;
    }
    step.fresh = 0;
    if (!item.event->interaction) session_aliases.learn(item.event->source);
    // A repeat is the inbox's: that of a winning answer must not be taken for a second one.
    if (prompts.concerns(*item.event) && !inbox.known(*item.event, buffered, now) &&
        answers_prompt(item, buffered, now, step))
      continue;
    auto files = wants_files(*item.event);
    if (inbox.accept(item.event, buffered, now, step, files) != core::arrival::fresh) {
      repeated(*item.event, item.buffer_id, inbox.why_repeated());
      continue;
    }
    if (event_log::wanted(*env.log))
      event_log::received(*env.log, link.epoch, name_of(step.fresh), session_of(*item.event), item,
                          step.spilled);
    if (step.spilled)
      env.metrics->add(counter::events_spilled);
    else if (files)
      held.push_back(step.fresh);
  }
  keep_prompts(step);
  execute(step);
  fetch_held(held);
}

bool inbound_state::wants_files(const inbound_event& x) const {
  return want_files && media && !core::media_urls(x).empty();
}

/// What waits for an agent since before anybody asked for files gets them, too.
void inbound_state::wish(bool paths) {
  auto begins = paths && !want_files;
  want_files = paths;
  if (begins) fetch_held(inbox.hold([this](const inbound_event& x) { return wants_files(x); }));
}

/// On receipt, because references expire; the event waits in its chat, no other chat does (F17).
void inbound_state::fetch_held(const std::vector<std::uint64_t>& ids) {
  for (auto id : ids) {
    auto go_on = [this, id](std::vector<media_file> files) {
      core::inbox_step step;
      inbox.ready(id, std::move(files), now_of(self), step);
      execute(step);
    };
    auto dead = dead_letter_of.extract(id);
    auto* event = inbox.find(id);
    if (!event) continue;
    self->request(media, caf::duration{media_patience},
                  media_wanted{name_of(id), core::media_urls(*event),
                               dead ? std::move(dead.mapped()) : std::string{}})
        .then([go_on](media_ready& x) { go_on(std::move(x.files)); },
              [go_on](const caf::error&) { go_on({}); }); // the URLs are still there
  }
}

/// Whether the event ends here: an answer that no agent waits for. One that is for the agent may be changed.
bool inbound_state::answers_prompt(inbound_item& item, const core::buffered_id& buffered, core::instant now,
                                   core::inbox_step& step) {
  auto answer =
      prompts.hear(*item.event, now, wire::chat_type_of(item.event->source, session_of(*item.event)));
  if (answer.verdict == core::prompt_verdict::none) return false;
  env.metrics->add(counter::prompt_answers, core::to_string(answer.verdict));
  if (answer.verdict == core::prompt_verdict::numbered)
    item.event = event_ref{wire::with_answer(*item.event, std::move(answer.response))};
  if (answer.for_agent()) return false;
  env.metrics->add(counter::events_dropped, "prompt");
  event_log::consumed(*env.log, item, core::to_string(answer.verdict));
  inbox.consume(*item.event, buffered, now, step);
  if (answer.verdict == core::prompt_verdict::late) tell_late(*item.event);
  return true;
}

void inbound_state::tell_late(const inbound_event& x) {
  env.log->write(severity::info, "prompt.late",
                 {{"platform", x.source.platform},
                  {"chat", x.source.chat_id},
                  {"next", "the chat is told once that the prompt is over"}});
  if (x.source.chat_id.empty()) return;
  tell(self, sink.routes,
       route_of({}, x, session_of(x))); // no agent answers it: the chat's route is what counts
  tell(self, sink.actions,
       action_request{{},
                      x.source.platform,
                      {},
                      wire::send(x.source.chat_id, "This prompt is no longer open.", {},
                                 wire::thread_metadata(x.source.thread_id))});
}

void inbound_state::acked(std::span<const delivery_ack> all) {
  if (!ready) { // beyond a number they come again, as redelivered
    constexpr std::size_t most = 10'000;
    for (const auto& x : all)
      if (early_acks.size() < most) early_acks.push_back(x);
    return;
  }
  core::inbox_step step;
  const auto one_by_one = [&] {
    for (const auto& x : all) acked(x, step);
  };
  flushed(one_by_one, [&] { execute(step); });
  admit_when_last();
}

void inbound_state::acked(const delivery_ack& x, core::inbox_step& step) {
  auto id = id_of(x.delivery_id);
  if (auto* event = inbox.find(id); event && event_log::wanted(*env.log))
    if (auto so_far = inbox.progress(id); so_far.may_be_acked)
      event_log::acked(*env.log, link.epoch, x.delivery_id, *event, so_far, now_of(self));
  if (id == 0 || !inbox.acked(id, now_of(self), step)) {
    env.metrics->add(counter::acks_unknown);
    return;
  }
  env.metrics->add(counter::events_acked);
}

std::string inbound_state::session_of(const inbound_event& x) const {
  const auto message = wire::session_message(x);
  if (!x.interaction) return wire::session_key(x.source, setup.sessions, message); // its own names hold
  return wire::session_key(session_aliases.keyed(x), setup.sessions, message);
}

void inbound_state::given_back(const delivery_returned& x, core::inbox_step& step) {
  auto now = now_of(self);
  std::vector<std::uint64_t> ids;
  for (auto& delivery_id : x.delivery_ids)
    if (auto id = id_of(delivery_id); id != 0) ids.push_back(id);
  if (x.unseen) {
    for (auto id : ids) inbox.returned(id, now, step, true);
    return;
  }
  inbox.died(ids, now, step); // one message per agent that died
}

void inbound_state::execute(core::inbox_step& step) {
  ask_store(step);
  delivery_withdrawn withdrawn;
  for (auto& [id, event] : step.dead) {
    withdrawn.delivery_ids.push_back(name_of(id));
    mark(name_of(id), *event, true);
    env.metrics->add(counter::events_dead_letter);
    env.log->write(severity::error, "event.dead_letter",
                   {{"delivery", name_of(id)},
                    {"attempts", setup.rules.max_deliveries},
                    {"next", "set aside; its chat goes on"}});
  }
  withdrawn.gateway = setup.gateway;
  if (!withdrawn.delivery_ids.empty()) tell(self, agent, std::move(withdrawn));
  if (!step.released.empty()) {
    media_released over, set_aside;
    set_aside.set_aside = true;
    for (auto id : step.released) {
      auto dead = std::any_of(step.dead.begin(), step.dead.end(), [id](auto& x) { return x.first == id; });
      (dead ? set_aside : over).delivery_ids.push_back(name_of(id));
    }
    for (auto* x : {&over, &set_aside})
      if (!x->delivery_ids.empty()) tell(self, media, std::move(*x));
  }
  for (auto took : step.receive_to_ack) env.metrics->observe(histogram::receive_to_ack, took);
  for (auto took : step.delivery_to_ack) env.metrics->observe(histogram::delivery_to_ack, took);
  if (!step.acks.empty()) acknowledge(std::move(step.acks));
  hand_out(step.deliver);
  after();
}

/// Routes before the events can reach an agent, so that its answers find them.
void inbound_state::hand_out(std::vector<core::handout>& all) {
  const auto gathers = all.size() > 1;
  routes.reserve(gathers ? all.size() : 0);
  deliveries.reserve(gathers ? all.size() : 0);
  const auto gather = [&] {
    for (auto& x : all) {
      delivery out{name_of(x.id), std::move(x.session), x.event,
                   x.redelivered, std::move(x.files),   setup.gateway};
      env.metrics->add(counter::events_delivered);
      if (x.redelivered) env.metrics->add(counter::events_redelivered);
      connector_keys.learn(*x.event, setup.sessions, out.session_key);
      if (event_log::wanted(*env.log)) event_log::delivered(*env.log, link.epoch, out, x);
      auto route = route_of(out.id, *x.event, out.session_key);
      if (gathers) {
        routes.push_back(std::move(route));
        deliveries.push_back(std::move(out));
      } else { // no vector for one
        tell(self, sink.routes, std::move(route));
        mark(out.id, *x.event, false);
        tell(self, agent, std::move(out));
      }
    }
  };
  flushed(gather, [this] {
    tell_all(self, env, sink.routes, routes);
    for (const auto& x : deliveries) mark(x.id, *x.event, false);
    tell_all(self, env, agent, agent_bursts, deliveries);
  });
}

void inbound_state::mark(const std::string& delivery_id, const inbound_event& x, bool given_up) {
  if (setup.reactions && core::carries_reactions(x))
    tell(self, sink.routes, turn_mark{delivery_id, x.chat(), x.message_id, given_up});
}

/// What waits to be accepted is younger than all that is accepted.
std::uint64_t inbound_state::oldest_ms() const {
  const auto now = now_of(self);
  auto age = inbox.oldest_age(now);
  if (age.count() == 0 && !awaiting_admission.empty()) age = now - awaiting_since;
  return static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(age).count());
}

void inbound_state::after() {
  env.metrics->set(gauge::events_pending,
                   static_cast<std::int64_t>(inbox.pending() + awaiting_admission.size()));
  env.metrics->set(gauge::events_in_flight, static_cast<std::int64_t>(inbox.in_flight()));
  env.metrics->set(gauge::events_pending_bytes,
                   static_cast<std::int64_t>(inbox.pending_bytes() + awaiting_admission.bytes()));
  env.metrics->set(gauge::dedupe_entries, static_cast<std::int64_t>(inbox.remembered()));
  env.metrics->set(gauge::dedupe_bytes, static_cast<std::int64_t>(inbox.remembered_bytes()));
  env.metrics->set(gauge::prompt_bytes, static_cast<std::int64_t>(prompts.bytes()));
  env.metrics->set(gauge::prompts_known, static_cast<std::int64_t>(prompts.size()));
  env.metrics->set(gauge::events_unstored,
                   static_cast<std::int64_t>(inbox.unstored() + awaiting_admission.size()));
  env.metrics->set(gauge::dead_letters, static_cast<std::int64_t>(inbox.dead_letters()));
  auto room = inbox.room(awaiting_admission.size(), awaiting_admission.bytes());
  // An agent at work may be told to stop, and that comes through the same socket.
  if (room == backpressure::soft && inbox.in_flight() > 0) room = backpressure::none;
  if (room != told) {
    told = room;
    tell(self, link.connection, room);
  }
  const auto at = inbox.due();
  if (alarm.arm(at)) tell_later<inbound_actor>(self, *at - now_of(self), atom::due_v);
  drained_yet();
}

void inbound_state::drained_yet() {
  if (drain_waiters.empty()) return;
  // Without an agent nothing moves any more: what is not on disk the connector has in its buffer.
  if (inbox.unstored() + awaiting_admission.size() > 0 ||
      (inbox.pending() > 0 && (agents > 0 || inbox.in_flight() > 0)))
    return;
  for (auto& x : drain_waiters) x.deliver(true);
  drain_waiters.clear();
}

void inbound_state::returned(const delivery_returned& x) {
  core::inbox_step step;
  given_back(x, step);
  execute(step);
}

void inbound_state::presence(agent_presence x) {
  core::inbox_step step;
  if (x.media_paths) wish(true); // before anything is given out
  agents = x.attached;
  inbox.presence(x.attached > 0 && agent, now_of(self), step);
  execute(step);
}

void inbound_state::use(const link_up& x) {
  if (x.epoch < link.epoch) return; // of an older link than the one that already brings events
  if (x.epoch > link.epoch) held_acks.clear();
  link = x;
  inbox.serve(x.origin);
  if (told != backpressure::none) tell(self, link.connection, told);
}

void inbound_state::serve(agent_line& x) {
  core::inbox_step step;
  auto now = now_of(self);
  inbox.presence(false, now, step); // nothing may go to the old one
  // A new router knows no turn, and an agent that comes back may ask again for what it asked the old one.
  for (auto id : inbox.known_to_agents())
    if (auto* event = inbox.find(id)) routes.push_back(route_of(name_of(id), *event, inbox.session(id)));
  tell_all(self, env, sink.routes, routes);
  if (x.agent) tell(self, x.agent, std::move(x.host));
  auto dead = x.agent != agent; // one that only gets new hosts killed nobody
  agent = x.agent;
  agent_bursts = with_interface<burst_agent_actor>(agent);
  agents = x.agent && setup.agent_present ? 1 : 0;
  inbox.all_returned(now, step, dead);
  inbox.presence(agents > 0, now, step);
  execute(step);
}

void inbound_state::use(const media_actor& x) {
  if (x == media) return;
  media = x;
  core::inbox_step step;
  inbox.all_ready(now_of(self), step); // what the old one was asked for never comes
  execute(step);
}

caf::result<bool> inbound_state::drain() {
  if (setup.rules.durable) inbox.close();
  // The room that is left is for this as well: what has no buffer id would be lost.
  draining = true;
  store_room({});
  core::inbox_step step;
  inbox.stopping(step);
  ask_store(step);
  auto later = self->make_response_promise<bool>();
  drain_waiters.push_back(later);
  drained_yet();
  return later;
}

caf::result<inbound_report> inbound_state::report() {
  return inbound_report{inbox.pending() + awaiting_admission.size(),
                        inbox.in_flight(),
                        inbox.remembered(),
                        inbox.dead_letters(),
                        ever,
                        prompts.unanswered(now_of(self)),
                        agents,
                        oldest_ms()};
}

void inbound_state::overdue() {
  core::inbox_step step;
  alarm.rang();
  inbox.timer(now_of(self), step);
  execute(step);
  admit_when_last();
}

inbound_actor::behavior_type inbound(inbound_actor::stateful_pointer<inbound_state> self, ports env,
                                     inbound_setup setup, const caf::strong_actor_ptr& parent) {
  guard_actor(self, env, parent);
  auto* s = &self->state;
  s->env = std::move(env);
  s->setup = std::move(setup);
  s->setup.rules.durable = s->env.store->durable();
  s->setup.rules.secret = {s->env.random->bits(), s->env.random->bits()};
  s->setup.rules.session_of = [s](const inbound_event& x) { return s->session_of(x); };
  s->inbox = core::inbox{s->setup.rules};
  s->prompts = core::prompts{s->setup.prompt_nonce, s->setup.prompts};
  s->session_aliases = core::session_aliases{s->setup.max_aliases};
  s->connector_keys = core::connector_keys{s->setup.max_aliases};
  s->agents = s->setup.agent_present ? 1 : 0;
  s->load();
  return {
      [s](const delivery_ack& x) {
        s->acked({&x, 1});
      },
      [s](const burst<delivery_ack>& x) { s->acked(x.items); },
      [s](const delivery_returned& x) { s->returned(x); },
      [s](agent_presence x) { s->presence(x); },
      [s](inbound_batch& x) { s->take(x); },
      [s](const link_up& x) { s->use(x); },
      [s](agent_line& x) { s->serve(x); },
      [s](const route_sink& x) { s->sink = x; },
      [s](prompt_opened& x) { s->opened(std::move(x)); },
      [s](prompt_resumed& x) { s->resumed(std::move(x.what)); },
      [s](const prompt_shown& x) {
        s->prompts.shown(x);
        s->keep_prompts();
      },
      [](const action_outcome&) {}, // a notice is a best-effort send; the router counted what became of it
      [s](const media_actor& x) { s->use(x); },
      [s](media_wish x) {
        s->media_patience = x.patience;
        s->wish(x.paths);
      },
      [s](const store_health& x) { s->store_room(x); },
      [s](turn_interrupt& x) {
        x.session_key = s->connector_keys.session_of(x.session_key);
        x.gateway = s->setup.gateway;
        tell_urgent(s->self, s->agent, std::move(x));
      },
      [s](inbound_image& x) { s->loaded(x); },
      [s](const inbound_stored& x) { s->stored(x); },
      [s](recalled_events& x) { s->recalled(x); },
      [s](const spill_page& x) { s->scanned(x); },
      [s](dead_letters_found& x) { s->on_dead_letters(x); },
      [s](const dead_letter_ask& x) { return s->dead_letters(x); },
      [s](atom::drained) { return s->drain(); },
      [s](atom::status) { return s->report(); },
      [s](atom::due) { s->overdue(); },
  };
}

} // namespace relay
