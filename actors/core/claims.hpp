// Which events are here or were here, by their keys: the buffer id, and platform + chat + message id (F22).
// An event without either is never a repeat. A claim is kept until it is settled, so that a repeat of
// something in flight waits for it (F25); what is settled is remembered for a while.
#pragma once

#include "actors/core/clock.hpp"
#include "messages/event.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace relay::core {

/// What a repeat of this event is known by. Lengths keep the parts apart, so that no choice of ids makes two
/// events look alike.
std::vector<std::string> keys_of(const inbound_event& event, const std::string& buffer_id);

/// Settled keys are bounded by number and age, oldest first; open ones by whoever claims.
class claims {
public:
  claims(std::size_t max_settled, milliseconds window) : max_(max_settled), window_(window) {}

  enum class verdict : std::uint8_t { unknown, open, settled };
  struct finding {
    verdict what = verdict::unknown;
    std::uint64_t seq = 0; ///< who holds it, when open
  };
  /// The first of these keys that is known decides.
  finding find(const std::vector<std::string>& keys, instant now);
  /// They are `seq`'s now; those that are somebody's already stay his. Returns those that were new.
  std::vector<std::string> claim(const std::vector<std::string>& keys, std::uint64_t seq);
  /// They are `seq`'s now, also those that somebody else has open: a repeat of it that was not known as one.
  void take_over(const std::vector<std::string>& keys, std::uint64_t seq);
  /// Their event is over: from now on repeats are known as such for the window. `at` may lie in the past.
  void settle(const std::vector<std::string>& keys, instant at, instant now);
  /// Somebody else guards them now.
  void release(const std::vector<std::string>& keys, std::uint64_t seq);
  std::size_t size() const { return keys_.size(); }

private:
  using ages = std::list<std::pair<instant, std::string>>;
  struct state {
    std::uint64_t open = 0; ///< 0 = settled
    ages::iterator age;
  };
  void trim(instant now);
  std::size_t max_;
  milliseconds window_;
  std::unordered_map<std::string, state> keys_;
  ages settled_; ///< oldest first
};

} // namespace relay::core
