// Fault points: what may go wrong in a run. Each is armed per run or not, and an armed one fires now and then
// (as FoundationDB's buggify does).
#pragma once

#include "relay_gateway/tests/sim/base/seeded_rng.hpp"

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace relay::sim {

enum class fault : std::uint8_t {
  // network
  dial_refused,
  dial_hangs,
  upgrade_fails,
  call_back_at_once,
  slow_network,
  split_anywhere,
  cut,
  half_open,
  deaf_gateway,
  deaf_connector,
  stalled,
  unwritten,
  // closing
  close_going_away,
  close_restart,
  close_too_big,
  close_unknown,
  refused_once,
  refused_expired,
  revoked,
  // HTTP
  http_refused,
  http_slow,
  http_answer_lost,
  provision_refused,
  provision_withheld,
  policy_refused,
  idp_down,
  // connector
  connector_restart,
  descriptor_missing,
  descriptor_late,
  idle_ack_missing,
  result_late,
  result_twice,
  result_missing,
  result_failed,
  result_ambiguous,
  result_declined,
  result_unreadable,
  event_twice,
  event_renumbered,
  events_mixed,
  replay_storm,
  poison_frame,
  foreign_frame,
  endless_line,
  // agents
  agent_crash,
  agent_hang,
  agent_slow,
  agent_forgets_ack,
  agent_flood,
  agent_repeats,
  agent_nonsense,
  // this process and its machine
  process_kill,
  process_suspend,
  machine_suspend,
  wall_jump,
  actor_crash,
  slow_actors,
  // operator
  reload,
  reconnect,
  dormant,
  restart,
  // media
  media_fails,
  media_slow,
  // store
  store_slow,
  store_full,
  store_scarce,
  store_torn,
  // login store
  login_renewed,
  login_again,
  login_busy,
  login_unwritten,
  // connector; behind the others, so that what they choose stays the same
  rate_limited,
  buffer_ids_again,
  // egress
  chat_throws,
  router_crash,
  removal_cut,
  // credentials
  provisioner_crash,
  count_
};
inline constexpr std::size_t fault_count = static_cast<std::size_t>(fault::count_);

struct fault_text {
  std::string_view name, what;
};
/// Its name on the command line, and one line for a person.
fault_text describe(fault x) noexcept;
/// False when there is none of that name.
bool from_string(std::string_view name, fault& out) noexcept;

using fault_mask = std::bitset<fault_count>;
/// `a,b,c`; `none` when empty.
std::string names_of(const fault_mask& x);

/// The faults of one run.
class fault_set {
public:
  /// `allowed`: the others stay disarmed; which of the allowed ones are armed is the seed's choice, unless
  /// `all` arms every one. `variation`: not 0 = the same ones at other times.
  fault_set(std::uint64_t seed, const fault_mask& allowed, bool all = false, std::uint64_t variation = 0);
  /// Hears of each one that fires.
  std::function<void(fault)> on_fired = [](fault) {};

  bool armed(fault x) const noexcept { return armed_.test(static_cast<std::size_t>(x)); }
  /// Whether it fires now. Never once calm() was called.
  bool hit(fault x);
  /// Like hit(), but for one chance among many: fires about once in `rare`.
  bool hit(fault x, std::uint64_t rare);
  /// For one whose chance comes rarely: every third time, whatever its rate.
  bool often(fault x);
  /// A stream of choices of its own, for its sizes and times.
  seeded_rng& of(fault x) noexcept { return streams_[static_cast<std::size_t>(x)]; }
  /// The second phase of a run: nothing goes wrong any more.
  void calm() noexcept { calm_ = true; }
  bool is_calm() const noexcept { return calm_; }
  const fault_mask& armed() const noexcept { return armed_; }
  /// Those that fired at least once.
  const fault_mask& fired() const noexcept { return fired_; }
  /// For a fault that its owner times itself.
  void mark(fault x) {
    fired_.set(static_cast<std::size_t>(x));
    on_fired(x);
  }

private:
  fault_mask armed_, fired_;
  std::vector<seeded_rng> streams_;
  std::array<double, fault_count> rate_{};
  bool calm_ = false;
};

} // namespace relay::sim
