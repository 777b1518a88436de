#include "relay_gateway/tests/sim/ports/sim_socket.hpp"

#include <algorithm>
#include <utility>

namespace relay::sim {

/// Keeps the connection alive; not the connection itself, so that its end can be noticed.
class socket_handle final : public line_socket {
public:
  explicit socket_handle(std::shared_ptr<sim_socket> x) : x_(std::move(x)) {}
  socket_handle(const socket_handle&) = delete;
  socket_handle& operator=(const socket_handle&) = delete;
  ~socket_handle() override { x_->gone(); }
  void write(std::string frame) override { x_->write(std::move(frame)); }
  std::size_t queued() const override { return x_->queued(); }
  void close(std::uint16_t code, std::string reason, milliseconds limit) override {
    x_->close(code, std::move(reason), limit);
  }
  void drop(std::string why) override { x_->drop(std::move(why)); }
  void read(bool on) override { x_->read_on(on); }

private:
  std::shared_ptr<sim_socket> x_;
};

sim_socket::sim_socket(std::shared_ptr<process> host, socket_setup setup, seeded_rng rng)
    : host_(std::move(host)), setup_(std::move(setup)), rng_(rng) {}

std::shared_ptr<line_socket> sim_socket::make_handle() {
  host_->listen([weak = weak_from_this()](bool alive) {
    if (auto me = weak.lock()) me->suspended(alive);
  });
  return std::make_shared<socket_handle>(shared_from_this());
}

socket_end sim_socket::network_error(std::string text) const {
  socket_end why;
  why.error = std::move(text);
  return why;
}

std::size_t sim_socket::queued_bytes() const noexcept {
  std::size_t n = 0;
  for (auto& x : outbox_) n += x.size();
  return n;
}

// -- opening ---------------------------------------------------------------------------------------

void sim_socket::accept(std::shared_ptr<far_end> far, bool told) {
  far_ = std::move(far);
  if (near_over_) { // it gave up meanwhile
    far_ends(0, rng_.with_tail(setup_.latency));
    return;
  }
  if (told) {
    opened_ = true;
    return;
  }
  auto x = std::make_shared<chunk>();
  x->opens = true;
  to_near(std::move(x));
}

void sim_socket::refuse(int http_status, std::string why) {
  auto x = std::make_shared<chunk>();
  x->ends = true;
  x->why = network_error(std::move(why));
  x->why.http_status = http_status;
  to_near(std::move(x));
}

void sim_socket::open_within(milliseconds limit) {
  host_->inside(limit, [me = shared_from_this()] {
    if (!me->opened_) me->finish(me->network_error("not open in time"));
  });
}

// -- near end --------------------------------------------------------------------------------------

void sim_socket::write(std::string frame) {
  if (near_over_ || closing_ || !host_->alive()) return;
  if (setup_.wrote) setup_.wrote(frame);
  outbox_.push_back(std::move(frame));
  if (std::exchange(flushing_, true)) return;
  host_->inside(rng_.between(usec{0}, usec{200}), [me = shared_from_this()] { me->flush(); });
}

void sim_socket::flush() {
  flushing_ = false;
  auto now = host_->on().time.now();
  if (near_over_ || outbox_.empty()) return;
  if (now < hold_until_ || !opened_) {
    flushing_ = true;
    auto pause = std::max(hold_until_ - now, usec{1'000});
    host_->inside(pause, [me = shared_from_this()] { me->flush(); });
    return;
  }
  std::string bytes;
  while (!outbox_.empty()) {
    if (dark_far_ && dark_room_-- == 0) { // what nobody acknowledges fills the kernel's buffer
      dark_room_ = 0;
      break;
    }
    ++written_;
    bytes += outbox_.front();
    outbox_.pop_front();
  }
  if (!bytes.empty()) to_far(std::move(bytes));
}

void sim_socket::close(std::uint16_t code, std::string, milliseconds limit) {
  if (near_over_ || closing_ || !host_->alive()) return;
  flush();
  closing_ = true;
  if (!dark_far_ && opened_) far_ends(code, arrival(far_clear_) - host_->on().time.now());
  host_->inside(limit, [me = shared_from_this()] {
    me->finish(me->network_error("the close handshake took too long"));
  });
}

void sim_socket::drop(std::string why) {
  if (near_over_ || !host_->alive()) return;
  give_up();
  auto end = network_error(std::move(why));
  if (host_->on().faults.hit(fault::call_back_at_once)) {
    finish(std::move(end));
  } else {
    host_->inside(usec{0}, [me = shared_from_this(), end = std::move(end)] { me->finish(end); });
  }
}

void sim_socket::give_up() {
  if (!std::exchange(given_up_, true) && setup_.given_up && host_->alive()) setup_.given_up();
}

void sim_socket::read_on(bool on) {
  if (reading_ == on || !host_->alive()) return;
  reading_ = on;
  if (on) host_->inside(usec{0}, [me = shared_from_this()] { me->pump(); });
}

void sim_socket::gone() {
  if (near_over_) return;
  give_up();
  near_over_ = true;
  near_.reset();
  far_ends(0, rng_.with_tail(setup_.latency));
}

void sim_socket::pump() {
  pumping_ = false;
  bool gave = false;
  while (!near_over_ && reading_ && !kernel_.empty()) {
    auto x = std::move(kernel_.front());
    kernel_.pop_front();
    if (x.ends) {
      if (gave && near_) near_->on_batch_end();
      finish(std::move(x.why));
      return;
    }
    if (x.opens) {
      opened_ = true;
      if (setup_.opened) setup_.opened();
      near_->on_open();
      continue;
    }
    given_ += x.bytes.size();
    tell_lines(x.bytes);
    near_->on_bytes(x.bytes);
    gave = true;
    if (rng_.chance(0.3)) { // some bursts end here, others go on
      near_->on_batch_end();
      gave = false;
    }
  }
  if (gave && near_) near_->on_batch_end();
}

void sim_socket::tell_lines(const std::string& bytes) {
  if (too_long_) return;
  near_line_ += bytes;
  for (auto at = near_line_.find('\n'); at != std::string::npos; at = near_line_.find('\n')) {
    too_long_ = at > setup_.max_line;
    if (too_long_) return;
    if (setup_.read) setup_.read(std::string_view{near_line_}.substr(0, at));
    near_line_.erase(0, at + 1);
    while (!marks_.empty() && marks_.front().first + near_line_.size() <= given_) {
      auto told = std::move(marks_.front().second);
      marks_.pop_front();
      told();
    }
  }
  too_long_ = near_line_.size() > setup_.max_line;
}

void sim_socket::tell_last_line() {
  if (!setup_.end_ends_line || too_long_ || near_line_.empty()) return;
  if (setup_.read) setup_.read(near_line_);
  near_line_.clear();
}

void sim_socket::finish(socket_end why) {
  if (near_over_ || !host_->alive()) return;
  near_over_ = true;
  tell_last_line();
  // Of what waited, one more frame may have left in part.
  if (opened_ && !outbox_.empty() && !dark_far_ && rng_.chance(0.3)) {
    ++written_;
    auto& frame = outbox_.front();
    to_far(frame.substr(0, static_cast<std::size_t>(rng_.below(frame.size()))));
  }
  why.opened = opened_;
  why.frames_written = written_;
  if (why.error.empty()) why.error = "closed by the peer with " + std::to_string(why.close_code);
  if (setup_.ended) setup_.ended(why);
  auto near = std::exchange(near_, nullptr);
  if (near) near->on_end(why);
  outbox_.clear();
  kernel_.clear();
  marks_.clear();
  far_ends(0, rng_.with_tail(setup_.latency));
}

void sim_socket::watch_silence(usec after) {
  host_->inside(after, [me = shared_from_this()] {
    if (me->near_over_) return;
    if (!me->reading_) { // silence is not counted while nobody reads
      me->watch_silence(me->setup_.ping_interval);
      return;
    }
    me->finish(me->network_error("no byte from the peer within the ping time-out"));
  });
}

// -- far end ---------------------------------------------------------------------------------------

void sim_socket::say(std::string bytes, std::function<void()> read) {
  if (!far_ || bytes.empty()) return;
  said_ += bytes.size();
  if (read) marks_.emplace_back(said_, std::move(read));
  auto& faults = host_->on().faults;
  while (bytes.size() > 1 && faults.hit(fault::split_anywhere)) {
    auto at = 1 + static_cast<std::size_t>(faults.of(fault::split_anywhere).below(bytes.size() - 1));
    auto x = std::make_shared<chunk>();
    x->bytes = bytes.substr(0, at);
    bytes.erase(0, at);
    to_near(std::move(x));
  }
  auto x = std::make_shared<chunk>();
  x->bytes = std::move(bytes);
  to_near(std::move(x));
}

void sim_socket::hang_up(std::uint16_t code, std::string reason) {
  if (!far_) return;
  auto x = std::make_shared<chunk>();
  x->ends = true;
  x->why.close_code = code;
  x->why.close_reason = std::move(reason);
  x->why.error = "closed by the peer with " + std::to_string(code);
  to_near(std::move(x));
  auto far = std::exchange(far_, nullptr);
  flight_far_.clear();
  far->over(0);
}

// -- network ---------------------------------------------------------------------------------------

usec sim_socket::arrival(usec& clear_at) {
  auto now = host_->on().time.now();
  auto delay = rng_.with_tail(setup_.latency);
  if (host_->on().faults.hit(fault::slow_network)) delay *= 20;
  clear_at = std::max(clear_at, now + delay);
  return clear_at;
}

void sim_socket::to_near(chunk_ptr what) {
  if (dark_near_) return;
  if (mute_ && !cut_) {
    held_near_.push_back(std::move(what));
    return;
  }
  flight_near_.push_back(what);
  host_->on().time.at(arrival(near_clear_), [me = shared_from_this(), weak = std::weak_ptr(what)] {
    auto x = weak.lock();
    if (!x) return; // lost by a cut
    me->flight_near_.pop_front();
    if (me->near_over_ || !me->host_->alive()) return;
    me->deliver_near(std::move(*x));
  });
}

void sim_socket::deliver_near(chunk x) {
  auto me = shared_from_this();
  auto ends = x.ends;
  last_heard_ = host_->on().time.now();
  kernel_.push_back(std::move(x));
  if (!std::exchange(pumping_, true)) host_->inside(usec{0}, [me] { me->pump(); });
  if (!ends || reading_) return;
  // Nobody reads; a write or a ping finds out.
  host_->inside(setup_.ping_interval, [me] {
    if (me->near_over_ || me->kernel_.empty() || !me->kernel_.back().ends) return;
    me->finish(me->network_error("the connection was lost"));
  });
}

void sim_socket::to_far(std::string bytes) {
  if (dark_far_ || cut_) return; // what is written into a dead connection arrives nowhere
  auto what = std::make_shared<chunk>();
  what->bytes = std::move(bytes);
  flight_far_.push_back(what);
  host_->on().time.at(arrival(far_clear_), [me = shared_from_this(), weak = std::weak_ptr(what)] {
    auto x = weak.lock();
    if (!x) return;
    me->flight_far_.pop_front();
    if (me->deaf_)
      me->held_far_.push_back(std::move(x->bytes));
    else
      me->deliver_far(x->bytes);
  });
}

void sim_socket::deliver_far(const std::string& bytes) {
  auto me = shared_from_this(); // the far end may hang up
  auto& line = far_line_;
  line += bytes;
  std::size_t from = 0;
  for (auto at = line.find('\n'); far_ && at != std::string::npos; at = line.find('\n', from)) {
    auto far = far_;
    far->heard(std::string_view{line}.substr(from, at - from));
    from = at + 1;
  }
  line.erase(0, from);
}

void sim_socket::truncate(std::deque<chunk_ptr>& flight, std::uint64_t keep) {
  for (std::size_t i = 0; i < flight.size(); ++i) {
    auto& x = *flight[i];
    if (x.ends || x.bytes.size() > keep) {
      x.bytes.resize(std::min<std::size_t>(x.bytes.size(), keep));
      auto whole = x.ends || x.bytes.empty();
      flight.resize(whole ? i : i + 1);
      return;
    }
    keep -= x.bytes.size();
  }
}

void sim_socket::cut() {
  if (cut_ || (near_over_ && !far_)) return;
  cut_ = true;
  auto lose = [this](std::deque<chunk_ptr>& flight) {
    std::uint64_t bytes = 0;
    for (auto& x : flight) bytes += x->bytes.size();
    truncate(flight, rng_.below(bytes + 1));
  };
  lose(flight_near_);
  lose(flight_far_);
  far_ends(0, std::max(far_clear_ - host_->on().time.now(), usec{0}) + rng_.with_tail(setup_.latency));
  if (near_over_) return;
  auto x = std::make_shared<chunk>();
  x->ends = true;
  x->why = network_error("connection reset");
  to_near(std::move(x));
}

void sim_socket::darken(bool to_near_too, bool to_far_too) {
  if (near_over_) return;
  if (to_near_too && !dark_near_) {
    dark_near_ = true;
    truncate(flight_near_, 0);
    flight_near_.clear();
    usec silence = setup_.ping_timeout;
    watch_silence(silence + rng_.between(usec{0}, usec{setup_.ping_interval}));
  }
  if (to_far_too && !dark_far_) {
    dark_far_ = true;
    dark_room_ = rng_.below(6);
    flight_far_.clear();
    host_->on().time.after(setup_.far_patience, [me = shared_from_this()] {
      if (auto far = std::exchange(me->far_, nullptr)) far->over(0);
      if (me->near_over_ || me->dark_near_) return;
      auto x = std::make_shared<chunk>();
      x->ends = true;
      x->why = me->network_error("connection reset");
      me->to_near(std::move(x));
    });
  }
}

void sim_socket::hold(bool to_near, bool on) {
  auto& held = to_near ? mute_ : deaf_;
  if (held == on) return;
  held = on;
  if (on) {
    last_heard_ = host_->on().time.now();
    return watch_hold(++holds_);
  }
  if (to_near) {
    for (auto& x : std::exchange(held_near_, {})) this->to_near(std::move(x));
    return;
  }
  for (auto& x : std::exchange(held_far_, {})) {
    if (deaf_) // what it read made it stop again
      held_far_.push_back(std::move(x));
    else
      deliver_far(x);
  }
}

/// A far end that does not read answers no ping, and one that does not write cannot.
void sim_socket::watch_hold(std::uint64_t hold) {
  host_->inside(setup_.ping_interval, [me = shared_from_this(), hold] {
    if (me->near_over_ || hold != me->holds_ || !(me->mute_ || me->deaf_)) return;
    auto silent = me->host_->on().time.now() - me->last_heard_ >= usec{me->setup_.ping_timeout};
    if (silent && me->reading_) // silence is not counted while nobody reads
      return me->finish(me->network_error("no byte from the peer within the ping time-out"));
    me->watch_hold(hold);
  });
}

void sim_socket::stall(usec until) {
  near_clear_ = std::max(near_clear_, until);
  far_clear_ = std::max(far_clear_, until);
}

void sim_socket::far_ends(std::uint16_t code, usec delay) {
  if (!far_) return;
  if (dark_far_) delay = setup_.far_patience; // nothing tells it
  host_->on().time.at(std::max(host_->on().time.now() + delay, far_clear_), [me = shared_from_this(), code] {
    auto far = std::exchange(me->far_, nullptr);
    if (!far) return;
    if (code != 0 && !me->near_over_ && !me->dark_near_) { // the close handshake's other half
      auto x = std::make_shared<chunk>();
      x->ends = true;
      x->why.close_code = code;
      x->why.error = "closed with " + std::to_string(code);
      me->to_near(std::move(x));
    }
    far->over(code);
  });
}

void sim_socket::suspended(bool still_alive) {
  if (!still_alive) {
    gone();
    return;
  }
  auto now = host_->on().time.now();
  if (host_->thaw() - now <= setup_.far_patience || near_over_) return;
  host_->on().time.after(setup_.far_patience, [me = shared_from_this()] { // no pong comes
    if (!me->near_over_ && me->host_->suspended()) me->cut();
  });
}

} // namespace relay::sim
