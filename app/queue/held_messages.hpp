// The messages that a session has of its consumer, and where each is settled. Pure.
#pragma once

#include "relay_gateway/actors/core/bounded_map.hpp"
#include "relay_gateway/actors/queue_port.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace relay::queue {

/// What a message that the server gives out is to a session.
enum class message_arrival : std::uint8_t {
  fresh,    ///< to be told
  repeated, ///< it is here already; it may be told again
  expected, ///< it was read from the stream before; only now is it known where it is settled
  over,     ///< it was read from the stream, and is done: to be acknowledged at once
};

class held_messages {
public:
  /// The server gives it out; `reply`: the subject where it is settled.
  message_arrival arrived(std::uint64_t sequence, std::string reply) {
    if (const auto it = held_.find(sequence); it != held_.end()) {
      const bool expected = it->second.empty();
      it->second = std::move(reply);
      return expected ? message_arrival::expected : message_arrival::repeated;
    }
    if (done_early_.erase(sequence) > 0) return message_arrival::over;
    held_.emplace(sequence, std::move(reply));
    return message_arrival::fresh;
  }
  /// It was read from the stream. False when this session knows it.
  bool read(std::uint64_t sequence) { return !known(sequence) && held_.emplace(sequence, "").second; }
  /// This session has it, or has settled it.
  bool known(std::uint64_t sequence) const {
    return held_.contains(sequence) || done_early_.contains(sequence) || settled_.contains(sequence);
  }
  /// This session has it, and has not settled it.
  bool holds(std::uint64_t sequence) const { return held_.contains(sequence); }
  /// The subject to tell it to; none when it is not held, or was read and has not been given out yet.
  std::optional<std::string> settle(std::uint64_t sequence, settlement how) {
    const auto it = held_.find(sequence);
    if (it == held_.end()) return std::nullopt;
    auto reply = it->second;
    if (how != settlement::working) held_.erase(it);
    if (how == settlement::done) settled_.insert(sequence);
    if (!reply.empty()) return reply;
    if (how == settlement::done) done_early_.insert(sequence);
    return std::nullopt;
  }
  /// All messages up to this one are settled, as the server sees it.
  void settled_up_to(std::uint64_t floor) {
    std::erase_if(done_early_, [&](const auto x) { return x <= floor; });
  }

private:
  std::unordered_map<std::uint64_t, std::string> held_; ///< reply subjects; empty: read only
  std::unordered_set<std::uint64_t> done_early_;        ///< the server still gives these out, once
  core::recent_set<std::uint64_t> settled_{20'000};
};

} // namespace relay::queue
