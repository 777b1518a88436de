#include "relay_gateway/actors/link/link_manager.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/inbound/core/dedupe_index.hpp"
#include "relay_gateway/actors/link/connection.hpp"
#include "relay_gateway/messages/secret_text.hpp"
#include "relay_gateway/messages/wire/actions/commands.hpp"
#include "relay_gateway/messages/wire/http/tokens.hpp"
#include "relay_gateway/messages/wire/http/urls.hpp"

#include <algorithm>
#include <chrono>

namespace relay {

using namespace std::chrono_literals;

namespace {

link_phase phase_of(const core::link_state_machine& x, bool aimed) {
  switch (x.state()) {
  case core::link_state::idle: return aimed ? link_phase::off : link_phase::starting;
  case core::link_state::waiting: return x.asleep() ? link_phase::dormant : link_phase::waiting;
  case core::link_state::dialling: return x.asleep() ? link_phase::dormant : link_phase::connecting;
  case core::link_state::serving: return link_phase::connected;
  case core::link_state::quiescing: return x.draining() ? link_phase::draining : link_phase::connected;
  case core::link_state::quiet: return link_phase::draining;
  case core::link_state::closing: return x.draining() ? link_phase::draining : link_phase::waiting;
  case core::link_state::dormant: return link_phase::dormant;
  case core::link_state::disabled: return link_phase::disabled;
  case core::link_state::stopped: return link_phase::stopped;
  }
  return link_phase::off;
}

// How often the clocks are compared: a suspend may land any moment while dialling is held.
constexpr milliseconds seldom{5'000}, often{500};

/// Why an order to sleep came to nothing.
std::string why_awake(const core::link_state_machine& x) {
  if (x.draining()) return "stopping";
  switch (x.state()) {
  case core::link_state::serving: return "the connector did not acknowledge going_idle in time";
  case core::link_state::closing: return "woken, or told to connect anew, meanwhile";
  case core::link_state::dialling: return "a dial is under way";
  case core::link_state::waiting: return "the connection was lost";
  default: return "not connected";
  }
}

/// Why an attempt or a connection ended: the label of its metric.
const char* label(const link_gone& x) {
  if (x.close_code == 4401 || x.http_status == 401) return "refused";
  if (x.close_code != 0) return "closed";
  if (x.http_status != 0) return "upgrade";
  return "network";
}

} // namespace

void link_manager_state::update_target(link_target x) {
  auto first = !aimed;
  auto before = std::move(target);
  target = std::move(x);
  aimed = true;
  auto now = now_of(self);
  if (target.url.empty()) {
    execute(session.target_gone(now));
    return;
  }
  auto kept = [&](const identity& who) {
    return std::find(target.identities.begin(), target.identities.end(), who) != target.identities.end();
  };
  auto only_added = !first && before.url == target.url && before.who == target.who &&
                    std::all_of(before.identities.begin(), before.identities.end(), kept) &&
                    !before.identities.empty() && !target.identities.empty() &&
                    before.identities.front() == target.identities.front();
  if (only_added) { // a further platform needs no new connection
    for (auto& who : target.identities)
      if (std::find(before.identities.begin(), before.identities.end(), who) == before.identities.end() &&
          connection)
        tell(self, connection, who);
    return;
  }
  execute(session.target_changed(now));
}

void link_manager_state::execute(const core::link_orders& orders) {
  for (auto& x : orders) {
    switch (x.kind) {
    case core::link_order::dial: dial(x.cause); break;
    case core::link_order::hang_up: tell(self, connection, atom::finish_v, x.why); break;
    case core::link_order::close: tell(self, connection, atom::finish_v); break;
    case core::link_order::announce: tell(self, connection, atom::idle_v); break;
    case core::link_order::up:
      up = true;
      env.metrics->add(counter::handshakes);
      log_up();
      announce_link();
      break;
    case core::link_order::down:
      up = false;
      announce_link();
      break;
    case core::link_order::drained: tell(self, owner, atom::drained_v); break;
    }
  }
  arm();
  tell_status();
  arm_look();
  if (session.falling_asleep()) return;
  auto asleep = session.state() == core::link_state::dormant;
  for (; dormancy_asks > 0; --dormancy_asks)
    tell(self, owner, dormancy_outcome{asleep, asleep ? std::string{} : why_awake(session)});
}

/// After tell_status(): the supervisor knows the phase before it hears the outcome.
void link_manager_state::sleep(const dormancy_order& x) {
  ++dormancy_asks;
  execute(session.go_dormant(now_of(self), x.hold));
}

void link_manager_state::dial(core::dial_cause cause) {
  if (connection) { // whatever it still says is of an older epoch
    tell(self, connection, atom::finish_v, std::string{"replaced by a new connection"});
    lingering.emplace(session.epoch() - 1, connection);
  }
  env.metrics->add(counter::dials, core::to_string(cause));
  dialled_at = now_of(self);
  connection_setup s;
  s.epoch = session.epoch();
  s.dial.url = wire::derive_urls(target.url).dial;
  origin = core::origin_name(s.dial.url, target.who.tenant);
  s.origin = origin;
  // Minted for this dial alone: an old one may have expired while this process was frozen (F8).
  minted_ms = env.clock->wall_ms();
  if (target.who.usable()) s.dial.bearer = wire::mint_token(target.who, minted_ms / 1000);
  minted = s.dial.bearer;
  s.dial.timeout = setup.rules.handshake_timeout;
  s.dial.ping_interval = setup.ping_interval;
  s.dial.ping_timeout = setup.ping_timeout;
  s.hellos = target.identities;
  s.manifest = wire::encode_commands(manifest.commands);
  s.outbound_timeout = setup.outbound_timeout;
  s.close_limit = setup.rules.close_limit;
  s.max_frame = setup.max_frame;
  s.users = users;
  s.request_prefix = setup.request_prefix + std::to_string(s.epoch) + "-";
  // During an outage its own lines tell how it goes.
  env.log->write(outage.ongoing() ? severity::debug : severity::info, "link.dial",
                 {{"epoch", s.epoch}, {"url", s.dial.url}, {"cause", core::to_string(cause)}});
  connection = self->spawn(relay::connection, env, std::move(s), link_manager_actor{self});
  self->monitor(connection);
}

void link_manager_state::announce_link() {
  link_up x{session.epoch(), up ? connection : connection_actor{}, what, false, origin};
  tell(self, users.inbound, x);
  tell(self, users.egress, x);
  tell(self, owner, x);
}

void link_manager_state::described(descriptor& x, std::uint64_t epoch) {
  if (epoch != session.epoch()) {
    env.metrics->add(counter::frames_stale);
    return;
  }
  auto fresh = session.state() == core::link_state::dialling;
  if (!fresh && !what->all.empty()) {
    const auto* before = what->find(x.platform);
    if (before != nullptr && *before == x) return; // it says nothing new
    // Each link_up has them all, and each further one makes a list anew.
    constexpr std::size_t most = 64, most_bytes = 1UL << 20;
    std::size_t bytes = x.raw.size();
    for (const auto& y : what->all) bytes += &y == before ? 0 : y.raw.size();
    if (bytes > most_bytes || (before == nullptr && what->all.size() >= most)) {
      env.metrics->add(counter::frames_refused, "too_many");
      return;
    }
  }
  // The old descriptors go only when the new handshake is done, which is now (protocol.md 3.1, F73).
  auto next = fresh ? std::make_shared<descriptor_set>() : std::make_shared<descriptor_set>(*what);
  next->put(std::move(x));
  what = std::move(next);
  if (fresh) {
    execute(session.described(epoch, now_of(self)));
  } else if (up) {
    announce_link();
  }
}

void link_manager_state::gone(link_gone x) {
  for (auto* text : {&x.error, &x.close_reason}) // of the peer: it may repeat what it was given
    *text = without(without(std::move(*text), minted), target.who.key);
  if (x.epoch == session.epoch()) {
    env.metrics->add(counter::links_ended, label(x));
    log_end(x);
    if (connection) lingering.emplace(x.epoch, std::move(connection));
    connection = nullptr;
  }
  auto before = session.state();
  auto aged = env.clock->wall_ms() - minted_ms >= wire::token_lifetime_s * 1000;
  execute(session.ended(x.epoch,
                        {x.close_code, x.close_reason, x.http_status, x.error, aged, minted.empty(),
                         milliseconds{x.retry_after_ms}},
                        now_of(self), random()));
  if (session.state() == core::link_state::disabled && before != core::link_state::disabled) {
    env.metrics->set(gauge::revoked, 1);
    env.log->write(severity::error, "link.revoked",
                   {{"reason", session.reason()},
                    {"gateway_id", target.who.gateway_id},
                    {"next", "no more dialling; new credentials (reload or restart) start it again"}});
  }
}

/// An end that was asked for is no news. Any other begins an outage or belongs to one: a line at its start,
/// one whenever its length has doubled or another reason turns up, the rest at debug.
void link_manager_state::log_end(const link_gone& x) {
  auto level = severity::info;
  auto id = "link.closed";
  core::outage::summary so_far;
  if (session.state() != core::link_state::closing) {
    const auto news = outage.failed(now_of(self), x.error);
    so_far = outage.so_far(now_of(self));
    level = news == core::outage::news::as_before ? severity::debug : severity::warn;
    id = news == core::outage::news::began ? "link.lost" : "link.still_down";
  }
  env.log->write(level, id,
                 {{"epoch", x.epoch},
                  {"error", x.error},
                  unless_zero("close_code", x.close_code),
                  {"close_reason", x.close_reason},
                  unless_zero("http_status", x.http_status),
                  unless_zero("retry_after_ms", x.retry_after_ms),
                  {"down_ms", so_far.lasted.count()},
                  {"failures", so_far.failures}});
}

void link_manager_state::log_up() {
  env.metrics->observe(histogram::dial, now_of(self) - dialled_at);
  env.metrics->set(gauge::link_last_up, env.clock->wall_ms() / 1000);
  env.metrics->set(gauge::revoked, 0);
  const auto past = outage.recovered(now_of(self)).value_or(core::outage::summary{});
  env.log->write(severity::info, "link.up",
                 {{"epoch", session.epoch()},
                  {"default_platform", what->default_platform},
                  {"down_ms", past.lasted.count()},
                  {"failures", past.failures}});
}

void link_manager_state::died(const caf::actor_addr& who) {
  for (auto it = lingering.begin(); it != lingering.end(); ++it) {
    if (it->second.address() != who) continue;
    lingering.erase(it);
    return;
  }
  if (!connection || connection.address() != who) return;
  // It died without a word: as if its socket had ended, but nobody knows what it had put on the wire.
  link_up lost{session.epoch(), {}, what, true, origin};
  tell(self, users.inbound, lost);
  tell(self, users.egress, lost);
  gone({session.epoch(), 0, {}, 0, "the connection's actor died"});
}

void link_manager_state::look() {
  auto gap = clocks.look(now_of(self), env.clock->wall_ms());
  pace = 0ms;
  if (!gap.any()) return arm_look();
  auto orders = session.resumed(gap, now_of(self));
  env.log->write(severity::info, "link.resumed",
                 {{"slept_ms", gap.suspended.count()},
                  {"late_ms", gap.late.count()},
                  {"next", orders.empty() ? "nothing: the link needs no help" : "connecting anew at once"}});
  execute(orders);
}

/// A sooner look takes the place of the one that is armed.
void link_manager_state::arm_look() {
  auto next = session.held() ? often : seldom;
  if (pace.count() != 0 && next >= pace) return;
  pace = next;
  clocks.expect(now_of(self) + pace);
  tell_later<link_manager_actor>(self, pace, atom::look_v, ++looking);
}

void link_manager_state::tell_status() {
  link_status now{phase_of(session, aimed), session.reason(), session.epoch(), session.held(), next_dial_ms};
  if (now == told) return;
  if (now.phase != told.phase) env.metrics->set(gauge::connected, up ? 1 : 0);
  told = now;
  tell(self, owner, std::move(now));
}

void link_manager_state::arm() {
  const auto at = session.due();
  plan(at);
  if (alarm.arm(at)) tell_later<link_manager_actor>(self, *at - now_of(self), atom::due_v);
}

/// Tells when the next dial is due. The wall clock is read once for each deadline, so that a status that is
/// told again is the same.
void link_manager_state::plan(core::deadline at) {
  if (at && at == planned) return;
  planned = at;
  next_dial_ms = 0;
  if (at && session.state() == core::link_state::waiting)
    next_dial_ms =
        env.clock->wall_ms() + std::chrono::duration_cast<milliseconds>(*at - now_of(self)).count();
  env.metrics->set(gauge::link_next_dial, next_dial_ms / 1000);
}

link_manager_actor::behavior_type link_manager(link_manager_actor::stateful_pointer<link_manager_state> self,
                                               ports env, link_setup setup, link_users users,
                                               supervisor_actor owner) {
  auto* s = &self->state;
  guard_actor(self, env, caf::actor_cast<caf::strong_actor_ptr>(owner),
              [s](const caf::down_msg& d) { s->died(d.source); });
  s->env = std::move(env);
  s->setup = std::move(setup);
  s->users = std::move(users);
  s->owner = std::move(owner);
  s->session = core::link_state_machine{s->setup.rules, s->setup.epoch};
  s->clocks.look(now_of(self), s->env.clock->wall_ms());
  s->arm_look();
  return {
      [s](link_target& x) { s->update_target(std::move(x)); },
      [s](link_users& x) {
        s->users = std::move(x);
        tell(s->self, s->connection, s->users);
        if (s->up) s->announce_link();
      },
      [s](command_manifest& x) {
        s->manifest = std::move(x);
        tell(s->self, s->connection, s->manifest);
      },
      [s](command what) {
        auto now = now_of(s->self);
        switch (what) {
        case command::drain: s->execute(s->session.drain(now)); break;
        case command::dormant: s->sleep({}); break;
        case command::wake: s->execute(s->session.wake(now)); break;
        case command::reconnect: s->execute(s->session.reconnect(now)); break;
        }
      },
      [s](const dormancy_order& x) { s->sleep(x); },
      [s](atom::finish) { s->execute(s->session.finish(now_of(s->self))); },
      [s](atom::start, std::uint64_t epoch) { s->execute(s->session.opened(epoch, now_of(s->self))); },
      [s](descriptor& x, std::uint64_t epoch) { s->described(x, epoch); },
      [s](atom::idle, std::uint64_t epoch) { s->execute(s->session.idle_acked(epoch, now_of(s->self))); },
      [s](const link_gone& x) { s->gone(x); },
      [s](atom::due) {
        s->alarm.rang();
        s->execute(s->session.timer(now_of(s->self), s->random()));
      },
      [s](atom::look, std::uint64_t chain) {
        if (chain == s->looking) s->look();
      },
  };
}

} // namespace relay
