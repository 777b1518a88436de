// A fault script at the connector: everything that crosses its wire passes the script, and what the script
// wants is done here.
#include "relay_gateway/app/connector/faults/language/script.hpp"
#include "relay_gateway/tests/sim/models/connector/connector.hpp"
#include "relay_gateway/tests/sim/models/connector/session.hpp"
#include "relay_gateway/tests/sim/models/event_text.hpp"
#include "relay_gateway/tests/sim/script/raw_bytes.hpp"
#include "relay_gateway/tests/sim/script/scripted_answer.hpp"

#include <boost/hana/functional/overload.hpp>

#include <algorithm>
#include <utility>
#include <variant>

namespace relay::sim {

void connector::play(const scripted::script& what) {
  script_ = std::make_unique<script_player>(on_, what, [this](const scripted::step& x) { perform(x); });
}

void connector::end_script() {
  if (!script_) return;
  script_->end();
  scripted_outage_ = false;
  clock_offset_s_ = 0;
  for (auto& [socket, held] : std::map{open_}) // hanging up takes it out
    if (auto x = held.lock(); x && x->wire()) {
      auto wire = x->wire();
      wire->hold(true, false);
      wire->hold(false, false);
    }
}

std::shared_ptr<session> connector::open_session(std::uint64_t socket) const {
  auto it = open_.find(socket);
  auto x = it == open_.end() ? nullptr : it->second.lock();
  return x && !x->is_over() ? x : nullptr;
}

// -- lines -----------------------------------------------------------------------------------------

/// `true_word`: the oracle may take the connector by it.
void connector::say_by_script(session& from, const std::string& frame, bool true_word) {
  ++saying_;
  std::string_view rest{frame};
  for (auto at = rest.find('\n'); at != std::string_view::npos; at = rest.find('\n')) {
    auto line = rest.substr(0, at);
    if (true_word) spoken_.said(line);
    script_->frame(from.socket(), scripted::way::out, line);
    rest.remove_prefix(at + 1);
  }
  if (!rest.empty() && from.wire()) from.wire()->say(std::string{rest}); // no line: not the script's
  --saying_;
}

void connector::hear_by_script(session& at, std::string_view line) {
  spoken_.wrote(at.socket(), line);
  script_->frame(at.socket(), scripted::way::in, line);
}

bool connector::said(std::uint64_t, std::string_view line) { return !script_ || spoken_.was_said(line); }

void connector::line_read(std::uint64_t socket, std::string_view line) {
  if (!script_) return; // whoever said it hears of it
  if (auto* x = spoken_.event_of(line)) who_.event_read(x->number, x->buffer_id, socket);
}

void connector::bring(const scripted::deliver& x) {
  if (x.direction == scripted::way::in && saying_ > 0) {
    on_.time.after(usec{0}, [this, x] { bring(x); });
    return;
  }
  auto to = open_session(x.which);
  if (!to) return;
  // To the gateway messages and fragments are one stream of bytes.
  if (x.direction == scripted::way::out)
    to->wire()->say(x.what.text);
  else
    to->take(x.what.text, spoken_.hear(x.which, x.what.text));
}

// -- sockets ---------------------------------------------------------------------------------------

void connector::opens_by_script(std::uint64_t socket, const std::shared_ptr<session>& what, usec delay,
                                const std::vector<scripted::action>& when_open) {
  open_[socket] = what;
  constexpr usec accepted{1};
  on_.time.after(delay + accepted, [this, socket, gateway = what->gateway(), when_open] {
    if (open_session(socket)) script_->opened(socket, gateway, when_open);
  });
}

void connector::session_over(std::uint64_t socket) {
  if (!script_) return;
  open_.erase(socket);
  script_->ended(socket);
}

void connector::write_raw(session& to, const std::string& bytes) {
  auto meaning = read_raw(bytes);
  if (!meaning.text.empty()) to.wire()->say(meaning.text);
  if (meaning.closes) return to.hang_up(meaning.code, "");
  if (!meaning.fine) to.wire()->cut(); // the client gives up, with what is on its way
}

// -- steps -----------------------------------------------------------------------------------------

void connector::perform(const scripted::step& x) {
  auto at = [this](std::uint64_t socket, auto deed) {
    if (auto to = open_session(socket)) deed(*to);
  };
  std::visit(
      boost::hana::overload(
          [&](const scripted::deliver& y) { bring(y); },
          [&](const scripted::close_connection& y) {
            at(y.which, [&](session& to) { to.hang_up(y.code, y.reason); });
          },
          [&](const scripted::end_connection& y) { at(y.which, [](session& to) { to.wire()->cut(); }); },
          [&](const scripted::hold_connection& y) {
            at(y.which, [&](session& to) { to.wire()->hold(!y.reading, y.on); });
          },
          [&](const scripted::abandon_connection& y) {
            at(y.which, [](session& to) { to.wire()->darken(true, true); });
          },
          [&](const scripted::forget_connection& y) { at(y.which, [](session& to) { to.wire()->cut(); }); },
          [&](const scripted::raw_bytes& y) { at(y.which, [&](session& to) { write_raw(to, y.bytes); }); },
          [&](const scripted::expire_credentials& y) {
            refuse_credentials(y.gateway, y.reason, false, true);
          },
          [&](const scripted::revoke_credentials& y) {
            refuse_credentials(y.gateway, y.reason, true, y.close);
          },
          [&](const scripted::set_clock& y) { clock_offset_s_ = y.seconds; },
          [&](const scripted::replay_events& y) { replay_storm(y.how); },
          [&](const scripted::call_wake_url&) { on_.time.after(plan_.latency, [this] { poke(); }); },
          [&](const scripted::set_outage& y) {
            scripted_outage_ = y.on;
            if (!y.on) return;
            late_results_.clear();
            for (auto& [socket, held] : open_)
              if (auto to = held.lock(); to && to->wire()) to->wire()->cut();
          }),
      x);
}

void connector::refuse_credentials(const std::string& gateways, const std::string& reason, bool forget,
                                   bool close) {
  auto meant = [&](const std::string& id) { return gateways.empty() || scripted::matches({gateways}, id); };
  if (forget) {
    bool any = false;
    for (auto& id : history_.ids())
      if (meant(id)) {
        history_.revoke(id);
        any = true;
      }
    is_revoked_ = is_revoked_ || any;
    if (any) who_.was_revoked();
  }
  if (!close) return;
  constexpr std::uint16_t refused = 4401;
  for (auto& [socket, held] : std::map{open_})
    if (auto to = held.lock(); to && meant(to->gateway())) to->hang_up(refused, reason);
}

void connector::poke() {
  if (plan_.settings.relay.wake_url.empty() || !on_wake) return;
  if (!script_) return on_wake();
  auto now = live();
  auto verdict = script_->poke(now ? now->gateway() : plan_.gateway_id);
  for (std::uint64_t i = 0; i <= verdict.copies && !verdict.drop; ++i)
    on_.time.after(verdict.delay + verdict.between * static_cast<std::int64_t>(i), [this] { on_wake(); });
  script_->perform(std::move(verdict.also));
}

// -- calls -----------------------------------------------------------------------------------------

served connector::serve(const http_request& what) {
  auto base = plan_.connector_url();
  if (!script_ || is_down() || what.url.rfind(base + "/relay", 0) != 0) return {answer(what)};
  auto path = what.url.substr(base.size());
  json_text body{what.body.reveal()};
  token_claims claims;
  if (!read_token(what.bearer.reveal(), claims)) claims.gateway_id = text(body.root(), "gatewayId");
  auto platform = text(body.root(), "platform");
  auto verdict = script_->call({what.method, path, platform, claims.gateway_id, what.body.reveal()});
  auto out = scripted_answer(verdict, verdict.processed ? answer(what) : http_response{}, what);
  auto good = out.what.status >= 200 && out.what.status < 300;
  if (good && is_altered(verdict)) who_.answer_altered(what);
  script_->perform(std::move(verdict.also));
  return out;
}

// -- a storm ---------------------------------------------------------------------------------------

void connector::replay_storm(const scripted::replay& how) {
  // A platform that this run does not have would reach nobody.
  auto platform = plan_.platform(how.platform) ? how.platform : plan_.platforms.front().who.platform;
  seeded_rng rng{on_.seed, "storm " + std::to_string(storm_events_)};
  for (std::int64_t i = 0; i < how.events; ++i) {
    constexpr std::uint64_t first = 1'000'000; // people's events are numbered from 1
    told_event x;
    x.number = first + ++storm_events_;
    x.platform = platform;
    x.chat_id = how.chat_id + (how.chats > 1 ? "-" + std::to_string(i % how.chats) : "");
    x.chat_type = "group";
    x.scope_id = "scope-storm";
    x.user_id = "u-storm";
    x.order = ++storm_orders_[x.platform + "/" + x.chat_id];
    x.message_id = "storm" + std::to_string(x.order);
    x.text = how.text;
    if (auto at = x.text.find("{n}"); at != std::string::npos) x.text.replace(at, 3, std::to_string(i));
    x.text += " e" + std::to_string(x.number) + ".0"; // so that it is known wherever it comes up
    place where;
    where.platform = x.platform;
    x.raw = event_json(x, where, rng);
    who_.happened(x);
    auto members = frame_members(x, rng);
    for (std::int64_t copy = 0; copy <= how.repeat; ++copy)
      buffer(x.number, members, x.platform + "/" + x.chat_id);
  }
  if (auto to = live(); to && to->serves())
    replay(*to, false);
  else
    poke();
}

} // namespace relay::sim
