// One WebSocket between the gateway (the near end) and somebody else (the far end), on a network that delays,
// splits, stalls, goes deaf and cuts at any byte.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/tests/sim/ports/process.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace relay::sim {

/// Whoever is not the gateway. Called from deeds of the timeline only.
class far_end {
public:
  virtual ~far_end() = default;
  /// A whole line came, without its `\n`.
  virtual void heard(std::string_view line) = 0;
  /// The connection is over; `code` is of the near end's close frame, 0 = there was none. Exactly once.
  virtual void over(std::uint16_t code) = 0;
};

struct socket_setup {
  usec latency{500}; ///< typical, one way
  milliseconds ping_interval{10'000}, ping_timeout{25'000};
  std::uint64_t max_line = ~0ULL; ///< of the near end: what comes behind a longer one is not read
  bool end_ends_line = false;     ///< as of a pipe: what stands behind the last `\n` is a line at the end
  usec far_patience{45'000'000};  ///< this long without a byte = dead for the far end
  /// What is seen at the near end: a frame given to write(), a whole line read, the end.
  std::function<void(std::string_view)> wrote{}, read{};
  std::function<void(const socket_end&)> ended{};
  std::function<void()> opened{}, given_up{}; ///< the near end was told that it is open; it hung up
};

class sim_socket : public std::enable_shared_from_this<sim_socket> {
public:
  sim_socket(std::shared_ptr<process> host, socket_setup setup, seeded_rng rng);
  sim_socket(const sim_socket&) = delete;
  sim_socket& operator=(const sim_socket&) = delete;

  /// The near end's handle; the connection ends when the last copy is gone. Call once.
  std::shared_ptr<line_socket> make_handle();

  // -- opening
  void listen(std::shared_ptr<socket_listener> near) { near_ = std::move(near); }
  /// The far end accepts; the near end hears of it a latency later. `told`: it knows already (an accepted
  /// socket).
  void accept(std::shared_ptr<far_end> far, bool told = false);
  /// It is not opened. Status 0: the network's doing.
  void refuse(int http_status, std::string why);
  /// The same, before the dial has returned.
  void fail_now(std::string why) { finish(network_error(std::move(why))); }
  /// Not open by then: it ends.
  void open_within(milliseconds limit);

  // -- the far end
  /// Bytes for the near end; `read` is called once their last one was given to the gateway.
  void say(std::string bytes, std::function<void()> read = {});
  void hang_up(std::uint16_t code, std::string reason);

  // -- fault schedule
  /// The bytes under way are lost from some byte on, and both ends learn that it is over.
  void cut();
  /// Nothing arrives any more in these directions, and nobody is told.
  void darken(bool to_near, bool to_far);
  /// Nothing arrives before then.
  void stall(usec until);
  /// The far end stops to write, or to read: what is on its way then waits until it goes on. Meanwhile no
  /// ping comes back.
  void hold(bool to_near, bool on);
  /// Frames wait in the near end's socket until then.
  void hold_writes(usec until) { hold_until_ = until; }

  /// The run is over: lets go of both ends without a word.
  void forget() {
    near_.reset();
    far_.reset();
    marks_.clear();
  }

  bool is_open() const noexcept { return opened_ && !near_over_; } ///< as the near end sees it
  bool near_over() const noexcept { return near_over_; }
  bool far_over() const noexcept { return !far_; }
  bool dropped() const noexcept { return given_up_; } ///< the near end has hung up
  bool reading() const noexcept { return reading_; }
  std::size_t queued() const noexcept { return outbox_.size(); }
  std::size_t queued_bytes() const noexcept;
  seeded_rng& rng() noexcept { return rng_; }

private:
  friend class socket_handle;
  struct chunk {
    std::string bytes;
    bool opens = false, ends = false;
    socket_end why{};
  };
  using chunk_ptr = std::shared_ptr<chunk>;

  // near end
  void write(std::string frame);
  void close(std::uint16_t code, std::string reason, milliseconds limit);
  void drop(std::string why);
  void read_on(bool on);
  void gone();
  void give_up();
  void flush();
  void pump();
  void tell_lines(const std::string& bytes);
  void tell_last_line();
  void finish(socket_end why);
  void watch_silence(usec after);
  // network
  usec arrival(usec& clear_at);
  void to_near(chunk_ptr what);
  void to_far(std::string bytes);
  void truncate(std::deque<chunk_ptr>& flight, std::uint64_t keep);
  void far_ends(std::uint16_t code, usec delay);
  void deliver_near(chunk x);
  void deliver_far(const std::string& bytes);
  void watch_hold(std::uint64_t hold);
  void suspended(bool still_alive);
  socket_end network_error(std::string text) const;

  std::shared_ptr<process> host_;
  socket_setup setup_;
  seeded_rng rng_;
  std::shared_ptr<socket_listener> near_;
  std::shared_ptr<far_end> far_;
  std::deque<std::string> outbox_;
  std::deque<chunk_ptr> flight_near_, flight_far_; ///< on their way
  std::deque<chunk> kernel_;                       ///< arrived, not read yet
  std::deque<std::pair<std::uint64_t, std::function<void()>>> marks_;
  std::uint64_t said_ = 0, given_ = 0; ///< bytes to the near end: accepted, read
  std::string near_line_, far_line_;
  std::vector<chunk_ptr> held_near_;  ///< written once the far end goes on
  std::vector<std::string> held_far_; ///< read then
  usec near_clear_{0}, far_clear_{0}, hold_until_{0}, last_heard_{0};
  std::uint64_t holds_ = 0;
  std::uint64_t written_ = 0, dark_room_ = 0;
  bool opened_ = false, near_over_ = false, given_up_ = false, reading_ = true, flushing_ = false,
       pumping_ = false;
  bool mute_ = false, deaf_ = false; ///< the far end writes nothing, reads nothing
  bool dark_near_ = false, dark_far_ = false, cut_ = false, closing_ = false, too_long_ = false;
};

} // namespace relay::sim
