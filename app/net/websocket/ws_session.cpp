#include "relay_gateway/app/net/websocket/ws_session.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace relay::net {

namespace {

// Frames wait in queue_ beyond this, where queued() counts them, instead of in the transport.
constexpr std::size_t max_unsent = 64 * 1024;
// Gathering more than this many frames makes two fast peers work in turns instead of at once (lab.md).
constexpr unsigned frames_per_flush = 8;

/// What the port's user holds: its end is the session's end.
class handle final : public server_socket {
public:
  explicit handle(std::shared_ptr<ws_session> session) : session_(std::move(session)) {}
  handle(const handle&) = delete;
  handle& operator=(const handle&) = delete;
  ~handle() override { session_->drop("nobody holds the socket any more"); }
  void write(std::string frame) override { session_->write(std::move(frame)); }
  std::size_t queued() const override { return session_->queued(); }
  void close(std::uint16_t code, std::string reason, milliseconds limit) override {
    session_->close(code, std::move(reason), limit);
  }
  void drop(std::string why) override { session_->drop(std::move(why)); }
  void read(bool on) override { session_->read(on); }
  void raw(std::string bytes) override { session_->write(std::move(bytes), true); }
  void hold(bool on) override { session_->hold(on); }
  void cut(std::string why, bool reset) override {
    session_->drop(std::move(why), reset ? arrival_queue::dropping::reset : arrival_queue::dropping::flushed);
  }

private:
  std::shared_ptr<ws_session> session_;
};

} // namespace

ws_session::ws_session(asio::io_context& io, std::shared_ptr<socket_listener> who, const options& what)
    : io_(io), who_(std::move(who)), what_(what), limit_(io), beat_(io), again_(io),
      incoming_(what.ping_timeout), outgoing_(what.ping_timeout) {}

std::shared_ptr<server_socket> ws_session::make_handle() {
  return std::make_shared<handle>(shared_from_this());
}

// -- calls from any thread ------------------------------------------------------------------------------

void ws_session::write(std::string frame, bool raw) {
  if (inbox_.write(std::move(frame), raw)) hand_over();
}

std::size_t ws_session::queued() const {
  // written() first: read the other way round the difference could be negative.
  if (over_.load(std::memory_order_relaxed)) return 0;
  auto written = written_frames_.written();
  return static_cast<std::size_t>(inbox_.given() - written);
}

void ws_session::close(std::uint16_t code, std::string reason, milliseconds limit) {
  if (inbox_.close({code, std::move(reason), limit})) hand_over();
}

void ws_session::drop(std::string why, arrival_queue::dropping how) {
  if (inbox_.drop(std::move(why), how)) hand_over();
}

void ws_session::read(bool on) {
  if (inbox_.read(on)) hand_over();
}

void ws_session::hold(bool on) {
  if (inbox_.hold(on)) hand_over();
}

void ws_session::hand_over() {
  if (io_.get_executor().running_in_this_thread())
    absorb();
  else
    asio::post(io_, [self = shared_from_this()] { self->absorb(); });
}

// -- opening --------------------------------------------------------------------------------------------

void ws_session::open_within(milliseconds limit, std::function<std::string()> phase) {
  limit_.expires_after(limit);
  limit_.async_wait([self = shared_from_this(), phase = std::move(phase)](error_code ec) {
    if (!ec && self->state_ == state::opening) self->fail("timed out while " + phase());
  });
}

void ws_session::upgrade(std::shared_ptr<transport> below, const upgrade_target& where) {
  if (state_ != state::opening) return below->abort();
  start(std::move(below), true);
  ws_->upgrade(where, shared_from_this());
}

void ws_session::accept(std::shared_ptr<transport> below,
                        const boost::beast::http::request<boost::beast::http::empty_body>& what) {
  if (state_ != state::opening) return below->abort();
  start(std::move(below), false);
  ws_->accept(what, shared_from_this());
}

void ws_session::start(std::shared_ptr<transport> below, bool client) {
  below_ = std::move(below);
  below_->on_waiting = [this] { // the transport forgets it before this session can be gone, see end()
    drained();
    give_batch_end();
  };
  below_->on_flushed = [weak = weak_from_this()] {
    auto self = weak.lock();
    if (!self || self->state_ == state::ended) return;
    self->settle();
    self->pump();
    // A paused reader does not see that the connection broke.
    if (self->below_->broken() && !self->read_pending_) self->lost(self->below_->broken());
  };
  ws_ = std::make_unique<ws_stream>(below_, client, what_.max_message);
}

void ws_session::fail(std::string why) {
  if (below_) {
    settle();
    below_->abort(); // no goodbye to a peer that is given up
  }
  socket_end told;
  told.error = std::move(why);
  end(std::move(told));
}

void ws_session::upgraded(error_code ec, const upgrade_answer& what) {
  const auto http_status = what.http_status;
  if (state_ != state::opening || dropped_) return;
  if (ec) {
    socket_end why;
    why.http_status = http_status == 101 ? 0 : http_status;
    why.error = why.http_status != 0
                    ? "the peer refused the upgrade with HTTP status " + std::to_string(http_status)
                    : "the upgrade failed: " + ec.message();
    why.retry_after = what.retry_after;
    why.date = what.date;
    return end(std::move(why));
  }
  state_ = state::open;
  opened_ = true;
  limit_.cancel();
  alive_.emplace(what_.ping_interval, what_.ping_timeout, steady::now());
  arm_keepalive();
  who_->on_open();
  pump();
  read_next();
}

// -- reading --------------------------------------------------------------------------------------------

void ws_session::read_next() {
  if (state_ == state::ended || dropped_ || !opened_ || !may_read() || read_pending_) return;
  read_pending_ = true;
  piece_.make_room();
  ws_->read_some(piece_.data(), piece_.size(), shared_from_this());
}

void ws_session::piece(error_code ec, std::size_t size, bool last) {
  read_pending_ = false;
  if (state_ == state::ended || dropped_) return;
  if (ec) return lost(ec);
  piece_.filled(size);
  count(size, last);
  if (!may_read()) {
    held_ = size; // it was on its way when reading was stopped
    held_last_ = last;
    end_batch(); // nothing follows for now, and nobody else flushes what the listener wrote
    if (below_->unsent() > 0) flush_soon();
    return;
  }
  giving_ = true;
  give(size, last);
  giving_ = false;
  going_on_ = true;
  read_next();
  going_on_ = false;
  if (std::exchange(batch_end_due_, false)) end_batch();
  // Reading was stopped meanwhile: nobody else flushes what the listener wrote.
  if (!read_pending_ && below_->unsent() > 0) flush_soon();
}

/// A frame ends with its line, and where messages end lines with its message.
void ws_session::count(std::size_t size, bool last) {
  const std::string_view text{piece_.data(), size};
  const bool ends = last && what_.message_ends_line;
  text_ += size;
  if (ends || text.find('\n') != std::string_view::npos) ++frames_ended_;
  if (size > 0) frame_open_ = text.back() != '\n';
  if (ends) frame_open_ = false;
}

void ws_session::give(std::size_t size, bool last) {
  auto ends_line = last && what_.message_ends_line;
  if (size == 0 && !ends_line) return;
  in_batch_ = true;
  if (size > 0) who_->on_bytes({piece_.data(), size});
  if (ends_line) who_->on_bytes("\n");
}

void ws_session::give_batch_end() {
  if (!in_batch_ || batch_end_posted_) return;
  // The transport waits inside one of Beast's operations: no place to call anybody. Mostly that operation was
  // begun by piece(), which is about to get its thread back.
  if (going_on_) {
    batch_end_due_ = true;
    return;
  }
  batch_end_posted_ = true;
  asio::post(io_, [self = shared_from_this()] {
    self->batch_end_posted_ = false;
    self->end_batch();
  });
}

void ws_session::end_batch() {
  if (state_ == state::ended || dropped_ || !in_batch_) return;
  in_batch_ = false;
  who_->on_batch_end();
  look_behind();
}

/// Whoever the listener works for may be slower than this thread.
void ws_session::look_behind() {
  if (state_ == state::ended || dropped_) return;
  const auto before = may_read();
  behind_ = who_->behind();
  read_gate_changed(before);
  if (!behind_) return;
  constexpr milliseconds pause{2};
  again_.expires_after(pause);
  again_.async_wait([weak = weak_from_this()](error_code ec) {
    if (auto self = weak.lock(); self && !ec) self->look_behind();
  });
}

// -- writing --------------------------------------------------------------------------------------------

void ws_session::absorb() {
  auto news = inbox_.take();
  if (state_ == state::ended) return;
  for (auto& frame : news.frames) queue_.push_back(std::move(frame));
  if (news.drop) return begin_drop(std::move(*news.drop), news.how);
  if (news.close) begin_close(std::move(*news.close));
  if (news.hold && below_) below_->hold(*news.hold);
  if (news.read && *news.read != read_on_) {
    const auto before = may_read();
    read_on_ = *news.read;
    read_gate_changed(before);
  }
  pump();
}

void ws_session::read_gate_changed(bool before) {
  if (may_read() == before) return;
  if (alive_) alive_->reading(may_read(), steady::now());
  incoming_.begin_anew();
  if (!may_read()) return;
  // In a handler of its own: giving out what was held would be a call-back from inside a call.
  asio::post(io_, [self = shared_from_this()] {
    if (self->state_ == state::ended || self->dropped_ || !self->may_read()) return;
    self->give(std::exchange(self->held_, 0), std::exchange(self->held_last_, false));
    self->read_next();
  });
}

std::size_t ws_session::waiting() const noexcept {
  return static_cast<std::size_t>(inbox_.given_bytes() - moved_) + (below_ ? below_->unsent() : 0);
}

/// What waits for the peer is bounded: first nothing more is read from it, then it goes.
void ws_session::weigh() {
  if (state_ == state::ended || dropped_) return;
  const auto left = waiting();
  if (left > what_.bounds.give_up)
    return begin_drop(std::to_string(left) + " bytes wait for the peer, and it does not read");
  const auto before = may_read();
  choked_ = what_.bounds.chokes(left, choked_);
  read_gate_changed(before);
}

void ws_session::pump() {
  if (!opened_ || state_ == state::ended || dropped_) return;
  while (!queue_.empty() && ws_->open() && !below_->broken()) {
    if (below_->unsent() >= max_unsent) {
      below_->flush();
      if (below_->unsent() >= max_unsent) break; // blocked: on_flushed goes on
    }
    error_code ec;
    written_frames_.begin(below_->appended());
    moved_ += queue_.front().text.size();
    if (const auto& x = queue_.front(); x.raw)
      below_->append(x.text);
    else
      ws_->write(x.text, ec);
    if (ec) break; // the reader gets the same error
    queue_.pop_front();
    if (++since_flush_ >= frames_per_flush) {
      since_flush_ = 0;
      below_->flush();
    }
  }
  settle();
  weigh();
  if (dropped_) return;
  if (below_->unsent() > 0) flush_soon();
  if (closing_ && queue_.empty()) say_close();
}

void ws_session::flush_soon() {
  // A reader that is busy flushes when it runs dry. Else the end of the actors' run does, or the next turn of
  // the loop, so that frames written by the handlers of this turn leave together.
  if (flush_posted_ || giving_ || (read_pending_ && !below_->filling())) return;
  flush_posted_ = true;
  if (call_after_actors(shared_from_this())) return;
  asio::post(io_, [self = shared_from_this()] { self->actors_ran(); });
}

/// What was written meanwhile leaves together.
void ws_session::actors_ran() {
  flush_posted_ = false;
  if (state_ == state::ended) return;
  since_flush_ = 0;
  below_->flush();
  drained();
}

void ws_session::settle() { written_frames_.departed(below_->departed()); }

/// A flush may have sent all at once, of which nobody hears: its reader must go on all the same.
void ws_session::drained() {
  settle();
  if (!choked_ || state_ == state::ended || dropped_) return;
  const auto before = may_read();
  choked_ = what_.bounds.chokes(waiting(), true);
  read_gate_changed(before);
}

// -- the end --------------------------------------------------------------------------------------------

void ws_session::begin_close(arrival_queue::closing how) {
  if (state_ == state::opening) return begin_drop("closed before it was open");
  state_ = state::closing;
  limit_.expires_after(how.limit);
  limit_.async_wait([self = shared_from_this()](error_code ec) {
    if (!ec) self->fail("the peer did not answer the close in time");
  });
  closing_ = std::move(how);
}

void ws_session::say_close() {
  if (std::exchange(close_said_, true)) return;
  // Not open any more: the peer closes by itself, and the reader is about to tell so.
  if (ws_->open()) return ws_->close(closing_->code, closing_->reason, shared_from_this());
  if (!may_read()) close_done({});
}

void ws_session::close_done(error_code ec) {
  if (state_ == state::ended || dropped_) return;
  auto goodbye = ws_->goodbye();
  if (ec && goodbye.code == 0) return lost(ec);
  socket_end why;
  why.close_code = goodbye.code;
  why.close_reason = std::move(goodbye.reason);
  why.error = "closed by this side";
  end(std::move(why));
}

void ws_session::begin_drop(std::string why, arrival_queue::dropping how) {
  if (how != arrival_queue::dropping::at_once && below_) {
    pump();
    below_->flush();
  }
  dropped_ = std::move(why);
  if (below_) {
    settle();
    if (how == arrival_queue::dropping::reset)
      below_->reset();
    else
      below_->abort();
  }
  asio::post(io_, [self = shared_from_this()] { self->fail(*self->dropped_); });
}

void ws_session::lost(const error_code& ec) {
  // Beast ends a read that waited for close() with this; close_done() tells.
  if (close_said_ && ec == asio::error::operation_aborted && !below_->broken()) return;
  auto goodbye = ws_->goodbye();
  socket_end why;
  why.close_code = goodbye.code != 0 ? goodbye.code : ws_stream::said_goodbye(ec) ? 1005 : 0;
  why.oversized = ws_stream::too_big(ec);
  if (why.close_code != 0)
    why.error = "the peer closed with code " + std::to_string(why.close_code) +
                (goodbye.reason.empty() ? "" : " (" + goodbye.reason + ")");
  else if (ec == asio::error::eof)
    why.error = "the peer ended the connection without a close frame";
  else
    why.error = "the connection was lost: " + (below_->broken() ? below_->broken() : ec).message();
  why.close_reason = std::move(goodbye.reason);
  end(std::move(why));
}

void ws_session::end(socket_end why) {
  if (state_ == state::ended) return;
  inbox_.shut();
  if (below_) {
    settle();
    if (in_batch_ && !dropped_) who_->on_batch_end();
    below_->finish(); // does nothing where it was aborted
  }
  state_ = state::ended;
  over_.store(true, std::memory_order_relaxed);
  limit_.cancel();
  beat_.cancel();
  again_.cancel();
  queue_.clear();
  why.opened = opened_;
  why.frames_written = written_frames_.written();
  who_->on_end(why);
  who_.reset();
  if (auto told = std::exchange(on_ended, nullptr)) told();
}

// -- keepalive ------------------------------------------------------------------------------------------

void ws_session::arm_keepalive() {
  beat_.expires_at(alive_->due());
  beat_.async_wait([self = shared_from_this()](error_code ec) {
    if (!ec && self->state_ != state::ended && !self->dropped_) self->beat();
  });
}

void ws_session::beat() {
  const auto now = steady::now();
  const auto late = now - alive_->due() > what_.ping_interval / 2;
  if (stall_.look(below_->unsent() > 0 && !below_->held(), below_->taken(), now, what_.ping_timeout, late))
    return fail("the peer has not read for " + std::to_string(what_.ping_timeout.count()) + " ms");
  if (too_slow(now, late)) return;
  switch (alive_->wake(now, below_->silence())) {
  case keepalive::verdict::dead:
    return fail("no byte from the peer for " + std::to_string(what_.ping_timeout.count()) + " ms");
  case keepalive::verdict::ping:
    // Where earlier bytes still wait, a ping would only wait behind them.
    if (ws_->open() && below_->unsent() == 0) {
      error_code ec;
      ws_->ping(ec);
      below_->flush();
    }
    break;
  case keepalive::verdict::wait: break;
  }
  arm_keepalive();
}

/// What it has begun to send, or to take, must go on. Pongs count as ends of their own, but not within a
/// frame.
bool ws_session::too_slow(least_rate::time now, bool late) {
  if (state_ != state::open) return false;
  const auto received = below_->received();
  const auto ended = frames_ended_ + (frame_open_ ? 0 : ws_->controls());
  if (ended != std::exchange(frames_seen_, ended)) {
    settled_ = received;
    incoming_.begin_anew();
  }
  if (late) {
    incoming_.begin_anew();
    outgoing_.begin_anew();
  }
  const auto limit = " bytes a second for " + std::to_string(incoming_.patience().count()) + " ms";
  const auto least = std::to_string(least_rate::bytes_a_second);
  if (incoming_.look(may_read() && (frame_open_ || received != settled_), text_, now))
    fail("the peer has begun a frame and brought less than " + least + limit);
  else if (outgoing_.look(below_->unsent() > 0 && !below_->held(), below_->taken(), now))
    fail("the peer has read less than " + least + limit);
  return state_ == state::ended;
}

} // namespace relay::net
