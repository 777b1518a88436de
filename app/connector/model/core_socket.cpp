// The frames of gateways and their answers (protocol.md 3).
#include "relay_gateway/app/connector/model/core.hpp"

#include <algorithm>
#include <array>

namespace relay::connector {

socket_id core::opened(const upgrade_answer& verdict) {
  auto id = ++last_socket_;
  connection made;
  made.id = id;
  made.gateway_id = verdict.gateway_id;
  made.refused = verdict.drop || verdict.close_code != 0;
  note("opened", made.gateway_id, {}, json::fields{}.add("socket", id).add("refused", made.refused));
  if (made.refused) {
    sockets_.emplace(id, std::move(made));
    if (verdict.drop)
      effects_.emplace_back(drop_socket{id});
    else
      effects_.emplace_back(
          close_socket{id, static_cast<std::uint16_t>(verdict.close_code), verdict.close_reason});
    return id;
  }
  if (how_.replaced_code != 0)
    for (auto& [other, x] : sockets_)
      if (x.gateway_id == made.gateway_id && !x.refused) {
        x.refused = true;
        effects_.emplace_back(close_socket{other, how_.replaced_code, how_.replaced_reason});
      }
  auto& events = lines_[made.gateway_id];
  events.waiting.rewind();
  events.seen = ++last_seen_;
  sockets_.emplace(id, std::move(made));
  return id;
}

void core::line(socket_id from, std::string_view text) {
  auto it = sockets_.find(from);
  if (it == sockets_.end() || it->second.refused) return;
  auto& peer = it->second;
  json::document frame;
  bool readable = json::parse_object(text, frame);
  auto type = readable ? json::text(frame, "type") : std::string_view{};
  if (type.empty()) {
    json::fields bad;
    bad.add("socket", from).add("why", readable ? "no type" : "not a JSON object in UTF-8");
    bad.add("text", text.substr(0, 4096));
    note("bad_frame", peer.gateway_id, {}, bad);
    return;
  }
  json::fields seen;
  seen.add("socket", from).add("dir", "in");
  if (type == "outbound") return on_outbound(peer, frame, text);
  constexpr std::array<std::string_view, 4> known{"hello", "inbound_ack", "interrupt", "going_idle"};
  bool plain = std::find(known.begin(), known.end(), type) != known.end();
  note(plain ? type : "unknown_frame", peer.gateway_id, json::text(frame, "platform"),
       seen.raw("frame", json::one_line(text)));
  if (type == "hello")
    on_hello(peer, frame);
  else if (type == "inbound_ack")
    on_ack(peer, frame);
  else if (type == "going_idle")
    on_going_idle(peer);
  // `interrupt` is recorded only; a type that nobody knows is ignored (protocol.md, Versioning)
}

void core::line_too_long(socket_id from) {
  auto it = sockets_.find(from);
  if (it == sockets_.end()) return;
  note("bad_frame", it->second.gateway_id, {},
       json::fields{}.add("socket", from).add("why", "line too long"));
  effects_.emplace_back(close_socket{from, 1009, "line too long"});
}

void core::ended(socket_id which, const socket_end& why) {
  auto it = sockets_.find(which);
  if (it == sockets_.end()) return;
  auto gone = std::move(it->second);
  sockets_.erase(it);
  json::fields seen;
  seen.add("socket", which).add("code", static_cast<int>(why.close_code)).add("reason", why.close_reason);
  note("closed", gone.gateway_id, {}, seen.add("error", why.error));
  if (gone.refused) return;
  auto& events = lines_[gone.gateway_id];
  if (!current(gone.gateway_id)) {
    events.waiting.rewind();
    events.poked = false;
  }
}

bool core::ends(const faults::answer_verdict& x, socket_id which) {
  if (x.cut)
    effects_.emplace_back(drop_socket{which});
  else if (x.close_with)
    effects_.emplace_back(close_socket{which, x.close_with->code, x.close_with->reason});
  return x.ends();
}

void core::say(const faults::answer_verdict& how, const std::function<void()>& once) {
  for (std::uint64_t i = 0; i <= how.copies; ++i)
    later(how.delay + how.between * static_cast<std::int64_t>(i), once);
}

void core::on_hello(connection& from, const json::value& frame) {
  std::string platform{json::text(frame, "platform")}, bot{json::text(frame, "botId")};
  bool first = from.hellos.empty();
  auto same = [&](const auto& x) { return x.first == platform; };
  if (std::none_of(from.hellos.begin(), from.hellos.end(), same)) from.hellos.emplace_back(platform, bot);
  lines_[from.gateway_id].identities = from.hellos;
  const auto ruled = verdict_on(answer_point::hello, platform, from.gateway_id);
  if (ends(ruled, from.id)) return;
  if (ruled.silent || (how_.first_hello_only && !first)) return;
  auto descriptor = ruled.said ? *ruled.said : entry_of(platform).profile.descriptor;
  say(ruled, [this, to = from.id, platform, descriptor] { describe(to, platform, descriptor); });
}

void core::describe(socket_id to, const std::string& platform, const std::string& descriptor) {
  auto it = sockets_.find(to);
  if (it == sockets_.end() || it->second.refused) return;
  auto& peer = it->second;
  write(to, R"({"type":"descriptor","descriptor":)" + json::one_line(descriptor) + "}", "descriptor",
        platform);
  if (peer.handshaken) return;
  peer.handshaken = true;
  lines_[peer.gateway_id].poked = false;
  note("handshake", peer.gateway_id, platform, json::fields{}.add("socket", to));
  pump(peer.gateway_id);
}

std::string core::tag_problem(const connection& from, const json::value& frame, std::string& platform) const {
  platform = json::text(frame, "platform");
  auto bot = json::text(frame, "botId");
  if (from.hellos.empty()) return "no hello on this connection";
  if (platform.empty()) {
    platform = from.hellos.front().first;
    return bot.empty() || bot == from.hellos.front().second ? "" : "botId without its platform";
  }
  for (const auto& [name, id] : from.hellos) {
    if (name != platform) continue;
    // An empty botId is sent as none at all.
    return bot == id ? "" : "botId is not the one of this platform";
  }
  return "platform not fronted by this gateway";
}

void core::on_outbound(connection& from, const json::value& frame, std::string_view text) {
  const auto* action = json::member(frame, "action");
  std::string request{json::text(frame, "requestId")}, platform;
  auto problem = tag_problem(from, frame, platform);
  if (request.empty())
    problem = "outbound without requestId";
  else if (!action || !action->IsObject() || json::text(*action, "op").empty())
    problem = "outbound without action.op";
  json::value none{rapidjson::kObjectType};
  if (!action) action = &none;
  const auto ruled = faults_.on_answer({to_string(answer_point::outbound), platform, from.gateway_id,
                                        json::text(*action, "op"), json::text(*action, "chat_id"),
                                        json::text(*action, "content")},
                                       world_.since_start());
  json::fields seen;
  seen.add("socket", from.id).add("dir", "in").add("order", ++from.outbound_seen);
  seen.add("tagged", json::member(frame, "platform") != nullptr).add("problem", problem);
  seen.add("scripted", ruled.decided);
  note("outbound", from.gateway_id, platform, seen.raw("frame", json::one_line(text)));
  if (request.empty()) return; // there is nothing that an answer could name
  if (ends(ruled, from.id) || ruled.silent) return;
  if (ruled.said) problem.clear(); // the rule decides
  auto result = problem.empty() ? result_of(platform, *action, ruled.said)
                                : json::fields{}.add("success", false).add("error", problem).object();
  auto answer =
      R"({"type":"outbound_result","requestId":)" + json::quote(request) + R"(,"result":)" + result + "}";
  say(ruled, [this, to = from.id, platform, answer] {
    if (sockets_.count(to) > 0) write(to, answer, "outbound_result", platform);
  });
}

std::string core::result_of(const std::string& platform, const json::value& action,
                            const std::optional<std::string>& said) {
  json::document told;
  bool scripted = said && json::parse_object(*said, told);
  if (scripted && !json::flag(told, "success", false)) return json::one_line(*said);
  auto usual = side_.perform(platform, entry_of(platform).limits, action,
                             {how_.check_discriminators, how_.check_length}, now_ms());
  if (!scripted) return usual;
  // The platform did it, and names the message as the script wants it: later edits will use that name.
  json::document done;
  auto* in = chats_.find({platform, std::string{json::text(action, "chat_id")}});
  if (in && json::parse_object(usual, done))
    if (auto* entry = chats_.entry(*in, json::text(done, "message_id"));
        entry && !json::text(told, "message_id").empty()) {
      entry->id = json::text(told, "message_id");
      chats_.touch(*in, *entry);
    }
  return json::one_line(*said);
}

void core::on_ack(connection& from, const json::value& frame) {
  if (!lines_[from.gateway_id].waiting.acked(json::text(frame, "bufferId"))) return;
  ++changes_;
  pump(from.gateway_id);
}

void core::on_going_idle(connection& from) {
  const auto ruled = verdict_on(answer_point::going_idle, {}, from.gateway_id);
  if (ends(ruled, from.id)) return;
  if (!ruled.silent || ruled.idle_anyway) {
    from.idle = true;
    lines_[from.gateway_id].poked = false;
  }
  if (ruled.silent) return;
  say(ruled, [this, to = from.id] {
    if (sockets_.count(to) > 0) write(to, R"({"type":"going_idle_ack"})", "going_idle_ack", {});
  });
}

void core::due(std::uint64_t token) {
  auto it = pending_.find(token);
  if (it == pending_.end()) return;
  auto then = std::move(it->second);
  pending_.erase(it);
  then();
}

} // namespace relay::connector
