#include "relay_gateway/app/host/service_notifier.hpp"

#include "relay_gateway/config/values/text.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <ctime>
#include <string_view>
#include <utility>

namespace relay::host {

namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

/// What a peer said may be part of it: no line breaks, and UTF-8, or systemd ignores the message.
std::string one_line(std::string_view text) {
  constexpr std::size_t longest = 400;
  return config::shown(text, longest);
}

std::string monotonic_microseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::to_string(now.tv_sec * 1'000'000LL + now.tv_nsec / 1'000);
}

} // namespace

std::string status_line(const gateway_report* x) {
  if (x == nullptr) return "the supervisor does not answer";
  std::string result = to_string(x->link.phase);
  if (!x->link.reason.empty()) result += " (" + x->link.reason + ")";
  std::string platforms;
  for (const auto& p : x->platforms) platforms += (platforms.empty() ? "" : ", ") + p.who.platform;
  if (!platforms.empty()) result += "; " + platforms;
  result += "; agents " + std::to_string(x->inbound.agents);
  result += ", events pending " + std::to_string(x->inbound.pending);
  result += ", actions pending " + std::to_string(x->egress.pending);
  if (!x->store.ok || !x->store.room) result += "; state directory: " + x->store.why;
  return one_line(result);
}

struct service_notifier::impl : std::enable_shared_from_this<service_notifier::impl> {
  impl(boost::asio::io_context& x, std::unique_ptr<service_manager> manager, notifier_sources sources)
      : io(x), timer(x), to(std::move(manager)), from(std::move(sources)) {
    auto half = duration_cast<milliseconds>(to->watchdog()) / 2;
    pace = std::clamp(half > milliseconds{0} ? half : liveness_monitor::interval, milliseconds{1},
                      milliseconds{liveness_monitor::interval});
  }

  void wait() {
    timer.expires_after(pace);
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& ec) {
      if (ec || self->over) return;
      self->tick();
      self->wait();
    });
  }

  void tick() {
    auto now = std::chrono::steady_clock::now();
    from.beats->look(now);
    auto late = from.beats->late(now);
    if (late.empty() && to->watchdog().count() > 0) to->send("WATCHDOG=1");
    if (!late.empty() && !withheld && to->watchdog().count() > 0)
      from.log->write(severity::error, "service.watchdog_withheld",
                      {{"why", late}, {"next", "the service manager ends the process unless this heals"}});
    withheld = !late.empty();
    if (withheld) return tell_status(one_line(late));
    if (!stops) ask();
  }

  void ask() {
    if (asked || !from.report) return;
    asked = true;
    from.report([weak = weak_from_this(), &where = io](const gateway_report* x) {
      boost::asio::post(where, [weak, line = status_line(x)] {
        auto self = weak.lock();
        if (!self || self->over) return;
        self->asked = false;
        if (!self->stops) self->tell_status(line);
      });
    });
  }

  void tell_status(const std::string& line) {
    auto whole = line + (refused.empty() ? "" : "; the last reload was refused: " + refused);
    if (whole == told) return;
    told = whole;
    to->send("STATUS=" + whole);
  }

  boost::asio::io_context& io;
  boost::asio::steady_timer timer;
  std::unique_ptr<service_manager> to;
  notifier_sources from;
  milliseconds pace;
  std::string told, refused;
  bool asked = false, withheld = false, stops = false, over = false;
};

service_notifier::service_notifier(boost::asio::io_context& io, std::unique_ptr<service_manager> to,
                                   notifier_sources from)
    : impl_(std::make_shared<impl>(io, std::move(to), std::move(from))) {}

service_notifier::~service_notifier() {
  impl_->over = true;
  impl_->timer.cancel();
  impl_->from.report = nullptr; // a handler of the timer may keep the rest until the io_context goes
}

void service_notifier::started() {
  impl_->to->send("READY=1\nSTATUS=starting");
  impl_->ask();
  impl_->wait();
}

void service_notifier::reloading() {
  impl_->to->send("RELOADING=1\nMONOTONIC_USEC=" + monotonic_microseconds());
}

void service_notifier::reloaded(const std::string& refused) {
  impl_->refused = one_line(refused);
  impl_->to->send("READY=1");
  impl_->ask();
}

void service_notifier::stopping(milliseconds limit) {
  if (std::exchange(impl_->stops, true)) return;
  impl_->to->send("STOPPING=1\nSTATUS=draining\nEXTEND_TIMEOUT_USEC=" +
                  std::to_string(duration_cast<microseconds>(limit).count()));
}

} // namespace relay::host
