// Owns the connection and its redials: executes what the state machine decides
// (actors/link/core/link_state_machine).
#pragma once

#include "relay_gateway/actors/core/alarm.hpp"
#include "relay_gateway/actors/core/outage.hpp"
#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/actors/link/core/link_state_machine.hpp"
#include "relay_gateway/actors/link/core/suspend_detector.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>

namespace relay {

struct link_setup {
  core::link_rules rules;
  milliseconds outbound_timeout{30'000}, ping_interval{10'000}, ping_timeout{25'000};
  std::uint64_t max_frame = 8ULL << 20;
  std::string request_prefix;
  std::uint64_t epoch = 0; ///< of its predecessor: its own are higher

  static link_setup of(const config::limits& l) {
    link_setup x;
    x.rules = core::link_rules::of(l);
    x.outbound_timeout = l.outbound_timeout;
    x.ping_interval = l.ping_interval;
    x.ping_timeout = l.ping_timeout;
    x.max_frame = l.max_frame;
    return x;
  }
};

struct link_manager_state {
  static inline const char* name = "link-manager";
  link_manager_state(link_manager_actor::pointer ptr) : self(ptr) {}

  void update_target(link_target x);
  void execute(const core::link_orders& orders);
  void dial(core::dial_cause cause);
  void announce_link();
  void described(descriptor& x, std::uint64_t epoch);
  void gone(link_gone x);
  void log_end(const link_gone& x);
  void log_up();
  void died(const caf::actor_addr& who);
  void sleep(const dormancy_order& x);
  void look();
  void tell_status();
  void arm();
  void plan(core::deadline at);
  void arm_look();
  std::uint64_t random() { return env.random->bits(); }

  link_manager_actor::pointer self;
  ports env;
  link_setup setup;
  supervisor_actor owner;
  link_users users;
  link_target target;
  std::string origin; ///< of the newest connection's buffer ids
  command_manifest manifest;
  core::link_state_machine session{core::link_rules{}};
  connection_actor connection;                         ///< of the current epoch; may be null
  std::map<std::uint64_t, connection_actor> lingering; ///< ended ones that still answer what crosses the end
  descriptors_ptr what = std::make_shared<const descriptor_set>(); ///< of the last completed handshake
  bool up = false, aimed = false;
  link_status told;
  std::int64_t next_dial_ms = 0;   ///< unix ms; 0: none is planned
  core::alarm alarm;               ///< of the session machine's deadline
  core::deadline planned;          ///< the deadline that next_dial_ms was made for
  core::instant dialled_at{};      ///< the newest dial
  std::int64_t minted_ms = 0;      ///< when the token of the newest dial was made, by the wall clock
  secret minted;                   ///< that token
  std::uint64_t dormancy_asks = 0; ///< orders that wait for their outcome
  core::suspend_detector clocks;
  core::outage outage;       ///< of the link: from the first end that nobody asked for to the next handshake
  milliseconds pace{0};      ///< of the look that is armed; 0 = none is
  std::uint64_t looking = 0; ///< its number
};

/// Ends with `owner`, its supervisor.
link_manager_actor::behavior_type link_manager(link_manager_actor::stateful_pointer<link_manager_state> self,
                                               ports env, link_setup setup, link_users users,
                                               supervisor_actor owner);

} // namespace relay
