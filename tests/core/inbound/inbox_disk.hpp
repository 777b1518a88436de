// A process with a disk for the inbox tests and the fuzz target: the disk may be slow, and the process may
// die and come back.
#pragma once

#include "relay_gateway/tests/core/inbound/inbox_driver.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace relay::core::inbox_rig {

/// A store as the inbox sees it (actors/ports.hpp, store_port), in memory and to the letter: what is asked is
/// done in order, one thing at a time, nothing before work(), and a crash loses what was not done. Throws
/// when a record makes no sense.
class model_disk {
public:
  using held_function = std::function<bool(const inbound_event&)>;
  struct row {
    stored_event what;
    bool spilled = false; ///< no memory holds it
    bool settled = false;
  };

  void submit(const inbox_step& step) {
    if (!step.records.empty()) jobs_.push_back({step.records, step.upto, {}, 0, {}});
    for (const auto& [session, limit] : step.wishes.recalls) {
      must(limit > 0, "a recall asks for something");
      jobs_.push_back({{}, 0, session, limit, {}});
    }
    if (step.wishes.scan) jobs_.push_back({{}, 0, {}, 0, step.wishes.scan});
  }
  bool busy() const { return !jobs_.empty(); }
  /// The process dies: what was not done never will be.
  void crash() { jobs_.clear(); }
  /// Does the oldest thing that waits; what the inbox says to the answer is in `out`.
  void work(inbox& box, instant now, inbox_step& out, const held_function& held = held_by_nobody) {
    const auto oldest = std::move(jobs_.front());
    jobs_.pop_front();
    const auto refused_before = refused.size();
    for (const auto& record : oldest.records) std::visit([this](const auto& x) { write(x); }, record);
    if (oldest.limit > 0) {
      auto back = recall(oldest.session, oldest.limit);
      box.recalled(back, now, out, held);
    } else if (oldest.scan) {
      box.scanned(page_behind(*oldest.scan), out);
    } else if (oldest.upto > 0) {
      box.stored(oldest.upto, now, out, std::span{refused}.subspan(refused_before));
    }
  }
  /// What the next process finds.
  inbound_image image() const {
    inbound_image out;
    out.last_seq = last_seq;
    out.dead = dead.size();
    for (const auto& [seq, x] : dead)
      if (x.event->unreadable) out.unreadable.push_back(seq);
    for (const auto& [seq, x] : rows) {
      if (x.settled)
        for (const auto& key : x.what.keys) out.settled.push_back({key, 0, seq});
      else if (x.spilled)
        ++out.spilled;
      else
        out.open.push_back(x.what);
    }
    return out;
  }
  /// Events that were written and whose end was not.
  std::size_t open() const {
    return static_cast<std::size_t>(
        std::count_if(rows.begin(), rows.end(), [](const auto& x) { return !x.second.settled; }));
  }
  /// Whether an event of this message is safe here, open or settled.
  bool knows(const std::string& message_id) const {
    return std::any_of(rows.begin(), rows.end(),
                       [&](const auto& x) { return x.second.what.event->message_id == message_id; });
  }

  std::map<std::uint64_t, row> rows;
  std::map<std::uint64_t, event_dead> dead;
  std::vector<std::uint64_t> refused; ///< repeats of what is here
  std::uint64_t last_seq = 0;

private:
  struct job {
    std::vector<store_record> records;
    std::uint64_t upto = 0;
    std::string session;
    std::size_t limit = 0;
    std::optional<std::uint64_t> scan;
  };
  static bool held_by_nobody(const inbound_event&) { return false; }
  static void must(bool holds, const char* what) {
    if (!holds) throw std::logic_error{what};
  }

  void write(const event_taken& x) {
    last_seq = std::max(last_seq, x.what.seq);
    if ((x.spilled || x.compared) && is_repeat(x)) {
      refused.push_back(x.what.seq);
      return;
    }
    if (x.spilled)
      for (const auto& key : x.what.keys) guards_.emplace(key, x.what.seq);
    must(rows.emplace(x.what.seq, row{x.what, x.spilled, false}).second, "a seq is given once");
  }
  void write(const event_keyed& x) {
    const auto it = rows.find(x.seq);
    if (it == rows.end()) return;  // a refused one has no row
    it->second.what.keys = x.keys; // of a settled one, too
    if (!it->second.spilled) return;
    for (const auto& key : x.keys) guards_.emplace(key, x.seq);
  }
  void write(const event_tried& x) { at(x.seq).what.attempts = x.attempts; }
  void write(const event_settled& x) { over(x.seq, x.keys); }
  void write(const event_dead& x) {
    if (!rows.at(x.seq).settled) over(x.seq, x.keys); // a line that nobody could read is over from the start
    dead.emplace(x.seq, x);
  }
  void write(const keys_settled& x) {
    last_seq = std::max(last_seq, x.seq);
    rows[x.seq] = {{x.seq, event("", ""), x.keys, 0}, false, true};
  }
  void write(const dead_gone& x) { must(dead.erase(x.seq) == 1, "a dead letter goes once"); }
  template <class Other>
  void write(const Other&) {
    must(false, "an inbox writes of events only");
  }

  row& at(std::uint64_t seq) {
    const auto it = rows.find(seq);
    must(it != rows.end() && !it->second.settled, "a record is about an open event");
    return it->second;
  }
  void over(std::uint64_t seq, const std::vector<std::string>& keys) {
    auto& x = at(seq);
    must(!x.spilled, "what only the disk holds is not settled");
    for (const auto& key : keys) guards_.erase({key, seq});
    must(std::none_of(guards_.begin(), guards_.end(), [&](const auto& y) { return y.second == seq; }),
         "keys that the store guards are given back");
    x.settled = true;
  }
  bool is_repeat(const event_taken& x) const {
    auto latest = std::max(x.repeat_of, x.differs_from);
    auto same = x.repeat_of != 0;
    for (const auto& mine : x.what.keys)
      for (const auto& [key, seq] : guards_) {
        if (name_of_key(key) != name_of_key(mine)) continue;
        if (!x.what.event->source.message_is_edit || name_of_key(mine) == mine) return true;
        if (seq < latest) continue;
        latest = seq;
        same = version_of_key(key) == version_of_key(mine);
      }
    return same;
  }
  recalled_events recall(const std::string& session, std::size_t limit) {
    recalled_events out{session, {}, 0};
    for (auto& [seq, x] : rows) {
      if (x.settled || !x.spilled || x.what.session != session) continue;
      if (out.events.size() < limit) {
        x.spilled = false;
        out.events.push_back(x.what);
      } else {
        ++out.left;
      }
    }
    return out;
  }
  spill_page page_behind(std::uint64_t after) const {
    constexpr std::size_t most = 2;
    spill_page out;
    out.end = true;
    for (const auto& [seq, x] : rows) {
      if (x.settled || !x.spilled || seq <= after) continue;
      if (out.events.size() == most) {
        out.end = false;
        break;
      }
      out.events.push_back({seq, x.what.session});
    }
    return out;
  }

  std::deque<job> jobs_;
  std::set<std::pair<std::string, std::uint64_t>> guards_; ///< keys of spilled events, and whose
};

/// Rules with a disk and a window that nothing in a test outlives.
inline inbox_rules durable() {
  inbox_rules x;
  x.durable = true;
  x.dedupe_window = 24h;
  return x;
}

/// One process on a disk.
struct durable_driver : calls<durable_driver> {
  explicit durable_driver(inbox_rules r = durable()) : rules(r), box(rules) { presence(true); }
  template <class F>
  inbox_step run(F f) {
    inbox_step out;
    f(out);
    store.submit(out);
    return out;
  }
  inbox_step work() {
    return run([&](auto& out) { store.work(box, now, out); });
  }
  /// Until the disk is idle.
  inbox_step sync() {
    inbox_step all;
    while (store.busy()) {
      auto step = work();
      std::move(step.deliver.begin(), step.deliver.end(), std::back_inserter(all.deliver));
      std::move(step.acks.begin(), step.acks.end(), std::back_inserter(all.acks));
      std::move(step.dead.begin(), step.dead.end(), std::back_inserter(all.dead));
    }
    return all;
  }
  /// kill -9 and a new process.
  inbox_step restart() {
    store.crash();
    box = inbox{rules};
    auto image = store.image();
    run([&](auto& out) { box.restore(image, now, out, [](auto&) { return false; }); });
    presence(true);
    return sync(); // what was out is given out once its next attempt is on disk
  }
  inbox_rules rules;
  inbox box;
  model_disk store;
};

} // namespace relay::core::inbox_rig
