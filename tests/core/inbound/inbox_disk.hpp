// A process with a disk for the inbox tests: the disk may be slow, and the process may die and come back.
#pragma once

#include "relay_gateway/tests/core/inbound/inbox_driver.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace relay::core::inbox_rig {

/// A disk in a few lines: what was committed is there, in the order of the calls; nothing is done before
/// work().
class disk {
public:
  void submit(const inbox_step& step) {
    if (!step.records.empty()) queue_.push_back({step.records, step.upto, {}, 0, {}});
    for (auto& [session, n] : step.wishes.recalls) queue_.push_back({{}, 0, session, n, {}});
    if (step.wishes.scan) queue_.push_back({{}, 0, {}, 0, step.wishes.scan});
  }
  bool busy() const { return !queue_.empty(); }
  /// Does the oldest thing that waits; what the inbox says to the answer is in `out`.
  void work(inbox& box, instant now, inbox_step& out) {
    auto x = std::move(queue_.front());
    queue_.pop_front();
    for (auto& r : x.records) write(r);
    if (x.upto > 0) {
      box.stored(x.upto, now, out);
    } else if (x.recall > 0) {
      recalled_events back{x.session, {}, 0};
      for (auto& [seq, row] : rows) {
        if (row.settled || !row.spilled || row.what.session != x.session) continue;
        if (back.events.size() < x.recall) {
          row.spilled = false;
          back.events.push_back(row.what);
        } else {
          ++back.left;
        }
      }
      box.recalled(back, now, out, [](auto&) { return false; });
    } else if (x.scan) {
      spill_page page;
      page.end = true;
      for (auto& [seq, row] : rows) {
        if (row.settled || !row.spilled || seq <= *x.scan) continue;
        if (page.events.size() == 2) {
          page.end = false;
          break;
        }
        page.events.push_back({seq, row.what.session});
      }
      box.scanned(page, out);
    }
  }
  /// The process dies: what was not done never will be.
  void crash() { queue_.clear(); }
  inbound_image image() const {
    inbound_image out;
    out.last_seq = last_seq;
    out.dead = dead.size();
    for (auto& [seq, x] : dead)
      if (x.event->unreadable) out.unreadable.push_back(seq);
    for (auto& [seq, row] : rows) {
      if (row.settled) {
        for (auto& key : row.what.keys) out.settled.push_back({key, 0, seq});
      } else if (row.spilled) {
        ++out.spilled;
      } else {
        out.open.push_back(row.what);
      }
    }
    return out;
  }
  struct kept {
    stored_event what;
    bool spilled = false, settled = false;
  };
  std::map<std::uint64_t, kept> rows;
  std::map<std::uint64_t, event_dead> dead;
  std::set<std::pair<std::string, std::uint64_t>> guards; ///< keys of spilled events, and whose
  std::vector<std::uint64_t> refused;
  std::uint64_t last_seq = 0;

private:
  struct job {
    std::vector<store_record> records;
    std::uint64_t upto = 0;
    std::string session;
    std::size_t recall = 0;
    std::optional<std::uint64_t> scan;
  };
  void over(std::uint64_t seq, const std::vector<std::string>& keys) {
    for (auto& key : keys) guards.erase({key, seq});
    rows.at(seq).settled = true;
  }
  bool is_repeat(const event_taken& x) const {
    auto latest = std::max(x.repeat_of, x.differs_from);
    auto same = x.repeat_of != 0;
    for (auto& mine : x.what.keys)
      for (auto& [key, seq] : guards) {
        if (name_of_key(key) != name_of_key(mine)) continue;
        if (!x.what.event->source.message_is_edit || name_of_key(mine) == mine) return true;
        if (seq < latest) continue;
        latest = seq;
        same = version_of_key(key) == version_of_key(mine);
      }
    return same;
  }
  void write(const store_record& r) {
    if (auto* x = std::get_if<event_taken>(&r)) {
      last_seq = std::max(last_seq, x->what.seq);
      if (x->spilled) {
        if (is_repeat(*x)) {
          refused.push_back(x->what.seq);
          return;
        }
        for (auto& key : x->what.keys) guards.insert({key, x->what.seq});
      }
      rows[x->what.seq] = {x->what, x->spilled, false};
    } else if (auto* keyed = std::get_if<event_keyed>(&r)) {
      rows.at(keyed->seq).what.keys = keyed->keys;
    } else if (auto* tried = std::get_if<event_tried>(&r)) {
      rows.at(tried->seq).what.attempts = tried->attempts;
    } else if (auto* settled = std::get_if<event_settled>(&r)) {
      over(settled->seq, settled->keys);
    } else if (auto* gone = std::get_if<event_dead>(&r)) {
      over(gone->seq, gone->keys);
      dead.emplace(gone->seq, *gone);
    } else if (auto* keys = std::get_if<keys_settled>(&r)) {
      last_seq = std::max(last_seq, keys->seq);
      rows[keys->seq] = {{keys->seq, event("", ""), keys->keys, 0}, false, true};
    } else if (auto* buried = std::get_if<dead_gone>(&r)) {
      dead.erase(buried->seq);
    }
  }
  std::deque<job> queue_;
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
  disk store;
};

} // namespace relay::core::inbox_rig
