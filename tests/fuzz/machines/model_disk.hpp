// A store as the inbox sees it (actors/ports.hpp, store_port), in memory and to the letter: what is asked is
// done in order, one thing at a time, and a crash loses what was not done.
#pragma once

#include "relay_gateway/actors/inbound/core/inbox.hpp"
#include "relay_gateway/tests/fuzz/fuzz.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace relay::fuzz {

class model_disk {
public:
  struct row {
    stored_event what;
    bool spilled = false;  ///< no memory holds it
    bool recalled = false; ///< it was spilled once: its keys are guarded here
    bool settled = false;
  };

  void ask(const core::inbox_step& step) {
    if (!step.records.empty()) jobs_.push_back({step.records, step.upto, {}, 0, {}});
    for (const auto& [session, limit] : step.wishes.recalls) {
      require(limit > 0, "a recall asks for something");
      jobs_.push_back({{}, 0, session, limit, {}});
    }
    if (step.wishes.scan) jobs_.push_back({{}, 0, {}, 0, step.wishes.scan});
  }
  bool busy() const { return !jobs_.empty(); }
  void crash() { jobs_.clear(); }

  /// Does the oldest job and gives its answer to the inbox.
  void work(core::inbox& box, core::instant now, core::inbox_step& out,
            const std::function<bool(const inbound_event&)>& held) {
    const auto oldest = std::move(jobs_.front());
    jobs_.pop_front();
    for (const auto& record : oldest.records) std::visit([this](const auto& x) { write(x); }, record);
    if (oldest.limit > 0) {
      auto back = recall(oldest.session, oldest.limit);
      box.recalled(back, now, out, held);
    } else if (oldest.scan) {
      box.scanned(scan(*oldest.scan), out);
    } else if (oldest.upto > 0) {
      box.stored(oldest.upto, now, out);
    }
  }

  inbound_image image() const {
    inbound_image out;
    out.last_seq = last_seq_;
    out.dead = dead_.size();
    for (const auto& [seq, x] : rows_) {
      if (x.settled)
        for (const auto& key : x.what.keys) out.settled.push_back({key, 0, seq});
      else if (x.spilled)
        ++out.spilled;
      else
        out.open.push_back(x.what);
    }
    return out;
  }

  const std::map<std::uint64_t, row>& rows() const { return rows_; }
  /// Events that were written and whose end was not.
  std::size_t open() const {
    return static_cast<std::size_t>(
        std::count_if(rows_.begin(), rows_.end(), [](const auto& x) { return !x.second.settled; }));
  }
  const std::map<std::uint64_t, event_dead>& dead() const { return dead_; }
  /// Whether an event with this text is safe here, open or settled.
  bool knows(const std::string& message_id) const {
    return std::any_of(rows_.begin(), rows_.end(),
                       [&](const auto& x) { return x.second.what.event->message_id == message_id; });
  }

private:
  struct job {
    std::vector<store_record> records;
    std::uint64_t upto = 0;
    std::string session;
    std::size_t limit = 0;
    std::optional<std::uint64_t> scan;
  };

  void write(const event_taken& x) {
    last_seq_ = std::max(last_seq_, x.what.seq);
    if (x.spilled) {
      if (is_repeat(x)) return; // refused
      for (const auto& key : x.what.keys) guards_.emplace(key, x.what.seq);
    }
    require(rows_.emplace(x.what.seq, row{x.what, x.spilled, x.spilled, false}).second,
            "a seq is given once");
  }
  void write(const event_keyed& x) {
    const auto it = rows_.find(x.seq);
    if (it == rows_.end()) return; // a refused one has no row
    it->second.what.keys = x.keys; // of a settled one, too
    if (!it->second.spilled) return;
    for (const auto& key : x.keys) guards_.emplace(key, x.seq);
  }
  void write(const event_tried& x) { at(x.seq).what.attempts = x.attempts; }
  void write(const event_settled& x) { over(x.seq, x.keys); }
  void write(const event_dead& x) {
    over(x.seq, x.keys);
    dead_.emplace(x.seq, x);
  }
  void write(const keys_settled& x) {
    last_seq_ = std::max(last_seq_, x.seq);
    rows_[x.seq] = {{x.seq, event_ref{}, x.keys, 0}, false, false, true};
  }
  void write(const dead_gone& x) { require(dead_.erase(x.seq) == 1, "a dead letter goes once"); }
  template <class Other>
  void write(const Other&) {
    require(false, "an inbox writes of events only");
  }

  row& at(std::uint64_t seq) {
    const auto it = rows_.find(seq);
    require(it != rows_.end() && !it->second.settled, "a record is about an open event");
    return it->second;
  }
  void over(std::uint64_t seq, const std::vector<std::string>& keys) {
    auto& x = at(seq);
    require(!x.spilled, "what only the disk holds is not settled");
    for (const auto& key : keys) guards_.erase({key, seq});
    require(std::none_of(guards_.begin(), guards_.end(), [&](const auto& y) { return y.second == seq; }),
            "keys that the store guards are given back");
    x.settled = true;
  }
  bool is_repeat(const event_taken& x) const {
    const bool edit = x.what.event->source.message_is_edit;
    auto latest = x.repeat_of;
    bool same = latest != 0;
    for (const auto& mine : x.what.keys)
      for (const auto& [key, seq] : guards_) {
        if (core::name_of_key(key) != core::name_of_key(mine)) continue;
        if (!edit || core::name_of_key(mine) == mine) return true;
        if (seq < latest) continue;
        latest = seq;
        same = core::version_of_key(key) == core::version_of_key(mine);
      }
    return same;
  }
  recalled_events recall(const std::string& session, std::size_t limit) {
    recalled_events out{session, {}, 0};
    for (auto& [seq, x] : rows_) {
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
  spill_page scan(std::uint64_t after) const {
    constexpr std::size_t page = 2;
    spill_page out;
    out.end = true;
    for (const auto& [seq, x] : rows_) {
      if (x.settled || !x.spilled || seq <= after) continue;
      if (out.events.size() == page) {
        out.end = false;
        break;
      }
      out.events.push_back({seq, x.what.session});
    }
    return out;
  }

  std::deque<job> jobs_;
  std::map<std::uint64_t, row> rows_;
  std::map<std::uint64_t, event_dead> dead_;
  std::set<std::pair<std::string, std::uint64_t>> guards_; ///< keys of spilled events, and whose
  std::uint64_t last_seq_ = 0;
};

} // namespace relay::fuzz
