#include "relay_gateway/tests/sim/models/connector/connector.hpp"

#include "relay_gateway/tests/sim/models/connector/session.hpp"
#include "relay_gateway/tests/sim/models/event_text.hpp"

#include <algorithm>
#include <utility>

namespace relay::sim {

connector::connector(stage on, const plan& p, observer& who)
    : on_(on), plan_(p), who_(who), rng_(on.seed, "connector"), platforms_(on) {
  if (p.credentials == identity_choice::pinned) history_.arrange(p.gateway_id, p.pinned_secret);
}

connector::~connector() = default;

std::shared_ptr<session> connector::live() const {
  auto x = live_.lock();
  return x && !x->is_over() ? x : nullptr;
}

bool connector::linked() const {
  auto x = live();
  return x && x->serves();
}

// -- sockets ---------------------------------------------------------------------------------------

upgrade_answer connector::upgrade(std::uint64_t socket, const dial_request& what,
                                  const std::shared_ptr<sim_socket>& over) {
  if (is_down()) return {};
  if (!script_) return take_in(socket, what, over, usec{0}, {});
  token_claims claims;
  read_token(what.bearer.reveal(), claims);
  auto verdict = script_->upgrade({"GET", "/relay", {}, claims.gateway_id, {}});
  upgrade_answer out;
  out.delay = verdict.delay;
  out.silent = verdict.how == scripted::ending::silent;
  if (verdict.refuse) out.http_status = verdict.refuse->status;
  if (verdict.how == scripted::ending::answered && !verdict.refuse)
    out = take_in(socket, what, over, verdict.delay, verdict.when_open);
  script_->perform(std::move(verdict.also));
  return out;
}

upgrade_answer connector::take_in(std::uint64_t socket, const dial_request& what,
                                  const std::shared_ptr<sim_socket>& over, usec delay,
                                  const std::vector<scripted::action>& when_open) {
  auto& faults = on_.faults;
  auto refuse = [delay](int status) {
    upgrade_answer out;
    out.http_status = status;
    out.delay = delay;
    return out;
  };
  if (faults.hit(fault::upgrade_fails)) {
    constexpr std::array<int, 4> statuses{429, 500, 502, 503};
    return refuse(faults.of(fault::upgrade_fails).one_of(statuses));
  }
  std::string id;
  auto verdict = history_.check(what.bearer.reveal(), now_s(), id);
  on_.log.line(on_.time.now(), "co.upgrade", std::to_string(socket), to_string(verdict));
  auto refused = verdict != token_verdict::good;
  auto expired = verdict == token_verdict::expired;
  if (!refused && faults.hit(fault::refused_expired)) refused = expired = true;
  if (!refused && faults.hit(fault::refused_once)) refused = true;
  if (refused && !expired && rng_.chance(0.4)) return refuse(401);
  auto x = std::make_shared<session>(*this, socket, id, over);
  upgrade_answer accepted;
  accepted.far = x;
  accepted.delay = delay;
  if (script_) opens_by_script(socket, x, delay, when_open);
  if (refused) {
    on_.time.after(delay + usec{300}, [x, expired] { x->hang_up(4401, expired ? "expired" : ""); });
    return accepted;
  }
  // The newest one counts: the older one is a connection that nobody has missed yet.
  if (auto old = live()) old->hang_up(1000, "replaced");
  live_ = x;
  return accepted;
}

void connector::restart(usec down_for) {
  down_until_ = std::max(down_until_, on_.time.now() + down_for);
  if (auto x = live()) x->hang_up(rng_.chance(0.5) ? 1012 : 1001, "");
  late_results_.clear();
}

void connector::count_anew(usec down_for) {
  restart(down_for);
  buffers_ = 0;
}

void connector::close_link(std::uint16_t code, std::string reason) {
  if (auto x = live()) x->hang_up(code, std::move(reason));
}

void connector::raw(const std::string& bytes) {
  if (auto x = live(); x && x->serves()) x->say(bytes);
}

void connector::revoke() {
  history_.revoke_all();
  is_revoked_ = true;
  who_.was_revoked();
  close_link(4401, "");
}

// -- events ----------------------------------------------------------------------------------------

void connector::happen(told_event x, const place& where) {
  if (x.kind == event_kind::message || x.kind == event_kind::press) x.raw = event_json(x, where, rng_);
  // Some connectors hand a press on as the platform's own request.
  auto forwarded = x.kind == event_kind::press && x.platform == "discord" && rng_.chance(0.5);
  if (forwarded) x.raw.clear();
  who_.happened(x);
  auto members = frame_members(x, rng_);
  auto chat = x.platform + "/" + x.chat_id;
  auto now = live();
  auto fits = now && now->serves() && std::all_of(backlog_.begin(), backlog_.end(), [&](auto& y) {
                return y.said_on == now->socket();
              });
  auto plain = (x.kind == event_kind::message && x.edit_of == 0) || x.kind == event_kind::interaction;
  if (fits && plain && rng_.chance(plan_.unbuffered)) {
    ++events_said;
    if (script_) spoken_.said("{" + members + "}", {x.number, {}});
    now->say("{" + members + "}\n",
             [this, number = x.number, socket = now->socket()] { who_.event_read(number, {}, socket); });
    return;
  }
  buffer(x.number, std::move(members), chat);
  if (fits) say_entry(*now, backlog_.back());
}

void connector::buffer(std::uint64_t number, std::string members, std::string chat) {
  entry y;
  y.number = number;
  auto taken = [&] {
    return std::any_of(backlog_.begin(), backlog_.end(), [&](auto& x) { return x.buffer_id == y.buffer_id; });
  };
  do y.buffer_id = "b" + std::to_string(++buffers_);
  while (taken());
  y.members = std::move(members);
  y.chat = std::move(chat);
  who_.buffered(number, y.buffer_id);
  backlog_.push_back(std::move(y));
}

void connector::say_entry(session& to, entry& x) {
  x.said_on = to.socket();
  ++events_said;
  auto line = "{" + x.members + ",\"bufferId\":" + json_string(x.buffer_id) + "}\n";
  if (script_) spoken_.said({line.data(), line.size() - 1}, {x.number, x.buffer_id});
  auto read = [this, number = x.number, id = x.buffer_id, socket = to.socket()] {
    who_.event_read(number, id, socket);
  };
  to.say(line, read);
  if (on_.faults.hit(fault::event_twice)) to.say(line, read);
}

void connector::replay(session& to, bool all) {
  auto& faults = on_.faults;
  std::vector<entry*> order;
  for (auto& x : backlog_)
    if (all || x.said_on != to.socket()) order.push_back(&x);
  if (faults.hit(fault::events_mixed)) { // each chat keeps its own order
    auto& rng = faults.of(fault::events_mixed);
    for (std::size_t i = 1; i < order.size(); ++i)
      if (order[i - 1]->chat != order[i]->chat && rng.chance(0.5)) std::swap(order[i - 1], order[i]);
  }
  for (auto* x : order) say_entry(to, *x);
}

void connector::storm() {
  if (auto x = live(); x && x->serves()) replay(*x, true);
}

void connector::acked(const std::string& buffer_id, std::uint64_t socket) {
  auto it = std::find_if(backlog_.begin(), backlog_.end(), [&](auto& x) { return x.buffer_id == buffer_id; });
  // One that was not said on this socket is of what had the id before a restart.
  if (it != backlog_.end() && it->said_on != socket) return;
  who_.ack_heard(buffer_id);
  if (it == backlog_.end()) return;
  auto gone = std::move(*it);
  backlog_.erase(it);
  // A connector that lost its notes brings an event again under another id.
  if (gone.members.find("\"message_id\":\"in") == std::string::npos ||
      !on_.faults.hit(fault::event_renumbered))
    return;
  auto after = on_.faults.of(fault::event_renumbered).between(usec{0}, usec{20'000'000});
  on_.time.after(after, [this, gone = std::move(gone)] {
    if (on_.faults.is_calm()) return;
    buffer(gone.number, gone.members, gone.chat);
    auto now = live();
    if (now && now->serves()) say_entry(*now, backlog_.back());
  });
}

void connector::stop_turn(const std::string& session_key, const std::string& chat_id) {
  raw(json_object{}
          .text("type", "interrupt_inbound")
          .text("session_key", session_key)
          .text("chat_id", chat_id)
          .line());
}

} // namespace relay::sim
