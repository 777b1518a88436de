#include "relay_gateway/actors/agents/peers.hpp"

#include "relay_gateway/actors/bursts.hpp"
#include "relay_gateway/actors/metrics.hpp"
#include "relay_gateway/messages/contract/op_traits.hpp"
#include "relay_gateway/messages/wire/actions/action_forms.hpp"
#include "relay_gateway/messages/wire/actions/action_makers.hpp"

#include <algorithm>
#include <utility>

namespace relay {

namespace {

/// What an action of an agent holds in memory until its outcome, about.
std::size_t size_of(const action_request& x) {
  constexpr std::size_t around = 256;
  return around + x.request_id.size() + size_of(x.act);
}

/// Whether there is room for one more note of what has to be closed when the agent goes.
bool fits_notes(const std::map<std::string, action_request>& notes, const std::string& key,
                const action_request& x) {
  constexpr std::size_t most = 1'000, most_bytes = 4UL << 20;
  auto bytes = size_of(x);
  for (const auto& [name, noted] : notes)
    if (name != key) bytes += size_of(noted);
  return bytes <= most_bytes && (notes.size() < most || notes.count(key) > 0);
}

action_result router_is_gone() { return action_result::ambiguous("the gateway's router was restarted"); }

} // namespace

void agent_peers::attach(std::uint64_t peer, std::shared_ptr<line_socket> socket) {
  auto& entry = peers[peer];
  entry.socket = std::move(socket);
  env.metrics->add(counter::agents_attached);
  env.log->write(severity::info, "agent.attached", {{"peer", peer}, {"agents", peers.size()}});
  if (announced) {
    std::string frame;
    wire::encode_ready(frame, announcement.gateway_id, announcement.platforms);
    entry.socket->write(std::move(frame));
  }
  if (draining) {
    std::string frame;
    wire::encode_draining(frame);
    entry.socket->write(std::move(frame));
  }
}

void agent_peers::wish_files(std::uint64_t peer) {
  peers.at(peer).media_paths = true;
  declare();
}

void agent_peers::join(std::uint64_t peer) {
  sticky_balancer.join(peer);
  announce();
}

std::size_t agent_peers::detach(std::uint64_t peer) {
  auto it = peers.find(peer);
  if (it == peers.end()) return 0;
  auto gone = std::move(it->second);
  peers.erase(it);
  output.left(peer);
  sticky_balancer.leave(peer);
  delivery_returned back;
  back.delivery_ids.assign(gone.unacked.begin(), gone.unacked.end());
  for (auto& id : back.delivery_ids) holder.erase(id);
  auto unacked = back.delivery_ids.size();
  if (sticky_balancer.peers() == 0) announce(); // first, so that nothing is handed to nobody
  // What it was still writing is sealed as it stands: nobody will finish it, and it must not look alive
  // (F63).
  for (auto& [key, open] : gone.drafts) {
    // A request of its own: an agent that asks the same again opens nothing, and has it sealed once. Its
    // outcome must not be taken for that of something an agent asked.
    const bool nameless = open.request_id.empty(); // that of a named agent begins with its name
    open.request_id += "\nseal";
    if (nameless) open.request_id += std::to_string(env.random->bits());
    open.act = wire::seal_draft(open.act);
    open.abandons = true; // half an answer as a message would stand beside the whole one of the next agent
    tell(self, host.actions, std::move(open));
  }
  clear_statuses(gone);
  if (!back.delivery_ids.empty()) tell(self, host.acks, std::move(back));
  if (peers.empty()) return unacked; // what was declared stays: a restart must not make hellos flap
  announce();
  declare();
  return unacked;
}

void agent_peers::announce() {
  auto takers = sticky_balancer.peers();
  env.metrics->set(gauge::agents_now, static_cast<std::int64_t>(takers));
  auto paths = std::any_of(peers.begin(), peers.end(), [](auto& x) { return x.second.media_paths; });
  tell(self, host.acks, agent_presence{static_cast<std::uint32_t>(takers), paths});
}

void agent_peers::deliver(burst<delivery>& x) {
  const auto one_by_one = [&] {
    for (auto& one : x.items) deliver(one);
  };
  flushed(one_by_one, [this] { flush(); });
}

void agent_peers::flush() {
  tell_all(self, env, host.actions, host.action_bursts, requests);
  tell_all(self, env, host.acks, host.ack_bursts, acks);
  if (!unplaced.empty()) tell(self, host.acks, delivery_returned{std::exchange(unplaced, {}), true});
}

void agent_peers::deliver(delivery& x) {
  auto peer = taker_of(x);
  if (peer == 0) { // it left while the event was on its way here
    unplaced.push_back(std::move(x.id));
    return;
  }
  auto& entry = peers.at(peer);
  std::string frame;
  wire::encode_delivery(frame, x, entry.media_paths);
  auto& held = holder[x.id];
  if (held.peer != 0 && held.peer != peer)
    if (auto old = peers.find(held.peer); old != peers.end()) old->second.unacked.erase(x.id);
  held.peer = peer;
  held.new_host = false;
  entry.unacked.insert(std::move(x.id));
  entry.socket->write(std::move(frame));
}

std::uint64_t agent_peers::taker_of(const delivery& x) {
  auto held = holder.find(x.id);
  if (held == holder.end() || held->second.new_host) return sticky_balancer.pick(x.session_key);
  // It comes again although nobody went: its ack was missed.
  auto& missed = held->second.missed;
  missed.insert(held->second.peer);
  sticky_balancer.late(held->second.peer);
  if (auto other = sticky_balancer.move(x.session_key, missed); other != 0) {
    env.log->write(severity::warn, "agent.ack_missed",
                   {{"peer", held->second.peer},
                    {"delivery", x.id},
                    {"next", "its session goes to agent " + std::to_string(other)}});
    return other;
  }
  missed.clear(); // every agent missed one: all may get it again
  return sticky_balancer.pick(x.session_key);
}

void agent_peers::withdraw(const delivery_withdrawn& x) {
  for (auto& id : x.delivery_ids) {
    auto held = holder.find(id);
    if (held == holder.end()) continue;
    if (auto owner = peers.find(held->second.peer); owner != peers.end()) owner->second.unacked.erase(id);
    holder.erase(held);
  }
}

void agent_peers::said(agent_said& x) {
  auto it = peers.find(x.peer);
  if (it == peers.end()) return;
  if (!host.actions) {              // an agent may attach while the gateway still starts
    it->second.socket->read(false); // until it is known: what it says must not pile up
    unheard.push_back(std::move(x));
    return;
  }
  // One actor may be both, acks and actions then in the order that they came: it takes no bursts.
  gathers = x.frames.size() > 1 && host.ack_bursts && host.action_bursts;
  const auto one_by_one = [&] { on_frames(x, it->second); };
  flushed(one_by_one, [this] { flush(); });
}

void agent_peers::on_frames(agent_said& x, peer_entry& from) {
  auto silent = !std::exchange(from.spoken, true); // so far: what an earlier agent declared is in force
  for (auto& frame : x.frames) {
    if (auto* ack = std::get_if<wire::agent_ack>(&frame)) {
      acknowledge(x.peer, *ack);
    } else if (auto* wanted = std::get_if<wire::agent_action>(&frame)) {
      ask(x.peer, from, wanted->request);
    } else if (auto* stop = std::get_if<wire::agent_interrupt>(&frame)) {
      stop_session(*stop);
    } else if (auto* describe_self = std::get_if<wire::agent_hello>(&frame)) {
      silent = false;
      declared(x.peer, from, *describe_self);
    } else if (auto* bad = std::get_if<wire::bad_agent_frame>(&frame)) {
      if (const auto why = bad->counted_as(); !why.empty()) env.metrics->add(counter::actions_refused, why);
      refuse(x.peer, from, bad->what, bad->request_id);
    }
  }
  if (silent) declare(); // it has nothing to declare
}

void agent_peers::acknowledge(std::uint64_t peer, wire::agent_ack& x) {
  if (auto held = holder.find(x.delivery_id); held != holder.end()) {
    if (auto owner = peers.find(held->second.peer); owner != peers.end())
      owner->second.unacked.erase(x.delivery_id);
    holder.erase(held);
  } else if (!late_acks.take(now_of(self))) {
    env.metrics->add(counter::acks_dropped);
    return;
  }
  sticky_balancer.in_time(peer);
  delivery_ack out{std::move(x.delivery_id)};
  if (gathers)
    acks.push_back(std::move(out));
  else
    tell(self, host.acks, std::move(out));
}

void agent_peers::stop_session(wire::agent_interrupt& x) {
  if (x.reason.size() > longest_interrupt_reason || !interrupts.take(now_of(self))) {
    env.metrics->add(counter::interrupts_sent, "dropped");
    return;
  }
  flush(); // it comes behind the actions that were said before it
  tell(self, host.actions, session_interrupt{std::move(x.session_key), std::move(x.reason), x.has_reason});
}

void agent_peers::refuse(std::uint64_t peer, peer_entry& entry, const std::string& what,
                         const std::string& request_id) {
  env.metrics->add(counter::agent_frames_refused);
  const auto told = entry.complaints.take(now_of(self));
  if (told) {
    env.log->write(severity::warn, "agent.bad_frame",
                   {{"peer", peer}, {"what", what}, {"unanswered", std::exchange(entry.unanswered, 0)}});
  } else {
    ++entry.unanswered;
    if (request_id.empty()) return; // nobody waits for this answer
  }
  std::string out;
  wire::encode_error(out, what, request_id);
  entry.socket->write(std::move(out));
}

void agent_peers::declared(std::uint64_t peer, peer_entry& entry, wire::agent_hello& x) {
  if (!entry.hellos.take(now_of(self))) return refuse(peer, entry, "hello: too many of them", {});
  for (auto& fault : x.faults) refuse(peer, entry, fault, {});
  if (!x.name.empty()) entry.name = std::move(x.name);
  entry.commands = std::move(x.commands);
  entry.media_paths = x.media_paths;
  declare();
}

void agent_peers::declare() {
  agent_declaration all;
  // Of two agents with a command of one name the newer one counts: it comes first.
  for (auto it = peers.rbegin(); it != peers.rend(); ++it) {
    all.media_paths = all.media_paths || it->second.media_paths;
    all.commands.insert(all.commands.end(), it->second.commands.begin(), it->second.commands.end());
  }
  tell(self, host.registry, std::move(all));
}

void agent_peers::note_draft(peer_entry& from, const action_request& x) {
  const auto* draft = draft_of(x.act);
  if (draft == nullptr) return;
  auto key = x.act.chat_id + "\n" + draft->id;
  // One that cannot be noted ends as it was last noted, or not at all.
  if (draft->final)
    from.drafts.erase(key);
  else if (fits_notes(from.drafts, key, x))
    from.drafts.insert_or_assign(std::move(key), x);
}

void agent_peers::outcomes_of(const burst<action_outcome>& x) {
  for (const auto& one : x.items) outcome_of(one);
}

void agent_peers::outcome_of(const action_outcome& x) {
  auto it = asked.find(x.request_id);
  if (it == asked.end()) return;
  auto who = std::move(it->second.front());
  it->second.pop_front();
  if (it->second.empty()) asked.erase(it);
  told(who, x.request_id, x.result);
}

/// `request_id`: as the router has it.
void agent_peers::told(const asker& who, const std::string& request_id, const action_result& result) {
  settled(who);
  auto to = peers.find(who.peer);
  if (to == peers.end()) return; // it may ask again with the same id and gets the recorded result
  if (result.how == outcome::definite && !request_id.empty()) // the same may be asked again, and open it then
    for (auto& [key, open] : to->second.drafts)
      if (open.request_id == request_id) open.request_id.clear();
  answer(who, result);
}

void agent_peers::answer(const asker& to, const action_result& result) {
  auto it = peers.find(to.peer);
  if (it == peers.end()) return;
  std::string frame;
  wire::encode_outcome(frame, {to.request_id, result});
  it->second.socket->write(std::move(frame));
}

void agent_peers::ask(std::uint64_t peer, peer_entry& entry, action_request& x) {
  asker who{peer, x.request_id, size_of(x)};
  if (output.asked(peer, who.bytes)) {
    entry.socket->read(false);
    env.log->write(severity::warn, "agent.paused",
                   {{"peer", peer},
                    {"actions", output.actions()},
                    {"bytes", output.bytes()},
                    {"next", "it is read from again when half of what it asked for has an outcome"}});
  }
  show_output();
  scope_id(entry, x);
  note_draft(entry, x);
  note_status(entry, x);
  auto& waiting = asked[x.request_id];
  if (!waiting.empty() && waiting.front().peer != peer) return ask_apart(std::move(who), x);
  waiting.push_back(std::move(who));
  if (gathers)
    requests.push_back(std::move(x));
  else
    tell(self, host.actions, std::move(x));
}

void agent_peers::ask_apart(asker who, action_request& x) {
  flush(); // it comes behind what was said before it
  const auto number = ++last_apart;
  asked_apart.emplace(number, std::move(who));
  auto id = x.request_id;
  request(std::move(x), [this, number, id = std::move(id)](const action_outcome& y) {
    if (auto one = asked_apart.extract(number)) told(one.mapped(), id, y.result);
  });
}

void agent_peers::settled(const asker& who) {
  for (auto peer : output.settled(who.peer, who.bytes)) {
    auto it = peers.find(peer);
    if (it == peers.end()) continue;
    it->second.socket->read(true);
    env.log->write(severity::info, "agent.resumed", {{"peer", peer}});
  }
  show_output();
}

void agent_peers::show_output() {
  env.metrics->set(gauge::agent_actions, static_cast<std::int64_t>(output.actions()));
  env.metrics->set(gauge::agent_action_bytes, static_cast<std::int64_t>(output.bytes()));
}

/// A named agent's ids are its own. Those of agents without a name are one set: another one's id is refused
/// when the router finds that it stands for another action.
void agent_peers::scope_id(const peer_entry& entry, action_request& x) {
  if (!x.request_id.empty() && !entry.name.empty())
    x.request_id = "\n" + std::to_string(entry.name.size()) + ":" + entry.name + x.request_id;
}

/// A message ends what the platform shows of its chat, and so does a clear.
void agent_peers::note_status(peer_entry& from, const action_request& x) {
  auto place = x.platform + "\n" + x.act.chat_id + "\n";
  if (std::holds_alternative<typing_fields>(x.act.fields)) {
    auto key = place + x.act.metadata;
    if (clears_status(x.act))
      from.statuses.erase(key);
    else if (fits_notes(from.statuses, key, x))
      from.statuses.insert_or_assign(key, x);
  } else if (traits_of(x.act.kind).ends_status) {
    std::erase_if(from.statuses, [&](auto& y) { return y.first.compare(0, place.size(), place) == 0; });
  }
}

void agent_peers::clear_statuses(const peer_entry& gone) {
  for (auto& [key, shown] : gone.statuses) {
    auto clear = shown;
    // Its outcome must not be taken for that of something an agent asked.
    clear.request_id = "\nclear " + std::to_string(env.random->bits());
    clear.act = wire::typing_clear(shown.act.chat_id, shown.act.metadata);
    tell(self, host.actions, std::move(clear));
  }
}

void agent_peers::send_hello(gateway_announcement& x) {
  announcement = std::move(x);
  announced = true;
  std::string frame;
  wire::encode_ready(frame, announcement.gateway_id, announcement.platforms);
  broadcast(frame);
}

void agent_peers::drain() {
  if (std::exchange(draining, true)) return;
  std::string frame;
  wire::encode_draining(frame);
  broadcast(frame);
}

void agent_peers::interrupt(const turn_interrupt& x) {
  auto to = peers.find(sticky_balancer.last(x.session_key));
  std::string frame;
  wire::encode_interrupt(frame, x.session_key, x.chat_id);
  if (to != peers.end()) {
    to->second.socket->write(std::move(frame));
    return;
  }
  // No event of that session came here since the start: only an agent that was there before can know it.
  env.metrics->add(counter::interrupts_unknown);
  broadcast(frame);
}

void agent_peers::broadcast(const std::string& frame) {
  for (auto& [peer, entry] : peers) entry.socket->write(frame);
}

void agent_peers::rehost(agent_host x) {
  auto had_host = static_cast<bool>(host.actions);
  auto same_actions = had_host && host.actions == x.actions;
  host = std::move(x);
  for (auto& [id, held] : holder) held.new_host = true;
  if (had_host && !same_actions) { // the router that had these is gone: their outcomes are unknown
    for (auto& [id, askers] : std::exchange(asked, {}))
      for (auto& who : askers) told(who, id, router_is_gone());
    for (auto& [number, who] : std::exchange(asked_apart, {})) told(who, {}, router_is_gone());
  }
  announce();
  if (!peers.empty()) declare();
  if (!host.actions) return;
  for (auto& early : std::exchange(unheard, {})) {
    if (auto it = peers.find(early.peer); it != peers.end()) it->second.socket->read(true);
    said(early);
  }
}

} // namespace relay
