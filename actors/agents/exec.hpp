// The exec agent (agent-link.md): a child process that speaks the link's lines over its standard input and
// output, started again whenever it ends.
#pragma once

#include "relay_gateway/actors/agents/peers.hpp"
#include "relay_gateway/actors/core/alarm.hpp"
#include "relay_gateway/actors/core/backoff.hpp"
#include "relay_gateway/actors/core/clock.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace relay {

/// A child was started, or has room again.
struct child_news {
  std::uint64_t peer = 0;
  bool opened = false;
};

/// EXEC AGENT: hands events to one child process, which it keeps running.
using exec_agent_actor = burst_agent_actor::extend<
    // the child's listener.
    caf::reacts_to<child_news>, caf::reacts_to<agent_said>, caf::reacts_to<agent_detached>,
    // INTERNAL: the next child may be started, or the one that runs has proved itself.
    caf::reacts_to<atom::due>>;

struct exec_setup {
  std::vector<std::string> argv;
  std::uint64_t max_chats = 1'000'000;
  std::uint64_t max_line = 8ULL << 20; ///< bytes of a line of the child
  milliseconds backoff_min{1'000}, backoff_max{30'000};
  milliseconds stable_after{30'000}; ///< a child that lived this long resets the backoff (F11)
  milliseconds stall_limit{60'000};
  milliseconds close_limit{2'000}; ///< for the child's end at a stop
  /// How long a child whose predecessor said nothing at all has to live, or until it says something, before
  /// it gets events: a program that cannot start must not use up their deliveries.
  milliseconds proof{1'000};
  std::size_t room = 1 << 20; ///< bytes that may wait for the child; further events wait here
};

struct exec_agent_state : agent_peers {
  static inline const char* name = "agent-exec";
  explicit exec_agent_state(exec_agent_actor::pointer ptr) : agent_peers(ptr), me(ptr) {}
  exec_agent_state(const exec_agent_state&) = delete;
  exec_agent_state& operator=(const exec_agent_state&) = delete;
  /// In an ordered stop the child may end by itself; otherwise it is killed with its handle.
  ~exec_agent_state();

  void start_child();
  void opened();
  void wait_until(core::instant at);
  void due();
  void proved();
  void set_aside();
  void hand(delivery& x);
  void hand_held();
  void on_said(agent_said& x);
  void ended(const agent_detached& x);

  exec_agent_actor::pointer me;
  exec_setup setup;
  core::backoff pause{milliseconds{1}, milliseconds{1}};
  std::uint64_t peer = 0;              ///< number of the current child, or of the last one
  std::shared_ptr<child_socket> child; ///< null between two children
  bool runs = false;                   ///< it was started
  bool doubted = false;                ///< it has to prove itself
  bool useful = false;                 ///< it took an event
  core::alarm alarm;
  core::deadline due_at; ///< when a child that has to prove itself has, or the next one is started
  core::instant born{};
  std::deque<delivery> held; ///< for a child that is slow to read
};

/// `parent`: its supervisor. Starts the child at once.
exec_agent_actor::behavior_type exec_agent(exec_agent_actor::stateful_pointer<exec_agent_state> self,
                                           ports env, exec_setup setup, const caf::strong_actor_ptr& parent);

} // namespace relay

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::child_news)
