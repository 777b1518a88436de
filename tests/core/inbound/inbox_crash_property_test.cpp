// Everything at once on a disk, with crashes: nothing is lost, nothing is new twice, the order of each chat
// holds.
#include "relay_gateway/tests/core/inbound/inbox_disk.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace relay::core {
namespace inbox_crash_property_test {

using namespace inbox_rig;

/// What was sent, and what became of it.
struct told {
  std::string chat;
  bool given = false, taken = false;
};

/// Bounds so small that most events wait on disk.
inbox_rules tight() {
  auto x = durable();
  x.chat_in_memory = *rc::gen::inRange<std::size_t>(1, 4);
  x.max_in_memory = *rc::gen::inRange<std::size_t>(1, 8);
  x.max_pending = 1'000;
  x.max_session_queues = *rc::gen::inRange<std::size_t>(1, 5);
  x.max_deliveries = 1'000;
  return x;
}

/// A connector that repeats what is not acked, an agent, and the process between them.
class model {
public:
  model() : rules_(tight()), d_(rules_) {}
  void send() {
    auto n = ++count_;
    auto chat = std::string(1, static_cast<char>('a' + *rc::gen::inRange(0, 7)));
    auto text = std::to_string(n);
    sent_[text].chat = chat;
    order_[chat].push_back(text);
    // Numbers with leading zeros, so that a map replays in order.
    auto id = "b" + std::string(6 - text.size(), '0') + text;
    auto x = event(chat, text, text);
    buffer_[id] = {x, id};
    look(d_.accept(x, id));
  }
  void disk_works() {
    if (d_.store.busy()) look(d_.work());
  }
  void agent_takes() {
    if (out_.empty()) return;
    take(std::next(out_.begin(), *rc::gen::inRange<int>(0, static_cast<int>(out_.size())))->first);
  }
  void crash() {
    out_.clear();
    look(d_.restart());
    replay();
  }
  void agent_gives_back() {
    if (out_.empty()) return;
    auto id = out_.begin()->first;
    out_.erase(id);
    look(d_.returned(id));
  }
  /// A reconnect.
  void replay() {
    for (auto& [id, x] : std::map{buffer_}) look(d_.accept(x.first, id));
  }
  void memory_is_bounded() {
    RC_ASSERT(d_.box.pending() <= rules_.max_in_memory + rules_.max_session_queues + d_.box.unstored() + 8);
  }
  /// No more faults: everything must come.
  void finish() {
    calm();
    replay();
    calm();
    for (auto& [text, x] : sent_) RC_ASSERT(x.taken);
    RC_ASSERT(buffer_.empty());
    RC_ASSERT(d_.box.pending() == 0U);
  }

private:
  void calm() {
    for (int i = 0; i < 10'000 && (d_.store.busy() || !out_.empty()); ++i) {
      if (d_.store.busy())
        look(d_.work());
      else
        take(out_.begin()->first);
    }
  }
  void take(std::uint64_t id) {
    sent_.at(out_.at(id)).taken = true;
    out_.erase(id);
    look(d_.ack(id));
  }
  void look(const inbox_step& step) {
    for (auto& id : step.acks) {
      auto it = buffer_.find(id);
      if (it == buffer_.end()) continue;
      auto safe = false;
      for (auto& [seq, row] : d_.store.rows)
        safe = safe || row.what.event->text == it->second.first->text ||
               (row.settled && sent_.at(it->second.first->text).taken);
      RC_ASSERT(safe);
      buffer_.erase(it);
    }
    for (auto& x : step.deliver) {
      auto& who = sent_.at(x.event->text);
      RC_ASSERT(!who.taken || x.redelivered);
      RC_ASSERT(!who.given || x.redelivered);
      for (auto& earlier : order_[who.chat]) {
        if (earlier == x.event->text) break;
        RC_ASSERT(sent_.at(earlier).taken);
      }
      who.given = true;
      out_[x.id] = x.event->text;
    }
  }

  inbox_rules rules_;
  durable_driver d_;
  std::map<std::string, told> sent_;                      ///< by text, which says the order within its chat
  std::map<std::string, std::vector<std::string>> order_; ///< chat -> texts as sent
  std::map<std::string, std::pair<event_ref, std::string>> buffer_; ///< buffer id -> unacked
  std::map<std::uint64_t, std::string> out_;                        ///< with the agent now
  int count_ = 0;
};

RC_GTEST_PROP(InboxDurableProperty, NothingIsLostNothingIsNewTwiceOrderHolds, ()) {
  model m;
  auto steps = *rc::gen::inRange(1, 150);
  for (int i = 0; i < steps; ++i) {
    switch (*rc::gen::weightedElement<int>({{12, 0}, {8, 1}, {6, 2}, {1, 3}, {2, 4}, {1, 5}})) {
    case 0: m.send(); break;
    case 1: m.disk_works(); break;
    case 2: m.agent_takes(); break;
    case 3: m.crash(); break;
    case 4: m.agent_gives_back(); break;
    default: m.replay(); break;
    }
    m.memory_is_bounded();
  }
  m.finish();
}

} // namespace inbox_crash_property_test
} // namespace relay::core
