// A queue with streams as gateways and workers see it, without threads and on no clock: what the server, the
// network and their faults do, the test says.
#pragma once

#include "relay_gateway/actors/queue_port.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace relay::testing {

/// What a port could do wrong, for tests of tests.
enum class port_mistake : std::uint8_t {
  none,
  late_first,     ///< what an earlier session had comes behind what is new
  loses_stored,   ///< now and then a message is gone whose receipt says that it is stored
  settles_itself, ///< what is given out is settled
};

/// One server and all that are connected to it.
class queue_model : public queue_port, public std::enable_shared_from_this<queue_model> {
  struct session;

public:
  std::shared_ptr<queue_session> open(queue_request what, std::shared_ptr<queue_listener> who) override {
    auto x = std::make_shared<session>();
    x->request = std::move(what);
    x->who = std::move(who);
    sessions_.push_back(x);
    for (const auto& made : x->request.streams)
      streams_.try_emplace(made.name).first->second.subjects = made.subjects;
    if (up_) x->who->on_state({true, {}});
    return std::make_shared<handle>(shared_from_this(), std::move(x));
  }

  // -- faults --
  /// The server ends: nothing is lost, and nobody reaches it.
  void down() {
    up_ = false;
    for (auto& [name, s] : streams_)
      for (auto& m : s.all) m.owner = nullptr;
    receipts_.clear();
    for (const auto& x : alive()) {
      x->held = 0;
      x->who->on_state({false, "the server is away"});
    }
  }
  void up() {
    up_ = true;
    for (const auto& x : alive()) x->who->on_state({true, {}});
    hand_out();
  }
  /// So many of the next publications are stored, and nobody hears of it.
  void lose_receipts(int n) { lost_receipts_ = n; }
  /// Receipts wait until they are let go: what was published again meanwhile has two.
  void hold_receipts(bool hold) {
    hold_receipts_ = hold;
    if (hold) return;
    for (auto& [to, receipt] : std::exchange(receipts_, {}))
      if (!to->over) to->who->on_receipts({receipt});
  }
  /// So many of the next messages are given out and do not arrive.
  void lose_deliveries(int n) { lost_deliveries_ = n; }
  /// So many of the next ones have a receipt, and are gone: replicas that come apart do that.
  void lose_stored(int n) { lost_stored_ = n; }
  /// So many are not stored.
  void lose_publications(int n) { lost_publications_ = n; }
  /// The stream forgets which ids it has seen.
  void forget_ids() {
    for (auto& [name, s] : streams_) s.ids.clear();
  }
  /// Whatever is out comes again, to anybody else who wants it.
  void ack_wait_over() {
    for (auto& [name, s] : streams_)
      for (auto& m : s.all)
        if (const auto before = std::exchange(m.owner, nullptr); before != nullptr) {
          before->held -= before->held > 0 ? 1 : 0;
          m.not_for = before;
        }
    hand_out();
  }
  /// The process behind the session of that name is gone, without a word.
  void kill(const std::string& name) {
    for (const auto& x : alive())
      if (x->request.name.find(name) != std::string::npos) x->over = true;
  }
  /// It neither hears nor says anything.
  void freeze(const std::string& name, bool frozen) {
    for (const auto& x : alive())
      if (x->request.name.find(name) != std::string::npos) x->frozen = frozen;
    if (!frozen) hand_out();
  }

  // -- what a test looks at --
  std::size_t stored(const std::string& stream) const {
    const auto it = streams_.find(stream);
    return it == streams_.end() ? 0 : it->second.all.size();
  }
  /// Subject and body of what is stored.
  std::vector<std::string> left() const {
    std::vector<std::string> out;
    for (const auto& [name, s] : streams_)
      for (const auto& m : s.all) out.push_back(m.what.subject + " " + m.what.body);
    return out;
  }
  port_mistake mistake = port_mistake::none;
  std::vector<std::string> ids; ///< of all that was stored, in order
  std::vector<queue_note> notes;

private:
  struct session {
    queue_request request;
    std::shared_ptr<queue_listener> who;
    std::uint32_t limit = 0;
    std::size_t held = 0;
    bool over = false, frozen = false;
  };
  struct message {
    queue_message what;
    std::shared_ptr<session> owner, not_for;
    bool told = false; ///< it has reached its owner
  };
  struct stored_stream {
    std::vector<std::string> subjects;
    std::set<std::string> ids;
    std::deque<message> all;
    std::uint64_t last = 0;
  };
  class handle final : public queue_session {
  public:
    handle(std::shared_ptr<queue_model> to, std::shared_ptr<session> as)
        : to_(std::move(to)), as_(std::move(as)) {}
    handle(const handle&) = delete;
    handle& operator=(const handle&) = delete;
    ~handle() override { as_->over = true; }
    void publish(std::vector<queue_publication> what) override {
      for (auto& x : what) to_->publish(as_, std::move(x));
      to_->hand_out();
    }
    void note(std::vector<queue_note> what) override {
      for (auto& x : what) to_->note(*as_, x);
    }
    void limit(std::uint32_t most) override {
      as_->limit = most;
      to_->hand_out();
    }
    void settle(std::vector<queue_settlement> what) override {
      for (const auto& x : what) to_->settle(*as_, x);
      to_->hand_out();
    }

  private:
    std::shared_ptr<queue_model> to_;
    std::shared_ptr<session> as_;
  };

  static bool matches(const std::string& pattern, const std::string& subject) {
    if (pattern.ends_with(">")) return subject.starts_with(pattern.substr(0, pattern.size() - 1));
    return pattern == subject;
  }
  std::vector<std::shared_ptr<session>> alive() {
    std::erase_if(sessions_, [](const auto& x) { return x->over; });
    return sessions_;
  }
  void publish(const std::shared_ptr<session>& by, queue_publication x) {
    auto& from = *by;
    if (from.over || from.frozen) return;
    queue_receipt out{x.number, false, false, false, "the server is away"};
    stored_stream* to = nullptr;
    for (auto& [name, s] : streams_)
      for (const auto& pattern : s.subjects)
        if (matches(pattern, x.subject)) to = &s;
    const bool taken = up_ && to != nullptr && lost_publications_-- <= 0;
    lost_publications_ = std::max(lost_publications_, 0);
    if (taken) {
      out = {x.number, true, !to->ids.insert(x.id).second, false, {}};
      if (!out.duplicate) {
        ids.push_back(x.id);
        constexpr std::uint64_t now_and_then = 7;
        if (lost_stored_ > 0)
          --lost_stored_;
        else if (mistake != port_mistake::loses_stored || ++to->last % now_and_then != 0)
          to->all.push_back({{++to->last, 0, x.subject, x.sender, x.session, x.body}, nullptr, nullptr});
      }
      if (lost_receipts_ > 0) {
        --lost_receipts_;
        out = {x.number, false, false, false, "timeout"};
      }
    }
    if (hold_receipts_ && out.stored)
      receipts_.emplace_back(by, out);
    else
      from.who->on_receipts({out});
  }
  void note(session& from, const queue_note& x) {
    if (!up_ || from.over || from.frozen) return;
    notes.push_back(x);
    for (const auto& to : alive())
      if (!to->frozen &&
          std::find(to->request.notes.begin(), to->request.notes.end(), x.subject) != to->request.notes.end())
        to->who->on_note(x);
  }
  void settle(session& from, const queue_settlement& x) {
    if (!up_ || from.over || from.frozen) return;
    auto& s = streams_[from.request.stream];
    const auto it = std::find_if(s.all.begin(), s.all.end(),
                                 [&](const auto& m) { return m.what.sequence == x.sequence; });
    if (it == s.all.end() || x.how == settlement::working) return;
    if (it->owner != nullptr && it->owner->held > 0) --it->owner->held;
    it->owner = nullptr;
    if (x.how == settlement::done) s.all.erase(it);
  }
  /// What was out with a session that is over waits for its time, unless the next one is the only other one.
  bool is_free(const message& m, const session& to) const {
    if (m.owner == nullptr) return true;
    return m.owner->over && to.request.sole && mistake != port_mistake::late_first;
  }
  void hand_out() {
    if (!up_) return;
    for (auto& [name, s] : streams_) {
      for (auto& m : s.all)
        for (const auto& to : alive()) {
          if (to->frozen || to->request.stream != name || to->held >= to->limit || !is_free(m, *to)) continue;
          if (m.not_for == to && !to->request.sole && alive().size() > 2) continue;
          m.owner = to;
          m.told = false;
          ++to->held;
          ++m.what.deliveries;
          if (lost_deliveries_ > 0)
            --lost_deliveries_;
          else
            give(s, m);
          break;
        }
      if (mistake == port_mistake::settles_itself)
        std::erase_if(s.all, [](const auto& m) { return m.owner != nullptr; });
    }
  }
  /// It arrives. Who is the only one to get messages notices what did not arrive before it.
  void give(stored_stream& from, message& m) {
    const auto to = m.owner;
    if (to->request.sole && mistake != port_mistake::late_first)
      for (auto& before : from.all) {
        if (&before == &m) break;
        if (before.owner != to || std::exchange(before.told, true)) continue;
        to->who->on_messages({before.what});
      }
    m.told = true;
    to->who->on_messages({m.what});
  }

  bool up_ = true;
  int lost_receipts_ = 0, lost_publications_ = 0, lost_deliveries_ = 0, lost_stored_ = 0;
  bool hold_receipts_ = false;
  std::vector<std::pair<std::shared_ptr<session>, queue_receipt>> receipts_;
  std::map<std::string, stored_stream> streams_;
  std::vector<std::shared_ptr<session>> sessions_;
};

} // namespace relay::testing
