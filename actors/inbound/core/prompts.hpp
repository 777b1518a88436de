// Decides which event answers which prompt (protocol.md 6). The first answer wins, answers to the prompts of
// a sibling gateway are ignored, and who answers too late is told so once. A typed answer counts in the
// session of its prompt only: in its chat and thread, and to its profile's bot.
#pragma once

#include "relay_gateway/actors/core/bounded_map.hpp"
#include "relay_gateway/actors/core/clock.hpp"
#include "relay_gateway/actors/core/waits.hpp"
#include "relay_gateway/config/settings.hpp"
#include "relay_gateway/messages/contract/event.hpp"
#include "relay_gateway/messages/flow.hpp"
#include "relay_gateway/messages/records.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace relay::core {

/// Mints `<nonce>.<8 hex>`. The nonce is the process's; `first` should be random, so that a restarted minter
/// of the same process does not give an id twice.
class prompt_minter {
public:
  prompt_minter(std::string nonce, std::uint32_t first) : nonce_(std::move(nonce)), next_(first) {}
  std::string next();

private:
  std::string nonce_;
  std::uint32_t next_;
};

struct prompt_rules {
  milliseconds lifetime{3'600'000};   ///< a prompt's own time-out counts when it is smaller
  std::size_t max = 10'000;           ///< prompts remembered, answered ones included
  std::size_t max_bytes = 16UL << 20; ///< of these
  bool anyone_approves = false;       ///< anybody may decide an approval in a group, not only its asker
  milliseconds resumable{150'000};    ///< how long after its asking a prompt may leave once more

  static prompt_rules of(const config::settings& from) {
    prompt_rules x;
    x.lifetime = from.limits.prompt_lifetime;
    x.resumable = from.limits.egress_hold + longest_wait;
    x.max = from.limits.max_prompts;
    x.anyone_approves = from.prompts.approval_by == config::approval_by::anyone;
    return x;
  }
};

enum class prompt_verdict : std::uint8_t {
  none,       ///< no answer: an ordinary event
  taken,      ///< the answer of an open prompt: for the agent
  numbered,   ///< a typed number or label that answers one: for the agent, with `response`
  foreign,    ///< of a sibling gateway: consumed silently (F57)
  repeated,   ///< answered before: consumed silently (F58)
  no_option,  ///< names no option of its prompt: consumed silently
  late,       ///< ours, but expired or unknown: consumed, told once
  late_again, ///< the same once more: consumed silently
  bystander,  ///< of somebody who may not decide it: consumed silently, and the prompt stays open
};
const char* to_string(prompt_verdict x);

struct prompt_hearing {
  prompt_verdict verdict = prompt_verdict::none;
  prompt_response response; ///< of `numbered`
  /// Whether an agent gets the event.
  bool for_agent() const { return verdict <= prompt_verdict::numbered; }
};

/// The prompts of one process. Bounded by number, bytes and age: the oldest is forgotten first, and what is
/// forgotten counts as unknown.
class prompts {
public:
  /// `nonce` marks the ids that this process mints.
  prompts(std::string nonce, const prompt_rules& rules) : nonce_(std::move(nonce)), rules_(rules) {
    if (rules_.max < 1) rules_.max = 1;
  }

  /// The prompt is about to be sent. The same id again in the same place (chat, thread, profile) is a new
  /// prompt that takes the place of the older one; in another place it is a prompt beside it. False: in a
  /// group nobody can decide it, for nobody knows any more whose it is.
  bool open(prompt_opened x, instant now);
  /// The prompt may be sent again: a known one keeps its state, answered or not.
  void resume(prompt_opened x, instant now);
  /// How it was shown; ignored once it is answered.
  void shown(const prompt_shown& x);
  /// Whether hear() could find an answer in this event: a cheap question, asked of every event.
  bool concerns(const inbound_event& x) const;
  /// Decides about a fresh event (a repeat of one that was decided must not come here). `chat_type`: of its
  /// session, which may know better than the event itself.
  prompt_hearing hear(const inbound_event& x, instant now, std::string_view chat_type);
  prompt_hearing hear(const inbound_event& x, instant now) { return hear(x, now, x.source.chat_type); }

  /// A prompt that an earlier process kept; `lifetime_ms` is the time that is left, 0 = it has expired.
  void restore(prompt_kept x, instant now);
  /// From now on changes() tells.
  void track() { tracked_ = true; }
  /// What a store has to write so that restore() brings this back: all that changed since the last call.
  std::vector<store_record> changes(instant now);

  std::size_t size() const { return known_.size(); }
  std::size_t bytes() const { return bytes_; }
  /// Prompts that somebody may still answer.
  std::size_t unanswered(instant now) const;

private:
  enum class stage : std::uint8_t { open, answered, told_late };
  struct entry {
    /// Without its options once it is answered. `turn_forgotten`: nobody remembers who decides this approval.
    prompt_opened what;
    instant until{};
    stage now = stage::open;
    bool numbered = false;
    instant changed{}; ///< its age counts from here
  };
  using known = aged_map<std::string, entry>; ///< by prompt_key()
  known::entry* at_place(const prompt_opened& x);
  known::entry* meant_by(const inbound_event& x);
  std::string earlier_author(const prompt_opened& x);
  known::entry& put(prompt_opened x, instant now);
  /// Who presses or writes something, and in what kind of chat.
  struct answerer {
    const event_source& who;
    std::string_view chat_type;
  };
  prompt_hearing pressed(const inbound_event& x, const answerer& by, instant now);
  prompt_hearing wrote(const inbound_event& x, const answerer& by, instant now);
  bool may_decide(const answerer& by, const prompt_opened& what) const;
  void settle(known::entry& x, stage next, instant now);
  void unnumber(known::entry& x);
  void forget(known::entry& x);
  void trim(instant now);
  bool minted_here(const std::string& id) const;
  void touch(const std::string& key) {
    if (tracked_) touched_.push_back(key);
  }

  static std::size_t size_of(const prompt_opened& x);

  std::size_t bytes_ = 0;
  bool tracked_ = false;
  std::vector<std::string> touched_;
  std::string nonce_;
  prompt_rules rules_;
  known known_; ///< the least recently changed is the oldest
  /// Prompt id -> the keys of its prompts, newest last.
  std::unordered_map<std::string, std::vector<std::string>> by_id_;
  /// Chat id -> the keys of its prompts that a number answers, newest last.
  std::unordered_map<std::string, std::vector<std::string>> numbered_;
};

} // namespace relay::core
