// The part of the worker that tells gateways which events its agents have taken.
#include "relay_gateway/actors/worker/worker.hpp"

#include <algorithm>
#include <utility>

namespace relay {

namespace {

/// In one message: with the longest ids 32 KiB,
constexpr std::size_t most_acks = 64;
/// and about so much of actions.
constexpr std::size_t most_beside = 64UL << 10;
/// Actions of one event: larger ones do not go along.
constexpr std::size_t most_of_one = 16UL << 10;

/// The actions of an event that have no outcome, as they were published.
std::vector<std::string> open_actions(const worker_state::hosted& host, const std::string& id) {
  std::vector<std::string> out;
  const auto open = host.open.find(id);
  if (open == host.open.end()) return out;
  const std::set<std::string> each{open->second.begin(), open->second.end()};
  for (const auto& request_id : each)
    if (const auto line = host.asks.find(request_id); line != host.asks.end())
      for (const auto& one : line->second)
        if (one.delivery_id == id) out.push_back(one.what.body);
  return out;
}

std::size_t weight(const std::vector<std::string>& actions) {
  std::size_t out = 0;
  for (const auto& x : actions) out += x.size();
  return out;
}

} // namespace

using core::id_of;
using core::turn_of;

/// What an agent says of an event leaves behind the actions that answer it: all have its id as their key. A
/// queue may lose them although it said that they are stored: what has no outcome goes along once more, or,
/// where that is too large, the ack waits for the outcomes.
void worker_state::tell_ack(const std::string& gateway, const std::string& id) {
  const auto host = hosts.find(gateway);
  if (host == hosts.end()) return;
  if (host->second.takes_acks) {
    if (turns.may_tell(turn_of(gateway, id))) gather_ack(gateway, id);
    return;
  }
  const auto actions = open_actions(host->second, id);
  if (weight(actions) > most_of_one) {
    host->second.late.insert(id);
    return;
  }
  queue_publication out;
  out.subject = names.acks(gateway);
  // Its own each time: an ack that the gateway lost must not be taken for one that it has.
  out.id = setup.name + "#ack" + std::to_string(++repeats);
  out.sender = setup.name;
  wire::encode_worker_ack(out.body, id, actions);
  purpose why{gateway, {}, true};
  why.turns.push_back(turn_of(gateway, id));
  put(turn_of(gateway, id), std::move(out), std::move(why));
}

/// One message costs the stream as much as one event's whole way, and can tell of many: those that come while
/// one is on its way wait for the next, unless they fill it.
void worker_state::gather_ack(const std::string& gateway, const std::string& id) {
  auto& host = hosts.at(gateway);
  if (weight(open_actions(host, id)) > most_of_one) {
    host.late.insert(id);
    return;
  }
  host.acks.push_back(id);
  if (!host.ack_out || host.acks.size() >= most_acks) send_acks(gateway, host);
}

void worker_state::send_acks(const std::string& gateway, hosted& host) {
  queue_publication out;
  out.subject = names.acks(gateway);
  out.id = setup.name + "#ack" + std::to_string(++repeats);
  out.sender = setup.name;
  purpose why{gateway, {}, true};
  std::vector<std::string> ids, actions;
  std::size_t size = 0;
  for (const auto& id : host.acks) {
    if (ids.size() == most_acks || size >= most_beside) break;
    ids.push_back(id);
    why.turns.push_back(turn_of(gateway, id));
    for (auto& x : open_actions(host, id)) {
      size += x.size();
      actions.push_back(std::move(x));
    }
  }
  host.acks.erase(host.acks.begin(), host.acks.begin() + static_cast<std::ptrdiff_t>(ids.size()));
  wire::encode_worker_acks(out.body, ids, actions);
  host.ack_out = true;
  const auto key = gateway + "\n\n" + std::to_string(repeats); // no event's, and none waits for another
  put(key, std::move(out), std::move(why));
}

/// An action is stored, or never can be.
void worker_state::published(const purpose& why) {
  if (const auto over = turns.published(why.turn); !over.empty()) settle(over);
  if (turns.tells(why.turn)) gather_ack(why.gateway, id_of(why.gateway, why.turn));
}

/// An action has its outcome, so the gateway has it.
void worker_state::had_outcome(const std::string& gateway, hosted& host, const std::string& request_id,
                               const ask& one) {
  const auto open = host.open.find(one.delivery_id);
  if (open == host.open.end()) return;
  if (const auto it = std::find(open->second.begin(), open->second.end(), request_id);
      it != open->second.end())
    open->second.erase(it);
  if (!open->second.empty()) return;
  host.open.erase(open);
  if (host.late.erase(one.delivery_id) > 0) tell_ack(gateway, one.delivery_id);
}

/// The server takes messages of less than that.
void worker_state::acks_refused(const purpose& why) {
  const auto host = hosts.find(why.gateway);
  if (host == hosts.end()) return;
  const bool alone = !host->second.takes_acks;
  host->second.takes_acks = host->second.ack_out = false;
  for (const auto& turn : why.turns) {
    const auto id = id_of(why.gateway, turn);
    if (!alone)
      tell_ack(why.gateway, id);
    else if (host->second.open.contains(id))
      host->second.late.insert(id); // its actions are too large beside it
  }
  for (const auto& id : std::exchange(host->second.acks, {})) tell_ack(why.gateway, id);
}

void worker_state::acks_stored(const purpose& why) {
  for (const auto& turn : why.turns) settle(turns.settled(turn));
  const auto host = hosts.find(why.gateway);
  if (host == hosts.end()) return;
  host->second.ack_out = false;
  if (!host->second.acks.empty()) send_acks(why.gateway, host->second);
}

} // namespace relay
