#include "relay_gateway/actors/worker/worker.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/messages/fnv.hpp"
#include "relay_gateway/messages/wire/actions/action_makers.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace relay {

using core::turn_of;

namespace {

using namespace std::chrono_literals;

constexpr auto hello_pause = 3s;
/// An action whose outcome has not come by then is asked for again: the gateway has it recorded.
constexpr auto outcome_wait = 60s;
constexpr std::size_t most_gateways = 1'000;
/// So many workers may end while they answer one question.
constexpr std::uint64_t most_question_deliveries = 8;

/// The same for the same text in every worker.
std::string digest_of(const std::string& text) { return std::to_string(fnv1a(text)); }

} // namespace

void worker_state::open() {
  queue_request what;
  what.name = "relay-worker " + setup.name;
  what.streams = {{names.event_stream(), {names.all_events()}}};
  what.stream = names.event_stream();
  what.consumer = core::queue_names::worker_consumer();
  what.ack_wait = setup.ack_wait;
  constexpr std::uint32_t of_all_workers = 100'000;
  what.max_ack_pending = of_all_workers;
  what.notes = {names.results(setup.name)};
  session =
      env.queue->open(std::move(what), std::make_shared<queue_bridge>(worker_actor{self}, env.lifetime));
  set_limit();
}

void worker_state::on_news(queue_news& x) {
  core::publish_step step;
  if (x.state) {
    usable = x.state->usable;
    if (usable)
      env.log->write(severity::info, "queue.connected", {{"worker", setup.name}});
    else
      env.log->write(severity::warn, "queue.unavailable",
                     {{"why", x.state->why}, {"next", "the connection is tried again"}});
    publications.usable(usable, now_of(self), step);
    if (usable) say_hello();
  }
  for (const auto& one : x.receipts) publications.receipt(one, now_of(self), step);
  run(step);
  for (const auto& one : x.messages) take(one);
  for (const auto& one : x.notes) noted(one);
  end_if_done();
  arm();
}

void worker_state::take(const queue_message& x) {
  const auto gateway = names.gateway_of(x.subject);
  auto frame = wire::decode_gateway_frame(x.body);
  auto* what = std::get_if<delivery>(&frame);
  if (what == nullptr || gateway.empty()) {
    const auto* bad = std::get_if<wire::bad_agent_frame>(&frame);
    env.log->write(severity::warn, "worker.bad_frame",
                   {{"gateway", gateway}, {"what", bad == nullptr ? "it is no event" : bad->what}});
    session->settle({{x.sequence, settlement::done}}); // the gateway sets the event aside
    return;
  }
  if (hosts.count(gateway) == 0 && hosts.size() >= most_gateways)
    return session->settle({{x.sequence, settlement::again}});
  const auto turn = turn_of(gateway, what->id);
  what->redelivered = what->redelivered || x.deliveries > 1;
  const auto most = setup.answers_later ? most_question_deliveries : core::worker_turns::most_deliveries;
  switch (turns.arrived(turn, x.sequence, x.deliveries, most)) {
  case core::turn_arrival::again: what->redelivered = true; [[fallthrough]];
  case core::turn_arrival::fresh: return give(host_of(gateway), std::move(*what));
  case core::turn_arrival::over: return tell_ack(gateway, what->id);
  case core::turn_arrival::known: return;
  case core::turn_arrival::suspect: break;
  }
  env.log->write(severity::warn, "worker.suspect_event",
                 {{"gateway", gateway},
                  {"delivery", what->id},
                  {"deliveries", x.deliveries},
                  {"next", setup.answers_later ? "the chat is told" : "the gateway decides about it"}});
  if (setup.answers_later) return apologise(gateway, *what);
  give_back(gateway, {{std::move(what->id)}, false});
}

/// Its gateway has let go of the event when a worker took it, so that nobody else can tell the chat.
void worker_state::apologise(const std::string& gateway, const delivery& x) {
  hosted_action sorry;
  sorry.request.request_id = x.id + ":given-up";
  sorry.request.platform = x.event->source.platform;
  sorry.request.delivery_id = x.id;
  sorry.request.act = wire::send(x.event->source.chat_id,
                                 "This question could not be answered: those who worked on it failed.");
  act(gateway, host_of(gateway), sorry);
  if (turns.acked(turn_of(gateway, x.id))) tell_ack(gateway, x.id);
}

/// What has waited long enough for an agent that is not there is for another worker.
void worker_state::give_up_waiting() {
  for (auto& [gateway, host] : hosts) {
    const bool waits = !host.present && !host.early.empty();
    if (!std::exchange(host.waited, waits) || !waits) continue;
    delivery_returned unseen;
    unseen.unseen = true;
    for (auto& x : std::exchange(host.early, {})) unseen.delivery_ids.push_back(std::move(x.id));
    give_back(gateway, std::move(unseen));
  }
}

worker_state::hosted& worker_state::host_of(const std::string& gateway) {
  auto [it, fresh] = hosts.try_emplace(gateway);
  if (!fresh) return it->second;
  auto& host = it->second;
  host.gateway = self->spawn(remote_gateway, env, gateway, hosted_sink_actor{worker_actor{self}});
  start_agent(gateway, host);
  return host;
}

void worker_state::start_agent(const std::string& gateway, hosted& host) {
  host.agent = setup.make_agent(caf::actor_cast<caf::strong_actor_ptr>(worker_actor{self}));
  host.present = setup.agent_present;
  self->monitor(host.agent);
  agent_host who{host.gateway, host.gateway, host.gateway, gateway};
  if (setup.answers_later) who.answers = host.gateway;
  tell(self, host.agent, std::move(who));
  if (draining) tell(self, host.agent, atom::finish_v);
}

void worker_state::agent_died(const caf::down_msg& x) {
  for (auto& [gateway, host] : hosts) {
    if (host.agent.address() != x.source) continue;
    env.log->write(
        severity::error, "worker.agent_died",
        {{"gateway", gateway}, {"next", "another one is made; the gateway decides about its events"}});
    delivery_returned had;
    const auto prefix = turn_of(gateway, {});
    for (const auto& turn : turns.open(prefix)) had.delivery_ids.push_back(turn.substr(prefix.size()));
    const auto taken = turns.abandoned(prefix);
    host.early.clear();
    start_agent(gateway, host);
    settle(taken, settlement::again);
    give_back(gateway, std::move(had));
  }
}

void worker_state::give(hosted& host, delivery x) {
  if (host.present)
    tell(self, host.agent, std::move(x));
  else
    host.early.push_back(std::move(x));
}

void worker_state::present(hosted& host, bool now_present) {
  host.present = now_present;
  if (now_present)
    for (auto& x : std::exchange(host.early, {})) tell(self, host.agent, std::move(x));
  set_limit();
}

void worker_state::noted(const queue_note& x) {
  const auto gateway = core::queue_names::token(x.sender);
  auto frame = wire::decode_gateway_frame(x.body);
  if (auto* outcome_of = std::get_if<action_outcome>(&frame)) return outcome(gateway, *outcome_of);
  if (hosts.count(gateway) == 0 && hosts.size() >= most_gateways) return;
  if (auto* ready = std::get_if<wire::gateway_ready>(&frame)) {
    auto& host = host_of(gateway);
    host.takes_acks = ready->takes_acks;
    ready->who.gateway = gateway;
    tell(self, host.agent, std::move(ready->who));
  } else if (auto* stop = std::get_if<turn_interrupt>(&frame)) {
    stop->gateway = gateway;
    if (const auto it = hosts.find(gateway); it != hosts.end())
      tell_urgent(self, it->second.agent, std::move(*stop));
  } else if (auto* gone = std::get_if<delivery_withdrawn>(&frame)) {
    const auto it = hosts.find(gateway);
    if (it == hosts.end()) return;
    for (const auto& id : gone->delivery_ids) {
      std::erase_if(it->second.early, [&](const auto& y) { return y.id == id; });
      if (turns.returned(turn_of(gateway, id))) settle(turns.settled(turn_of(gateway, id)));
    }
    gone->gateway = gateway;
    tell(self, it->second.agent, std::move(*gone));
  }
}

void worker_state::hear(hosted_news& x) {
  const auto it = hosts.find(x.gateway);
  if (it == hosts.end()) return;
  auto& host = it->second;
  if (auto* ack = std::get_if<delivery_ack>(&x.what)) {
    if (turns.acked(turn_of(x.gateway, ack->delivery_id), !setup.answers_later))
      tell_ack(x.gateway, ack->delivery_id);
  } else if (const auto* done = std::get_if<delivery_answered>(&x.what)) {
    settle(turns.answered(turn_of(x.gateway, done->delivery_id)));
  } else if (auto* action = std::get_if<hosted_action>(&x.what)) {
    act(x.gateway, host, *action);
  } else if (auto* back = std::get_if<delivery_returned>(&x.what)) {
    give_back(x.gateway, std::move(*back));
  } else if (const auto* there = std::get_if<agent_presence>(&x.what)) {
    present(host, there->attached > 0);
  } else if (auto* declared = std::get_if<agent_declaration>(&x.what)) {
    host.commands = std::move(declared->commands);
    say_hello();
  } else if (auto* stop = std::get_if<session_interrupt>(&x.what)) {
    queue_publication out;
    out.subject = names.actions(x.gateway);
    out.id = setup.name + "#interrupt" + std::to_string(++repeats);
    out.sender = setup.name;
    wire::encode_worker_interrupt(out.body, *stop);
    put(x.gateway + "\ninterrupt", std::move(out), {});
  }
  end_if_done();
  arm();
}

/// The gateway may have let go of an event that is answered later: only the queue can give it out again.
void worker_state::give_back(const std::string& gateway, delivery_returned what) {
  for (auto& id : what.delivery_ids) {
    const auto turn = turn_of(gateway, id);
    if (setup.answers_later) {
      settle(turns.repeated(turn), settlement::again);
      continue;
    }
    if (!turns.returned(turn)) continue;
    queue_publication out;
    out.subject = names.acks(gateway);
    out.id = setup.name + "#returned" + std::to_string(++repeats);
    out.sender = setup.name;
    encode(out.body, wire::worker_returned{{{std::move(id)}, what.unseen}});
    put(turn, std::move(out), {gateway, turn, true});
  }
}

void worker_state::act(const std::string& gateway, hosted& host, hosted_action& x) {
  ask one;
  one.number = x.number;
  one.request_id = x.request.request_id;
  one.delivery_id = x.request.delivery_id;
  // Every action has an id on the queue: it must not be done twice because a message comes twice.
  if (x.request.request_id.empty()) x.request.request_id = setup.name + "#" + std::to_string(++unnamed);
  const auto request_id = x.request.request_id;
  if (file_of(x.request.act) != nullptr) {
    auto refused =
        action_result::failed("unsupported", "a worker cannot send a file by its path; send a URL");
    return tell(self, host.gateway, hosted_outcome{x.number, {one.request_id, std::move(refused)}});
  }
  one.what.subject = names.actions(gateway);
  one.what.sender = setup.name;
  wire::encode_worker_action(one.what.body, x.request);
  one.what.session = x.request.delivery_id.empty() ? x.request.platform + "\n" + x.request.act.chat_id
                                                   : x.request.delivery_id;
  const auto id = request_id + "#" + digest_of(one.what.body);
  if (!one.delivery_id.empty()) host.open[one.delivery_id].push_back(request_id);
  auto& line = host.asks[request_id];
  line.push_back(std::move(one));
  publish_action(gateway, line.back(), request_id, id);
}

void worker_state::publish_action(const std::string& gateway, ask& what, const std::string& request_id,
                                  const std::string& id) {
  what.published = now_of(self);
  auto out = what.what;
  const auto key = gateway + "\n" + std::exchange(out.session, {});
  out.id = id;
  const auto number = what.number;
  put(key, std::move(out), {gateway, key, false, request_id, number});
}

void worker_state::outcome(const std::string& gateway, action_outcome& x) {
  const auto host = hosts.find(gateway);
  if (host == hosts.end()) return;
  const auto it = host->second.asks.find(x.request_id);
  if (it == host->second.asks.end()) return; // told before
  auto one = std::move(it->second.front());
  it->second.pop_front();
  if (it->second.empty()) host->second.asks.erase(it);
  had_outcome(gateway, host->second, std::exchange(x.request_id, one.request_id), one);
  tell(self, host->second.gateway, hosted_outcome{one.number, std::move(x)});
}

/// Outcomes are told once and stored nowhere on their way.
void worker_state::ask_again() {
  const auto now = now_of(self);
  for (auto& [gateway, host] : hosts)
    for (auto& [request_id, line] : host.asks)
      for (auto& one : line)
        if (now - one.published >= outcome_wait)
          publish_action(gateway, one, request_id, setup.name + "#again" + std::to_string(++repeats));
}

void worker_state::put(const std::string& key, queue_publication x, purpose why) {
  core::publish_step step;
  const auto number = publications.put(key, std::move(x), now_of(self), step);
  if (number != 0) {
    if (!why.closes) turns.publishing(why.turn);
    purposes.emplace(number, std::move(why));
  } else if (why.ask != 0) { // the queue is away, and this worker has said enough meanwhile
    action_outcome full{why.request_id,
                        action_result::failed("overloaded", "the queue to the gateway is full")};
    outcome(why.gateway, full);
  } else if (why.closes) {
    turns.forget(why.turn);
    for (const auto& turn : why.turns) turns.forget(turn);
    if (!why.turns.empty()) hosts.at(why.gateway).ack_out = false;
  }
  run(step);
}

void worker_state::run(core::publish_step& step) {
  if (!step.publish.empty()) session->publish(std::exchange(step.publish, {}));
  for (const auto number : step.refused) {
    const auto found = purposes.extract(number);
    if (found && !found.mapped().turns.empty()) acks_refused(found.mapped());
    if (!found || found.mapped().ask == 0) continue;
    published(found.mapped());
    action_outcome large{found.mapped().request_id,
                         action_result::failed("too_large", "the action is larger than the queue takes")};
    outcome(found.mapped().gateway, large);
  }
  for (const auto& x : step.stored) {
    const auto found = purposes.extract(x.number);
    if (!found) continue;
    const auto& why = found.mapped();
    if (!why.turns.empty())
      acks_stored(why);
    else if (why.closes)
      settle(turns.settled(why.turn)); // the gateway will hear what became of it
    else
      published(why);
    if (why.ask == 0 || !x.duplicate) continue;
    // Somebody asked the same before: the gateway is asked for what it has recorded.
    const auto host = hosts.find(why.gateway);
    if (host == hosts.end()) continue;
    const auto line = host->second.asks.find(why.request_id);
    if (line == host->second.asks.end()) continue;
    for (auto& one : line->second)
      if (one.number == why.ask)
        publish_action(why.gateway, one, why.request_id, setup.name + "#again" + std::to_string(++repeats));
  }
}

void worker_state::settle(const std::vector<std::uint64_t>& messages, settlement how) {
  std::vector<queue_settlement> all;
  for (const auto sequence : messages) all.push_back({sequence, how});
  if (!all.empty()) session->settle(std::move(all));
  set_limit();
}

void worker_state::set_limit() {
  const bool all_there =
      std::all_of(hosts.begin(), hosts.end(), [](const auto& x) { return x.second.present; });
  constexpr std::size_t most_answered = 1'000;
  const auto now_limit = draining || !all_there ? 0 : setup.room;
  const auto beside = static_cast<std::uint32_t>(std::min(turns.taken(), most_answered));
  const auto wanted = now_limit == 0 ? 0 : now_limit + beside;
  if (std::exchange(asked_for, wanted) != wanted) session->limit(wanted);
  if (std::exchange(limit, now_limit) != now_limit) say_hello();
}

void worker_state::say_hello() {
  if (!usable) return;
  hello_at = now_of(self) + hello_pause;
  wire::worker_hello x{setup.name, limit, {}};
  for (const auto& [gateway, host] : hosts)
    for (const auto& one : host.commands)
      if (std::find(x.commands.begin(), x.commands.end(), one) == x.commands.end()) x.commands.push_back(one);
  std::string frame;
  encode(frame, x);
  session->note({{names.workers(), setup.name, std::move(frame)}});
}

void worker_state::finish() {
  if (std::exchange(draining, true)) return;
  ends_at = now_of(self) + setup.grace;
  set_limit();
  for (const auto& [gateway, host] : hosts) tell(self, host.agent, atom::finish_v);
  end_if_done();
  arm();
}

void worker_state::end_if_done() {
  if (!draining) return;
  const bool late = now_of(self) >= ends_at;
  const bool open =
      std::any_of(hosts.begin(), hosts.end(), [](const auto& x) { return !x.second.asks.empty(); });
  if ((turns.size() > 0 || open || publications.entries() > 0) && !late) return;
  std::vector<queue_settlement> rest;
  for (const auto sequence : turns.messages()) rest.push_back({sequence, settlement::again});
  if (!rest.empty()) session->settle(std::move(rest));
  std::string frame;
  encode(frame, wire::worker_bye{setup.name});
  session->note({{names.workers(), setup.name, std::move(frame)}});
  self->quit(caf::exit_reason::user_shutdown);
}

void worker_state::due() {
  alarm.rang();
  const auto now = now_of(self);
  if (usable && now >= hello_at) say_hello();
  if (now >= marked_at) {
    marked_at = now + setup.ack_wait / 3;
    std::vector<queue_settlement> all;
    for (const auto sequence : turns.messages()) all.push_back({sequence, settlement::working});
    if (!all.empty()) session->settle(std::move(all));
    give_up_waiting();
  }
  if (now >= asked_at) {
    asked_at = now + outcome_wait / 4;
    ask_again();
  }
  core::publish_step step;
  publications.timer(now, step);
  run(step);
  end_if_done();
  arm();
}

void worker_state::arm() {
  auto at = core::earlier(publications.due(), core::earlier(marked_at, asked_at));
  if (usable) at = core::earlier(at, hello_at);
  if (draining) at = core::earlier(at, ends_at);
  if (alarm.arm(at)) tell_later<worker_actor>(self, *at - now_of(self), atom::due_v);
}

worker_actor::behavior_type worker(worker_actor::stateful_pointer<worker_state> self, ports env,
                                   worker_setup setup) {
  auto* s = &self->state;
  guard_actor(self, env, nullptr, [s](const caf::down_msg& x) { s->agent_died(x); });
  s->env = std::move(env);
  s->setup = std::move(setup);
  s->names = core::queue_names{s->setup.prefix};
  s->marked_at = now_of(self) + s->setup.ack_wait / 3;
  s->asked_at = now_of(self) + outcome_wait;
  s->open();
  s->arm();
  return {
      [s](hosted_news& x) { s->hear(x); },
      [s](queue_news& x) { s->on_news(x); },
      [s](atom::finish) { s->finish(); },
      [s](atom::due) { s->due(); },
  };
}

} // namespace relay
