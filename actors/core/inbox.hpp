// From wire event to agent (agent-link.md, Promises): no repeats, order per chat, at least once, and an ack
// to the connector only when somebody else has the event.
#pragma once

#include "actors/core/clock.hpp"
#include "messages/control.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace relay::core {

struct inbox_rules {
  milliseconds dedupe_window{600'000}, ack_timeout{60'000};
  std::size_t dedupe_entries = 100'000, max_pending = 10'000, max_deliveries = 5, max_dead = 1'000;
};

/// One event to give to the agent now.
struct handout {
  std::uint64_t id = 0;
  event_ref event;
  bool redelivered = false;
  std::vector<media_file> files{};
};
/// What to do, in order: nothing in here depends on a later part.
struct inbox_step {
  std::vector<handout> deliver;
  std::vector<std::string> acks; ///< buffer ids that the connector may drop
  /// Set aside just now.
  std::vector<std::pair<std::uint64_t, event_ref>> dead;
  std::vector<std::uint64_t> released; ///< events that are over and had been held for their files
  std::uint64_t fresh = 0;             ///< the id that accept() gave to a fresh event
};

enum class arrival : std::uint8_t {
  fresh,
  repeat_open,   ///< already here and not settled: its buffer id waits for the first one's outcome
  repeat_settled ///< the agent had it: acked at once
};

/// Event keys: the buffer id, and platform + chat + message id. An event without either is never a repeat
/// (F22). A claim is kept until it is settled, so that a repeat of something in flight waits for it (F25).
class inbox {
public:
  explicit inbox(const inbox_rules& rules) : rules_(rules) {}

  /// Whether this event, or another one of its keys, was here before.
  bool known(const inbound_event& event, const std::string& buffer_id, instant now);
  /// A terminal decision about an event that is not known: no agent gets it, its repeats are settled, and it
  /// is acked (F32).
  void consume(const inbound_event& event, const std::string& buffer_id, instant now, inbox_step& out);
  /// An event arrives; the first snapshot wins (F28). A held one keeps its place in its chat and is given out
  /// when ready() says so (F17).
  arrival accept(const event_ref& event, const std::string& buffer_id, instant now, inbox_step& out,
                 bool held = false);
  /// A held event has its files. Unknown ids, and those not held, are ignored.
  void ready(std::uint64_t id, std::vector<media_file> files, instant now, inbox_step& out);
  /// Whoever fetches files is gone: what is held goes on without.
  void all_ready(instant now, inbox_step& out);
  /// The agent took it. False when nothing of that id is open.
  bool acked(std::uint64_t id, instant now, inbox_step& out);
  /// Whoever had it went away: give it out again. Unknown ids are ignored.
  void returned(std::uint64_t id, instant now, inbox_step& out);
  /// Everything that is out was given to somebody who is gone.
  void all_returned(instant now, inbox_step& out);
  /// Whether deliveries can be taken. While nobody is there, events wait.
  void presence(bool anybody, instant now, inbox_step& out);
  /// Handles overdue acks (harmless when nothing is).
  void timer(instant now, inbox_step& out);

  deadline due();
  /// How much room there is for further events.
  intake room() const;
  std::size_t pending() const { return entries_.size(); }
  std::size_t in_flight() const { return in_flight_; }
  std::size_t remembered() const { return keys_.size(); }
  std::size_t dead_letters() const { return dead_.size(); }

private:
  struct entry {
    event_ref event;
    std::vector<std::string> buffer_ids, keys;
    std::uint32_t attempts = 0;
    bool out = false; ///< with the agent
    bool held = false, was_held = false;
    std::vector<media_file> files; ///< pinned until it is over, for its repeats (F31)
    instant overdue{};
  };
  struct key_state {
    std::uint64_t open = 0; ///< the entry that claims it; 0 = settled
    std::list<std::pair<instant, std::string>>::iterator age;
  };
  void hand_out(std::uint64_t id, entry& x, instant now, inbox_step& out);
  void advance(const chat_key& chat, instant now, inbox_step& out);
  void settle(std::uint64_t id, instant now, inbox_step& out);
  void give_again(std::uint64_t id, instant now, inbox_step& out);
  void trim(instant now);

  inbox_rules rules_;
  std::uint64_t next_id_ = 0;
  bool anybody_ = false;
  std::size_t in_flight_ = 0;
  std::unordered_map<std::uint64_t, entry> entries_;
  std::unordered_map<chat_key, std::deque<std::uint64_t>> lanes_;
  std::unordered_map<std::string, key_state> keys_;
  std::list<std::pair<instant, std::string>> settled_; ///< oldest first
  std::deque<std::pair<instant, std::uint64_t>> deadlines_;
  std::deque<event_ref> dead_;
};

} // namespace relay::core
