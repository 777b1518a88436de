// The root of the tree: what restarts whom, who is notified of what. Its parts: how the tree is wired (tree),
// from settings to a link (boot_sequence), sleep (sleep_control), the ordered stop (stop_control), reports
// (status).
#pragma once

#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/actors/supervision/boot_sequence.hpp"
#include "relay_gateway/actors/supervision/gateway_view.hpp"
#include "relay_gateway/actors/supervision/sleep_control.hpp"
#include "relay_gateway/actors/supervision/status.hpp"
#include "relay_gateway/actors/supervision/stop_control.hpp"
#include "relay_gateway/actors/supervision/supervisor_setup.hpp"
#include "relay_gateway/actors/supervision/tree.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <string>

namespace relay {

struct supervisor_state {
  static inline const char* name = "supervisor";
  explicit supervisor_state(supervisor_actor::pointer ptr)
      : self(ptr), actors(ptr, env, setup, view), boot(*this), sleep(*this), stop(*this), status(*this) {}

  void begin(ports p, supervisor_setup s);

  // -- what restarts whom
  void child_down(const caf::down_msg& d);
  void restart(const std::string& child);
  void link_manager_lost();
  void start_agent();
  void retry_agent();
  void change_agent(agent_change& x);
  void agent_lost();

  // -- what is told
  void link_up_changed(link_up& x);
  void link_changed(link_status& x);
  void disk_changed(store_health& x);
  void declared(agent_declaration x);
  /// Tells the agent who the gateway is, if that has changed.
  void announce();
  /// Keeps a small fact in the store; an empty value removes it.
  void remember(std::string key, std::string value);
  caf::result<reload_outcome> reload();
  caf::result<action_outcome> act(action_request& x);
  caf::result<dead_letter_answer> dead_letters(const dead_letter_ask& x);

  supervisor_actor::pointer self;
  ports env;
  supervisor_setup setup;
  gateway_view view;
  tree actors;
  boot_sequence boot;
  sleep_control sleep;
  stop_control stop;
  status_control status;
};

/// Boots at once. Quits when an ordered stop is complete.
supervisor_actor::behavior_type supervisor(supervisor_actor::stateful_pointer<supervisor_state> self,
                                           ports env, supervisor_setup setup);

} // namespace relay
