// A store_port in memory that keeps its word: what was committed outlives the tree of actors and crash(). The
// test can hold the disk back, do one call at a time, and see what is written. Not thread-safe.
#pragma once

#include "relay_gateway/actors/inbound/core/dedupe_index.hpp"
#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/messages/wire/session_key.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace relay::testing {

/// What is on disk. Plain data: tests look at it, and may change it behind the gateway's back.
struct disk_image {
  struct event_row {
    stored_event what;
    bool spilled = false;
    bool guarded = false; ///< its keys are: it is spilled, or was
  };
  struct aged_key {
    std::string key;
    std::int64_t at = 0; ///< unix ms, here and below
    std::uint64_t seq = 0;
  };
  struct aged_turn {
    std::uint64_t seq = 0;
    route_seen what;
    std::int64_t at = 0;
  };
  struct dead_row {
    event_dead what;
    std::int64_t at = 0;
  };
  struct prompt_row {
    prompt_kept what;
    std::int64_t at = 0;
  };
  struct outcome_row {
    std::string request_id;
    action_result result;
    std::int64_t at = 0;
  };
  std::string instance = "0123abcd";
  std::uint64_t last_seq = 0, last_token = 0;
  std::map<std::uint64_t, event_row> events;             ///< open ones
  std::set<std::pair<std::string, std::uint64_t>> guard; ///< keys of spilled events, and whose
  std::deque<aged_key> settled;                          ///< oldest first
  std::deque<aged_turn> answered;                        ///< turns of settled events, oldest first
  std::map<std::uint64_t, dead_row> dead;
  std::list<prompt_row> prompts; ///< least recently written first
  std::map<std::uint64_t, stored_action> actions;
  std::deque<outcome_row> outcomes; ///< oldest first
  std::list<route_seen> chats;      ///< least recently written first
  std::map<std::string, std::string> facts;
  std::map<std::string, conversation_kept> conversations; ///< by session
};

class durable_store final : public store_port {
public:
  /// `wall`: unix ms.
  explicit durable_store(std::function<std::int64_t()> wall) : wall_(std::move(wall)) {}

  // -- what a test does with it
  disk_image disk;
  milliseconds window{600'000};                  ///< how long settled keys, turns and outcomes are remembered
  std::size_t entries = 100'000;                 ///< and how many of each
  std::uint64_t commits = 0, records = 0;        ///< written since the start
  std::function<void(const store_record&)> sees; ///< each record as it is written; may be unset

  /// From now on calls wait.
  void hold() { held_ = true; }
  /// They go on, those that wait first.
  void release() {
    held_ = false;
    work();
  }
  std::size_t queued() const { return queue_.size(); }
  /// Does the oldest call that waits; false when none does.
  bool step() {
    if (queue_.empty()) return false;
    auto oldest = std::move(queue_.front());
    queue_.pop_front();
    if (auto told = oldest()) told();
    return true;
  }
  /// The disk takes nothing more, and says so; then it does again.
  void refuse(std::string why) {
    hold();
    tell({false, std::move(why), health_.room});
  }
  void heal() {
    tell({true, health_.room ? std::string{} : nearly_full, health_.room});
    release();
  }
  /// It takes what it is given, and has hardly any room for more.
  void scarce(bool on) {
    tell({health_.ok, !health_.ok ? health_.why : on ? std::string{nearly_full} : std::string{}, !on});
  }
  /// It has room for events of so many bytes on their way to it.
  void room(std::uint64_t bytes) { tell({health_.ok, health_.why, health_.room, bytes}); }
  /// The process dies. Of the calls that wait the first `reached` still reach the disk; nobody hears of any.
  /// What its actors still say while they are taken down is lost, until reopen().
  void crash(std::size_t reached = 0) {
    for (; reached > 0 && !queue_.empty(); --reached) {
      (void)queue_.front()();
      queue_.pop_front();
    }
    queue_.clear();
    told_ = nullptr;
    health_ = {};
    held_ = false;
    cut_off_ = true;
  }
  /// The next process finds what is left.
  void reopen() {
    cut_off_ = false;
    opened_with_ = disk.facts;
  }

  // -- store_port
  bool durable() const noexcept override { return true; }
  std::map<std::string, std::string> facts() const override { return opened_with_; }
  void commit(std::vector<store_record> batch, std::function<void(store_receipt)> done) override {
    submit([this, batch = std::move(batch), done = std::move(done)]() mutable -> answer {
      store_receipt out;
      ++commits;
      for (auto& x : batch) {
        ++records;
        if (sees) sees(x);
        std::visit([&](auto& y) { write(y, out); }, x);
      }
      if (!done) return nullptr;
      return [done = std::move(done), out = std::move(out)]() mutable { done(std::move(out)); };
    });
  }
  void load_inbound(std::function<void(inbound_image)> done) override {
    submit([this, done = std::move(done)]() -> answer { return [=, x = inbound()] { done(x); }; });
  }
  void load_outbound(std::function<void(outbound_image)> done) override {
    submit([this, done = std::move(done)]() -> answer { return [=, x = outbound()] { done(x); }; });
  }
  void recall(std::string session, std::size_t limit, std::function<void(recalled_events)> done) override {
    submit([this, session = std::move(session), limit, done = std::move(done)]() -> answer {
      recalled_events out{session, {}, 0};
      for (auto& [seq, row] : disk.events) {
        if (!row.spilled || row.what.session != session) continue;
        if (out.events.size() == limit) {
          ++out.left;
          continue;
        }
        row.spilled = false; // an agent may get it from here on
        out.events.push_back(row.what);
      }
      return [=] { done(out); };
    });
  }
  void conversations(std::string session, std::function<void(std::vector<conversation_kept>)> done) override {
    submit([this, session = std::move(session), done = std::move(done)]() -> answer {
      std::vector<conversation_kept> out;
      for (auto& [name, x] : disk.conversations)
        if (session.empty() ? x.open : name == session) out.push_back(x);
      return [=] { done(out); };
    });
  }
  void scan(std::uint64_t after_seq, std::size_t limit, std::function<void(spill_page)> done) override {
    submit([this, after_seq, limit, done = std::move(done)]() -> answer {
      spill_page out;
      out.end = true;
      for (auto it = disk.events.upper_bound(after_seq); it != disk.events.end(); ++it) {
        if (!it->second.spilled) continue;
        if (out.events.size() == limit) {
          out.end = false;
          break;
        }
        out.events.push_back({it->first, it->second.what.session});
      }
      return [=] { done(out); };
    });
  }
  void dead_letters(std::uint64_t after_seq, std::size_t limit,
                    std::function<void(std::vector<dead_letter>)> done) override {
    submit([this, after_seq, limit, done = std::move(done)]() -> answer {
      std::vector<dead_letter> out;
      for (auto it = disk.dead.upper_bound(after_seq); it != disk.dead.end() && out.size() < limit; ++it) {
        auto& [what, at] = it->second;
        out.push_back({what.seq, delivery_name(disk.instance, what.seq), what.event, what.attempts, age(at)});
      }
      return [=] { done(out); };
    });
  }
  void watch(std::function<void(store_health)> told) override {
    told_ = std::move(told);
    if (told_) told_(health_);
  }

private:
  static constexpr const char* nearly_full = "the disk is nearly full";
  using answer = std::function<void()>;
  using call = std::function<answer()>; ///< touches the disk; its answer is for the one who called

  void submit(call x) {
    if (cut_off_) return;
    queue_.push_back(std::move(x));
    work();
  }
  void work() {
    if (working_) return; // called from a call-back: it has its turn
    working_ = true;
    while (!held_ && step()) {
    }
    working_ = false;
  }
  void tell(store_health x) {
    if (x == health_) return;
    health_ = std::move(x);
    if (told_) told_(health_);
  }
  std::uint64_t age(std::int64_t at) const {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(wall_() - at, 0));
  }
  bool fresh(std::int64_t at) const { return age(at) < static_cast<std::uint64_t>(window.count()); }
  template <class Rows>
  void trim(Rows& rows) const {
    while (!rows.empty() && (rows.size() > entries || !fresh(rows.front().at))) rows.pop_front();
  }

  // -- the way in
  void saw(std::uint64_t seq) { disk.last_seq = std::max(disk.last_seq, seq); }
  route_seen turn_of(const stored_event& x) const {
    auto& from = x.event->source;
    return {delivery_name(disk.instance, x.seq),
            x.event->chat(),
            {from.scope_id, from.user_id, from.profile},
            from.parent_chat_id,
            from.thread_id,
            x.event->message_id,
            wire::chat_type_of(from, x.session),
            {},
            from.thread_id.empty() ? from.prospective_thread_id : std::string{}};
  }
  void remember(const std::vector<std::string>& keys, std::uint64_t seq) {
    for (auto& x : keys) {
      std::erase_if(disk.settled, [&](auto& y) { return y.key == x; });
      disk.settled.push_back({x, wall_(), seq});
    }
    trim(disk.settled);
  }
  void close(std::uint64_t seq, const std::vector<std::string>& keys) {
    saw(seq);
    std::set<std::string> all(keys.begin(), keys.end());
    if (auto it = disk.events.find(seq); it != disk.events.end()) {
      all.insert(it->second.what.keys.begin(), it->second.what.keys.end());
      disk.answered.push_back({seq, turn_of(it->second.what), wall_()});
      trim(disk.answered);
      disk.events.erase(it);
    }
    std::erase_if(disk.guard, [&](auto& x) { return x.second == seq; });
    remember({all.begin(), all.end()}, seq);
  }
  void write(event_taken& x, store_receipt& out) {
    auto seq = x.what.seq;
    saw(seq);
    if ((x.spilled || x.compared) && is_repeat(x)) {
      out.refused.push_back(seq);
      return;
    }
    if (x.spilled)
      for (auto& k : x.what.keys) disk.guard.emplace(k, seq);
    disk.events.insert_or_assign(seq, disk_image::event_row{std::move(x.what), x.spilled, x.spilled});
  }
  bool is_repeat(const event_taken& x) const {
    auto latest = std::max(x.repeat_of, x.differs_from);
    auto same = x.repeat_of != 0;
    for (auto& mine : x.what.keys) {
      auto name = core::name_of_key(mine);
      for (auto& [key, seq] : disk.guard) {
        if (core::name_of_key(key) != name) continue;
        if (!x.what.event->source.message_is_edit || name == mine) return true;
        if (seq < latest) continue;
        latest = seq;
        same = core::version_of_key(key) == core::version_of_key(mine);
      }
    }
    return same;
  }
  void write(event_keyed& x, store_receipt&) {
    auto it = disk.events.find(x.seq);
    if (it == disk.events.end()) return;
    for (auto& k : x.keys) {
      if (it->second.guarded) disk.guard.emplace(k, x.seq);
      it->second.what.keys.push_back(std::move(k));
    }
  }
  void write(event_tried& x, store_receipt&) {
    if (auto it = disk.events.find(x.seq); it != disk.events.end()) it->second.what.attempts = x.attempts;
  }
  void write(event_settled& x, store_receipt&) { close(x.seq, x.keys); }
  void write(keys_settled& x, store_receipt&) {
    saw(x.seq);
    remember(x.keys, x.seq);
  }
  void write(event_dead& x, store_receipt&) {
    close(x.seq, x.keys);
    auto seq = x.seq;
    disk.dead.insert_or_assign(seq, disk_image::dead_row{std::move(x), wall_()});
  }
  void write(dead_gone& x, store_receipt&) { disk.dead.erase(x.seq); }
  void write(prompt_kept& x, store_receipt& out) {
    prompt_gone old{prompt_key(x.what)};
    write(old, out);
    disk.prompts.push_back({std::move(x), wall_()});
  }
  void write(prompt_gone& x, store_receipt&) {
    std::erase_if(disk.prompts, [&](auto& y) { return prompt_key(y.what.what) == x.key; });
  }

  // -- the way out
  void write(action_taken& x, store_receipt&) {
    auto token = x.what.token;
    disk.last_token = std::max(disk.last_token, token);
    disk.actions.insert_or_assign(token, std::move(x.what));
  }
  void write(action_marked& x, store_receipt&) {
    if (auto it = disk.actions.find(x.token); it != disk.actions.end())
      it->second.maybe_written = x.maybe_written;
  }
  void write(action_settled& x, store_receipt&) {
    disk.last_token = std::max(disk.last_token, x.token);
    disk.actions.erase(x.token);
    if (x.request_id.empty()) return;
    std::erase_if(disk.outcomes, [&](auto& y) { return y.request_id == x.request_id; });
    disk.outcomes.push_back({std::move(x.request_id), std::move(x.result), wall_()});
    trim(disk.outcomes);
  }
  void write(chat_routed& x, store_receipt&) {
    std::erase_if(disk.chats, [&](auto& y) { return y.chat == x.what.chat; });
    x.what.delivery_id.clear();
    disk.chats.push_back(std::move(x.what));
  }
  void write(conversation_kept& x, store_receipt&) {
    if (x.body.empty())
      disk.conversations.erase(x.session);
    else
      disk.conversations.insert_or_assign(x.session, x);
  }
  void write(fact& x, store_receipt&) {
    if (x.value.empty())
      disk.facts.erase(x.key);
    else
      disk.facts.insert_or_assign(std::move(x.key), std::move(x.value));
  }

  // -- what comes back
  inbound_image inbound() const {
    inbound_image out;
    out.instance = disk.instance;
    out.last_seq = disk.last_seq;
    for (auto& [seq, row] : disk.events) {
      if (row.spilled)
        ++out.spilled;
      else
        out.open.push_back(row.what);
    }
    for (auto& x : disk.settled)
      if (fresh(x.at)) out.settled.push_back({x.key, age(x.at), x.seq});
    for (auto& x : disk.prompts) {
      auto left = x.what; // an expired one as well: its action may leave again
      left.what.lifetime_ms -= std::min<std::uint64_t>(left.what.lifetime_ms, age(x.at));
      out.prompts.push_back(std::move(left));
    }
    out.dead = disk.dead.size();
    return out;
  }
  outbound_image outbound() const {
    outbound_image out;
    out.last_token = disk.last_token;
    for (auto& [token, x] : disk.actions) out.open.push_back(x);
    for (auto& x : disk.outcomes)
      if (fresh(x.at)) out.settled.push_back({x.request_id, x.result, age(x.at)});
    out.chats.assign(disk.chats.begin(), disk.chats.end());
    std::map<std::uint64_t, route_seen> turns; // in the order of their arrival, as the tables have them
    for (auto& x : disk.answered)
      if (fresh(x.at)) turns.emplace(x.seq, x.what);
    for (auto& [seq, row] : disk.events)
      if (!row.spilled) turns.emplace(seq, turn_of(row.what));
    for (auto& [seq, x] : turns) out.turns.push_back(std::move(x));
    return out;
  }

  std::function<std::int64_t()> wall_;
  std::deque<call> queue_;
  std::function<void(store_health)> told_;
  store_health health_;
  std::map<std::string, std::string> opened_with_;
  bool held_ = false, working_ = false, cut_off_ = false;
};

} // namespace relay::testing
