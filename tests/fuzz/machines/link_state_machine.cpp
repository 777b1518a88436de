// The connection's state machine (protocol.md 3.1, 3.2) in a world that does what an input says: sockets
// open, answer, fail and stay silent in any order, and people ask for anything at any time.
#include "relay_gateway/actors/link/core/link_state_machine.hpp"

#include "relay_gateway/tests/fuzz/fuzz.hpp"

#include <algorithm>
#include <map>

namespace relay::fuzz {
namespace link_session_target {

using namespace core;

bool is_up(link_state x) {
  return x == link_state::serving || x == link_state::quiescing || x == link_state::quiet;
}

/// Carries out the orders and keeps count of what everybody was told.
class env {
public:
  explicit env(const link_rules& rules) : rules_(rules), link_(rules) {}

  void step(bytes& in) {
    const auto what = in.below(16);
    switch (what) {
    case 0: take(link_.target_changed(now_), true); break;
    case 1: take(link_.target_gone(now_)); break;
    case 2: take(link_.opened(some_epoch(in), now_)); break;
    case 3:
    case 4: describe(some_epoch(in)); break;
    case 5: take(link_.idle_acked(some_epoch(in), now_)); break;
    case 6:
    case 7:
    case 8: end(some_epoch(in), some_ending(in), in.wide()); break;
    case 9: take(link_.drain(now_)); break;
    case 10: take(link_.go_dormant(now_)); break;
    case 11: take(link_.wake(now_)); break;
    case 12: take(link_.reconnect(now_)); break;
    case 13: take(link_.finish(now_)); break;
    case 14: now_ += milliseconds{std::int64_t{in.byte()} * in.byte()}; break;
    default: at_deadline(in.wide()); break;
    }
  }

  /// However it got here: a stop ends it, in a bounded time.
  void stop() {
    take(link_.finish(now_));
    for (int i = 0; i < 4 && link_.state() != link_state::stopped; ++i) at_deadline(0);
    require(link_.state() == link_state::stopped, "a stop ends it");
    require(!told_up_, "a stopped link is down");
    for (int i = 0; i < 3; ++i) {
      take(link_.target_changed(now_));
      take(link_.wake(now_));
      take(link_.reconnect(now_));
      now_ += std::chrono::hours{1};
      take(link_.timer(now_, 7));
    }
    require(link_.state() == link_state::stopped && dials_ == dials_at_stop_, "stopped is the end");
  }

  /// However it got here: once nothing goes wrong any more, it serves again.
  void recover() {
    if (link_.draining() || link_.state() == link_state::stopped) return;
    const bool dead = link_.state() == link_state::idle || link_.state() == link_state::disabled;
    if (dead) take(link_.target_changed(now_));
    const bool resting = link_.state() == link_state::closing;
    for (int i = 0; i < 12 && link_.state() != link_state::serving; ++i) {
      if (link_.state() == link_state::closing) end(link_.epoch(), {1000, "", 0, ""}, 3);
      if (link_.state() == link_state::dialling && !hung_up_[link_.epoch()]) describe(link_.epoch());
      if (link_.state() == link_state::quiet) return; // only a drain leads there
      if (resting && link_.state() == link_state::idle) return;
      if (link_.state() != link_state::serving) at_deadline(3);
    }
    require(link_.state() == link_state::serving, "a link heals");
  }

private:
  std::uint64_t some_epoch(bytes& in) {
    const auto back = in.below(8); // mostly the current one
    return back < 5 ? link_.epoch() : link_.epoch() + 6 - back;
  }
  static ending some_ending(bytes& in) {
    constexpr std::uint16_t codes[] = {0, 1000, 1001, 1006, 1011, 1012, 1013, 4401, 4401, 4401, 4429};
    ending out;
    const auto what = in.byte();
    out.close_code = codes[what % std::size(codes)];
    if ((what & 64) != 0) out.close_reason = "expired";
    if ((what & 128) != 0) out.http_status = out.close_code == 0 ? 401 : 503;
    return out;
  }

  void describe(std::uint64_t epoch) {
    const bool counts = epoch == link_.epoch() && link_.state() == link_state::dialling && !hung_up_[epoch];
    take(link_.described(epoch, now_));
    if (!counts) return;
    require(link_.state() == link_state::serving && link_.ever_served(),
            "a descriptor completes the handshake");
    require(!link_.asleep(), "a handshake ends dormancy (F73)");
  }

  void end(std::uint64_t epoch, const ending& why, std::uint64_t random) {
    const bool current = epoch == link_.epoch() && epoch != 0;
    const bool refused = why.refused();
    const bool before = link_.state() == link_state::disabled;
    alive_.erase(epoch);
    take(link_.ended(epoch, why, now_, random));
    if (link_.state() == link_state::disabled && !before) {
      require(current && refused && why.close_reason != "expired", "only a refusal disables (F8)");
      require(link_.ever_served(), "a cold start is never disabled (F10)");
      require(++refusals_ >= 2, "one refusal does not disable (F8)");
    } else if (current && refused) {
      ++refusals_;
    }
  }

  void at_deadline(std::uint64_t random) {
    if (!link_.due()) {
      now_ += milliseconds{1};
      take(link_.timer(now_, random));
      return;
    }
    now_ = std::max(now_, *link_.due());
    const auto state = link_.state();
    const auto due = link_.due();
    take(link_.timer(now_, random));
    require(link_.state() != state || link_.due() != due, "a deadline that has passed moves on");
  }

  void take(const link_orders& orders, bool target_changed = false) {
    for (const auto& x : orders) obey(x, target_changed);
    check_state();
  }

  void obey(const link_order& x, bool target_changed) {
    switch (x.kind) {
    case link_order::dial:
      ++dials_;
      require(link_.epoch() >= dials_, "each dial is a new epoch");
      require(!draining_before_ && !told_drained_, "nobody dials to go away again");
      if (x.cause == dial_cause::fresh_token) require(link_.ever_served(), "a cold start backs off (F10)");
      // Every older socket is gone, or was told to go: one dialler at a time.
      for (const auto& [epoch, ending] : alive_) require(ending, "there is one dialler at a time");
      alive_[link_.epoch()] = false;
      if (target_changed) refusals_ = 0;
      break;
    case link_order::hang_up:
    case link_order::close:
      require(link_.epoch() != 0, "there is a socket to end");
      if (auto it = alive_.find(link_.epoch()); it != alive_.end()) it->second = true;
      hung_up_[link_.epoch()] = true;
      break;
    case link_order::announce: require(told_up_, "going_idle needs a live link"); break;
    case link_order::up:
      require(!told_up_, "up comes once");
      told_up_ = true;
      break;
    case link_order::down:
      require(told_up_, "down follows up (F7)");
      told_up_ = false;
      break;
    case link_order::drained:
      require(!told_drained_, "drained is told once");
      told_drained_ = true;
      break;
    }
  }

  void check_state() {
    const auto state = link_.state();
    require(told_up_ == is_up(state), "everybody knows whether the link is up (F3)");
    const bool waits = state == link_state::waiting || state == link_state::dialling ||
                       state == link_state::quiescing || state == link_state::closing ||
                       state == link_state::dormant;
    require(link_.due().has_value() == waits, "exactly what waits has a deadline");
    if (link_.due()) {
      const auto longest = std::max({rules_.handshake_timeout, rules_.backoff_max, rules_.restart_jitter,
                                     rules_.idle_ack_timeout, rules_.close_limit * 2});
      require(*link_.due() - now_ <= longest, "no deadline is beyond the rules");
    }
    require(state != link_state::serving || link_.reason().empty(), "a link that serves has no excuse");
    require(is_up(state) || !link_.reason().empty(), "a link that is down has a reason");
    require(state != link_state::disabled || link_.ever_served(), "a cold start is never disabled (F10)");
    if (link_.draining()) draining_before_ = true;
    if (state == link_state::stopped && dials_at_stop_ == 0) dials_at_stop_ = dials_;
    if (state != link_state::stopped) dials_at_stop_ = 0;
  }

  link_rules rules_;
  link_state_machine link_;
  instant now_{std::chrono::hours{1}};
  std::map<std::uint64_t, bool> alive_; ///< sockets by epoch: whether they were told to end
  std::map<std::uint64_t, bool> hung_up_;
  std::uint64_t dials_ = 0, dials_at_stop_ = 0;
  int refusals_ = 0;
  bool told_up_ = false, told_drained_ = false, draining_before_ = false;
};

void run(std::string_view input) {
  input = input.substr(0, 600);
  for (const bool stops : {false, true}) {
    env here{{}};
    for (bytes in{input}; in.more();) here.step(in);
    if (stops) {
      here.stop();
    } else {
      here.recover();
    }
  }
}

const registration self{"link_state_machine", run};

} // namespace link_session_target
} // namespace relay::fuzz
