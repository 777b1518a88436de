// Decides what becomes of each frame, call, upgrade and poke under a fault script. No socket, no clock, no
// thread: time is a value, randomness comes from the script's seed, so the same script and the same sequence
// of calls give the same decisions on every machine. The stand-in runs it at its edge; a simulator can run
// the same script on its own sockets:
//
//   std::vector<faults::problem> problems;
//   auto script = faults::parse(text, problems);
//   faults::injector faults{*script, now};
//   auto id = ...;                                     // the caller's name for a connection
//   do_all(faults.on_open(id, "gw-1", {}, now));
//   do_all(faults.on_frame(id, way::out, line, now));  // the frame itself is among the steps, unless it is
//   dropped do_all(faults.due(now));                           // at faults.next(), for what waited
#pragma once

#include "relay_gateway/app/connector/faults/frame_view.hpp"
#include "relay_gateway/app/connector/faults/language/script.hpp"
#include "relay_gateway/app/connector/faults/rng.hpp"
#include "relay_gateway/app/connector/faults/steps.hpp"
#include "relay_gateway/app/connector/faults/traffic.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relay::connector::faults {

/// An HTTP call or an upgrade. For a call `platform` is the one that its body names.
struct call_view {
  std::string_view method, path, platform, gateway, body;
};

/// How an answer goes out.
enum class ending : std::uint8_t {
  answered,
  silent, ///< never answered, the connection stays
  cut,    ///< the connection ends unanswered
  reset   ///< and with a TCP reset
};

struct call_verdict {
  milliseconds delay{0};
  bool processed = true;         ///< false: the connector does not see it
  std::optional<answer> instead; ///< of the connector's answer
  ending how = ending::answered;
  std::int64_t pad = 0; ///< spaces until the body has so many bytes
  std::optional<truncate>
      cut_after;                  ///< of the body; the connection ends there, short of what the head promised
  std::optional<corrupt> mangled; ///< the body, with this random generator
  std::uint64_t rng = 0;
  std::optional<drip> dripped; ///< the body
  steps also;                  ///< to be done now
  bool plain() const;          ///< nothing at all happens to the call
};

struct upgrade_verdict {
  milliseconds delay{0};
  std::optional<answer> refuse;
  ending how = ending::answered;
  std::vector<action> when_open; ///< hand it to on_open()
  steps also;
};

struct poke_verdict {
  bool drop = false;
  milliseconds delay{0};
  std::uint64_t copies = 0; ///< further ones
  milliseconds between{0};
  steps also;
};

/// What the connector is about to answer: `to` is one of `answerable`, `text` that of an outbound's action.
struct answer_view {
  std::string_view to, platform, gateway, op, chat, text;
};

struct answer_verdict {
  bool decided = false; ///< a rule counts; what it does not name is as usual
  milliseconds delay{0};
  bool silent = false;
  std::uint64_t copies = 0; ///< further ones
  milliseconds between{0};
  std::optional<answer> instead;   ///< of a call's or an upgrade's
  std::optional<std::string> said; ///< JSON: the result, or the descriptor
  std::optional<close> close_with; ///< the connection is closed instead
  bool cut = false;                ///< or ends
  bool idle_anyway = false;
  bool ends() const { return cut || close_with.has_value(); }
};

/// What a rule did, for the record.
struct note {
  milliseconds at{0}; ///< of the script's clock
  std::string rule;   ///< its name or `#number`; empty = by hand
  trigger on = trigger::frame;
  way direction = way::out;
  connection_id connection = 0;
  std::string gateway, type, platform, chat, op, path;
  std::vector<std::string> did;
  std::string json() const; ///< the inside of an object, without `gateway` and `platform`
};

/// Not thread-safe. Times come from one clock that never goes back.
class injector {
public:
  injector() : injector(script{}, milliseconds{0}) {}
  /// `seed` instead of the script's when given.
  injector(script what, milliseconds now, std::optional<std::uint64_t> seed = {});

  // -- what happens -------------------------------------------------------------------------------------
  steps on_open(connection_id which, std::string_view gateway, const std::vector<action>& when_open,
                milliseconds now);
  void on_end(connection_id which);
  /// `line` without its line break. The steps bring it, and others, to the receiver.
  steps on_frame(connection_id which, way direction, std::string_view line, milliseconds now);
  call_verdict on_call(const call_view& x, milliseconds now);
  upgrade_verdict on_upgrade(const call_view& x, milliseconds now);
  poke_verdict on_poke(std::string_view gateway, milliseconds now);
  /// Asked by the connector itself, before it answers. Rules on answers go when they are used up.
  answer_verdict on_answer(const answer_view& x, milliseconds now);
  /// What has waited until now. Every call above does this first by itself, with its steps in front.
  steps due(milliseconds now);
  /// When due() is to be called next; nothing = only when something else happens.
  std::optional<milliseconds> next() const;

  // -- rules that come and go ---------------------------------------------------------------------------
  /// Adds rules behind the others; the numbers that they got. The clock of these starts now (or at the next
  /// open).
  std::vector<std::uint64_t> add(script more, milliseconds now);
  bool remove(std::uint64_t number);
  /// Forgets all rules. What is held back still leaves at its time.
  void clear();
  void clear(trigger on);
  /// Does that once, now, to the connections of these gateways (empty = all).
  steps fire(const one_off& x, milliseconds now);

  // -- to look at ---------------------------------------------------------------------------------------
  bool idle() const; ///< frames may go past it unseen
  std::size_t rules() const { return rules_.size(); }
  std::size_t rules(trigger on) const;
  std::vector<std::uint64_t> uses() const; ///< how often each rule was used, in their order
  /// `{seed, held, rules: [{id, name, matched, used, rule}]}`.
  std::string status() const;
  std::vector<note> take_notes() { return std::exchange(notes_, {}); }

private:
  struct entry {
    std::uint64_t number = 0;
    rule what;
    seeded_rng rng;
    std::optional<milliseconds> zero;  ///< of its clock; none before the first open
    std::optional<milliseconds> fires; ///< rules on time
    std::uint64_t matched = 0, used = 0;
    std::map<connection_id, std::uint64_t> matched_on;
    std::string title() const;
  };
  struct frame_context; ///< a frame on its way through the rules

  bool counts(entry& x, connection_id which, milliseconds now);
  bool in_window(const entry& x, milliseconds now) const;
  void start_clock(entry& x, milliseconds now);
  void run_frame(entry& x, frame_context& on, milliseconds now);
  void alter(const action& what, seeded_rng& rng, frame_context& on, std::vector<std::string>& did);
  parcel pack(frame_context& x);
  void send_extra(connection_id which, way direction, const std::string& text, milliseconds now, steps& out);
  /// An inserted line where there is no frame to stand beside.
  void say(const action& what, connection_id which, milliseconds now, steps& out,
           std::vector<std::string>& did);
  /// Each of these two is true when the action was one of its kind.
  bool to_connection(const action& what, connection_id which, seeded_rng& rng, milliseconds now, steps& out,
                     std::vector<std::string>& did);
  bool to_connector(const action& what, std::string_view gateway, seeded_rng& rng, milliseconds now,
                    steps& out, std::vector<std::string>& did);
  void to_call(const action& what, seeded_rng& rng, call_verdict& on, std::vector<std::string>& did);
  void to_upgrade(const action& what, entry& by, upgrade_verdict& on, std::vector<std::string>& did);
  static void to_answer(const action& what, seeded_rng& rng, answer_verdict& on,
                        std::vector<std::string>& did);
  void fire_time(entry& x, milliseconds now, steps& out);
  /// What was done.
  std::vector<std::string> at_all(const std::vector<action>& what, const texts& gateway, seeded_rng& rng,
                                  milliseconds now, steps& out);
  void later(milliseconds when, step x);
  void due_into(milliseconds now, steps& out);
  note& write(const std::string& rule, trigger on, milliseconds at);
  std::string gateway_of(connection_id which) const;
  milliseconds clock_of(const entry& x, milliseconds now) const { return now - x.zero.value_or(now); }

  std::vector<entry> rules_;
  std::uint64_t seed_ = 1, last_number_ = 0, last_step_ = 0;
  milliseconds born_{0};
  seeded_rng hand_;
  std::map<connection_id, std::string> open_; ///< and whose it is
  traffic traffic_;
  frame_memory memory_;
  std::map<std::pair<milliseconds, std::uint64_t>, step> agenda_;
  std::vector<note> notes_;
};

} // namespace relay::connector::faults
