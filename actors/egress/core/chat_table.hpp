// The queues of all active chats: who has one, whose step failed, which deadline is next.
#pragma once

#include "relay_gateway/actors/core/bounded_map.hpp"
#include "relay_gateway/actors/core/clock.hpp"
#include "relay_gateway/actors/core/deadline_queue.hpp"
#include "relay_gateway/actors/egress/core/chat_queue.hpp"
#include "relay_gateway/messages/contract/event.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace relay::core {

/// A chat was told just now to wait for this long.
struct chat_wait {
  chat_key chat;
  milliseconds wait{0};
};
/// A chat whose step threw: its queue is gone, its actions are in `done`.
struct chat_failure {
  chat_key chat;
  std::string what;
};
/// What the router has to do now: what the queues decided, one chat after the other, and what became of
/// chats.
struct chat_table_step : chat_queue_step {
  std::vector<chat_wait> waiting_chats;
  std::vector<chat_failure> failed;
  /// Empty again, for a further use of its memory.
  void clear();
};

struct chat_limits {
  std::size_t max_chats = 1'000'000; ///< beyond it, or beyond `idle_chats`, chats go as soon as they are idle
  milliseconds idle{1'800'000};      ///< an idle chat that got nothing for so long goes
  std::size_t idle_chats = 10'000; ///< a queue takes 1.5 KB, and an idle one has hardly anything to remember
  /// Of what all queues remember of actions that are done. Beyond it the least recently used forget that.
  std::size_t remembered_bytes = 32UL << 20;
};

/// One queue per active chat (chat_queue.hpp). An exception in one chat's step ends that queue alone: its
/// actions are settled as unknown, since their frames may have left, and all other chats go on.
class chat_table {
public:
  explicit chat_table(const chat_limits& x) : limits_(x) {}

  /// An action of this chat was accepted: the chat is active from now on.
  void activate(const chat_key& key, instant now) { (void)activated(key, now); }
  bool contains(const chat_key& key) const { return chats_.contains(key); }
  /// Whether an action that is accepted now can leave as soon as it is on disk.
  bool ready(const chat_key& key) const;
  /// Both at once, and the chat is active from now on: ready(), then holds().
  std::pair<bool, bool> activate_for(const chat_key& key, instant now);

  /// An accepted action waits for the disk. Until it is handed over or released its chat stays.
  void hold(const chat_key& key);
  /// Whether an action of the chat waits for the disk; what is accepted after it stays behind it.
  bool holds(const chat_key& key) const;
  /// An action that was held never comes.
  void release(const chat_key& key);
  /// An action enters its chat's queue. `held`: it was held until now.
  void push(const chat_key& key, chat_action&& x, bool held, instant now, chat_table_step& out);

  /// The connection to use (its descriptors), or null for none. `abandoned`: the one before it died without
  /// a word.
  void link(const descriptors_ptr& what, bool abandoned, chat_table_step& out);
  /// The same connection told more descriptors.
  void describe(const descriptors_ptr& what);
  /// What became of a piece; ignored when its queue is gone.
  void settled(transmitted&& x, instant now, chat_table_step& out);
  /// This intent is on disk.
  void intent_committed(const write_intent& x, chat_table_step& out);
  /// Where the file of this upload is now.
  void uploaded(const upload& x, const media_reference& where, instant now, chat_table_step& out);
  /// Whoever uploads is gone: the actions that wait for it fail.
  void uploads_lost(chat_table_step& out);
  /// No connection will come any more: what is held fails, now and from now on.
  void finish(chat_table_step& out);

  /// Does what is due in all chats and lets those go that were idle for long.
  void expire(instant now, chat_table_step& out);
  /// When expire() wants to be called.
  deadline due() const { return earlier(deadlines_.due(), sweep_at_); }
  std::size_t size() const { return chats_.size(); }
  /// Bytes of what the queues remember of actions that are done, about.
  std::size_t remembered_bytes() const { return remembered_; }

  /// One guarded step of one chat: calls `step` with its queue and a chat_queue_step. What the functions
  /// above do to a queue, they do by this.
  template <class Step>
  void run(const chat_key& key, const Step& step, chat_table_step& out) {
    if (auto* x = chats_.find(key)) run(*x, step, out);
  }

private:
  struct active_chat {
    std::uint64_t number = 0; ///< names its queue; a queue that takes its place has another one
    chat_queue queue;
    std::vector<std::uint64_t> tokens; ///< of the actions in the queue, kept apart from it for when it fails
    std::size_t held = 0;              ///< actions that wait for the disk
    instant used{};                    ///< when an action was accepted last
    std::size_t remembered = 0;        ///< bytes that its queue remembers
    bool idle() const { return held == 0 && !queue.busy(); }
  };
  using table = aged_map<chat_key, active_chat>; ///< in the order of their use
  using entry = table::entry;
  template <class Step>
  void run(entry& x, const Step& step, chat_table_step& out);
  template <class Step>
  void run_all(const Step& step, chat_table_step& out);
  /// How much a step held before a queue added to it.
  struct extent {
    explicit extent(const chat_queue_step& x)
        : out(x.out.size()), sent(x.sent.size()), done(x.done.size()), shown(x.shown.size()),
          uploads(x.uploads.size()), intents(x.intents.size()) {}
    void restore(chat_queue_step& x) const;
    std::size_t out, sent, done, shown, uploads, intents;
  };
  void take(entry& x, const extent& before, chat_table_step& out);
  entry& activated(const chat_key& key, instant now);
  void begin_queue(entry& x);
  void drop_queue(entry& x, std::string what, chat_table_step& out);
  entry* of_number(std::uint64_t number);
  std::size_t bound() const { return std::min(limits_.max_chats, limits_.idle_chats); }
  void count(entry& x);
  void forget_some();
  void trim(entry& x);
  void remove(entry& x);
  void sweep(instant now);

  chat_limits limits_;
  descriptors_ptr link_; ///< null = down
  bool finishing_ = false;
  std::uint64_t numbers_ = 0;
  std::size_t remembered_ = 0; ///< bytes that all queues remember
  table chats_;
  std::unordered_map<std::uint64_t, entry*> by_number_;
  deadline_queue<std::uint64_t> deadlines_;
  deadline sweep_at_;
};

template <class Step>
void chat_table::run(entry& x, const Step& step, chat_table_step& out) {
  const extent before{out};
  out.waits = milliseconds{0};
  deadline due;
  std::optional<std::string> failure;
  try {
    step(x.value.queue, out);
    due = x.value.queue.due();
  } catch (const std::exception& e) {
    failure = e.what();
  } catch (...) {
    failure = "unknown exception";
  }
  if (failure) {
    before.restore(out);
    drop_queue(x, std::move(*failure), out);
  } else {
    deadlines_.set(x.value.number, due);
    take(x, before, out);
  }
}

} // namespace relay::core
