// From wire event to agent (agent-link.md, Promises): no repeats, order per session, at least once, and an
// ack to the connector only when somebody else has the event: the disk, or without one the agent. The session
// key of an event is decided when it is accepted and stays with it, over restarts too.
//
//   claim -> record -> stored -> [ack to the connector] -> handed out -> taken by the agent -> settled
//
// Without a durable store "stored" is at once, and the connector's ack waits for the agent's.
#pragma once

#include "relay_gateway/actors/core/clock.hpp"
#include "relay_gateway/actors/core/fingerprint_map.hpp"
#include "relay_gateway/actors/core/id_queue.hpp"
#include "relay_gateway/actors/inbound/core/arrival_times.hpp"
#include "relay_gateway/actors/inbound/core/dedupe_index.hpp"
#include "relay_gateway/actors/inbound/core/spill.hpp"
#include "relay_gateway/actors/inbound/core/suspects.hpp"
#include "relay_gateway/actors/inbound/core/unstored_writes.hpp"
#include "relay_gateway/config/settings.hpp"
#include "relay_gateway/messages/control.hpp"
#include "relay_gateway/messages/records.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace relay::core {

struct inbox_rules {
  milliseconds dedupe_window{600'000}, ack_timeout{60'000};
  std::size_t dedupe_entries = 100'000, max_pending = 10'000, max_deliveries = 5, max_unreadable = 200;
  /// There is a durable store: records are written, and what is beyond the bounds in memory waits on disk.
  bool durable = false;
  std::size_t max_in_memory = 4'096, chat_in_memory = 64, max_session_queues = 20'000;
  /// The same in bytes: of events in memory (with a disk), of those that stop the reader, of settled keys.
  std::size_t max_bytes_in_memory = 64UL << 20, max_pending_bytes = 64UL << 20, dedupe_bytes = 64UL << 20;
  fingerprint_key secret{}; ///< of the keys that are remembered
  /// The session key of an event; unset: wire::session_key() with the rules that hold by default.
  std::function<std::string(const inbound_event&)> session_of{};

  /// As they are set; what is no setting as above.
  static inbox_rules of(const config::limits& l) {
    inbox_rules x;
    x.dedupe_window = l.dedupe_window;
    x.ack_timeout = l.agent_ack_timeout;
    x.dedupe_entries = l.dedupe_entries;
    x.max_pending = l.max_pending;
    x.max_deliveries = l.agent_max_deliveries;
    x.max_in_memory = l.max_in_memory;
    x.chat_in_memory = l.chat_in_memory;
    return x;
  }
};

/// One event to give to the agent now.
struct handout {
  std::uint64_t id = 0;
  event_ref event;
  bool redelivered = false;
  std::vector<media_file> files{};
  std::string session{};     ///< its session key
  std::uint32_t attempt = 0; ///< counted from 1; those that do not count are left out
  /// Since it arrived; none of an event of an earlier process.
  std::optional<std::chrono::nanoseconds> waited{};
};
/// How often an event was given out, and when last.
struct delivery_progress {
  std::uint32_t attempts = 0;
  instant given{}; ///< the epoch: in an earlier process
  bool may_be_acked = false;
};
/// What to do, in order.
struct inbox_step {
  std::vector<store_record> records; ///< to be written before anything below that depends on them
  std::uint64_t upto = 0; ///< tell stored() of this number once the records are on disk; 0 = no need
  std::vector<handout> deliver;
  std::vector<std::string> acks; ///< buffer ids that the connector that is served now may drop
  /// Set aside just now.
  std::vector<std::pair<std::uint64_t, event_ref>> dead;
  std::vector<std::uint64_t> released; ///< events that are over and had been held for their files
  std::uint64_t fresh = 0;             ///< the id that accept() gave to a fresh event
  bool spilled = false;                ///< that one waits on disk: it is not held, and not given out now
  spill_wishes wishes;                 ///< to be asked of the store behind the records
  std::vector<std::chrono::nanoseconds> receive_to_ack;  ///< of the events that `acks` are of
  std::vector<std::chrono::nanoseconds> delivery_to_ack; ///< of the events that agents took
};

enum class arrival : std::uint8_t {
  fresh,
  repeat_open,   ///< already here and not settled: acked when the first one is
  repeat_settled ///< known to be safe: acked at once
};

class inbox {
public:
  explicit inbox(const inbox_rules& rules);

  /// The stored state, before any other call. Everything open may have been given to an agent; those for
  /// which `held` says so wait for ready().
  void restore(inbound_image& image, instant now, inbox_step& out,
               const std::function<bool(const inbound_event&)>& held);

  /// Whether this event, or another one of its keys, was here before.
  bool known(const inbound_event& event, const buffered_id& buffered, instant now);
  /// A terminal decision about an event that is not known: no agent gets it, its repeats are settled, and it
  /// is acked (F32).
  void consume(const inbound_event& event, const buffered_id& buffered, instant now, inbox_step& out);
  /// A line that nobody could read: a dead letter at once, acked when it is safe. The oldest of more than
  /// `max_unreadable` make room. False when it is a repeat.
  bool set_aside(const event_ref& line, const buffered_id& buffered, instant now, inbox_step& out);
  /// An event arrives; the first snapshot wins (F28). A held one keeps its place in its session and is given
  /// out when ready() says so (F17).
  arrival accept(const event_ref& event, const buffered_id& buffered, instant now, inbox_step& out,
                 bool held = false);
  /// Why the event of the last accept() was a repeat.
  repeat_reason why_repeated() const { return why_repeated_; }
  /// Acks go to a connector and tenant of this name from now on; ids that another one gave are not told.
  void serve(std::string origin) { origin_ = std::move(origin); }
  /// Everything up to this number of a step is on disk, or turned out to be a repeat of something there:
  /// either way it is safe.
  void stored(std::uint64_t upto, instant now, inbox_step& out, std::span<const std::uint64_t> refused = {});
  /// Events of a session come back from disk; as in accept(), `held` says which of them wait for ready().
  void recalled(recalled_events& x, instant now, inbox_step& out,
                const std::function<bool(const inbound_event&)>& held);
  void scanned(const spill_page& x, inbox_step& out);
  /// A dead letter is to be tried again: a new event that is no repeat of anything. `held` as in accept().
  void retry_dead_letter(const dead_letter& x, instant now, inbox_step& out, bool held = false);
  /// A dead letter is to be dropped.
  void drop_dead_letter(std::uint64_t seq, inbox_step& out);
  /// Those of the waiting events for which `which` says so wait for ready() from now on; what was given out
  /// stays as it is. Their ids, oldest first.
  std::vector<std::uint64_t> hold(const std::function<bool(const inbound_event&)>& which);
  /// A held event has its files. Unknown ids, and those not held, are ignored.
  void ready(std::uint64_t id, std::vector<media_file> files, instant now, inbox_step& out);
  /// Whoever fetches files is gone: what is held goes on without.
  void all_ready(instant now, inbox_step& out);
  /// The agent took it. False when nothing of that id is open.
  bool acked(std::uint64_t id, instant now, inbox_step& out);
  /// An agent died that had these: they are suspects from now on, given out again one at a time, and the
  /// death counts against one of them only if it was the only suspect. Unknown ids are ignored.
  void died(const std::vector<std::uint64_t>& with_it, instant now, inbox_step& out);
  /// Whoever had it alone went away. `unseen`: nobody had it, so that it is neither counted among its
  /// deliveries nor suspect.
  void returned(std::uint64_t id, instant now, inbox_step& out, bool unseen = false);
  /// Everything that is out is given out again. `dead`: the agent that had it died; otherwise it only has to
  /// get all of it once more.
  void all_returned(instant now, inbox_step& out, bool dead = true);
  /// Whether deliveries can be taken. While nobody is there, events wait.
  void presence(bool anybody, instant now, inbox_step& out);
  /// Nothing more comes back from disk: the process ends, and the next one takes what is there.
  void close() { closed_ = true; }
  /// Handles overdue acks (harmless when nothing is).
  void timer(instant now, inbox_step& out);

  /// Why the store refused this event as a repeat. To be asked before stored() is called.
  repeat_reason why_refused(std::uint64_t id) const;
  /// An open event in memory; null when there is none of that id.
  const inbound_event* find(std::uint64_t id) const {
    const auto* x = events_.find(id);
    return x == nullptr || x->value.once_stored == after_store::ends ? nullptr : x->value.event.ptr.get();
  }
  /// Of an open event in memory; nothing of others.
  delivery_progress progress(std::uint64_t id) const {
    const auto* x = events_.find(id);
    return x == nullptr ? delivery_progress{}
                        : delivery_progress{x->value.attempts, x->value.given, x->value.ackable()};
  }
  /// Its session key; `id` is of an open event in memory.
  const std::string& session(std::uint64_t id) const { return events_.find(id)->value.session; }
  /// Those that are with the agent, oldest first.
  std::vector<std::uint64_t> given_out() const;
  /// Those that an agent has or had, oldest first: it may still speak of them.
  std::vector<std::uint64_t> known_to_agents() const;
  /// Those that wait for ready(), oldest first.
  std::vector<std::uint64_t> waiting_for_files() const;
  deadline due() const;
  /// How much room there is for further events, `awaiting` of which wait for admission.
  backpressure room(std::size_t awaiting = 0, std::size_t awaiting_bytes = 0) const;
  /// Open events in memory.
  std::size_t pending() const { return events_.size(); }
  std::size_t pending_bytes() const { return bytes_; }
  /// How long the oldest event in memory waits to be taken; 0 when there is none. Looks at each of them.
  std::chrono::nanoseconds oldest_age(instant now) const;
  std::size_t remembered_bytes() const { return dedupe_.bytes(); }
  /// The process stops in order: what is with an agent at its end is no suspect of the next one.
  void stopping(inbox_step& out);
  std::size_t in_flight() const { return events_.aged(); }
  /// Events that may have killed an agent.
  std::size_t suspected() const { return suspects_.size(); }
  std::size_t unstored() const { return unstored_.size(); }
  std::size_t unstored_bytes() const { return unstored_.bytes(); }
  std::size_t remembered() const { return dedupe_.size(); }
  std::uint64_t dead_letters() const { return dead_; }
  /// Some open events are on disk only.
  bool backlog() const { return spill_.backlog(); }

private:
  // Where an event is:
  //
  //   from           on                                     to
  //   (new)          accept(), retry_dead_letter()          being_written; waiting without a durable store
  //   (new)          restore(), recalled()                  waiting
  //   being_written  stored()                               waiting; gone as after_store says
  //   waiting        its turn                               with_agent
  //   waiting        its turn, after a process that died    being_written: the attempt, then waiting again
  //   with_agent     died(), returned(), ack overdue        waiting; gone after too many deliveries
  //   any of these   acked(), as far as an agent had it     gone
  struct being_written {}; ///< the disk does not have its record yet, or not that of its next attempt
  struct waiting {};       ///< for its turn, its files or an agent
  struct with_agent {
    instant overdue{}; ///< its ack
  };
  using event_stage = std::variant<waiting, being_written, with_agent>;
  /// What becomes of it once it is on disk.
  enum class after_store : std::uint8_t {
    stays,         ///< in memory, until an agent has taken it
    leaves_memory, ///< it waits on disk
    ends           ///< no agent gets it
  };
  enum class file_wait : std::uint8_t { none, awaited, over };

  struct open_event {
    event_ref event;
    std::string session;
    std::vector<buffered_id> buffer_ids;
    std::vector<std::string> keys;
    std::vector<media_file> files; ///< pinned until it is over, for its repeats (F31)
    std::size_t bytes = 0;
    event_stage stage;
    after_store once_stored = after_store::stays;
    file_wait held = file_wait::none;
    std::uint32_t attempts = 0; ///< deliveries that count, with the one that is under way
    bool marked = false;        ///< the disk knows, or is told, that it is out
    bool resumed = false;       ///< of a process that died, and not given out by this one yet
    bool recalled = false;      ///< the store guards its keys
    bool seen = false;          ///< an agent may have had it that did not take it
    instant since{};            ///< when it arrived; the epoch: in an earlier process
    instant given{};            ///< when it was handed out last

    bool is_out() const { return std::holds_alternative<with_agent>(stage); }
    bool is_stored() const { return !std::holds_alternative<being_written>(stage); }
    /// Nothing but its turn and an agent is missing.
    bool can_go() const { return std::holds_alternative<waiting>(stage) && held != file_wait::awaited; }
    /// An agent that had it of a process that died may ack it late: it is the agent's all the same.
    bool ackable() const { return attempts > 0 || seen; }
  };
  /// Those that are with an agent have an age. Their acks have the same time-out, so that the oldest is the
  /// next one due.
  using open_events = number_map<open_event>;
  using entry = open_events::entry;
  void record(store_record x, inbox_step& out) const {
    if (rules_.durable) out.records.push_back(std::move(x));
  }
  entry& admit(std::uint64_t id, open_event&& x, inbox_step& out);
  void repeat(std::uint64_t open, std::vector<std::string> keys, const buffered_id& buffered,
              inbox_step& out);
  std::string session_of(const inbound_event& x) const;
  void ack(const buffered_id& x, inbox_step& out) const {
    if (!x.empty() && !x.reused && x.origin == origin_) out.acks.push_back(x.id);
  }
  using queues = fingerprint_map<id_queue>;
  /// Of a session, whose key is made of what peers choose.
  fingerprint print(const std::string& session) const { return fingerprint_of(session, rules_.secret); }
  void name(std::uint64_t id, open_event& x, const buffered_id& buffered);
  void ack_all(entry& x, instant now, inbox_step& out);
  void line_up(std::uint64_t id, const std::string& session, instant now, inbox_step& out);
  bool nothing_waits(const std::string& session) const;
  entry& insert(std::uint64_t id, open_event&& x);
  void erase(entry& x);
  void give(entry& x, instant now, inbox_step& out);
  void marked(std::uint64_t id, instant now, inbox_step& out);
  void hand_out(entry& x, instant now, inbox_step& out);
  void take_back(entry& x);
  template <class Which>
  std::vector<std::uint64_t> ids_of(const Which& which) const; ///< oldest first
  void note_attempts(entry& x, bool is_out, inbox_step& out) const;
  void advance(const std::string& session, instant now, inbox_step& out);
  void advance(queues::entry& queue, instant now, inbox_step& out);
  void probe(instant now, inbox_step& out);
  bool may_go(std::uint64_t id) const;
  void settle(entry& x, instant now, inbox_step& out, bool dead = false);
  void leave(entry& x, instant now, inbox_step& out);
  void give_again(entry& x, instant now, inbox_step& out);
  void wish(inbox_step& out) {
    if (!closed_) spill_.wishes(out.wishes);
  }

  inbox_rules rules_;
  dedupe_index dedupe_;
  spill spill_;
  suspects suspects_;
  arrival_times arrivals_;
  std::uint64_t next_id_ = 0, dead_ = 0;
  bool anybody_ = false, closed_ = false, stopping_ = false;
  std::size_t bytes_ = 0;
  repeat_reason why_repeated_ = repeat_reason::buffer_id;
  std::string origin_;
  open_events events_;
  /// By session: events in memory, in order.
  queues queues_;
  std::deque<std::uint64_t> unreadable_; ///< dead letters that are lines nobody could read, oldest first
  unstored_writes unstored_;
  /// Which event a buffer id names that is not acked yet: the newest one, for of older ones the connector
  /// knows nothing any more.
  std::unordered_map<buffered_id, std::uint64_t, buffered_id_hash> named_;
};

} // namespace relay::core
