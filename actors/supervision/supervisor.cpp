#include "relay_gateway/actors/supervision/supervisor.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/egress/core/chat_queue.hpp"
#include "relay_gateway/messages/wire/http/hex.hpp"

#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <utility>

namespace relay {

using namespace std::chrono_literals;

namespace {

/// Files on a disk that hangs must not leave a reload without an answer.
constexpr auto reload_limit = 20s;

} // namespace

void supervisor_state::begin(ports p, supervisor_setup s) {
  env = std::move(p);
  setup = std::move(s);
  view.settings = setup.settings;
  view.since_ms = env.clock->wall_ms();
  view.live.what = std::make_shared<const descriptor_set>();
  view.link.phase = link_phase::starting;
  view.link.reason = "starting";
  view.facts = env.store->facts();
  auto known = view.facts.find("prompt_nonce");
  auto nonce = known != view.facts.end() ? known->second : wire::hex(env.random->bits(), 8);
  remember("prompt_nonce", nonce);
  env.store->watch([to = weak_handle<supervisor_actor>{self}](store_health x) { to.post(std::move(x)); });
  actors.spawn_all(std::move(nonce));
  if (!actors.agent && setup.make_agent) retry_agent();
  announce();
  boot.provision();
  sleep.watch_idle();
}

void supervisor_state::remember(std::string key, std::string value) {
  auto it = view.facts.find(key);
  if (it == view.facts.end() ? value.empty() : it->second == value) return;
  if (value.empty())
    view.facts.erase(it);
  else
    view.facts[key] = value;
  env.store->commit({fact{std::move(key), std::move(value)}}, nullptr);
}

// -- what restarts whom -------------------------------------------------------------------------------

void supervisor_state::child_down(const caf::down_msg& d) {
  auto child = actors.take_dead(d.source);
  if (child.empty()) return;
  if (stop.plan.stage() == core::stop_stage::stopping) return stop.stop_next_child();
  if (child == "agent" && actors.agent_is_foreign()) return agent_lost();
  env.metrics->add(counter::child_restarts, child);
  auto pause = actors.restarts.died(child, now_of(self), env.random->bits());
  env.log->write(severity::error, "child.down",
                 {{"child", child},
                  {"reason", caf::to_string(d.reason)},
                  {"next", "started again in " + std::to_string(pause.count()) + " ms"}});
  if (child == "link-manager") link_manager_lost();
  if (pause.count() == 0) return restart(child);
  if (child == "agent") { // what comes meanwhile must wait instead of going to a dead one
    actors.use_agent({});
    actors.connect();
    status.tell_state();
  }
  tell_later<supervisor_actor>(self, pause, atom::start_v, child);
}

/// Its connection must not live on unwatched: one dialler at a time.
void supervisor_state::link_manager_lost() {
  auto& live = view.live;
  if (live.connection) self->send_exit(live.connection, caf::exit_reason::kill);
  live.connection = nullptr;
  live.what = std::make_shared<const descriptor_set>();
  live.abandoned = true;
  tell(self, actors.inbound, live);
  tell(self, actors.egress, live);
  live.abandoned = false;
  sleep.link_manager_died();
  link_status lost{link_phase::starting, "the link manager is being restarted", view.link.epoch};
  link_changed(lost);
}

void supervisor_state::restart(const std::string& child) {
  if (stop.plan.stage() == core::stop_stage::stopping || actors.lives(child)) return;
  if (child == "configuration") {
    actors.spawn_configuration();
  } else if (child == "agent") {
    start_agent();
  } else if (child == "media") {
    actors.spawn_media();
    boot.update_media_access();
    actors.connect_media();
  } else if (child == "egress-router") {
    actors.spawn_egress();
    actors.connect();
  } else if (child == "inbound") {
    actors.spawn_inbound();
    actors.connect();
    // What its predecessor had not acked is replayed by the connector; after a sleep it is all the same.
    if (view.link.phase != link_phase::dormant) tell(self, actors.link_manager, command::reconnect);
  } else if (child == "link-manager") {
    actors.spawn_link_manager();
    boot.update_target();
  } else if (child == "policy") {
    boot.order_policies();
  } else { // provisioner or identity
    for (auto& x : core::restart_policy::together_with(child)) actors.end(x);
    boot.provision();
  }
}

void supervisor_state::start_agent() {
  if (actors.spawn_agent()) {
    actors.connect();
    tell(self, actors.agent, view.announced);
    status.tell_state();
  } else {
    retry_agent();
  }
}

/// Its maker gave none.
void supervisor_state::retry_agent() {
  auto pause = actors.restarts.not_started("agent", env.random->bits());
  env.log->write(severity::error, "agent.not_made",
                 {{"next", "tried again in " + std::to_string(pause.count()) + " ms; not ready until then"}});
  tell_later<supervisor_actor>(self, pause, atom::start_v, std::string{"agent"});
}

void supervisor_state::change_agent(agent_change& x) {
  if (!actors.agent_is_foreign()) {
    env.log->write(severity::warn, "agent.change_refused",
                   {{"why", "this gateway makes its agents itself"}, {"next", "the present one stays"}});
    return;
  }
  if (stop.plan.stage() == core::stop_stage::stopping) return;
  actors.use_agent(std::move(x.agent));
  env.log->write(severity::info, "agent.changed", {{"agent", actors.agent ? "embedded" : "none"}});
  actors.connect();
  tell(self, actors.agent, view.announced);
  if (!stop.plan.running()) tell(self, actors.agent, atom::finish_v);
  status.tell_state();
}

/// The embedder's agent died: only its maker can make another.
void supervisor_state::agent_lost() {
  actors.use_agent({});
  env.log->write(severity::error, "agent.lost",
                 {{"next", "not ready; events wait until the embedding program gives another agent"}});
  actors.connect();
  status.tell_state();
}

// -- what is told -------------------------------------------------------------------------------------

void supervisor_state::link_up_changed(link_up& x) {
  view.live = std::move(x);
  announce();
}

void supervisor_state::link_changed(link_status& x) {
  if (x.phase != view.link.phase) view.since_ms = env.clock->wall_ms();
  auto turned_dormant = x.phase == link_phase::dormant && view.link.phase != link_phase::dormant;
  view.link = std::move(x);
  if (turned_dormant) sleep.became_dormant();
  status.tell_state();
  if (view.link.phase != link_phase::stopped) return;
  tell(self, actors.egress, atom::finish_v); // nobody will dial again: what is held can only fail
  stop.link_stopped();
}

void supervisor_state::disk_changed(store_health& x) {
  view.disk = std::move(x);
  tell(self, actors.inbound, view.disk);
  status.tell_state();
}

void supervisor_state::declared(agent_declaration x) {
  if (x == view.agents) return;
  view.agents = std::move(x);
  actors.publish_declarations();
}

void supervisor_state::announce() {
  gateway_announcement fresh{view.gateway_id(), view.live.what->all, setup.gateway};
  // A lost link does not change what the platforms can do; the next handshake tells anew.
  if (!view.live.connection && !view.announced.platforms.empty()) fresh.platforms = view.announced.platforms;
  if (fresh == view.announced) return;
  view.announced = std::move(fresh);
  tell(self, actors.agent, view.announced);
}

caf::result<reload_outcome> supervisor_state::reload() {
  auto later = self->make_response_promise<reload_outcome>();
  if (!stop.plan.running()) {
    reload_outcome refused;
    refused.problems = {"the gateway is stopping"};
    later.deliver(std::move(refused));
    return later;
  }
  self->request(actors.configuration, caf::duration{reload_limit}, reload_request{})
      .then(
          [this, later](reload_outcome& x) mutable {
            if (x.settings) boot.apply(x.settings);
            x.waiting_for_restart = view.waiting_for_restart;
            later.deliver(std::move(x));
          },
          [later](const caf::error&) mutable {
            reload_outcome refused;
            refused.problems = {"the settings could not be read in time; the running settings stay"};
            later.deliver(std::move(refused));
          });
  return later;
}

caf::result<action_outcome> supervisor_state::act(action_request& x) {
  auto later = self->make_response_promise<action_outcome>();
  auto id = x.request_id;
  auto& limits = view.settings->limits;
  // One that may be sent again may take three time-outs, and some; the connector may ask for a wait.
  auto limit = limits.egress_hold + core::longest_wait + (x.resend_unknown ? 4 : 2) * limits.outbound_timeout;
  self->request(actors.egress, caf::duration{limit}, std::move(x))
      .then([later](action_outcome& y) mutable { later.deliver(std::move(y)); },
            [later, id](const caf::error&) mutable {
              later.deliver(action_outcome{id, action_result::ambiguous("the router did not answer")});
            });
  return later;
}

caf::result<dead_letter_answer> supervisor_state::dead_letters(const dead_letter_ask& x) {
  auto later = self->make_response_promise<dead_letter_answer>();
  self->request(actors.inbound, caf::duration{10s}, x)
      .then([later](dead_letter_answer& y) mutable { later.deliver(std::move(y)); },
            [later](caf::error& e) mutable { later.deliver(std::move(e)); });
  return later;
}

supervisor_actor::behavior_type supervisor(supervisor_actor::stateful_pointer<supervisor_state> self,
                                           ports env, supervisor_setup setup) {
  auto* s = &self->state;
  guard_actor(self, env, nullptr, [s](const caf::down_msg& d) { s->child_down(d); });
  s->begin(std::move(env), std::move(setup));
  return {
      [s](agent_declaration& x) { s->declared(std::move(x)); },
      [s](command what) {
        switch (what) {
        case command::drain: s->stop.drain(); break;
        case command::dormant: s->sleep.sleep_now({}); break;
        case command::wake:
        case command::reconnect:
          s->sleep.cancel("woken meanwhile");
          tell(s->self, s->actors.link_manager, what);
          break;
        }
      },
      [s](const dormancy_order& x) { return s->sleep.order(x); },
      [s](const settings_ptr& x) { s->boot.apply(x); },
      [s](reload_request) { return s->reload(); },
      [s](agent_change& x) { s->change_agent(x); },
      [s](atom::status) { return s->status.report(); },
      [s](const dead_letter_ask& x) { return s->dead_letters(x); },
      [s](action_request& x) { return s->act(x); },
      [s](credentials_decided& x) { s->boot.credentials_known(x); },
      [s](platform_progress& x) { s->boot.platform_changed(x); },
      [s](policy_progress& x) { s->boot.policy_changed(x); },
      [s](store_health& x) { s->disk_changed(x); },
      [s](const http_done& x) { s->sleep.sleep_url_answered(x); },
      [s](link_status& x) { s->link_changed(x); },
      [s](link_up& x) { s->link_up_changed(x); },
      [s](dormancy_outcome& x) { s->sleep.link_answered(std::move(x)); },
      [s](atom::drained) { s->stop.link_quiet(); },
      [s](atom::due, std::uint64_t generation) { s->stop.due(generation); },
      [s](atom::start, const std::string& child) { s->restart(child); },
      [s](atom::idle) { s->sleep.look_for_work(); },
      [s](atom::look, std::uint64_t which) { s->sleep.look_while_asleep(which); },
  };
}

} // namespace relay
