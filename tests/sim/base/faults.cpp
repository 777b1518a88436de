#include "relay_gateway/tests/sim/base/faults.hpp"

namespace relay::sim {

namespace {

constexpr std::array<fault_text, fault_count> texts{{
    {"dial_refused", "a dial fails at once"},
    {"dial_hangs", "a dial is never answered"},
    {"upgrade_fails", "the upgrade is answered with 429, 500, 502 or 503"},
    {"call_back_at_once", "a port calls back before its call returns"},
    {"slow_network", "latencies are twenty times as long"},
    {"split_anywhere", "bytes arrive in pieces that are cut anywhere"},
    {"cut", "a connection is cut at any byte"},
    {"half_open", "a connection carries nothing any more and nobody is told"},
    {"deaf_gateway", "nothing reaches the gateway any more"},
    {"deaf_connector", "nothing reaches the connector any more"},
    {"stalled", "a connection carries nothing for a while"},
    {"unwritten", "frames wait in the gateway's socket for a while"},
    {"close_going_away", "the connector closes with 1001 or 1011"},
    {"close_restart", "the connector closes with 1012 or 1013"},
    {"close_too_big", "the connector closes with 1009"},
    {"close_unknown", "the connector closes with a code that nobody knows"},
    {"refused_once", "a good token is refused with 4401 once"},
    {"refused_expired", "a good token is refused as expired"},
    {"revoked", "the connector forgets the secret"},
    {"http_refused", "an HTTP call finds nobody"},
    {"http_slow", "an HTTP answer takes up to its time-out, or longer"},
    {"http_answer_lost", "an HTTP call is carried out and its answer lost"},
    {"provision_refused", "provisioning is answered with an error or nonsense"},
    {"provision_withheld", "provisioning succeeds without a secret"},
    {"policy_refused", "a policy is refused"},
    {"idp_down", "the identity provider gives no token"},
    {"connector_restart", "the connector restarts; its buffer stays"},
    {"descriptor_missing", "a platform gets no descriptor on a connection"},
    {"descriptor_late", "a descriptor takes long, perhaps too long"},
    {"idle_ack_missing", "going_idle is not acknowledged, or late"},
    {"result_late", "a result comes late, perhaps on the next connection"},
    {"result_twice", "a result comes twice"},
    {"result_missing", "a result never comes"},
    {"result_failed", "an action fails at the platform"},
    {"result_ambiguous", "the connector does not know what became of an action"},
    {"result_declined", "the connector declines an action"},
    {"result_unreadable", "a result is no object"},
    {"event_twice", "an event comes twice"},
    {"event_renumbered", "an event comes again under another buffer id"},
    {"events_mixed", "events of different chats overtake each other"},
    {"replay_storm", "the whole backlog is sent again on a live connection"},
    {"poison_frame", "a frame cannot be read"},
    {"foreign_frame", "a frame of a type that nobody knows, or a forwarded request of no use"},
    {"endless_line", "a line is longer than the gateway takes"},
    {"agent_crash", "an agent dies and comes back"},
    {"agent_hang", "an agent reads and never answers"},
    {"agent_slow", "an agent takes seconds"},
    {"agent_forgets_ack", "an agent does not acknowledge an event"},
    {"agent_flood", "an agent asks for a hundred actions at once"},
    {"agent_repeats", "an agent uses a request id twice"},
    {"agent_nonsense", "an agent sends what is no frame"},
    {"process_kill", "kill -9 and a new start"},
    {"process_suspend", "the process stands still while time goes on"},
    {"machine_suspend", "the machine sleeps: the steady clock stands still, too"},
    {"wall_jump", "the wall clock jumps"},
    {"actor_crash", "an actor dies"},
    {"slow_actors", "the env goes on while actors wait for the processor"},
    {"reload", "settings change"},
    {"reconnect", "the operator asks for a new connection"},
    {"dormant", "the gateway is sent to sleep and woken"},
    {"restart", "an ordered stop and a new start"},
    {"media_fails", "an attachment cannot be fetched or uploaded"},
    {"media_slow", "an attachment takes long"},
    {"store_slow", "the disk takes seconds"},
    {"store_full", "the disk takes nothing for a while"},
    {"store_scarce", "the disk is nearly full for a while"},
    {"store_torn", "of what a killed process was writing the disk has a part, or all, and nobody knows"},
    {"login_renewed", "another program renews the login"},
    {"login_again", "somebody logs out, and in again"},
    {"login_busy", "another program holds the login store's lock for long"},
    {"login_unwritten", "the login store cannot be written"},
    {"rate_limited", "the connector wants a frame again after a while"},
    {"buffer_ids_again", "the connector restarts and counts its buffer ids from one again"},
    {"chat_throws", "a step of one chat's queue throws"},
    {"router_crash", "the router of actions dies while a prompt has no result, which never comes"},
    {"removal_cut", "a connection is cut as it carries the removal of a message"},
    {"provisioner_crash", "a platform's provisioner dies while its call is out"},
}};

} // namespace

fault_text describe(fault x) noexcept { return texts[static_cast<std::size_t>(x)]; }

bool from_string(std::string_view name, fault& out) noexcept {
  for (std::size_t i = 0; i < fault_count; ++i)
    if (texts[i].name == name) {
      out = static_cast<fault>(i);
      return true;
    }
  return false;
}

std::string names_of(const fault_mask& x) {
  std::string out;
  for (std::size_t i = 0; i < fault_count; ++i) {
    if (!x.test(i)) continue;
    if (!out.empty()) out += ',';
    out += texts[i].name;
  }
  return out.empty() ? "none" : out;
}

fault_set::fault_set(std::uint64_t seed, const fault_mask& allowed, bool all, std::uint64_t variation) {
  constexpr std::array<double, 4> arm{0.08, 0.2, 0.3, 0.5}; // calm runs and stormy ones
  constexpr std::array<double, 3> fire{0.02, 0.08, 0.25};
  seeded_rng run{seed, "faults"};
  auto p = run.one_of(arm);
  streams_.reserve(fault_count);
  for (std::size_t i = 0; i < fault_count; ++i) {
    streams_.emplace_back(seed, texts[i].name);
    auto& mine = streams_.back();
    auto chosen = mine.chance(p);
    rate_[i] = mine.one_of(fire);
    if ((chosen || all) && allowed.test(i)) armed_.set(i);
    if (variation != 0) mine = seeded_rng{varied_seed(seed, variation), texts[i].name};
  }
}

bool fault_set::hit(fault x) { return hit(x, 1); }

bool fault_set::often(fault x) {
  constexpr double third = 1.0 / 3;
  if (calm_ || !armed(x) || !of(x).chance(third)) return false;
  mark(x);
  return true;
}

bool fault_set::hit(fault x, std::uint64_t rare) {
  if (calm_ || !armed(x)) return false;
  auto i = static_cast<std::size_t>(x);
  if (!streams_[i].chance(rate_[i] / static_cast<double>(rare))) return false;
  mark(x);
  return true;
}

} // namespace relay::sim
