// What must be on disk before what, on the way out (agent-link.md, Promises).
//
//   accepted -> action_taken on disk -> its chat's queue -> [write intent on disk] -> wire -> action_settled
//
// Records gather into commits; a commit is numbered, and everything that depends on it waits here until the
// store has it. Without a durable store nothing is recorded and nothing waits.
#pragma once

#include "relay_gateway/actors/core/clock.hpp"
#include "relay_gateway/actors/egress/core/chat_action.hpp"
#include "relay_gateway/messages/records.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace relay::core {

struct outbox_rules {
  bool durable = false;
  milliseconds hold{30'000};      ///< send deadline of an accepted action
  std::uint64_t max_commits = 64; ///< on their way at once; beyond it records gather
};

/// Records that are written together.
struct outbox_commit {
  std::uint64_t number = 0;
  std::vector<store_record> records;
};

/// What the router has to do now, in this order.
struct outbox_step {
  std::vector<chat_action> ready;        ///< on disk: they enter their queues
  std::vector<write_intent> committed;   ///< on disk: their queues go on
  std::vector<std::uint64_t> not_stored; ///< of actions that the disk did not take in time: they fail
  std::vector<chat_outcome> told;        ///< outcomes that were deferred until now
};

/// What the disk has to know before an accepted action may enter its queue.
struct outbox_admission {
  action_record record = action_record::none;
  bool waits = false; ///< to be given to outbox::wait()
};

/// What becomes of an action that had no outcome when the process, or the router, ended.
enum class resumption : std::uint8_t {
  sent,    ///< it enters its queue
  unknown, ///< its frame may be out: reported and not sent again
  refused  ///< nothing was sent, and it is too late, or its platform is gone
};
const char* to_string(resumption x);
struct resumed_action {
  stored_action what; ///< its request id without the digest
  std::uint64_t digest = 0;
  resumption how = resumption::sent;
  action_result result{}; ///< unless it is sent
  instant until{};        ///< of one that is sent: the end of its hold
};

class outbox {
public:
  explicit outbox(const outbox_rules& x) : rules_(x) {}

  std::uint64_t next_token() { return ++tokens_; }
  std::uint64_t last_token() const { return tokens_; }

  /// An action was accepted. `ready`: its chat has nothing else and the link is up, so that one record says
  /// both, that it is there and that its frame may be out. `behind`: one of its chat waits here.
  outbox_admission accept(std::uint64_t token, const action_request& asked, std::uint64_t digest,
                          const route& where, bool ready, bool behind, instant now, std::int64_t wall_ms);
  /// Keeps it until the disk has what was recorded so far.
  void wait(chat_action x, instant now);
  /// What a queue says about frames. Actions that are over are left out of it.
  void intend(write_intent x);
  /// The outcome of an action. True when its agent may be told now. What was not sent might be sent after a
  /// restart: nobody is told that it was not before the disk knows, or before no later process sends it any
  /// more. What was sent is not sent again unless its agent wants that, so all other outcomes are told at
  /// once: the record in memory keeps them from being done again (F29).
  bool settle(std::uint64_t token, const action_result& result, instant now);
  /// Its outcome is known and deferred: further ones are ignored.
  bool is_settled(std::uint64_t token) const;
  /// A record of something else, in order with these.
  void add(store_record x) { batch_.push_back(std::move(x)); }

  /// Records that no commit has.
  std::size_t records() const { return batch_.size(); }
  /// Whether another commit may be on its way: a disk that hangs must not make its queue grow.
  bool may_commit() const { return commits_ - commits_done_ < rules_.max_commits; }
  /// The next commit, to be given to the store; none when there is nothing, or too many are on their way.
  std::optional<outbox_commit> next_commit();
  /// The store has this commit and all before it.
  void stored(std::uint64_t number, outbox_step& out);
  /// Nothing is to be written and nothing on its way.
  bool quiet() const { return batch_.empty() && commits_done_ == commits_; }

  /// Gives up what waited too long. Nothing of it was sent; what was given to the store may still get there,
  /// and the outcome follows it.
  void expire(instant now, outbox_step& out);
  /// When expire() wants to be called.
  deadline due() const;
  /// Actions that wait for the disk, those that were given up included.
  std::size_t waiting() const { return waiting_.size(); }
  std::uint64_t commits_in_flight() const { return commits_ - commits_done_; }

  /// Takes over what a process, or a router, before this one left. `serves`: whether a platform is still
  /// fronted. `wall_ms`: the time of the holds' ends.
  std::vector<resumed_action> resume(outbound_image& image,
                                     const std::function<bool(const std::string&)>& serves, instant now,
                                     std::int64_t wall_ms);
  /// The records that no commit has, for when this object goes.
  std::vector<store_record> take_records() { return std::exchange(batch_, {}); }

private:
  /// An action that is on its way to the disk or there, and has no outcome there.
  struct entry {
    std::string stored_id; ///< the request id with the digest
    instant until{};       ///< send deadline; it also holds after a restart
    bool resend = false;
    bool settled = false; ///< `result` is told when the disk has it, or `until` has passed
    action_result result{};
  };
  struct waiting_action {
    std::uint64_t commit = 0;
    instant until{};
    chat_action what;
  };
  struct waiting_intent {
    std::uint64_t commit = 0;
    write_intent what;
  };
  struct deferred_outcome {
    std::uint64_t commit = 0, token = 0;
    instant until{};
  };
  std::uint64_t next_number() const { return batch_.empty() ? commits_ : commits_ + 1; }
  bool must_be_stored(const entry& x, const action_result& result, instant now) const;
  void tell_deferred(instant now, outbox_step& out);
  void judge(resumed_action& x, bool served, instant now, std::int64_t wall_ms) const;

  outbox_rules rules_;
  std::uint64_t tokens_ = 0;
  std::unordered_map<std::uint64_t, entry> open_; ///< recorded actions, by token
  std::vector<store_record> batch_;
  std::uint64_t commits_ = 0,
                commits_done_ = 0;        ///< given to the store, and on disk
  std::deque<waiting_action> waiting_;    ///< by commit
  std::size_t given_up_ = 0;              ///< of these, the first ones
  std::deque<waiting_intent> intents_;    ///< by commit
  std::deque<deferred_outcome> deferred_; ///< by commit
};

} // namespace relay::core
