#include "relay_gateway/actors/supervision/supervisor.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/boot/identity.hpp"
#include "relay_gateway/actors/boot/policy.hpp"
#include "relay_gateway/actors/boot/provisioner.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/egress/core/chat_queue.hpp"
#include "relay_gateway/actors/egress/egress_router.hpp"
#include "relay_gateway/actors/inbound/inbound.hpp"
#include "relay_gateway/actors/inbound/media.hpp"
#include "relay_gateway/actors/link/link_manager.hpp"
#include "relay_gateway/actors/supervision/core/command_manifest.hpp"
#include "relay_gateway/messages/wire/http/urls.hpp"

#include <algorithm>
#include <chrono>

namespace relay {

using namespace std::chrono_literals;

namespace {

constexpr auto media_margin = 15s;  ///< what the media actor may take beyond an event's wait
constexpr auto last_words = 1s;     ///< what a call may take to arrive beyond its time
constexpr auto healthy_after = 60s; ///< a child that lived this long is restarted at once again

std::string hex(std::uint64_t x) {
  constexpr const char* digits = "0123456789abcdef";
  std::string out(8, '0');
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = digits[(x >> (4 * i)) & 15];
  return out;
}

} // namespace

// -- start and restart ------------------------------------------------------------------------------

void supervisor_state::boot(ports p, supervisor_setup s) {
  env = std::move(p);
  setup = std::move(s);
  settings = setup.settings;
  since_ms = env.clock->wall_ms();
  live.what = std::make_shared<const descriptor_set>();
  link.phase = link_phase::starting;
  link.reason = "starting";
  facts = env.store->facts();
  auto known = facts.find("prompt_nonce");
  prompt_nonce = known != facts.end() ? known->second : hex(env.random->bits());
  if (known == facts.end()) remember("prompt_nonce", prompt_nonce);
  env.store->watch([weak = caf::actor_cast<caf::weak_actor_ptr>(supervisor_actor{self})](store_health x) {
    if (auto to = caf::actor_cast<supervisor_actor>(weak)) post(to, std::move(x));
  });
  // From the far end to the near one, so that nobody talks to somebody who is not there yet.
  start_agent();
  start_media();
  start_egress();
  start_inbound();
  start_keeper();
  connect_children();
  announcement();
  start_provisioning();
  watch_idle();
}

bool supervisor_state::relay_on() const { return !settings->relay.vetoed && !settings->relay.url.empty(); }

std::string supervisor_state::effective_id() const {
  if (!who.gateway_id.empty()) return who.gateway_id;
  if (!settings->relay.gateway_id.empty()) return settings->relay.gateway_id;
  // A pod's host name, and with it the default, changes with each restart (F71).
  auto first = facts.find("gateway_id");
  return first != facts.end() ? first->second : settings->relay.default_gateway_id;
}

void supervisor_state::remember(std::string key, std::string value) {
  auto it = facts.find(key);
  if (it == facts.end() ? value.empty() : it->second == value) return;
  if (value.empty())
    facts.erase(it);
  else
    facts[key] = value;
  env.store->commit({fact{std::move(key), std::move(value)}}, nullptr);
}

/// A policy that an earlier process declared to this connector stays in force there until it is replaced
/// (F46).
bool supervisor_state::remembers_policy(const std::string& platform) const {
  auto it = facts.find("declared." + platform);
  return it != facts.end() && it->second == settings->relay.url;
}

void supervisor_state::watch(const std::string& which, const caf::actor& handle) {
  auto& x = children[which];
  x.handle = handle;
  x.born = now_of(self);
  self->monitor(handle);
}

void supervisor_state::start_agent() {
  if (setup.make_agent) {
    agent = setup.make_agent(caf::actor_cast<caf::strong_actor_ptr>(self));
  } else {
    agent = setup.agent;
  }
  if (agent) watch("agent", caf::actor_cast<caf::actor>(agent));
}

void supervisor_state::start_media() {
  media = self->spawn(relay::media, env, caf::actor_cast<caf::strong_actor_ptr>(self));
  watch("media", caf::actor_cast<caf::actor>(media));
}

void supervisor_state::start_egress() {
  auto& l = settings->limits;
  egress_setup x;
  x.fronted = settings->relay.identities;
  x.egress_hold = l.egress_hold;
  x.chat_idle = l.chat_idle;
  x.dedupe_window = l.dedupe_window;
  x.max_pending = l.max_pending;
  x.max_chats = l.max_chats;
  x.dedupe_entries = l.dedupe_entries;
  x.route_age = l.route_age;
  x.turn_age = l.turn_age;
  x.reply_in_thread = settings->slack.reply_in_thread;
  x.prompt_nonce = prompt_nonce;
  egress = self->spawn(egress_router, env, std::move(x), caf::actor_cast<caf::strong_actor_ptr>(self));
  watch("egress-router", caf::actor_cast<caf::actor>(egress));
  tell(self, egress, live);
}

void supervisor_state::start_inbound() {
  auto& l = settings->limits;
  inbound_setup x;
  x.rules.dedupe_window = l.dedupe_window;
  x.rules.ack_timeout = l.agent_ack_timeout;
  x.rules.dedupe_entries = l.dedupe_entries;
  x.rules.max_pending = l.max_pending;
  x.rules.max_deliveries = l.agent_max_deliveries;
  x.rules.max_in_memory = l.max_in_memory;
  x.rules.chat_in_memory = l.chat_in_memory;
  x.prompts.max = l.max_prompts;
  x.prompts.lifetime = l.prompt_lifetime;
  x.prompts.anyone_approves = settings->prompts.approval_by == config::approval_by::anyone;
  x.sessions = session_rules_of(*settings);
  x.instance = hex(env.random->bits());
  x.prompt_nonce = prompt_nonce;
  x.agent_present = setup.agent_present;
  x.reactions = settings->service.reactions;
  inbound = self->spawn(relay::inbound, env, std::move(x), caf::actor_cast<caf::strong_actor_ptr>(self));
  watch("inbound", caf::actor_cast<caf::actor>(inbound));
  tell(self, media, atom::start_v); // whoever had files is gone
  tell(self, inbound, media_wish{agents.media_paths, settings->media.wait + media_margin});
  tell(self, inbound, disk);
  tell(self, inbound, live);
}

void supervisor_state::start_keeper() {
  auto& l = settings->limits;
  link_setup x;
  x.rules.handshake_timeout = l.handshake_timeout;
  x.rules.stable_after = l.stable_after;
  x.rules.backoff_min = l.backoff_min;
  x.rules.backoff_max = l.backoff_max;
  x.rules.idle_ack_timeout = l.idle_ack_timeout;
  x.rules.silence = l.ping_timeout;
  x.outbound_timeout = l.outbound_timeout;
  x.ping_interval = l.ping_interval;
  x.ping_timeout = l.ping_timeout;
  x.max_frame = l.max_frame;
  x.request_prefix = "r" + hex(env.random->bits()) + "-";
  // Above all that its predecessor used, even where it had not said so yet: others ignore an older link.
  constexpr std::uint64_t round = 1'000;
  if (children["link-keeper"].born != core::instant{})
    x.epoch = (std::max(link.epoch, live.epoch) / round + 1) * round;
  link_manager_handle = self->spawn(link_manager, env, std::move(x), link_users{inbound, egress, agent},
                                    supervisor_actor{self});
  watch("link-keeper", caf::actor_cast<caf::actor>(link_manager_handle));
  publish();
}

void supervisor_state::connect_children() {
  tell(self, inbound, route_sink{egress, egress});
  tell(self, egress, prompt_sink{inbound});
  tell(self, inbound, media);
  tell(self, egress, media);
  tell(self, inbound, agent_line{agent, {inbound, egress, agent_registry_actor{self}}});
  tell(self, link_manager_handle, link_users{inbound, egress, agent});
}

/// Starts it, or gives the running one its new orders.
void supervisor_state::start_policy() {
  if (!children["policy"].handle) {
    auto& l = settings->limits;
    policy_setup x{l.backoff_min, l.backoff_max, l.http_timeout, {}};
    // Nobody calls back what the one before had under way, and the connector keeps what comes last.
    if (children["policy"].born != core::instant{}) x.quiet = l.http_timeout + last_words;
    policy = self->spawn(relay::policy, env, x, supervisor_actor{self});
    watch("policy", caf::actor_cast<caf::actor>(policy));
  }
  policy_orders x;
  x.url = wire::derive_urls(settings->relay.url).policy;
  x.policies = settings->policies;
  for (auto& p : settings->policies) {
    if (remembers_policy(p.platform)) x.declared_before.push_back(p.platform);
    // It may arrive although no answer comes back, and this process may not live to ask again.
    if (who.usable() && !p.is_unset()) remember("declared." + p.platform, settings->relay.url);
  }
  x.who = who;
  x.version = ++policy_version;
  tell(self, policy, std::move(x));
}

void supervisor_state::start_provisioning() {
  auto& relay = settings->relay;
  if (!relay_on()) { // nothing at all may happen (F45)
    credentials_known = true;
    env.log->write(severity::warn, "relay.off",
                   {{"why", relay.vetoed ? "platforms.relay.enabled is false" : "no relay URL is set"},
                    {"next", "serving health only"}});
    update_target();
    return;
  }
  auto mark_all = [&](platform_step step, const std::string& why) {
    for (auto& x : relay.identities) provisioning[x.platform] = {x.platform, step, why};
  };
  if (relay.pinned()) { // somebody else provisions (F72)
    mark_all(platform_step::pinned, {});
    credentials_decided x{{relay.gateway_id, relay.gateway_secret, relay.delivery_key, {}}, {}};
    start_policy();
    decided(x);
    return;
  }
  if (!has_identity(settings->idp)) {
    mark_all(platform_step::skipped, "no identity token is configured");
    env.log->write(severity::warn, "provision.skipped",
                   {{"why", "no identity token is configured"}, {"next", "dialling without credentials"}});
    credentials_decided x{{}, "no identity token is configured"};
    start_policy();
    decided(x);
    return;
  }
  start_policy();
  if (!children["identity"].handle) {
    identity = self->spawn(identity_source, env,
                           identity_setup{settings->idp, settings->limits.http_timeout, last_refresh},
                           caf::actor_cast<caf::strong_actor_ptr>(self));
    watch("identity", caf::actor_cast<caf::actor>(identity));
  }
  provisioner_setup x;
  x.url = wire::derive_urls(relay.url).provision;
  x.gateway_id = effective_id();
  if (relay.gateway_id.empty()) remember("gateway_id", x.gateway_id);
  x.endpoint = relay.endpoint;
  x.instance_id = relay.instance_id;
  x.wake_url = relay.wake_url;
  x.display_name = relay.display_name;
  x.route_keys = relay.route_keys;
  x.platforms = relay.identities;
  x.backoff_min = settings->limits.backoff_min;
  x.backoff_max = settings->limits.backoff_max;
  x.http_timeout = settings->limits.http_timeout;
  x.held = who.usable();
  for (auto& p : relay.identities) {
    auto it = provisioning.find(p.platform);
    if (it != provisioning.end() && it->second.step == platform_step::done) {
      x.already.push_back(p.platform);
    } else {
      provisioning[p.platform] = {p.platform, platform_step::pending, {}};
    }
  }
  provisioner = self->spawn(relay::provisioner, env, std::move(x), identity, supervisor_actor{self});
  watch("provisioner", caf::actor_cast<caf::actor>(provisioner));
  tell(self, provisioner, atom::start_v);
}

void supervisor_state::child_down(const caf::down_msg& d) {
  auto it = std::find_if(children.begin(), children.end(),
                         [&](auto& x) { return x.second.handle.address() == d.source; });
  if (it == children.end()) return; // of an earlier life, or replaced on purpose
  auto which = it->first;
  it->second.handle = nullptr;
  if (now == stage::stopping) {
    stop_children();
    return;
  }
  ++restarts;
  env.metrics->add(counter::child_restarts, which);
  auto& pause = it->second.pause;
  if (now_of(self) - it->second.born >= healthy_after) pause.reset();
  auto delay = pause.tries() == 0 ? milliseconds{0} : pause.next(env.random->bits());
  if (pause.tries() == 0) pause.next(0);
  env.log->write(severity::error, "child.down",
                 {{"child", which},
                  {"reason", caf::to_string(d.reason)},
                  {"next", "started again in " + std::to_string(delay.count()) + " ms"}});
  if (which == "link-keeper") { // its connection must not live on unwatched: one dialler at a time
    if (live.connection) self->send_exit(live.connection, caf::exit_reason::kill);
    live.connection = nullptr;
    live.what = std::make_shared<const descriptor_set>();
    live.abandoned = true;
    tell(self, inbound, live);
    tell(self, egress, live);
    live.abandoned = false;
    if (dormancy.at != dormancy_phase::step::none) slept({false, "the link keeper died"});
    link_status lost{link_phase::starting, "the link keeper is being restarted", link.epoch};
    link_changed(lost);
  }
  if (delay.count() == 0) {
    restart(which);
  } else {
    tell_later<supervisor_actor>(self, delay, atom::start_v, which);
  }
}

void supervisor_state::restart(const std::string& which) {
  if (now == stage::stopping || children[which].handle) return;
  if (which == "agent") {
    if (!setup.make_agent) {
      agent = nullptr; // the embedder's own: only its maker can make another
      connect_children();
      return;
    }
    start_agent();
    connect_children();
    tell(self, agent, welcomed);
  } else if (which == "media") {
    start_media();
    update_media_access();
    tell(self, inbound,
         media); // no more than that: connect_children() would give out again what the agent has
    tell(self, egress, media);
  } else if (which == "egress-router") {
    start_egress();
    connect_children();
  } else if (which == "inbound") {
    start_inbound();
    connect_children();
    // What its predecessor had not acked is replayed by the connector; after a sleep it is all the same.
    if (link.phase != link_phase::dormant) tell(self, link_manager_handle, command::reconnect);
  } else if (which == "link-keeper") {
    start_keeper();
    update_target();
  } else if (which == "policy") {
    start_policy();
  } else if (which == "provisioner" || which == "identity") {
    // The provisioner asks the identity, which may have a renewed login on its way and lives on.
    auto& x = children["provisioner"];
    if (x.handle) self->send_exit(std::exchange(x.handle, nullptr), caf::exit_reason::user_shutdown);
    start_provisioning();
  }
}

// -- what is known ------------------------------------------------------------------------------------

void supervisor_state::decided(credentials_decided& x) {
  credentials_known = true;
  auto changed = !(x.who == who);
  if (x.who.usable()) who = std::move(x.who);
  if (changed && who.usable()) start_policy(); // before the dial: the first event should find it in force
  update_target();
  if (changed) announcement();
}

void supervisor_state::update_media_access() {
  auto store = relay_on() ? wire::derive_urls(settings->relay.url).media : std::string{};
  tell(self, media, media_access{std::move(store), who, settings->media});
}

void supervisor_state::update_target() {
  ever_started = ever_started || credentials_known;
  if (!credentials_known || now != stage::running) return;
  update_media_access();
  tell(self, link_manager_handle,
       relay_on() ? link_target{settings->relay.url, who, settings->relay.identities} : link_target{});
}

void supervisor_state::provisioned(platform_progress& x) {
  auto& entry = provisioning[x.platform];
  auto healed = x.step == platform_step::done && entry.step != platform_step::done;
  if (healed) tell(self, policy, atom::start_v, x.platform);
  entry = std::move(x);
}

void supervisor_state::policy_told(policy_progress& x) {
  if (x.version != policy_version) return; // a reload came between: the settings of now say other things
  auto& [platform, step, error] = x.what;
  if (step == platform_step::done || step == platform_step::failed)
    for (auto& p : settings->policies) // one that was refused may have arrived all the same
      if (p.platform == platform && (step == platform_step::done || !p.is_unset()))
        remember("declared." + platform, p.is_unset() ? std::string{} : settings->relay.url);
  declared[platform] = std::move(x.what);
}

void supervisor_state::linked(link_up& x) {
  live = std::move(x);
  announcement();
}

void supervisor_state::link_changed(link_status& x) {
  if (x.phase != link.phase) since_ms = env.clock->wall_ms();
  auto turned_dormant = x.phase == link_phase::dormant && link.phase != link_phase::dormant;
  link = std::move(x);
  if (turned_dormant) request_dormancy();
  if (link.phase != link_phase::stopped) return;
  tell(self, egress, atom::finish_v); // nobody will dial again: what is held can only fail
  if (now == stage::closing) begin_stopping();
}

void supervisor_state::announcement() {
  gateway_announcement fresh{effective_id(), live.what->all};
  // A lost link does not change what the platforms can do; the next handshake tells anew.
  if (!live.connection && !welcomed.platforms.empty()) fresh.platforms = welcomed.platforms;
  if (fresh == welcomed) return;
  welcomed = std::move(fresh);
  tell(self, agent, welcomed);
}

void supervisor_state::declare(agent_declaration x) {
  if (x == agents) return;
  agents = std::move(x);
  publish();
}

void supervisor_state::publish() {
  tell(self, link_manager_handle,
       command_manifest{core::merged_commands(settings->service.commands, agents.commands)});
  tell(self, inbound, media_wish{agents.media_paths, settings->media.wait + media_margin});
}

void supervisor_state::apply(const settings_ptr& next) {
  if (now != stage::running || !next) return;
  auto before = settings;
  settings = next;
  auto& a = before->relay;
  auto& b = next->relay;
  auto same_provisioning = a.vetoed == b.vetoed && a.url == b.url && a.identities == b.identities &&
                           a.gateway_id == b.gateway_id && a.gateway_secret == b.gateway_secret &&
                           a.delivery_key == b.delivery_key && a.endpoint == b.endpoint &&
                           a.instance_id == b.instance_id && a.wake_url == b.wake_url &&
                           a.display_name == b.display_name && a.route_keys == b.route_keys &&
                           before->idp == next->idp;
  if (before->service.commands != next->service.commands) publish();
  if (before->media != next->media) {
    update_media_access();
    publish();
  }
  auto same_policies = before->policies == next->policies;
  if (before->service.idle_after != next->service.idle_after || a.wake_url != b.wake_url) watch_idle();
  env.log->write(severity::info, "settings.applied",
                 {{"relay", same_provisioning ? "unchanged" : "changed"},
                  {"policies", same_policies ? "unchanged" : "changed"}});
  tell(self, egress, fronted_set{b.identities, next->slack.reply_in_thread});
  if (same_provisioning && same_policies) return;
  auto replace = [&](const char* which) {
    auto& x = children[which];
    if (x.handle) self->send_exit(std::exchange(x.handle, nullptr), caf::exit_reason::user_shutdown);
  };
  if (!relay_on()) replace("policy");
  if (same_provisioning) {
    start_policy();
    return;
  }
  replace("provisioner");
  // It knows which refresh tokens are spent, and may have a new pair on its way.
  if (before->idp != next->idp || !relay_on() || b.pinned()) {
    replace("identity");
    last_refresh = std::make_shared<refresh_record>(); // the one that is told to go may still use its own
  }
  // Another connector, id or identity: what the old one gave is void. A changed platform set keeps it.
  auto void_credentials = a.url != b.url || a.gateway_id != b.gateway_id || a.pinned() != b.pinned() ||
                          a.gateway_secret != b.gateway_secret || before->idp != next->idp;
  if (void_credentials) {
    who = {};
    provisioning.clear();
    if (a.url != b.url) declared.clear();
    credentials_known = false;
  }
  start_provisioning();
  update_target();
}

gateway_report supervisor_state::known() const {
  gateway_report out;
  out.link = link;
  out.store = disk;
  out.ready =
      disk.ok && disk.room && (link.phase == link_phase::connected || link.phase == link_phase::dormant);
  out.started = ever_started;
  out.since_ms = since_ms;
  out.gateway_id = effective_id();
  out.tenant = who.tenant;
  out.connector = settings->relay.url;
  out.agent = setup.agent_name;
  out.credentials = who.usable();
  out.restarts = restarts;
  for (auto& x : settings->relay.identities) {
    platform_report p;
    p.who = x;
    p.provisioning.platform = p.policy.platform = x.platform;
    if (auto it = provisioning.find(x.platform); it != provisioning.end()) p.provisioning = it->second;
    if (auto it = declared.find(x.platform); it != declared.end()) p.policy = it->second;
    if (auto* d = live.what->find(x.platform)) {
      p.described = true;
      p.what = *d;
    }
    out.platforms.push_back(std::move(p));
  }
  return out;
}

caf::result<gateway_report> supervisor_state::report() {
  auto later = self->make_response_promise<gateway_report>();
  auto out = std::make_shared<gateway_report>(known());
  auto parts = std::make_shared<int>(2);
  auto part = [later, out, parts]() mutable {
    if (--*parts == 0) later.deliver(std::move(*out));
  };
  // A part that does not answer in time is reported as it was at birth: status must work when things do not.
  self->request(inbound, caf::duration{1s}, atom::status_v)
      .then(
          [out, part](const inbound_report& x) mutable {
            out->inbound = x;
            part();
          },
          [part](const caf::error&) mutable { part(); });
  self->request(egress, caf::duration{1s}, atom::status_v)
      .then(
          [out, part](const egress_report& x) mutable {
            out->egress = x;
            part();
          },
          [part](const caf::error&) mutable { part(); });
  return later;
}

supervisor_actor::behavior_type supervisor(supervisor_actor::stateful_pointer<supervisor_state> self,
                                           ports env, supervisor_setup setup) {
  auto* s = &self->state;
  guard_actor(self, env, nullptr, [s](const caf::down_msg& d) { s->child_down(d); });
  s->boot(std::move(env), std::move(setup));
  return {
      [s](agent_declaration& x) { s->declare(std::move(x)); },
      [s](command what) {
        switch (what) {
        case command::drain: s->drain(); break;
        case command::dormant: s->fall_asleep({}); break;
        case command::wake:
        case command::reconnect:
          s->cancel_dormancy("woken meanwhile");
          tell(s->self, s->link_manager_handle, what);
          break;
        }
      },
      [s](const dormancy_order& x) { return s->sleep(x); },
      [s](const settings_ptr& x) { s->apply(x); },
      [s](atom::status) { return s->report(); },
      [s](const dead_letter_ask& x) -> caf::result<dead_letter_answer> {
        auto later = s->self->make_response_promise<dead_letter_answer>();
        s->self->request(s->inbound, caf::duration{10s}, x)
            .then([later](dead_letter_answer& y) mutable { later.deliver(std::move(y)); },
                  [later](caf::error& e) mutable { later.deliver(std::move(e)); });
        return later;
      },
      [s](action_request& x) -> caf::result<action_outcome> {
        auto later = s->self->make_response_promise<action_outcome>();
        auto id = x.request_id;
        // One that may be sent again may take three time-outs, and some; the connector may ask for a wait.
        auto limit = s->settings->limits.egress_hold + core::longest_wait +
                     (x.resend_unknown ? 4 : 2) * s->settings->limits.outbound_timeout;
        s->self->request(s->egress, caf::duration{limit}, std::move(x))
            .then([later](action_outcome& y) mutable { later.deliver(std::move(y)); },
                  [later, id](const caf::error&) mutable {
                    later.deliver(action_outcome{id, action_result::ambiguous("the router did not answer")});
                  });
        return later;
      },
      [s](credentials_decided& x) { s->decided(x); },
      [s](platform_progress& x) { s->provisioned(x); },
      [s](policy_progress& x) { s->policy_told(x); },
      [s](store_health& x) {
        s->disk = std::move(x);
        tell(s->self, s->inbound, s->disk);
      },
      [s](const http_done& x) { s->sleep_url_answered(x); },
      [s](link_status& x) { s->link_changed(x); },
      [s](link_up& x) { s->linked(x); },
      [s](dormancy_outcome& x) { s->dormancy_committed(std::move(x)); },
      [s](atom::drained) { s->quiet(); },
      [s](atom::due, std::uint64_t generation) { s->due(generation); },
      [s](atom::start, const std::string& which) { s->restart(which); },
      [s](atom::idle) { s->look_for_work(); },
      [s](atom::look, std::uint64_t dormancy_number) { s->look_while_asleep(dormancy_number); },
  };
}

} // namespace relay
