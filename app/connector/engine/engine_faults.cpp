// What the fault script wants, done to real sockets and to the connector itself.
#include "relay_gateway/app/connector/engine/engine_peer.hpp"
#include "relay_gateway/app/connector/engine/ws_bytes.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace relay::connector {

namespace {

constexpr std::uint16_t refused_credential = 4401;

} // namespace

milliseconds engine::now() const {
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - born_);
}

// -- frames ------------------------------------------------------------------

void engine::frame_out(send_frame x) {
  auto* to = socket_of(x.to);
  if (!to || half_open_.count(x.to) > 0) return;
  if (x.exact || faults_.idle()) return to->write(std::move(x.text));
  std::string_view line = x.text;
  if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  perform(faults_.on_frame(x.to, faults::way::out, line, now()));
}

void engine::line_in(socket_id from, std::string_view text) {
  if (half_open_.count(from) > 0) return; // it was read before
  if (faults_.idle()) return core_.line(from, text);
  perform(faults_.on_frame(from, faults::way::in, text, now()));
}

void engine::on_poke(const poke_gateway& x) {
  faults::poke_verdict verdict;
  if (!faults_.idle()) verdict = faults_.on_poke(x.gateway_id, now());
  if (verdict.drop) {
    core_.poked(x.gateway_id, 0, "lost by the fault script");
  } else {
    for (std::uint64_t i = 0; i <= verdict.copies; ++i)
      after(verdict.delay + verdict.between * static_cast<std::int64_t>(i), [this, x] { call_wake_url(x); });
  }
  perform(std::move(verdict.also));
}

// -- steps -------------------------------------------------------------------

void engine::perform(faults::steps wanted) {
  for (auto& x : wanted) perform_one(std::move(x));
  tell_faults();
  watch_faults();
}

void engine::perform_one(faults::step x) {
  /// Every gateway that a step means, or one empty name for all of them.
  auto each = [this](const std::string& whose, auto act) {
    if (whose.empty()) return act(std::string{});
    for (const auto& id : core_.gateway_ids())
      if (faults::matches({whose}, id)) act(id);
  };
  if (auto* frame = std::get_if<faults::deliver>(&x)) {
    auto& what = frame->what;
    auto* to = socket_of(frame->which);
    if (!to || half_open_.count(frame->which) > 0) return;
    if (frame->direction == faults::way::in) return core_.line(frame->which, what.text);
    if (what.plain()) return to->write(std::move(what.text));
    int opcode = !what.first ? 0 : what.binary ? 2 : 1;
    to->raw(ws_bytes(opcode, what.last, what.text));
  } else if (auto* close = std::get_if<faults::close_connection>(&x)) {
    if (auto* to = socket_of(close->which)) to->close(close->code, close->reason, close_limit);
  } else if (auto* end = std::get_if<faults::end_connection>(&x)) {
    if (auto* to = socket_of(end->which)) to->cut("the fault script", end->reset);
  } else if (auto* hold = std::get_if<faults::hold_connection>(&x)) {
    auto* to = half_open_.count(hold->which) > 0 ? nullptr : socket_of(hold->which);
    if (to && hold->reading) to->read(!hold->on);
    if (to && !hold->reading) to->hold(hold->on);
  } else if (auto* gone = std::get_if<faults::abandon_connection>(&x)) {
    abandon(gone->which);
  } else if (auto* forget = std::get_if<faults::forget_connection>(&x)) {
    if (auto* to = socket_of(forget->which)) to->drop("half-open for long enough");
  } else if (auto* bytes = std::get_if<faults::raw_bytes>(&x)) {
    if (auto* to = socket_of(bytes->which)) to->raw(std::move(bytes->bytes));
  } else if (auto* old = std::get_if<faults::expire_credentials>(&x)) {
    each(old->gateway, [&](const std::string& id) { core_.close_all(refused_credential, old->reason, id); });
  } else if (auto* no = std::get_if<faults::revoke_credentials>(&x)) {
    each(no->gateway, [&](const std::string& id) {
      core_.revoke(id);
      if (no->close) core_.close_all(refused_credential, no->reason, id);
    });
  } else if (auto* clock = std::get_if<faults::set_clock>(&x)) {
    auto how = core_.how();
    how.clock_offset_s = clock->seconds;
    core_.set_behaviour(how);
  } else if (auto* storm = std::get_if<faults::replay_events>(&x)) {
    each(storm->gateway, [&](const std::string& id) { core_.replay(storm->how, id); });
  } else if (auto* poke = std::get_if<faults::call_wake_url>(&x)) {
    each(poke->gateway, [&](const std::string& id) { core_.wake(id); });
  } else if (auto* down = std::get_if<faults::set_outage>(&x)) {
    outage(down->on);
  }
}

void engine::abandon(socket_id which) {
  auto* to = socket_of(which);
  if (!to) return;
  half_open_.insert(which);
  to->read(false);
  to->hold(true);
}

void engine::outage(bool on) {
  // By a handler of its own: this may be called from inside a socket's.
  boost::asio::post(io_, [weak = weak_from_this(), on] {
    auto self = weak.lock();
    if (!self || self->stopped_) return;
    json::fields seen;
    std::string error;
    if (on)
      self->go_down();
    else if (!self->server_ && !self->listen(error))
      seen.add("error", error);
    self->core_.records().append(self->core_.now_ms(), "outage", {}, {},
                                 seen.add("down", !self->server_).inside());
  });
}

// -- records and time --------------------------------------------------------

void engine::tell_faults() {
  for (const auto& x : faults_.take_notes())
    core_.records().append(core_.now_ms(), "fault", x.gateway, x.platform, x.json());
}

void engine::watch_faults() {
  auto next = faults_.next();
  if (!next || stopped_) return;
  if (!fault_timer_) fault_timer_ = std::make_shared<boost::asio::steady_timer>(io_);
  fault_timer_->expires_at(born_ + *next);
  fault_timer_->async_wait(
      [weak = weak_from_this(), timer = fault_timer_](const boost::system::error_code& ec) {
        auto self = weak.lock();
        if (ec || !self || self->stopped_) return;
        self->perform(self->faults_.due(self->now()));
        self->settle();
      });
}

// -- the fault control ----------------------------------------------------------------

std::string engine::faults_status() const { return faults_.status(); }

std::vector<std::uint64_t> engine::add_faults(faults::script x) {
  auto numbers = faults_.add(std::move(x), now());
  watch_faults();
  return numbers;
}

bool engine::remove_fault(std::uint64_t number) { return faults_.remove(number); }

void engine::clear_faults() { faults_.clear(); }

std::vector<std::string> engine::fire_fault(const faults::one_off& x) {
  auto wanted = faults_.fire(x, now());
  auto notes = faults_.take_notes();
  for (const auto& one : notes)
    core_.records().append(core_.now_ms(), "fault", one.gateway, one.platform, one.json());
  perform(std::move(wanted));
  return notes.empty() ? std::vector<std::string>{} : notes.back().did;
}

} // namespace relay::connector
