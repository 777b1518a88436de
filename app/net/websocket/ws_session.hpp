// One WebSocket, dialled or accepted, from its first thought to its one on_end(). Private to app/net.
#pragma once

#include "relay_gateway/app/net/http/http_server.hpp"
#include "relay_gateway/app/net/io/io_scheduler.hpp"
#include "relay_gateway/app/net/websocket/keepalive.hpp"
#include "relay_gateway/app/net/websocket/least_rate.hpp"
#include "relay_gateway/app/net/websocket/read_buffer.hpp"
#include "relay_gateway/app/net/websocket/send_bounds.hpp"
#include "relay_gateway/app/net/websocket/send_queue.hpp"
#include "relay_gateway/app/net/websocket/ws_stream.hpp"

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace relay::net {

/// The state machine of a socket: opening -> open -> closing -> ended.
///
/// Threads: line_socket's calls come from anywhere and go through the inbox; everything else happens on the
/// io_context's thread. A call made on that very thread is carried out at once and needs no hand-over, but
/// the listener is never called from inside a call: what has to be told is told by a later handler.
class ws_session final : public ws_owner,
                         public after_actors,
                         public std::enable_shared_from_this<ws_session> {
public:
  struct options {
    milliseconds ping_interval, ping_timeout;
    std::uint64_t max_message;
    bool message_ends_line = false; ///< the listener gets a `\n` behind each message
    send_bounds bounds{};
  };

  ws_session(asio::io_context& io, std::shared_ptr<socket_listener> who, const options& what);

  /// What the port gives out. The session ends when the last copy is gone; call once.
  std::shared_ptr<server_socket> make_handle();

  // -- any thread, by the handle -------------------------------------------------------------------
  void write(std::string frame, bool raw = false);
  std::size_t queued() const;
  void close(std::uint16_t code, std::string reason, milliseconds limit);
  void drop(std::string why, arrival_queue::dropping how = arrival_queue::dropping::at_once);
  void read(bool on);
  void hold(bool on);

  // -- the io_context's thread ---------------------------------------------------------------------
  /// Ends the session when it is not open by then; `phase` tells what it was doing.
  void open_within(milliseconds limit, std::function<std::string()> phase);
  void upgrade(std::shared_ptr<transport> below, const upgrade_target& where);
  void accept(std::shared_ptr<transport> below,
              const boost::beast::http::request<boost::beast::http::empty_body>& what);
  /// It could not be opened; `why` is one line.
  void fail(std::string why);
  bool ended() const noexcept { return state_ == state::ended; }
  /// Called once, after on_end().
  std::function<void()> on_ended;

private:
  enum class state : std::uint8_t { opening, open, closing, ended };

  void start(std::shared_ptr<transport> below, bool client);
  void upgraded(error_code ec, const upgrade_answer& what) override;
  void piece(error_code ec, std::size_t size, bool last) override;
  void close_done(error_code ec) override;

  void hand_over();
  void absorb();
  void begin_close(arrival_queue::closing how);
  void say_close();
  void begin_drop(std::string why, arrival_queue::dropping how = arrival_queue::dropping::at_once);

  void read_next();
  void give(std::size_t size, bool last);
  void give_batch_end();
  void end_batch();
  void pump();
  void flush_soon();
  void actors_ran() override;
  void settle();
  void drained();
  void arm_keepalive();
  void beat();
  void count(std::size_t size, bool last);
  bool too_slow(least_rate::time now, bool late);
  std::size_t waiting() const noexcept;
  void weigh();
  bool may_read() const noexcept { return read_on_ && !choked_ && !behind_; }
  void look_behind();
  void read_gate_changed(bool before);
  void lost(const error_code& ec);
  void end(socket_end why);

  asio::io_context& io_;
  std::shared_ptr<socket_listener> who_;
  options what_;
  arrival_queue inbox_;
  written_frame_counter written_frames_;
  state state_ = state::opening;
  std::atomic<bool> over_ = false;

  std::shared_ptr<transport> below_;
  std::unique_ptr<ws_stream> ws_;
  std::deque<arrival_queue::frame> queue_;
  read_buffer piece_;
  std::size_t held_ = 0; // bytes of piece_ that came after reading was stopped
  bool held_last_ = false;
  unsigned since_flush_ = 0;
  std::uint64_t moved_ = 0; // bytes of frames that the transport has got
  bool choked_ = false;     // it is not read from until it reads
  bool behind_ = false;     // nor until the listener has got rid of what it was given
  bool opened_ = false, read_on_ = true, read_pending_ = false, giving_ = false, in_batch_ = false,
       batch_end_posted_ = false, going_on_ = false, batch_end_due_ = false, flush_posted_ = false,
       close_said_ = false;

  std::optional<arrival_queue::closing> closing_;
  std::optional<std::string> dropped_; // why; the end is on its way
  asio::steady_timer limit_;           // of opening, then of closing
  asio::steady_timer beat_;
  asio::steady_timer again_; // of looking whether the listener is still behind
  std::optional<keepalive> alive_;
  stall_detector stall_;

  // What the peer has begun, and how fast it goes on.
  bool frame_open_ = false; // of a line or message the end is missing
  std::uint64_t text_ = 0, frames_ended_ = 0, frames_seen_ = 0;
  std::uint64_t settled_ = 0; // bytes received when a frame was seen to have ended
  least_rate incoming_, outgoing_;
};

} // namespace relay::net
