#include "court.hpp"

#include "messages/control.hpp"
#include "rules.hpp"

#include <utility>

namespace relay::sim {

namespace {

/// An `outbound_result` with nothing but the request that it is about; empty when the line is none.
std::string rest_of_result(std::string_view line) {
  constexpr std::string_view type = R"("type":"outbound_result")", name = R"("requestId":")";
  const auto at = line.find(name);
  if (line.find(type) == std::string_view::npos || at == std::string_view::npos) return {};
  const auto id = line.substr(at + name.size(), line.find('"', at + name.size()) - at - name.size());
  for (unsigned char c : id)
    if (c <= ' ' || c > '~' || c == '\\') return {};
  return R"({"type":"outbound_result","requestId":")" + std::string{id} + "\"}";
}

} // namespace

void rule::fail(std::string what) { court_.fail(name_, std::move(what)); }
usec rule::now() const noexcept { return court_.on().time.now(); }

court::court(stage on, const plan& p) : on_(on), plan_(p), book_(on, p) { rules_ = all_rules(*this); }
court::~court() = default;

void court::fail(std::string_view rule, std::string what) {
  on_.log.line(on_.time.now(), "VIOLATION", rule, what);
  constexpr std::size_t most = 20;
  if (found_.size() < most) found_.push_back({std::string{rule}, std::move(what), on_.time.now()});
}

void court::at_rest() {
  for (auto& x : rules_) x->at_rest();
}

std::string court::unsettled() {
  std::string out;
  for (auto& x : rules_)
    if (auto what = x->unsettled(); !what.empty()) {
      if (!out.empty()) out += "; ";
      out.append(x->name()).append(": ").append(what);
    }
  return out;
}

void court::at_end() {
  for (auto& x : rules_) x->at_end();
}

std::vector<std::string_view> court::names() const {
  std::vector<std::string_view> out;
  for (auto& x : rules_) out.push_back(x->name());
  return out;
}

// -- witness ---------------------------------------------------------------------------------------

void court::life_begins(std::uint64_t life) {
  on_.log.line(on_.time.now(), "life", std::to_string(life));
  tell([&](witness& x) { x.life_begins(life); });
}
void court::life_ends(std::uint64_t life, ending how) {
  on_.log.line(on_.time.now(), how == ending::killed ? "killed" : "stopped", std::to_string(life));
  tell([&](witness& x) { x.life_ends(life, how); });
}
void court::suspended(usec until) {
  on_.log.line(on_.time.now(), "suspended", std::to_string(until.count()));
  tell([&](witness& x) { x.suspended(until); });
}
void court::actor_killed(const std::string& name) {
  on_.log.line(on_.time.now(), "actor.killed", name);
  tell([&](witness& x) { x.actor_killed(name); });
}
void court::settings_changed(const config::settings& s) {
  on_.log.line(on_.time.now(), "settings", "");
  tell([&](witness& x) { x.settings_changed(s); });
}
void court::commanded(command c) {
  on_.log.line(on_.time.now(), "command", relay::to_string(c));
  tell([&](witness& x) { x.commanded(c); });
}
void court::dialled(std::uint64_t socket, const dial_request& what) {
  on_.log.line(on_.time.now(), "dial", std::to_string(socket), what.bearer.reveal());
  tell([&](witness& x) { x.dialled(socket, what); });
}
void court::link_opened(std::uint64_t socket) {
  on_.log.line(on_.time.now(), "gw.open", std::to_string(socket));
  tell([&](witness& x) { x.link_opened(socket); });
}
void court::link_wrote(std::uint64_t socket, const frame_view& f) {
  on_.log.line(on_.time.now(), "gw.wrote", std::to_string(socket), f.text);
  tell([&](witness& x) { x.link_wrote(socket, f); });
}
void court::link_read(std::uint64_t socket, const frame_view& f) {
  on_.log.line(on_.time.now(), "gw.read", std::to_string(socket), f.text);
  tell([&](witness& x) { x.link_read(socket, f); });
}
void court::altered_read(std::uint64_t socket, const frame_view& f) {
  on_.log.line(on_.time.now(), "gw.altered", std::to_string(socket), f.text);
  // Of a result that is no JSON any more a gateway may read what is left.
  json_text rest{f.root.IsObject() ? std::string{} : rest_of_result(f.text)};
  const frame_view seen{f.text, rest.object() ? rest.root() : f.root};
  tell([&](witness& x) { x.altered_read(socket, seen); });
}
void court::link_ended(std::uint64_t socket, const socket_end& why) {
  on_.log.line(on_.time.now(), "gw.end", std::to_string(socket),
               why.error + " written=" + std::to_string(why.frames_written) +
                   " status=" + std::to_string(why.http_status) + " " + why.close_reason);
  tell([&](witness& x) { x.link_ended(socket, why); });
}
void court::link_dropped(std::uint64_t socket) {
  on_.log.line(on_.time.now(), "gw.drop", std::to_string(socket));
  tell([&](witness& x) { x.link_dropped(socket); });
}
void court::attachment(const std::string& path, bool there) {
  on_.log.line(on_.time.now(), there ? "file" : "file.gone", path);
  tell([&](witness& x) { x.attachment(path, there); });
}
void court::agent_attached(std::uint64_t peer) {
  on_.log.line(on_.time.now(), "agent", std::to_string(peer));
  tell([&](witness& x) { x.agent_attached(peer); });
}
void court::agent_wrote(std::uint64_t peer, const frame_view& f) {
  on_.log.line(on_.time.now(), "to.agent", std::to_string(peer), f.text);
  tell([&](witness& x) { x.agent_wrote(peer, f); });
}
void court::agent_read(std::uint64_t peer, const frame_view& f) {
  on_.log.line(on_.time.now(), "from.agent", std::to_string(peer), f.text);
  tell([&](witness& x) { x.agent_read(peer, f); });
}
void court::agent_ended(std::uint64_t peer) {
  on_.log.line(on_.time.now(), "agent.end", std::to_string(peer));
  tell([&](witness& x) { x.agent_ended(peer); });
}
void court::one_shot_asked(const std::string& mark, const frame_view& f) {
  on_.log.line(on_.time.now(), "one.shot", mark, f.text);
  tell([&](witness& x) { x.one_shot_asked(mark, f); });
}
void court::one_shot_answered(const std::string& mark, const frame_view& f) {
  on_.log.line(on_.time.now(), "one.answer", mark, f.text);
  tell([&](witness& x) { x.one_shot_answered(mark, f); });
}
void court::called(std::uint64_t call, const http_request& what) {
  on_.log.line(on_.time.now(), "http", std::to_string(call),
               what.method + " " + what.url + " " + what.body.reveal());
  tell([&](witness& x) { x.called(call, what); });
}
void court::answered(std::uint64_t call, const http_response& what) {
  on_.log.line(on_.time.now(), "http.answer", std::to_string(call), std::to_string(what.status) + what.error);
  if (what.status == 200 && what.body.reveal().find("\"secret\"") != std::string::npos) secret_read();
  tell([&](witness& x) { x.answered(call, what); });
}
void court::answer_altered(const http_request& what) {
  on_.log.line(on_.time.now(), "http.altered", what.method, what.url);
  tell([&](witness& x) { x.answer_altered(what); });
}
void court::letter_decided(std::uint64_t event, bool again, bool done) {
  on_.log.line(on_.time.now(), again ? "retry" : "drop", "e" + std::to_string(event),
               done ? "done" : "asked");
  tell([&](witness& x) { x.letter_decided(event, again, done); });
}
void court::store_scarce(bool on) {
  on_.log.line(on_.time.now(), "disk", on ? "nearly full" : "roomy");
  tell([&](witness& x) { x.store_scarce(on); });
}
void court::store_given(const store_record& x) {
  tell([&](witness& y) { y.store_given(x); });
}
void court::lock_held(const std::string& path, bool on) {
  on_.log.line(on_.time.now(), on ? "locked" : "unlocked", path);
  tell([&](witness& x) { x.lock_held(path, on); });
}
void court::file_written(const std::string& path, std::string_view text, bool ours) {
  on_.log.line(on_.time.now(), ours ? "gw.file" : "file", path, text);
  tell([&](witness& x) { x.file_written(path, text, ours); });
}
void court::happened(const told_event& e) {
  on_.log.line(on_.time.now(), "event", e.platform + "/" + e.chat_id, "e" + std::to_string(e.number));
  tell([&](witness& x) { x.happened(e); });
}
void court::buffered(std::uint64_t event, const std::string& id) {
  on_.log.line(on_.time.now(), "buffered", id, "e" + std::to_string(event));
  tell([&](witness& x) { x.buffered(event, id); });
}
void court::event_read(std::uint64_t event, const std::string& id, std::uint64_t socket) {
  on_.log.line(on_.time.now(), "event.read", id, "e" + std::to_string(event));
  tell([&](witness& x) { x.event_read(event, id, socket); });
}
void court::ack_heard(const std::string& id) {
  tell([&](witness& x) { x.ack_heard(id); });
}
void court::was_carried_out(const carried_out& c) {
  on_.log.line(on_.time.now(), c.applied ? "applied" : "not.applied", c.request_id, c.mark);
  tell([&](witness& x) { x.was_carried_out(c); });
}
void court::was_revoked() {
  on_.log.line(on_.time.now(), "revoked", "");
  tell([&](witness& x) { x.was_revoked(); });
}
void court::noted(severity level, std::string_view id, std::string_view fields) {
  on_.log.line(on_.time.now(), "note", id, fields);
  tell([&](witness& x) { x.noted(level, id, fields); });
}
void court::reported(const gateway_report& r) {
  on_.log.line(on_.time.now(), "report", relay::to_string(r.link.phase),
               r.link.reason + " in=" + std::to_string(r.inbound.pending) + "/" +
                   std::to_string(r.inbound.in_flight) + " out=" + std::to_string(r.egress.pending) +
                   " chats=" + std::to_string(r.egress.chats));
  tell([&](witness& x) { x.reported(r); });
}

} // namespace relay::sim
