#include "relay_gateway/tests/sim/oracle/checker.hpp"

#include "relay_gateway/messages/control.hpp"
#include "relay_gateway/tests/sim/oracle/rules.hpp"

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

void rule::fail(std::string what) { checker_.fail(name_, std::move(what)); }
usec rule::now() const noexcept { return checker_.on().time.now(); }

checker::checker(stage on, const plan& p) : on_(on), plan_(p), history_(on, p) { rules_ = all_rules(*this); }
checker::~checker() = default;

void checker::fail(std::string_view rule, std::string what) {
  on_.log.line(on_.time.now(), "VIOLATION", rule, what);
  constexpr std::size_t most = 20;
  if (found_.size() < most) found_.push_back({std::string{rule}, std::move(what), on_.time.now()});
}

void checker::at_rest() {
  for (auto& x : rules_) x->at_rest();
}

std::string checker::unsettled() {
  std::string out;
  for (auto& x : rules_)
    if (auto what = x->unsettled(); !what.empty()) {
      if (!out.empty()) out += "; ";
      out.append(x->name()).append(": ").append(what);
    }
  return out;
}

void checker::at_end() {
  for (auto& x : rules_) x->at_end();
}

std::vector<std::string_view> checker::names() const {
  std::vector<std::string_view> out;
  for (auto& x : rules_) out.push_back(x->name());
  return out;
}

// -- observer ---------------------------------------------------------------------------------------

void checker::life_begins(std::uint64_t life) {
  on_.log.line(on_.time.now(), "life", std::to_string(life));
  tell([&](observer& x) { x.life_begins(life); });
}
void checker::life_ends(std::uint64_t life, ending how) {
  on_.log.line(on_.time.now(), how == ending::killed ? "killed" : "stopped", std::to_string(life));
  tell([&](observer& x) { x.life_ends(life, how); });
}
void checker::suspended(usec until) {
  on_.log.line(on_.time.now(), "suspended", std::to_string(until.count()));
  tell([&](observer& x) { x.suspended(until); });
}
void checker::actor_killed(const std::string& name) {
  on_.log.line(on_.time.now(), "actor.killed", name);
  tell([&](observer& x) { x.actor_killed(name); });
}
void checker::chat_failed(const std::string& platform, const std::string& chat) {
  on_.log.line(on_.time.now(), "chat.failed", platform + "/" + chat);
  tell([&](observer& x) { x.chat_failed(platform, chat); });
}
void checker::provisioner_killed(const std::string& platform) {
  actor_killed("platform-provisioner");
  tell([&](observer& x) { x.provisioner_killed(platform); });
}
void checker::settings_changed(const config::settings& s) {
  on_.log.line(on_.time.now(), "settings", "");
  tell([&](observer& x) { x.settings_changed(s); });
}
void checker::commanded(command c) {
  on_.log.line(on_.time.now(), "command", relay::to_string(c));
  tell([&](observer& x) { x.commanded(c); });
}
void checker::dialled(std::uint64_t socket, const dial_request& what) {
  on_.log.line(on_.time.now(), "dial", std::to_string(socket), what.bearer.reveal());
  tell([&](observer& x) { x.dialled(socket, what); });
}
void checker::link_opened(std::uint64_t socket) {
  on_.log.line(on_.time.now(), "gw.open", std::to_string(socket));
  tell([&](observer& x) { x.link_opened(socket); });
}
void checker::link_wrote(std::uint64_t socket, const frame_view& f) {
  on_.log.line(on_.time.now(), "gw.wrote", std::to_string(socket), f.text);
  tell([&](observer& x) { x.link_wrote(socket, f); });
}
void checker::link_read(std::uint64_t socket, const frame_view& f) {
  on_.log.line(on_.time.now(), "gw.read", std::to_string(socket), f.text);
  tell([&](observer& x) { x.link_read(socket, f); });
}
void checker::altered_read(std::uint64_t socket, const frame_view& f) {
  on_.log.line(on_.time.now(), "gw.altered", std::to_string(socket), f.text);
  // Of a result that is no JSON any more a gateway may read what is left.
  json_text rest{f.root.IsObject() ? std::string{} : rest_of_result(f.text)};
  const frame_view seen{f.text, rest.object() ? rest.root() : f.root};
  tell([&](observer& x) { x.altered_read(socket, seen); });
}
void checker::link_ended(std::uint64_t socket, const socket_end& why) {
  on_.log.line(on_.time.now(), "gw.end", std::to_string(socket),
               why.error + " written=" + std::to_string(why.frames_written) +
                   " status=" + std::to_string(why.http_status) + " " + why.close_reason);
  tell([&](observer& x) { x.link_ended(socket, why); });
}
void checker::link_dropped(std::uint64_t socket) {
  on_.log.line(on_.time.now(), "gw.drop", std::to_string(socket));
  tell([&](observer& x) { x.link_dropped(socket); });
}
void checker::attachment(const std::string& path, bool there) {
  on_.log.line(on_.time.now(), there ? "file" : "file.gone", path);
  tell([&](observer& x) { x.attachment(path, there); });
}
void checker::agent_attached(std::uint64_t peer) {
  on_.log.line(on_.time.now(), "agent", std::to_string(peer));
  tell([&](observer& x) { x.agent_attached(peer); });
}
void checker::agent_wrote(std::uint64_t peer, const frame_view& f) {
  on_.log.line(on_.time.now(), "to.agent", std::to_string(peer), f.text);
  tell([&](observer& x) { x.agent_wrote(peer, f); });
}
void checker::agent_read(std::uint64_t peer, const frame_view& f) {
  on_.log.line(on_.time.now(), "from.agent", std::to_string(peer), f.text);
  tell([&](observer& x) { x.agent_read(peer, f); });
}
void checker::agent_ended(std::uint64_t peer) {
  on_.log.line(on_.time.now(), "agent.end", std::to_string(peer));
  tell([&](observer& x) { x.agent_ended(peer); });
}
void checker::one_shot_asked(const std::string& mark, const frame_view& f) {
  on_.log.line(on_.time.now(), "one.shot", mark, f.text);
  tell([&](observer& x) { x.one_shot_asked(mark, f); });
}
void checker::one_shot_answered(const std::string& mark, const frame_view& f) {
  on_.log.line(on_.time.now(), "one.answer", mark, f.text);
  tell([&](observer& x) { x.one_shot_answered(mark, f); });
}
void checker::called(std::uint64_t call, const http_request& what) {
  on_.log.line(on_.time.now(), "http", std::to_string(call),
               what.method + " " + what.url + " " + what.body.reveal());
  tell([&](observer& x) { x.called(call, what); });
}
void checker::answered(std::uint64_t call, const http_response& what) {
  on_.log.line(on_.time.now(), "http.answer", std::to_string(call), std::to_string(what.status) + what.error);
  if (what.status == 200 && what.body.reveal().find("\"secret\"") != std::string::npos) secret_read();
  tell([&](observer& x) { x.answered(call, what); });
}
void checker::answer_altered(const http_request& what) {
  on_.log.line(on_.time.now(), "http.altered", what.method, what.url);
  tell([&](observer& x) { x.answer_altered(what); });
}
void checker::dead_letter_decided(std::uint64_t event, bool again, bool done) {
  on_.log.line(on_.time.now(), again ? "retry" : "drop", "e" + std::to_string(event),
               done ? "done" : "asked");
  tell([&](observer& x) { x.dead_letter_decided(event, again, done); });
}
void checker::store_scarce(bool on) {
  on_.log.line(on_.time.now(), "disk", on ? "nearly full" : "roomy");
  tell([&](observer& x) { x.store_scarce(on); });
}
void checker::store_given(const store_record& x) {
  tell([&](observer& y) { y.store_given(x); });
}
void checker::lock_held(const std::string& path, bool on) {
  on_.log.line(on_.time.now(), on ? "locked" : "unlocked", path);
  tell([&](observer& x) { x.lock_held(path, on); });
}
void checker::file_written(const std::string& path, std::string_view text, bool ours) {
  on_.log.line(on_.time.now(), ours ? "gw.file" : "file", path, text);
  tell([&](observer& x) { x.file_written(path, text, ours); });
}
void checker::happened(const told_event& e) {
  on_.log.line(on_.time.now(), "event", e.platform + "/" + e.chat_id, "e" + std::to_string(e.number));
  tell([&](observer& x) { x.happened(e); });
}
void checker::buffered(std::uint64_t event, const std::string& id) {
  on_.log.line(on_.time.now(), "buffered", id, "e" + std::to_string(event));
  tell([&](observer& x) { x.buffered(event, id); });
}
void checker::event_read(std::uint64_t event, const std::string& id, std::uint64_t socket) {
  on_.log.line(on_.time.now(), "event.read", id, "e" + std::to_string(event));
  tell([&](observer& x) { x.event_read(event, id, socket); });
}
void checker::ack_heard(const std::string& id) {
  tell([&](observer& x) { x.ack_heard(id); });
}
void checker::was_carried_out(const carried_out& c) {
  on_.log.line(on_.time.now(), c.applied ? "applied" : "not.applied", c.request_id, c.mark);
  tell([&](observer& x) { x.was_carried_out(c); });
}
void checker::was_revoked() {
  on_.log.line(on_.time.now(), "revoked", "");
  tell([&](observer& x) { x.was_revoked(); });
}
void checker::noted(severity level, std::string_view id, std::string_view fields) {
  on_.log.line(on_.time.now(), "note", id, fields);
  tell([&](observer& x) { x.noted(level, id, fields); });
}
void checker::reported(const gateway_report& r) {
  on_.log.line(on_.time.now(), "report", relay::to_string(r.link.phase),
               r.link.reason + " in=" + std::to_string(r.inbound.pending) + "/" +
                   std::to_string(r.inbound.in_flight) + " out=" + std::to_string(r.egress.pending) +
                   " chats=" + std::to_string(r.egress.chats));
  tell([&](observer& x) { x.reported(r); });
}

} // namespace relay::sim
