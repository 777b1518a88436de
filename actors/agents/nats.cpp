#include "relay_gateway/actors/agents/nats.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/metrics.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

namespace relay {

namespace {

using namespace std::chrono_literals;

/// An ack of an event is settled this much later: inbound has written it by then, or it comes again.
constexpr auto ack_hold = 500ms;
constexpr auto settle_pause = 50ms;
constexpr std::uint32_t most_unsettled = 20'000;
/// The server gives a message of this gateway again when it hears nothing of it for so long.
constexpr auto reply_wait = 10s;
constexpr auto idle_probe = 30s;

} // namespace

nats_setup nats_setup_of(const config::settings& settings) {
  nats_setup out;
  const auto& relay = settings.relay;
  out.gateway = relay.gateway_id.empty() ? relay.default_gateway_id : relay.gateway_id;
  out.prefix = settings.nats.prefix;
  out.ack_timeout = settings.limits.agent_ack_timeout;
  out.ack_wait = settings.nats.ack_wait;
  out.max_ack_pending = static_cast<std::uint32_t>(settings.nats.max_ack_pending);
  return out;
}

void nats_state::open() {
  queue_request what;
  what.name = "relay-gateway " + setup.gateway;
  what.streams = {
      {names.event_stream(), {names.all_events()}},
      {names.reply_stream(setup.gateway), {names.actions(setup.gateway), names.acks(setup.gateway)}}};
  what.stream = names.reply_stream(setup.gateway);
  what.consumer = core::queue_names::reply_consumer();
  what.ack_wait = reply_wait;
  what.max_ack_pending = most_unsettled;
  what.sole = env.store->durable(); // its directory belongs to one process at a time
  what.notes = {names.workers()};
  session =
      env.queue->open(std::move(what), std::make_shared<queue_bridge>(nats_agent_actor{self}, env.lifetime));
  session->limit(most_unsettled);
}

void nats_state::rehost(agent_host x) {
  const bool other_router = host.actions && host.actions != x.actions;
  host = std::move(x);
  deliveries.new_host();
  if (other_router) // the router that had these is gone: their outcomes are unknown
    for (auto& [id, askers] : std::exchange(asked, {}))
      for (const auto& who : askers)
        answer(who, {id, action_result::ambiguous("the gateway's router was restarted")});
  if (other_router) {
    open_actions = 0;
    heard = decltype(heard){most_unsettled};
    for (auto& [id, turn] : std::exchange(turns, {}))
      for (const auto ack : turn.acks) acknowledged(ack, id);
  }
  tell(self, host.acks, agent_presence{told, false});
  declare();
  for (auto& x2 : std::exchange(unheard, {})) take(x2);
}

void nats_state::announce_gateway(gateway_announcement& x) {
  announcement = std::move(x);
  announced = true;
  for (const auto& [worker, entry] : workers.all()) announce_to(worker);
}

void nats_state::announce_to(const std::string& worker) {
  if (!announced) return;
  std::string frame;
  wire::encode_ready(frame, announcement.gateway_id, announcement.platforms, true);
  session->note({{names.results(worker), setup.gateway, std::move(frame)}});
}

void nats_state::tell_workers(const std::string& frame) {
  std::vector<queue_note> all;
  for (const auto& [worker, entry] : workers.all())
    all.push_back({names.results(worker), setup.gateway, frame});
  if (!all.empty()) session->note(std::move(all));
}

void nats_state::hand(delivery& x) {
  core::delivery_step step;
  const auto turn = turns.find(x.id);
  if (turn != turns.end() && !turn->second.acks.empty()) // it was taken; inbound waits no longer
    for (const auto ack : std::exchange(turn->second.acks, {})) acknowledged(ack, x.id);
  else
    deliveries.handed(std::move(x), now_of(self), step);
  run(step);
  arm();
}

void nats_state::withdraw(const delivery_withdrawn& x) {
  core::delivery_step step;
  for (const auto& id : x.delivery_ids) deliveries.withdrawn(id, step);
  run(step);
  std::string frame;
  wire::encode_withdrawn(frame, x.delivery_ids);
  tell_workers(frame);
}

/// Nobody here knows which worker has the session.
void nats_state::interrupt(const turn_interrupt& x) {
  if (workers.all().empty()) env.metrics->add(counter::interrupts_unknown);
  std::string frame;
  wire::encode_interrupt(frame, x.session_key, x.chat_id);
  tell_workers(frame);
}

void nats_state::run(core::delivery_step& step) {
  core::publish_step publish;
  for (auto& x : step.publish) {
    queue_publication out;
    out.subject = names.events(setup.gateway, x.what.event->source.platform);
    out.id = std::move(x.message_id);
    out.sender = setup.gateway;
    out.session = x.what.session_key;
    wire::encode_delivery(out.body, x.what);
    const auto key = x.what.id;
    publications.put(key, std::move(out), now_of(self), publish); // without room it counts as missed
  }
  if (!step.renew.empty()) tell(self, host.acks, delivery_returned{std::move(step.renew), true});
  run(publish);
}

void nats_state::run(core::publish_step& step) {
  if (!step.stored.empty()) {
    proved = true;
    stored_at = now_of(self);
    env.metrics->add(counter::queue_publications, "stored", step.stored.size());
  }
  if (!step.publish.empty()) session->publish(std::move(step.publish));
  env.metrics->set(gauge::queue_unstored, static_cast<std::int64_t>(publications.entries()));
}

void nats_state::on_news(queue_news& x) {
  if (x.state) state_changed(*x.state);
  core::publish_step step;
  for (const auto& one : x.receipts) {
    if (!one.stored) {
      env.metrics->add(counter::queue_publications, "failed");
      if (publications.healthy())
        env.log->write(severity::warn, "queue.publish_failed",
                       {{"error", one.error}, {"next", "it is published again under the same id"}});
    }
    publications.receipt(one, now_of(self), step);
  }
  run(step);
  for (auto& one : x.messages) take(one);
  for (const auto& one : x.notes) noted(one);
  announce();
  arm();
}

void nats_state::state_changed(const queue_state& x) {
  if (x.usable && !usable)
    env.log->write(severity::info, "queue.connected", {{"gateway_id", setup.gateway}});
  else if (!x.usable)
    env.log->write(severity::warn, "queue.unavailable",
                   {{"why", x.why}, {"next", "events wait; the connection is tried again"}});
  usable = x.usable;
  proved = false;
  workers.excuse(now_of(self));
  core::publish_step step;
  publications.usable(usable, now_of(self), step);
  run(step);
  if (usable) probe();
}

/// Whether a stream takes messages is known only by storing one.
void nats_state::probe() {
  stored_at = now_of(self);               // the next one is due later
  if (publications.entries() > 0) return; // these are as good
  queue_publication x;
  x.subject = names.acks(setup.gateway);
  x.id = "probe-" + std::to_string(env.random->bits());
  x.sender = setup.gateway;
  encode(x.body, wire::queue_probe{});
  core::publish_step step;
  publications.put("probe", std::move(x), now_of(self), step);
  run(step);
}

void nats_state::take(queue_message& x) {
  if (!host.actions) { // a gateway that still starts
    unheard.push_back(std::move(x));
    return;
  }
  if (!in_hand.insert(x.sequence).second) return; // its outcome is on its way
  auto frame = wire::decode_worker_frame(x.body);
  obey(x, frame);
}

void nats_state::obey(const queue_message& x, wire::worker_frame& frame) {
  core::delivery_step step;
  if (const auto* ack = std::get_if<wire::agent_ack>(&frame)) {
    take_ack(x.sequence, ack->delivery_id);
  } else if (auto* many = std::get_if<wire::worker_acks>(&frame)) {
    take_along(x, many->actions);
    shared_acks[x.sequence] = many->delivery_ids.size();
    for (const auto& id : many->delivery_ids) take_ack(x.sequence, id);
  } else if (auto* wanted = std::get_if<wire::agent_action>(&frame)) {
    ask({x.sender, x.sequence, wanted->request.delivery_id}, wanted->request);
  } else if (auto* back = std::get_if<wire::worker_returned>(&frame)) {
    auto& ids = back->what.delivery_ids;
    std::erase_if(ids, [&](const auto& id) { return !deliveries.returned(id, step); });
    if (!ids.empty()) tell(self, host.acks, std::move(back->what));
    acks.emplace_back(now_of(self) + ack_hold, x.sequence);
  } else if (auto* stop = std::get_if<wire::agent_interrupt>(&frame)) {
    tell(self, host.actions,
         session_interrupt{std::move(stop->session_key), std::move(stop->reason), stop->has_reason});
    settle(x.sequence);
  } else {
    if (auto* bad = std::get_if<wire::bad_agent_frame>(&frame)) {
      env.metrics->add(counter::agent_frames_refused);
      if (const auto why = bad->counted_as(); !why.empty()) env.metrics->add(counter::actions_refused, why);
      env.log->write(severity::warn, "agent.bad_frame", {{"worker", x.sender}, {"what", bad->what}});
      if (!bad->request_id.empty())
        answer({x.sender, 0}, {bad->request_id, action_result::failed("bad_action", bad->what)});
    }
    settle(x.sequence);
  }
  run(step);
}

void nats_state::take_ack(std::uint64_t sequence, const std::string& delivery_id) {
  if (const auto turn = turns.find(delivery_id); turn != turns.end())
    turn->second.acks.push_back(sequence);
  else
    acknowledged(sequence, delivery_id);
}

/// What an ack has with it came before, unless the queue lost it. Without a disk an event that is not out is
/// an earlier process's, which may have done all this.
void nats_state::take_along(const queue_message& ack, std::vector<action_request>& actions) {
  for (auto& x : actions) {
    if (heard.contains(x.request_id) || (!env.store->durable() && !deliveries.knows(x.delivery_id))) continue;
    if (ack.deliveries <= 1) // else a process before this one had it, and perhaps the action too
      env.log->write(severity::warn, "queue.action_missed",
                     {{"worker", ack.sender}, {"request", x.request_id}, {"next", "its ack has it too"}});
    ask({ack.sender, 0, x.delivery_id}, x);
  }
}

void nats_state::acknowledged(std::uint64_t sequence, const std::string& delivery_id) {
  core::delivery_step step;
  deliveries.acked(delivery_id, step);
  tell(self, host.acks, delivery_ack{delivery_id});
  const auto shared = shared_acks.find(sequence);
  const bool last = shared == shared_acks.end() || --shared->second == 0;
  if (last && shared != shared_acks.end()) shared_acks.erase(shared);
  if (last) acks.emplace_back(now_of(self) + ack_hold, sequence);
  run(step);
}

void nats_state::answered(const std::string& delivery_id) {
  const auto turn = turns.find(delivery_id);
  if (turn == turns.end() || --turn->second.actions > 0) return;
  const auto acks_of_it = std::move(turn->second.acks);
  turns.erase(turn);
  for (const auto ack : acks_of_it) acknowledged(ack, delivery_id);
}

void nats_state::ask(asker who, action_request& wanted) {
  if (file_of(wanted.act) != nullptr) { // a path of another machine
    const auto refused =
        action_result::failed("unsupported", "a worker cannot send a file by its path; send a URL");
    return answer(who, {wanted.request_id, refused});
  }
  heard.insert(wanted.request_id);
  asked[wanted.request_id].push_back(std::move(who));
  if (!wanted.delivery_id.empty()) ++turns[wanted.delivery_id].actions;
  env.metrics->set(gauge::agent_actions, static_cast<std::int64_t>(++open_actions));
  tell(self, host.actions, std::move(wanted));
}

void nats_state::outcome_of(const action_outcome& x) {
  const auto it = asked.find(x.request_id);
  if (it == asked.end()) return;
  const auto who = std::move(it->second.front());
  it->second.pop_front();
  if (it->second.empty()) asked.erase(it);
  answer(who, x);
  answered(who.delivery_id);
  env.metrics->set(gauge::agent_actions, static_cast<std::int64_t>(--open_actions));
}

/// The message that asked is settled only now: a gateway that dies before gets it again, and the request id
/// keeps it from being done twice.
void nats_state::answer(const asker& to, const action_outcome& x) {
  if (!to.worker.empty() && !x.request_id.empty()) {
    std::string frame;
    wire::encode_outcome(frame, x);
    session->note({{names.results(to.worker), setup.gateway, std::move(frame)}});
  }
  if (to.sequence != 0) settle(to.sequence);
}

void nats_state::settle(std::uint64_t sequence) {
  in_hand.erase(sequence);
  session->settle({{sequence, settlement::done}});
}

void nats_state::noted(const queue_note& x) {
  auto frame = wire::decode_worker_frame(x.body);
  if (auto* hello = std::get_if<wire::worker_hello>(&frame)) {
    const auto known = workers.all().find(hello->worker);
    const bool changed = known == workers.all().end() || known->second.declared != hello->commands;
    const bool fresh = workers.hello(hello->worker, hello->room, std::move(hello->commands), now_of(self));
    if (fresh) {
      env.metrics->add(counter::agents_attached);
      env.log->write(severity::info, "worker.attached", {{"worker", hello->worker}, {"room", hello->room}});
      announce_to(hello->worker);
    }
    if (changed) declare();
  } else if (auto* bye = std::get_if<wire::worker_bye>(&frame); bye != nullptr && workers.bye(bye->worker)) {
    env.log->write(severity::info, "worker.detached",
                   {{"worker", bye->worker}, {"why", "it ended in order"}});
  }
}

/// What all workers declare together.
void nats_state::declare() {
  agent_declaration all;
  for (const auto& [worker, entry] : workers.all()) {
    for (const auto& one : entry.declared) {
      const bool known = std::any_of(all.commands.begin(), all.commands.end(),
                                     [&](const auto& x) { return x.name == one.name; });
      if (!known) all.commands.push_back(one);
    }
  }
  if (!workers.all().empty())
    tell(self, host.registry, std::move(all)); // a restart must not make hellos flap
}

void nats_state::announce() {
  present = usable && proved && publications.healthy();
  const auto takers = present ? workers.takers() : 0;
  core::delivery_step step;
  // As much again as they work on waits for them in the stream.
  deliveries.credit(std::min<std::uint64_t>(setup.max_ack_pending, 2 * workers.room()), step);
  run(step);
  env.metrics->set(gauge::agents_now, takers);
  env.metrics->set(gauge::queue_out, static_cast<std::int64_t>(deliveries.out()));
  if (takers == told) return;
  told = takers;
  tell(self, host.acks, agent_presence{takers, false});
}

void nats_state::settle_held() {
  const auto now = now_of(self);
  std::vector<queue_settlement> all;
  for (; !acks.empty() && acks.front().first <= now; acks.pop_front()) {
    in_hand.erase(acks.front().second);
    all.push_back({acks.front().second, settlement::done});
    settled_at = now;
  }
  if (now - marked_at >= reply_wait / 4) {
    marked_at = now;
    for (const auto sequence : in_hand) all.push_back({sequence, settlement::working});
  }
  if (!all.empty()) session->settle(std::move(all));
}

void nats_state::due() {
  alarm.rang();
  const auto now = now_of(self);
  settle_held();
  if (usable) {
    for (const auto& worker : workers.expire(now))
      env.log->write(severity::warn, "worker.detached", {{"worker", worker}, {"why", "it was silent"}});
    if (now - stored_at >= idle_probe) probe();
  }
  core::publish_step publish;
  publications.timer(now, publish);
  run(publish);
  core::delivery_step step;
  deliveries.timer(now, step);
  run(step);
  announce();
  arm();
}

void nats_state::arm() {
  auto at = core::earlier(publications.due(), deliveries.due());
  if (usable) at = core::earlier(core::earlier(at, workers.due()), stored_at + idle_probe);
  if (!acks.empty()) at = core::earlier(at, std::max(acks.front().first, settled_at + settle_pause));
  if (!in_hand.empty()) at = core::earlier(at, marked_at + reply_wait / 4);
  if (alarm.arm(at)) tell_later<nats_agent_actor>(self, *at - now_of(self), atom::due_v);
}

nats_agent_actor::behavior_type nats_agent(nats_agent_actor::stateful_pointer<nats_state> self, ports env,
                                           nats_setup setup, const caf::strong_actor_ptr& parent) {
  guard_actor(self, env, parent);
  auto* s = &self->state;
  s->env = std::move(env);
  s->setup = std::move(setup);
  s->names = core::queue_names{s->setup.prefix};
  s->deliveries = core::published_deliveries{s->setup.ack_timeout, std::to_string(s->env.random->bits())};
  s->open();
  return {
      [s](agent_host& x) { s->rehost(std::move(x)); },
      [s](gateway_announcement& x) { s->announce_gateway(x); },
      [s](delivery& x) { s->hand(x); },
      [s](const delivery_withdrawn& x) { s->withdraw(x); },
      [s](const action_outcome& x) { s->outcome_of(x); },
      [s](const turn_interrupt& x) { s->interrupt(x); },
      [](atom::finish) {}, // workers go on: acks and actions of what is out still come
      [s](queue_news& x) { s->on_news(x); },
      [s](atom::due) { s->due(); },
  };
}

} // namespace relay
