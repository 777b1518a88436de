// What the gateway is in the middle of when something goes wrong, as it is seen from outside: the states of
// which a guided campaign wants to meet each together with each fault.
#pragma once

#include "relay_gateway/tests/sim/base/faults.hpp"
#include "relay_gateway/tests/sim/base/observer.hpp"

#include <bitset>
#include <cstdint>
#include <set>
#include <string>

namespace relay::sim {

class situation final : public observer {
public:
  static constexpr std::size_t links = 8, agents = 3, outs = 2, states = links * agents * outs;

  /// The number of the state now.
  std::size_t now() const;
  /// `serving, busy, result awaited`
  static std::string name_of(std::size_t state);

  void life_begins(std::uint64_t life) override;
  void life_ends(std::uint64_t life, ending how) override;
  void commanded(command x) override;
  void dialled(std::uint64_t socket, const dial_request& x) override;
  void link_opened(std::uint64_t socket) override;
  void link_wrote(std::uint64_t socket, const frame_view& x) override;
  void link_read(std::uint64_t socket, const frame_view& x) override;
  void link_ended(std::uint64_t socket, const socket_end& x) override;
  void link_dropped(std::uint64_t socket) override;
  void agent_attached(std::uint64_t peer) override;
  void agent_wrote(std::uint64_t peer, const frame_view& x) override;
  void agent_read(std::uint64_t peer, const frame_view& x) override;
  void agent_ended(std::uint64_t peer) override;

private:
  enum class link_is : std::uint8_t { gone, down, dialling, opened, serving, idle, asleep, stopping };
  void link_over(std::uint64_t socket);
  link_is link_ = link_is::gone;
  std::uint64_t socket_ = 0; ///< of the newest dial
  bool idle_acked_ = false;  ///< going_idle was acknowledged
  std::set<std::uint64_t> peers_;
  std::set<std::pair<std::uint64_t, std::string>> given_; ///< events that agents have not acked
  std::set<std::string> awaited_;                         ///< frames without a result
};

/// Which faults fired in which states.
using fault_pairs = std::bitset<situation::states * fault_count>;
inline std::size_t pair_of(std::size_t state, fault x) {
  return state * fault_count + static_cast<std::size_t>(x);
}

} // namespace relay::sim
