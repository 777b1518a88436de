#include "relay_gateway/app/child/session.hpp"

#include <boost/asio/post.hpp>

#include <csignal>
#include <cstring>
#include <sys/wait.h>
#include <utility>

namespace relay::child {

namespace asio = boost::asio;

namespace {

using steady = std::chrono::steady_clock;

std::string text_of(int status) {
  if (status >= 0 && WIFEXITED(status)) return "exited with code " + std::to_string(WEXITSTATUS(status));
  if (status >= 0 && WIFSIGNALED(status)) {
    const char* name = ::sigabbrev_np(WTERMSIG(status));
    return "ended by " +
           (name != nullptr ? "SIG" + std::string{name} : "signal " + std::to_string(WTERMSIG(status)));
  }
  return "ended, nobody knows how";
}

} // namespace

session::session(std::shared_ptr<const context> with, child_request what, std::shared_ptr<child_listener> who)
    : with_(std::move(with)), what_(std::move(what)), who_(std::move(who)), life_(with_->io),
      stall_(with_->io), escalation_(with_->io), again_(with_->io), input_(with_->io), output_(with_->io),
      errors_(with_->io), stderr_lines_(with_->what.log, with_->what.hidden, steady::now()),
      buffer_(64 << 10) {}

// -- calls from any thread ------------------------------------------------------------------------------

void session::write(std::string frame) {
  waiting_ += frame.size();
  if (inbox_.write(std::move(frame))) hand_over();
}

std::size_t session::queued() const noexcept {
  auto written = written_.load(std::memory_order_relaxed);
  return static_cast<std::size_t>(inbox_.given() - written);
}

void session::close(std::uint16_t code, std::string reason, milliseconds limit) {
  if (inbox_.close({code, std::move(reason), limit})) hand_over();
}

void session::drop(std::string why) {
  if (inbox_.drop(std::move(why))) hand_over();
}

void session::read(bool on) {
  if (inbox_.read(on)) hand_over();
}

void session::want_room() {
  wants_room_ = true;
  asio::post(with_->io, [self = shared_from_this()] { self->after_writing(); });
}

void session::hand_over() {
  if (with_->io.get_executor().running_in_this_thread())
    absorb();
  else
    asio::post(with_->io, [self = shared_from_this()] { self->absorb(); });
}

// -- from start to end ----------------------------------------------------------------------------------

void session::start() {
  asio::post(with_->io, [self = shared_from_this()] { self->begin(); });
}

void session::begin() {
  if (dropped_) return end(reason_);
  life_.expires_at(steady::time_point::max());
  life_.async_wait([self = shared_from_this()](error_code) {});
  // Weakly: the last owner of a session must not be the thread that it waits for.
  auto back = [weak = weak_from_this(), io = &with_->io](auto member) {
    return [=](auto x) {
      asio::post(*io, [weak, member, x = std::move(x)]() mutable {
        if (auto self = weak.lock()) ((*self).*member)(std::move(x));
      });
    };
  };
  watch_ = std::make_unique<watch>(spawn_plan{what_.argv, with_->what.environment},
                                   watch::callbacks{back(&session::started), back(&session::gone)});
}

void session::absorb() {
  auto news = inbox_.take();
  if (over_) return;
  for (auto& frame : news.frames)
    if (!frame.text.empty()) queue_.push_back(std::move(frame.text));
  if (news.drop) {
    dropped_ = true;
    return kill(std::move(*news.drop));
  }
  if (news.close) {
    closing_ = std::move(news.close);
    escalate(closing_->limit, "closed by this side");
  }
  if (news.read) read_on_ = *news.read;
  flush_soon();
}

void session::started(spawned process) {
  if (process.pid == 0) return end("it cannot be started: " + process.error);
  error_code ec;
  auto adopt = [&ec](stream& to, descriptor& from) {
    if (!ec) to.assign(from.get(), ec);
    if (ec) return;
    from.release();
    to.native_non_blocking(true, ec);
  };
  adopt(input_, process.input);
  adopt(output_, process.output);
  adopt(errors_, process.errors);
  if (ec) return kill("its pipes cannot be watched: " + ec.message());
  opened_ = true;
  with_->what.log->write(severity::info, "agent.started",
                         {{"pid", process.pid}, {"program", what_.argv.front()}});
  if (dropped_) return;
  who_->on_open();
  await_output();
  await_errors();
  pump();
}

void session::gone(int status) {
  if (!dropped_) drain_pipes();
  stderr_lines_.finish(steady::now());
  end((reason_.empty() ? "" : reason_ + "; ") + text_of(status));
}

void session::end(std::string why) {
  over_ = true;
  inbox_.shut();
  for (auto* x : {&input_, &output_, &errors_}) {
    error_code ignored;
    x->close(ignored);
  }
  stall_.cancel();
  again_.cancel();
  escalation_.cancel();
  queue_.clear();
  waiting_ = 0;
  socket_end told;
  told.opened = opened_;
  if (closing_) told.close_code = closing_->code;
  told.error = std::move(why);
  told.frames_written = written_;
  who_->on_end(told);
  who_.reset();
  watch_.reset(); // its thread has nothing left to do
  life_.cancel();
}

// -- how it is ended ------------------------------------------------------------------------------------

void session::escalate(milliseconds limit, std::string why) {
  auto now = steady::now();
  if (kill_at_ && *kill_at_ <= now + limit) return;
  kill_at_ = now + limit;
  term_at_ = now + limit * 2 / 3;
  suspect_ = std::move(why);
  arm_escalation();
}

void session::arm_escalation() {
  escalation_.expires_at(term_at_ ? *term_at_ : *kill_at_);
  escalation_.async_wait([self = shared_from_this()](error_code ec) {
    if (ec || self->over_) return;
    if (!self->term_at_) return self->kill(self->suspect_);
    self->term_at_.reset();
    if (self->reason_.empty()) self->reason_ = self->suspect_;
    if (self->watch_) {
      self->watch_->signal(SIGTERM);
      self->watch_->signal(SIGCONT); // a stopped one would not notice
    }
    self->arm_escalation();
  });
}

void session::kill(std::string why) {
  if (reason_.empty()) reason_ = std::move(why);
  if (watch_) watch_->signal(SIGKILL);
}

} // namespace relay::child
