// What passes between this process and the child: bounded, never waiting, and never a SIGPIPE.
#include "relay_gateway/app/child/session.hpp"

#include <boost/asio/post.hpp>

#include <cerrno>
#include <csignal>
#include <ctime>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>

namespace relay::child {

namespace asio = boost::asio;

namespace {

using steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

// In units of child_request::room: beyond the first, the child is not read from until it is back at one room;
// beyond the second it is killed.
constexpr std::size_t choke_at = 4, hang_at = 64;
/// For a child that closed one of its pipes: it is about to end, or of no use any more.
constexpr milliseconds linger{2'000};
/// A timer that fires this late tells of a frozen process, not of a hung child.
constexpr auto frozen = 1s;
/// What a child left in its pipes is read up to here: somebody else may have them and write on.
constexpr std::size_t most_of_the_rest = 1 << 20;

/// writev() on a pipe that may have lost its reader, in a process whose SIGPIPE is not ours to ignore.
ssize_t write_quietly(int fd, const iovec* parts, int count) {
  sigset_t pipe, before, pending;
  ::sigemptyset(&pipe);
  ::sigaddset(&pipe, SIGPIPE);
  ::sigpending(&pending);
  ::pthread_sigmask(SIG_BLOCK, &pipe, &before);
  auto n = ::writev(fd, parts, count);
  auto why = errno;
  if (n < 0 && why == EPIPE && ::sigismember(&pending, SIGPIPE) == 0) {
    const timespec at_once{};
    while (::sigtimedwait(&pipe, nullptr, &at_once) < 0 && errno == EINTR) {
    }
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = why;
  return n;
}

bool try_again(ssize_t n) { return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR); }

} // namespace

// -- its input ------------------------------------------------------------------------------------------

void session::flush_soon() {
  if (!opened_ || over_ || std::exchange(flush_posted_, true)) return;
  asio::post(with_->io, [self = shared_from_this()] {
    self->flush_posted_ = false;
    self->pump();
  });
}

void session::pump() {
  if (!opened_ || over_) return;
  if (!awaiting_input_) push();
  after_writing();
}

bool session::push() {
  bool any = false;
  while (!queue_.empty() && input_.is_open()) {
    std::array<iovec, 64> parts{};
    int count = 0;
    for (auto it = queue_.begin(); it != queue_.end() && count < 64; ++it, ++count) {
      auto skip = count == 0 ? sent_ : 0;
      parts[static_cast<std::size_t>(count)] = {it->data() + skip, it->size() - skip};
    }
    auto n = write_quietly(input_.native_handle(), parts.data(), count);
    if (n < 0 && try_again(n)) {
      await_input();
      return any;
    }
    if (n < 0) {
      error_code ignored;
      input_.close(ignored);
      queue_.clear();
      waiting_ = 0;
      escalate(linger, "it closed its standard input");
      return any;
    }
    any = true;
    waiting_ -= static_cast<std::size_t>(n);
    for (auto left = static_cast<std::size_t>(n); left > 0 && !queue_.empty();) {
      if (sent_ == 0) ++written_;
      auto rest = queue_.front().size() - sent_;
      if (left < rest) {
        sent_ += left;
        break;
      }
      left -= rest;
      sent_ = 0;
      queue_.pop_front();
    }
  }
  return any;
}

void session::await_input() {
  if (std::exchange(awaiting_input_, true)) return;
  input_.async_wait(stream::wait_write, [self = shared_from_this()](error_code ec) {
    self->awaiting_input_ = false;
    self->stall_.cancel();
    if (!ec) self->pump();
  });
  watch_for_stall();
}

void session::watch_for_stall() {
  stall_.expires_after(what_.stall_limit);
  stall_.async_wait([self = shared_from_this()](error_code ec) {
    if (!ec && !self->over_ && self->awaiting_input_) self->stalled();
  });
}

void session::stalled() {
  auto late = steady::now() - stall_.expiry();
  if (push() || late > frozen) {
    if (awaiting_input_ && !queue_.empty()) watch_for_stall();
    return after_writing();
  }
  if (awaiting_input_)
    kill("it has not read its standard input for " + std::to_string(what_.stall_limit.count()) + " ms");
}

void session::after_writing() {
  if (over_ || !opened_) return;
  auto left = waiting();
  if (left > hang_at * what_.room)
    return kill(std::to_string(left) + " bytes wait for it, and it does not read its standard input");
  if (queue_.empty() && closing_) {
    error_code ignored;
    input_.close(ignored);
  }
  choked_ = left > (choked_ ? 1 : choke_at) * what_.room;
  await_output();
  if (!wants_room_ || left > what_.room / 2 || std::exchange(room_posted_, true)) return;
  asio::post(with_->io, [self = shared_from_this()] {
    self->room_posted_ = false;
    if (!self->over_ && self->wants_room_.exchange(false)) self->who_->on_room();
  });
}

// -- its output -----------------------------------------------------------------------------------------

bool session::may_read() const {
  return output_.is_open() && !over_ && !dropped_ && read_on_ && !choked_ && !behind_;
}

void session::await_output() {
  // Waiting and reading are apart: so nothing is ever read and not yet given out when the child's end is
  // told.
  if (!may_read() || std::exchange(awaiting_output_, true)) return;
  output_.async_wait(stream::wait_read, [self = shared_from_this()](error_code ec) {
    self->awaiting_output_ = false;
    if (ec || !self->may_read()) return;
    self->take_output();
    self->look_behind();
    self->await_output();
  });
}

/// Whoever the listener works for may be slower than this thread.
void session::look_behind() {
  behind_ = !over_ && who_->behind();
  if (!behind_) return;
  constexpr std::chrono::milliseconds pause{2};
  again_.expires_after(pause);
  again_.async_wait([weak = weak_from_this()](error_code ec) {
    auto self = weak.lock();
    if (!self || ec || self->over_) return;
    self->look_behind();
    self->await_output();
  });
}

void session::take_output() {
  auto n = ::read(output_.native_handle(), buffer_.data(), buffer_.size());
  if (try_again(n)) return;
  if (n > 0) {
    who_->on_bytes({buffer_.data(), static_cast<std::size_t>(n)});
    who_->on_batch_end();
    return;
  }
  error_code ignored;
  output_.close(ignored);
  escalate(linger, "it closed its standard output");
}

void session::await_errors() {
  if (over_ || !errors_.is_open()) return;
  errors_.async_wait(stream::wait_read, [self = shared_from_this()](error_code ec) {
    if (ec || self->over_) return;
    self->take_errors();
    self->await_errors();
  });
}

bool session::take_errors() {
  auto n = ::read(errors_.native_handle(), buffer_.data(), buffer_.size());
  if (n > 0) {
    stderr_lines_.feed({buffer_.data(), static_cast<std::size_t>(n)}, steady::now());
    return true;
  }
  if (try_again(n)) return false;
  error_code ignored;
  errors_.close(ignored);
  return false;
}

void session::drain_pipes() {
  for (std::size_t all = 0; output_.is_open() && read_on_ && all < most_of_the_rest;) {
    auto n = ::read(output_.native_handle(), buffer_.data(), buffer_.size());
    if (n <= 0) break;
    all += static_cast<std::size_t>(n);
    who_->on_bytes({buffer_.data(), static_cast<std::size_t>(n)});
    who_->on_batch_end();
  }
  for (std::size_t all = 0; errors_.is_open() && all < most_of_the_rest && take_errors();)
    all += buffer_.size();
}

} // namespace relay::child
