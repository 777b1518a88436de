// What tests and people ask of the stand-in, and the small tools that the other parts of the core share.
#include "relay_gateway/app/connector/model/core.hpp"

#include <algorithm>

namespace relay::connector {

core::core(const options& what, surroundings env)
    : records_(what.max_records), world_(std::move(env)), how_(what.how),
      identity_token_(what.identity_token), keys_([this] { return world_.fresh_text(); }),
      faults_(what.faults, std::chrono::milliseconds{0}, what.fault_seed),
      // Microseconds of the start: beyond every id of an earlier life, unless that sent a million a second.
      chats_(static_cast<std::uint64_t>(std::max<std::int64_t>(1, world_.wall_ms() * 1000))), side_(chats_),
      life_("b" + world_.fresh_text().substr(0, 8)) {
  for (const auto& x : what.platforms) {
    platforms_[x.name] = {{x.name, json::one_line(x.descriptor)}, read_limits(x.descriptor)};
    platform_order_.push_back(x.name);
  }
}

const core::platform_entry& core::entry_of(const std::string& platform) {
  auto it = platforms_.find(platform);
  if (it == platforms_.end()) {
    auto made = conservative_profile(platform);
    auto limits = read_limits(made.descriptor);
    it = platforms_.emplace(platform, platform_entry{std::move(made), std::move(limits)}).first;
    platform_order_.push_back(platform);
  }
  return it->second;
}

core::connection* core::current(std::string_view gateway_id) {
  for (auto it = sockets_.rbegin(); it != sockets_.rend(); ++it)
    if (!it->second.refused && (gateway_id.empty() || it->second.gateway_id == gateway_id))
      return &it->second;
  return nullptr;
}

const core::connection* core::current(std::string_view gateway_id) const {
  return const_cast<core*>(this)->current(gateway_id);
}

void core::write(socket_id to, std::string frame, std::string_view kind, std::string_view platform) {
  auto it = sockets_.find(to);
  json::fields seen;
  seen.add("socket", to).add("dir", "out").raw("frame", frame);
  note(kind, it == sockets_.end() ? std::string{} : it->second.gateway_id, platform, seen);
  frame += '\n';
  effects_.emplace_back(send_frame{to, std::move(frame)});
}

void core::note(std::string_view kind, std::string_view gateway_id, std::string_view platform,
                const json::fields& what) {
  records_.append(now_ms(), kind, gateway_id, platform, what.inside());
}

void core::later(milliseconds delay, std::function<void()> then) {
  if (delay.count() <= 0) return then();
  auto token = ++last_token_;
  pending_.emplace(token, std::move(then));
  effects_.emplace_back(call_later{token, delay});
}

void core::answer(const rule& x) {
  if (x.count == 0) return;
  faults::script one;
  one.rules.push_back(fault_rule_of(x));
  faults_.add(std::move(one), world_.since_start());
}

template <class Do>
std::size_t core::each_socket(std::string_view gateway_id, Do act) {
  std::size_t reached = 0;
  for (auto& [id, x] : sockets_) {
    if (!gateway_id.empty() && x.gateway_id != gateway_id) continue;
    act(x);
    ++reached;
  }
  return reached;
}

std::size_t core::close_all(std::uint16_t code, std::string_view reason, std::string_view gateway_id) {
  return each_socket(gateway_id, [&](connection& x) {
    effects_.emplace_back(close_socket{x.id, code, std::string{reason}});
  });
}

std::size_t core::drop_all(std::string_view gateway_id) {
  return each_socket(gateway_id, [&](connection& x) { effects_.emplace_back(drop_socket{x.id}); });
}

std::size_t core::read_all(bool on, std::string_view gateway_id) {
  return each_socket(gateway_id, [&](connection& x) { effects_.emplace_back(read_socket{x.id, on}); });
}

std::size_t core::send_raw(const std::vector<std::string>& pieces, std::string_view gateway_id) {
  return each_socket(gateway_id, [&](connection& x) {
    for (const auto& piece : pieces) {
      note("raw", x.gateway_id, {}, json::fields{}.add("socket", x.id).add("dir", "out").add("text", piece));
      effects_.emplace_back(send_frame{x.id, piece, true});
    }
  });
}

bool core::interrupt(std::string_view session_key, std::string_view chat_id, std::string_view gateway_id) {
  const auto* to = current(gateway_id);
  if (!to) return false;
  json::fields frame;
  frame.add("type", "interrupt_inbound").add("session_key", session_key).add("chat_id", chat_id);
  write(to->id, frame.object(), "interrupt_inbound", {});
  return true;
}

std::string core::session_of(std::string_view platform, std::string_view chat_id) {
  const auto* in = chats_.find({std::string{platform}, std::string{chat_id}});
  return in ? in->session_key : std::string{};
}

std::vector<gateway_status> core::gateways() const {
  std::vector<gateway_status> out;
  for (const auto& [id, events] : lines_) {
    gateway_status x;
    x.gateway_id = id;
    x.identities = events.identities;
    x.buffered = events.waiting.size();
    x.unacked = events.waiting.in_flight();
    if (auto it = keys_.all().find(id); it != keys_.all().end()) {
      x.tenant = it->second.tenant;
      x.wake_url = it->second.wake_url;
      x.display_name = it->second.display_name;
      x.provisioned = it->second.platforms;
    }
    if (const auto* open = current(id)) {
      x.connected = true;
      x.handshaken = open->handshaken;
      x.idle = open->idle;
    }
    out.push_back(std::move(x));
  }
  return out;
}

std::vector<std::string> core::gateway_ids() const {
  std::vector<std::string> out;
  for (const auto& [id, events] : lines_) out.push_back(id);
  for (const auto& [id, known] : keys_.all())
    if (lines_.count(id) == 0) out.push_back(id);
  return out;
}

void core::add_gateway(const std::string& gateway_id, const secret& key, std::string_view tenant) {
  keys_.add(gateway_id, key, tenant);
  lines_[gateway_id].seen = ++last_seen_;
  ++changes_;
}

void core::add_enrollment(const secret& token, std::string_view tenant, std::int64_t expires_s) {
  keys_.add_enrollment({token, std::string{tenant}, expires_s, false});
  ++changes_;
}

secret core::key_of(const std::string& gateway_id) const {
  auto it = keys_.all().find(gateway_id);
  return it == keys_.all().end() || it->second.keys.empty() ? secret{} : it->second.keys.front();
}

bool core::rotate(const std::string& gateway_id) {
  ++changes_;
  return keys_.rotate(gateway_id);
}

void core::revoke(std::string_view gateway_id) {
  ++changes_;
  keys_.revoke(gateway_id);
}

std::string core::put_media(std::string_view content_type, std::string_view filename, std::string body) {
  auto id = "m" + world_.fresh_text().substr(0, 16);
  media_.put({id, std::string{content_type}, std::string{filename}, std::move(body), now_ms() / 1000});
  return world_.base_url + "/relay/media/" + id;
}

} // namespace relay::connector
