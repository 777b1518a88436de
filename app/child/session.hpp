// One child from its start to its one on_end(). Private to app/child.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/app/child/port.hpp"
#include "relay_gateway/app/child/stderr_lines.hpp"
#include "relay_gateway/app/child/watch.hpp"
#include "relay_gateway/app/net/websocket/send_queue.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace relay::child {

/// What all children of a port share.
struct context {
  boost::asio::io_context& io;
  port_options what;
};

/// Threads: the calls of child_socket come from anywhere and go through the inbox; everything else happens on
/// the io_context's thread. The io_context owns it (a timer that never fires holds it) until the child is
/// reaped: so the end of the handle does not cut a polite stop short, and the io_context's end takes the
/// child along.
class session final : public std::enable_shared_from_this<session> {
public:
  session(std::shared_ptr<const context> with, child_request what, std::shared_ptr<child_listener> who);
  void start();

  // -- any thread, by the handle -------------------------------------------------------------------
  void write(std::string frame);
  std::size_t waiting() const noexcept { return waiting_.load(std::memory_order_relaxed); }
  std::size_t queued() const noexcept;
  void close(std::uint16_t code, std::string reason, milliseconds limit);
  void drop(std::string why);
  void read(bool on);
  void want_room();

private:
  using error_code = boost::system::error_code;
  using stream = boost::asio::posix::stream_descriptor;

  void hand_over();
  void begin();
  void absorb();
  void started(spawned process);
  void gone(int status);
  void end(std::string why);

  // -- what it writes and reads (session_pipes.cpp)
  void flush_soon(); ///< once the handlers of this turn are done: what they write leaves together
  void pump();
  bool push(); ///< whether the child took a byte
  void await_input();
  void watch_for_stall();
  void stalled();
  void after_writing();
  bool may_read() const;
  void await_output();
  void look_behind();
  void take_output();
  void await_errors();
  bool take_errors();
  void drain_pipes();

  // -- how it is ended
  /// SIGTERM at two thirds of `limit` from now, SIGKILL at its end; `why` is told if that is what ends it.
  void escalate(milliseconds limit, std::string why);
  void arm_escalation();
  void kill(std::string why);

  std::shared_ptr<const context> with_;
  child_request what_;
  std::shared_ptr<child_listener> who_;
  net::arrival_queue inbox_;
  std::atomic<std::size_t> waiting_ = 0;
  std::atomic<std::uint64_t> written_ = 0; ///< frames that began to leave
  std::atomic<bool> wants_room_ = false;

  boost::asio::steady_timer life_, stall_, escalation_, again_;
  stream input_, output_, errors_;
  std::unique_ptr<watch> watch_;
  stderr_lines stderr_lines_;
  std::deque<std::string> queue_;
  std::size_t sent_ = 0; ///< bytes of the first one
  std::vector<char> buffer_;
  bool opened_ = false, over_ = false, dropped_ = false, read_on_ = true;
  bool choked_ = false; ///< it is not read from until it reads
  bool behind_ = false; ///< nor until the listener has got rid of what it was given
  bool awaiting_input_ = false, awaiting_output_ = false, room_posted_ = false, flush_posted_ = false;
  std::optional<net::arrival_queue::closing> closing_;
  std::optional<std::chrono::steady_clock::time_point> term_at_, kill_at_;
  std::string reason_;  ///< why this side ended it; empty = it did not
  std::string suspect_; ///< what the escalation would be for
};

} // namespace relay::child
