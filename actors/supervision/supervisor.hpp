// The root of the tree: boot order, restarts, readiness, reload, ordered stop (design.md; protocol.md 3.2).
#pragma once

#include "relay_gateway/actors/boot/identity.hpp"
#include "relay_gateway/actors/core/backoff.hpp"
#include "relay_gateway/actors/core/clock.hpp"
#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/actors/supervision/core/idle_detector.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace relay {

/// What a supervisor is started with.
struct supervisor_setup {
  settings_ptr settings;
  /// Makes the built-in agent; called again when it died. Unset: `agent` is the embedder's.
  std::function<agent_actor(caf::strong_actor_ptr parent)> make_agent;
  agent_actor agent;         ///< the embedder's own; not restarted, not stopped
  bool agent_present = true; ///< false for an agent that tells its presence itself (the link)
  std::string agent_name;    ///< for reports
};

struct supervisor_state {
  static inline const char* name = "supervisor";
  explicit supervisor_state(supervisor_actor::pointer ptr) : self(ptr) {}

  // -- start and restart (supervisor.cpp)
  void boot(ports p, supervisor_setup s);
  void start_agent();
  void start_media();
  void start_egress();
  void start_inbound();
  void start_keeper();
  void start_policy();
  void start_provisioning();
  void child_down(const caf::down_msg& d);
  void restart(const std::string& which);
  void watch(const std::string& which, const caf::actor& handle);
  void connect_children(); ///< tells everybody whom to talk to now

  // -- what is known (supervisor.cpp)
  void decided(credentials_decided& x);
  void update_target();
  void update_media_access(); ///< tells where attachments are kept
  void provisioned(platform_progress& x);
  void policy_told(policy_progress& x);
  void remember(std::string key, std::string value);
  bool remembers_policy(const std::string& platform) const;
  void linked(link_up& x);
  void link_changed(link_status& x);
  void announcement();
  void declare(agent_declaration x);
  void publish(); ///< what is declared, and what the operator set, to those who act on it
  void apply(const settings_ptr& next);
  caf::result<gateway_report> report();
  gateway_report known() const;
  std::string effective_id() const;
  bool relay_on() const;

  // -- idle (supervisor_idle.cpp)
  void watch_idle();
  void look_for_work();
  void looked(const core::workload& x);
  void read_work(std::function<void(const core::workload&)> then);
  caf::result<dormancy_outcome> sleep(const dormancy_order& x);
  void fall_asleep(const dormancy_order& x, bool by_itself = false);
  void dormancy_committed(dormancy_outcome x);
  void slept(dormancy_outcome x);
  void call_sleep_url(); ///< POSTs gateway.relay_sleep_url once, if there is one
  void sleep_url_answered(const http_done& x);
  void cancel_dormancy(
      std::string why); ///< an order that the link manager has not is void, one that it had come to is over
  void request_dormancy();
  void look_while_asleep(std::uint64_t dormancy_number);

  // -- stop (supervisor_stop.cpp)
  void drain();
  void quiet();
  void agent_done();
  void egress_done();
  void close_link();
  void stop_children();
  void begin_stopping();
  void due(std::uint64_t generation);

  enum class stage : std::uint8_t { running, draining, finishing, closing, stopping };

  supervisor_actor::pointer self;
  ports env;
  supervisor_setup setup;
  settings_ptr settings;
  std::map<std::string, std::string> facts; ///< as the store has them, or will have
  store_health disk;
  std::string
      prompt_nonce; ///< one per process or store, so that prompts outlive a restart of who minted them

  identity_actor identity;
  std::shared_ptr<refresh_record> last_refresh = std::make_shared<refresh_record>();
  provisioner_actor provisioner;
  policy_actor policy;
  link_manager_actor link_manager_handle;
  inbound_actor inbound;
  egress_router_actor egress;
  media_actor media;
  agent_actor agent;

  struct child {
    caf::actor handle;
    core::backoff pause{milliseconds{100}, milliseconds{10'000}};
    core::instant born{};
  };
  std::map<std::string, child> children;
  std::uint64_t restarts = 0;

  credentials who;
  bool credentials_known = false; ///< decided, whichever way; another connector or identity undoes it
  bool ever_started = false;      ///< they were known once: what comes later is no start (startupz)
  std::map<std::string, platform_progress> provisioning, declared;
  std::uint64_t policy_version = 0; ///< of the newest orders to policy
  agent_declaration agents;         ///< what the agent said it is like
  link_status link;
  link_up live;
  std::int64_t since_ms = 0;
  gateway_announcement welcomed;

  core::idle_detector idle{milliseconds{0}, core::instant{}};
  bool looking = false;
  /// The order to sleep that is under way, and the sleep that came of it.
  struct dormancy_phase {
    enum class step : std::uint8_t {
      none,
      weighing, ///< is there work?
      ordered,  ///< the link manager has it
      checking  ///< acknowledged and closed; is there work by now?
    };
    step at = step::none;
    bool when_idle = false;
    bool by_itself = false;             ///< ordered by the idle policy, by nobody outside
    core::workload before;              ///< when it was ordered, then at each look while asleep
    std::uint64_t number = 0;           ///< of the order; an older one is void
    std::uint64_t request_dormancy = 0; ///< of the chain of looks while asleep
    std::vector<caf::typed_response_promise<dormancy_outcome>> askers;
  } dormancy;

  stage now = stage::running;
  std::uint64_t generation = 0;
  std::vector<std::string> stop_order; ///< who is still to be stopped, last one first
};

/// Boots at once. Quits when an ordered stop is complete.
supervisor_actor::behavior_type supervisor(supervisor_actor::stateful_pointer<supervisor_state> self,
                                           ports env, supervisor_setup setup);

} // namespace relay
