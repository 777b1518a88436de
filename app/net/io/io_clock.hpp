// CAF's actor clock on a timer of the io_context instead of on a thread of its own. Private to app/net.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <caf/detail/simple_actor_clock.hpp>

#include <memory>
#include <mutex>
#include <optional>

namespace relay::net {

/// Timers may be set and cancelled on any thread; they fire on the thread that runs the io_context. Shared,
/// because handlers of the io_context may outlive the actor system.
class io_clock final : public caf::detail::simple_actor_clock, public std::enable_shared_from_this<io_clock> {
public:
  explicit io_clock(boost::asio::io_context& io) : io_(io), timer_(io) {}

  void set_ordinary_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                            std::uint64_t id) override;
  void set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                         std::uint64_t id) override;
  void set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) override;
  void cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) override;
  void cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) override;
  void cancel_timeouts(caf::abstract_actor* self) override;
  void schedule_message(time_point t, caf::strong_actor_ptr receiver,
                        caf::mailbox_element_ptr content) override;
  void schedule_message(time_point t, caf::group target, caf::strong_actor_ptr sender,
                        caf::message content) override;
  void cancel_all() override;

  /// Drops what is pending and takes nothing more in.
  void stop();

private:
  using super = caf::detail::simple_actor_clock;

  template <class Set>
  void set(Set&& what);
  void arm_if_earlier();
  void arm(time_point due);
  void fire();

  boost::asio::io_context& io_;
  boost::asio::steady_timer timer_; // touched on the io_context's thread only
  /// Recursive: dropping an entry may end an actor, which then cancels its timers here.
  std::recursive_mutex mutex_;
  std::optional<time_point> armed_; // what timer_ waits for, or is about to
  bool stopped_ = false;
};

} // namespace relay::net
