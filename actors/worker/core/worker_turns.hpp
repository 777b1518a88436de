// Which messages of the queue a worker has in hand. One event may come in several messages: the queue repeats
// what it takes for lost, and a gateway publishes again what it takes for missed.
#pragma once

#include "relay_gateway/actors/core/bounded_map.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace relay::core {

/// The id of an event, unique over all gateways, and back.
inline std::string turn_of(const std::string& gateway, const std::string& delivery_id) {
  return gateway + "\n" + delivery_id;
}
inline std::string id_of(const std::string& gateway, const std::string& turn) {
  return turn.substr(gateway.size() + 1);
}

enum class turn_arrival : std::uint8_t {
  fresh,   ///< for the agent
  again,   ///< the gateway takes it for missed: the agent, which has it, gets it once more
  known,   ///< the queue repeats what is in hand
  over,    ///< the agent took it before; the gateway has to be told again
  suspect, ///< it was given out too often: others had it and said nothing any more
};

class worker_turns {
public:
  /// A message that the queue has given out so often is not tried another time.
  static constexpr std::uint64_t most_deliveries = 2;

  /// `id`: of the event, unique over all gateways. `most`: how often its message may be given out.
  turn_arrival arrived(const std::string& id, std::uint64_t sequence, std::uint64_t deliveries,
                       std::uint64_t most = most_deliveries) {
    const auto known = turns_.find(id);
    const bool here = known != turns_.end();
    auto& one = turns_[id];
    const bool repeated = std::find(one.messages.begin(), one.messages.end(), sequence) != one.messages.end();
    if (!repeated) one.messages.push_back(sequence);
    if (repeated) return turn_arrival::known;
    if (one.closed) return std::exchange(one.told, false) ? turn_arrival::over : turn_arrival::known;
    if (done_.contains(id)) {
      one.closed = true;
      return turn_arrival::over;
    }
    if (here) return turn_arrival::again;
    return deliveries > most ? turn_arrival::suspect : turn_arrival::fresh;
  }
  /// The agent took it, and may have to answer it yet. False when it is not in hand, or was taken before.
  bool acked(const std::string& id, bool is_answered = true) {
    const auto it = turns_.find(id);
    if (it == turns_.end() || it->second.closed) return false;
    it->second.closed = true;
    it->second.answered = is_answered;
    if (!is_answered) ++taken_;
    done_.insert(id);
    return true;
  }
  /// The agent gave it back, or nobody waits for it. False when it is not in hand, or closed.
  bool returned(const std::string& id) {
    const auto it = turns_.find(id);
    if (it == turns_.end() || it->second.closed) return false;
    it->second.closed = true;
    return true;
  }
  /// The agent has answered what it took before. Returns its messages when they are to be settled now: the
  /// gateway was told, and all that belongs to it is stored.
  std::vector<std::uint64_t> answered(const std::string& id) {
    const auto it = turns_.find(id);
    if (it == turns_.end() || std::exchange(it->second.answered, true)) return {};
    --taken_;
    return messages_if_over(it);
  }
  /// The gateway will hear of it: its messages, when they are to be settled now.
  std::vector<std::uint64_t> settled(const std::string& id) {
    const auto it = turns_.find(id);
    if (it == turns_.end()) return {};
    it->second.told = true;
    return messages_if_over(it);
  }
  /// The gateway is to be told that the agent took it. True when it may be told now; else published() says
  /// when: what the agent did for it has to be in the stream before.
  bool may_tell(const std::string& id) {
    const auto it = turns_.find(id);
    if (it == turns_.end()) return false;
    it->second.tells = it->second.unstored > 0;
    return !it->second.tells;
  }
  /// Whether that is due now.
  bool tells(const std::string& id) {
    const auto it = turns_.find(id);
    return it != turns_.end() && it->second.unstored == 0 && std::exchange(it->second.tells, false);
  }
  /// An action that belongs to it is on its way to the stream.
  void publishing(const std::string& id) {
    if (const auto it = turns_.find(id); it != turns_.end()) ++it->second.unstored;
  }
  /// Such an action is stored, or never can be: the event's messages, when they are to be settled now.
  std::vector<std::uint64_t> published(const std::string& id) {
    const auto it = turns_.find(id);
    if (it == turns_.end() || it->second.unstored == 0) return {};
    --it->second.unstored;
    return messages_if_over(it);
  }
  /// The agent gave back what it did not take: its messages, which the queue gives out again.
  std::vector<std::uint64_t> repeated(const std::string& id) {
    const auto it = turns_.find(id);
    if (it == turns_.end() || it->second.closed) return {};
    auto out = std::move(it->second.messages);
    turns_.erase(it);
    return out;
  }
  /// The gateway cannot be told: its messages come again when their time is over, and are as new then.
  void forget(const std::string& id) {
    const auto it = turns_.find(id);
    if (it == turns_.end()) return;
    if (!it->second.answered) {
      --taken_;
      done_.erase(id);
    }
    turns_.erase(it);
  }
  /// The agent that took those whose ids begin so is gone: messages of what it has not answered, for another
  /// one.
  std::vector<std::uint64_t> abandoned(const std::string& prefix) {
    std::vector<std::uint64_t> out;
    for (auto it = turns_.begin(); it != turns_.end();) {
      if (it->second.answered || !it->first.starts_with(prefix)) {
        ++it;
        continue;
      }
      out.insert(out.end(), it->second.messages.begin(), it->second.messages.end());
      done_.erase(it->first);
      it = turns_.erase(it);
      --taken_;
    }
    return out;
  }
  /// Of all that is in hand.
  std::vector<std::uint64_t> messages() const {
    std::vector<std::uint64_t> out;
    for (const auto& [id, one] : turns_) out.insert(out.end(), one.messages.begin(), one.messages.end());
    return out;
  }
  /// What agents have whose ids begin so.
  std::vector<std::string> open(const std::string& prefix) const {
    std::vector<std::string> out;
    for (const auto& [id, one] : turns_)
      if (!one.closed && id.starts_with(prefix)) out.push_back(id);
    return out;
  }
  std::size_t size() const { return turns_.size(); }
  /// How many the agent took and has not answered.
  std::size_t taken() const { return taken_; }

private:
  struct open_turn {
    std::vector<std::uint64_t> messages;
    bool closed = false; ///< what became of it is on its way to the gateway, or there
    bool told = false;   ///< it is there
    bool answered = true;
    bool tells = false;       ///< the gateway is to be told, once these are stored:
    std::size_t unstored = 0; ///< actions on their way to the stream
  };
  using turn_table = std::unordered_map<std::string, open_turn>;

  std::vector<std::uint64_t> messages_if_over(turn_table::iterator it) {
    if (!it->second.told || !it->second.answered || it->second.unstored > 0) return {};
    auto out = std::move(it->second.messages);
    turns_.erase(it);
    return out;
  }

  turn_table turns_;
  core::recent_set<std::string> done_{10'000}; ///< taken by the agent
  std::size_t taken_ = 0;
};

} // namespace relay::core
