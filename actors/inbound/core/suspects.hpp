// Which events may have killed their agent (agent-link.md, Promises): what was out when an agent died is
// suspect. Suspects are given out one at a time, so that the next death tells which of them it was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace relay::core {

/// Suspicion on disk: one bit of stored_event::attempts. Never renumbered.
inline constexpr std::uint32_t suspect_bit = 0x8000'0000U;
inline std::uint32_t with_suspicion(std::uint32_t attempts, bool suspect) {
  return (attempts & ~suspect_bit) | (suspect ? suspect_bit : 0);
}
/// Another bit: it was with an agent, or about to be, when this was written. The last attempt counts it.
inline constexpr std::uint32_t out_bit = 0x4000'0000U;
inline std::uint32_t without_suspicion(std::uint32_t stored) { return stored & ~(suspect_bit | out_bit); }
inline bool is_out(std::uint32_t stored) { return (stored & out_bit) != 0; }
inline bool is_suspect(std::uint32_t stored) { return (stored & suspect_bit) != 0; }

class suspects {
public:
  /// Makes it suspect, or updates it. `counted`: deliveries that count against it so far.
  void add(std::uint64_t id, std::uint32_t counted);
  /// It is cleared, or set aside. Unknown ids are ignored.
  void clear(std::uint64_t id);
  bool contains(std::uint64_t id) const { return counted_.count(id) > 0; }
  std::size_t size() const { return counted_.size(); }
  /// It is with an agent: if it is suspect, it has the turn until it is back or cleared.
  void given(std::uint64_t id) {
    if (contains(id)) turn_ = id;
  }
  void back(std::uint64_t id) {
    if (turn_ == id) turn_ = 0;
  }
  /// The suspect to give out now; 0 = none, or one is out. Those that nothing was counted against come first,
  /// oldest first, so that the innocent do not wait for the guilty; of the others the one that is nearest to
  /// its end.
  template <class Ready>
  std::uint64_t next(Ready&& ready) const {
    if (turn_ != 0) return 0;
    for (auto& [rank, id] : order_)
      if (ready(id)) return id;
    return 0;
  }
  /// An agent died that had these. Returns the one that the death counts against: the only suspect among
  /// them, or the only one at all; 0 = nobody knows which it was.
  std::uint64_t blamed(const std::vector<std::uint64_t>& with_it) const;

private:
  static std::uint32_t rank_of(std::uint32_t counted) { return counted == 0 ? 0 : ~counted; }
  std::unordered_map<std::uint64_t, std::uint32_t> counted_;
  std::set<std::pair<std::uint32_t, std::uint64_t>> order_; ///< (rank, id)
  std::uint64_t turn_ = 0;
};

} // namespace relay::core
