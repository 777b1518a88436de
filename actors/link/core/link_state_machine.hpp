// The one state machine of the connection to the connector (protocol.md 3.1, 3.2): events and time in, orders
// out. It decides; link_manager executes. Every (state, event) pair is decided here and enumerated by a test.
#pragma once

#include "relay_gateway/actors/core/backoff.hpp"
#include "relay_gateway/actors/core/clock.hpp"
#include "relay_gateway/actors/link/core/suspend_detector.hpp"
#include "relay_gateway/config/settings.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace relay::core {

struct link_rules {
  milliseconds handshake_timeout{30'000}, stable_after{30'000}, backoff_min{1'000}, backoff_max{30'000},
      idle_ack_timeout{10'000};
  milliseconds restart_jitter{15'000}; ///< after 1012 or 1013 the first delay is drawn from 0..this
  milliseconds close_limit{1'000};     ///< a close handshake gets this long (F19)
  milliseconds silence{25'000};        ///< a socket that was silent for this long is dead

  static link_rules of(const config::limits& l) {
    link_rules x;
    x.handshake_timeout = l.handshake_timeout;
    x.stable_after = l.stable_after;
    x.backoff_min = l.backoff_min;
    x.backoff_max = l.backoff_max;
    x.idle_ack_timeout = l.idle_ack_timeout;
    x.silence = l.ping_timeout;
    return x;
  }
};

/// In the order of link_state_machine's states, which say what each has to remember.
enum class link_state : std::uint8_t {
  idle,      ///< nothing to dial yet, or nothing at all
  waiting,   ///< a redial is due at the deadline
  dialling,  ///< a socket opens, or hellos are out and no descriptor has come
  serving,   ///< the handshake is complete
  quiescing, ///< going_idle is sent, its ack awaited; still serving
  quiet,     ///< drained: the connector buffers; what is in flight is being finished
  closing,   ///< close frame sent, end awaited
  dormant,   ///< asleep; redials on its own cadence, or not at all for a while (held)
  disabled,  ///< credentials revoked; terminal until they change
  stopped    ///< terminal
};
inline constexpr std::uint8_t link_state_count = 10;
const char* to_string(link_state x);

/// Why a dial is made: the label of its metric.
enum class dial_cause : std::uint8_t {
  start,
  backoff,
  fresh_token,
  wake,
  reconnect,
  dormant,
  hold_over, ///< no suspend came while dialling was held
  resumed    ///< the process was frozen, or its machine suspended
};
inline constexpr std::uint8_t dial_cause_count = 8;
const char* to_string(dial_cause x);

/// How the socket of the current epoch ended.
struct ending {
  std::uint16_t close_code = 0;
  std::string close_reason;
  int http_status = 0; ///< of a refused upgrade
  std::string error;
  bool aged = false;           ///< by the wall clock the token of this dial had expired before the end
  bool no_token = false;       ///< this dial carried none: no credentials are held yet
  milliseconds retry_after{0}; ///< of a refused upgrade: no dial before; 0 = not told
  /// The connector refused our credential: close 4401, or 401 to the upgrade.
  bool refused() const { return close_code == 4401 || http_status == 401; }
};

/// One thing to do, in order.
struct link_order {
  enum kind_t : std::uint8_t {
    dial,     ///< open a socket for the new epoch, with a freshly minted token
    hang_up,  ///< end the socket at once; an ending will follow
    close,    ///< close 1000; an ending will follow
    announce, ///< send going_idle
    up,       ///< tell everybody: this epoch serves
    down,     ///< tell everybody: no link
    drained   ///< tell the supervisor: nothing new comes any more
  };
  kind_t kind;
  dial_cause cause = dial_cause::start; ///< of a dial
  std::string why;                      ///< of hang_up
};
using link_orders = std::vector<link_order>;

/// What moves it where; `-`: nothing does. target_changed() dials from idle, waiting and disabled,
/// target_gone() goes to idle; both close a socket first. finish() closes it and stops.
///
///   state      ended()      timer()      idle_acked()      drain()    go_dormant()  wake()
///   idle       -            -            -                 stopped    -             -
///   waiting    -            dialling     -                 stopped    -             dialling
///   dialling   waiting (1)  waiting (2)  - (3)             stopped    -             -
///   serving    waiting (1)  -            - (4)             quiescing  quiescing     -
///   quiescing  waiting (1)  serving (5)  closing or quiet  -          -             - (6)
///   quiet      stopped      -            -                 -          -             -
///   closing    as `then`    as `then`    -                 - (7)      -             - (6)
///   dormant    -            dialling     -                 stopped    dormant       dialling
///   disabled   -            -            -                 stopped    -             -
///   stopped    -            -            -                 -          -             -
///
/// (1) Dormant when it was asleep; dialling or disabled when refused; stopped while draining. (2) At first it
/// hangs up and waits for the end. (3) described() makes it serving. (4) Closing when this ack was given up.
/// (5) Quiet while draining. (6) No sleep follows. (7) It stops at the end. reconnect() is a wake() that also
/// closes a live connection; resumed() is one, or the other, of a process that stood still.
class link_state_machine {
public:
  /// Epochs are counted from `epoch` on: the first dial's is one higher.
  explicit link_state_machine(const link_rules& rules, std::uint64_t epoch = 0)
      : rules_(rules), pause_(rules.backoff_min, rules.backoff_max),
        dormant_backoff_(rules.backoff_min, rules.backoff_max), epoch_(epoch) {}

  // Events. `epoch` names the socket that they are about; a stale one changes nothing and is counted.
  // `random`: 64 bits for a delay, if one is drawn.

  /// There is something to dial (again): first target, or changed URL, credentials, or smaller platform set.
  link_orders target_changed(instant now);
  /// The relay is off from now on.
  link_orders target_gone(instant now);
  /// Upgrade done and hellos sent.
  link_orders opened(std::uint64_t epoch, instant now);
  /// A descriptor came.
  link_orders described(std::uint64_t epoch, instant now);
  link_orders idle_acked(std::uint64_t epoch, instant now);
  link_orders ended(std::uint64_t epoch, const ending& why, instant now, std::uint64_t random);
  /// The deadline has passed (harmless when it has not).
  link_orders timer(instant now, std::uint64_t random);
  link_orders drain(instant now);
  /// `hold`: dialling is held for this long once asleep, because a suspend may land at any moment and a
  /// handshake would clear what the connector was just told (F70); 0 = the dormant cadence at once. Asked
  /// again while asleep, the hold begins anew.
  link_orders go_dormant(instant now, milliseconds hold = milliseconds{0});
  link_orders wake(instant now);
  link_orders reconnect(instant now);
  /// The clocks say that this process stood still: what was scheduled is overdue, a hold has served its
  /// purpose, and a socket may have died unnoticed.
  link_orders resumed(const time_gap& gap, instant now);
  /// What was in flight is finished, or its time is over: close and stop.
  link_orders finish(instant now);

  link_state state() const { return static_cast<link_state>(state_.index()); }
  /// The socket that counts; 0 before the first dial.
  std::uint64_t epoch() const { return epoch_; }
  /// When timer() wants to be called.
  deadline due() const { return due_; }
  /// Why it is not serving, for a person; empty while it is.
  const std::string& reason() const { return reason_; }
  /// A handshake has succeeded in this process: from then on a refused credential may be a revocation.
  bool ever_served() const { return ever_served_; }
  bool draining() const { return drain_ != drain_progress::none; }
  /// Dormancy has not ended: a dial out of it changes nothing until its handshake is done (F73).
  bool asleep() const { return asleep_ || in<dormant>() != nullptr; }
  /// Asleep, and not dialling until released: woken, reconnected, resumed, or the hold is over.
  bool held() const {
    const auto* now = in<dormant>();
    return now != nullptr && now->held;
  }
  /// On its way into dormancy; whichever way it goes, this ends within idle_ack_timeout and two close_limits.
  bool falling_asleep() const {
    if (draining()) return false;
    const auto* quiescing_now = in<quiescing>();
    const auto* closing_now = in<closing>();
    return (quiescing_now != nullptr && quiescing_now->for_dormancy && !quiescing_now->woken) ||
           (closing_now != nullptr && closing_now->next == then::sleep);
  }
  std::uint64_t stale() const { return stale_; }

private:
  /// What to do once the socket that is being closed has ended.
  enum class then : std::uint8_t { stop, redial, sleep, rest };

  struct idle {};
  struct waiting {};
  struct dialling {
    bool hung_up = false; ///< the handshake timed out; only the socket's end counts any more
  };
  struct serving {
    instant since{};
    bool unanswered = false; ///< going_idle was sent on this socket and its ack has not come in time
  };
  struct quiescing {
    instant since{};           ///< when service began
    bool for_dormancy = false; ///< the going_idle under way is for dormancy, not for a drain
    milliseconds hold{0};      ///< asked for, once asleep
    bool woken = false;        ///< woken while the ack for dormancy was awaited
  };
  struct quiet {
    instant since{}; ///< when service began
  };
  struct closing {
    then next = then::redial;
    milliseconds hold{0}; ///< of a sleep
  };
  struct dormant {
    bool held = false; ///< the deadline is the end of a hold
  };
  struct disabled {};
  struct stopped {};
  using any_state =
      std::variant<idle, waiting, dialling, serving, quiescing, quiet, closing, dormant, disabled, stopped>;
  static_assert(std::variant_size_v<any_state> == link_state_count);

  /// What is held against the credentials; void once they change, or after lasting service.
  struct credential_doubts {
    bool revocation_suspected = false; ///< refused once after service; a refused fresh token revokes then
    bool fresh_token_used = false;     ///< the dial at once after a refusal is spent
  };
  enum class drain_progress : std::uint8_t { none, begun, told };

  /// The members of this state; null in any other.
  template <class State>
  State* in() {
    return std::get_if<State>(&state_);
  }
  template <class State>
  const State* in() const {
    return std::get_if<State>(&state_);
  }
  template <class State>
  void enter(State next, deadline due = {}) {
    state_ = next;
    due_ = due;
  }
  bool current(std::uint64_t epoch);
  bool has_socket() const;
  /// Null when it is not up.
  const instant* served_since() const;
  bool is_up() const { return served_since() != nullptr; }
  void dial_now(link_orders& out, dial_cause cause, instant now);
  void close_now(link_orders& out, link_order::kind_t how, closing next, std::string why, instant now);
  void tell_drained(link_orders& out);
  void tell_down(link_orders& out, instant now);
  instant not_sooner(instant at) const { return not_before_ ? std::max(at, *not_before_) : at; }
  void pause(instant now, std::uint64_t random);
  void sleep(instant now, std::uint64_t random, milliseconds hold_for);
  void hold(instant now, milliseconds length);
  void closed(link_orders& out, const closing& was, instant now, std::uint64_t random);
  void after_refusal(link_orders& out, const ending& why, instant now, std::uint64_t random);

  link_rules rules_;
  backoff pause_, dormant_backoff_;
  any_state state_;
  std::uint64_t epoch_, stale_ = 0;
  deadline due_;        ///< of the state
  deadline not_before_; ///< the connector said so when it refused the last upgrade
  std::string reason_ = "not started";
  credential_doubts doubts_;
  drain_progress drain_ = drain_progress::none;
  bool ever_served_ = false;
  bool asleep_ = false; ///< dormant, or dialling out of it; ends with a handshake (F73)
};

} // namespace relay::core
