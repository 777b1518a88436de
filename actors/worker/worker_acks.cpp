// The part of the worker that tells gateways which events its agents have taken.
#include "relay_gateway/actors/worker/worker.hpp"

#include <utility>

namespace relay {

namespace {

/// In one message: with the longest ids 32 KiB.
constexpr std::size_t most_acks = 64;

} // namespace

using core::id_of;
using core::turn_of;

/// What an agent says of an event leaves behind the actions that answer it: all have its id as their key.
void worker_state::tell_ack(const std::string& gateway, const std::string& id) {
  if (const auto host = hosts.find(gateway); host != hosts.end() && host->second.takes_acks) {
    if (turns.may_tell(turn_of(gateway, id))) gather_ack(gateway, id);
    return;
  }
  queue_publication out;
  out.subject = names.acks(gateway);
  // Its own each time: an ack that the gateway lost must not be taken for one that it has.
  out.id = setup.name + "#ack" + std::to_string(++repeats);
  out.sender = setup.name;
  wire::encode_worker_ack(out.body, id);
  put(turn_of(gateway, id), std::move(out), {gateway, turn_of(gateway, id), true});
}

/// One message costs the stream as much as one event's whole way, and can tell of many: those that come while
/// one is on its way wait for the next, unless they fill it.
void worker_state::gather_ack(const std::string& gateway, const std::string& id) {
  auto& host = hosts.at(gateway);
  host.acks.push_back(id);
  if (!host.ack_out || host.acks.size() >= most_acks) send_acks(gateway, host);
}

void worker_state::send_acks(const std::string& gateway, hosted& host) {
  queue_publication out;
  out.subject = names.acks(gateway);
  out.id = setup.name + "#ack" + std::to_string(++repeats);
  out.sender = setup.name;
  purpose why{gateway, {}, true};
  for (const auto& id : host.acks) why.turns.push_back(turn_of(gateway, id));
  encode(out.body, wire::worker_acks{std::exchange(host.acks, {})});
  host.ack_out = true;
  const auto key = gateway + "\n\n" + std::to_string(repeats); // no event's, and none waits for another
  put(key, std::move(out), std::move(why));
}

/// An action is stored, or never can be.
void worker_state::published(const purpose& why) {
  if (const auto over = turns.published(why.turn); !over.empty()) settle(over);
  if (turns.tells(why.turn)) gather_ack(why.gateway, id_of(why.gateway, why.turn));
}

/// The server takes messages of less than that.
void worker_state::acks_refused(const purpose& why) {
  const auto host = hosts.find(why.gateway);
  if (host == hosts.end()) return;
  host->second.takes_acks = host->second.ack_out = false;
  for (const auto& turn : why.turns) tell_ack(why.gateway, id_of(why.gateway, turn));
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
