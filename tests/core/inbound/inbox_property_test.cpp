// The inbox against a model of it, without a disk: whatever happens, each event reaches the agent once and in
// order.
#include "relay_gateway/tests/core/inbound/inbox_driver.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace relay::core {
namespace inbox_property_test {

using namespace inbox_rig;

struct known_event {
  std::string chat, text;
  std::set<std::string> buffers;
  int given = 0;
  bool out = false, over = false;
  bool suspect = false; ///< an agent gave it back as one that it died of
  instant overdue{};    ///< while it is out: when its agent has had its time
};

/// An inbox, and what is known of each event that went in.
class model {
public:
  model() : box_(rules()) {}
  void arrive() {
    inbox_step step;
    auto chat = *rc::gen::element<std::string>("a", "b", "c");
    auto message = *rc::gen::element<std::string>("", "1", "2", "3", "4", "5", "6");
    auto buffer = *rc::gen::element<std::string>("", "1", "2", "3", "4", "5", "6", "7", "8", "9");
    auto text = std::to_string(++arrivals_);
    auto keys = keys_of(chat, message, buffer, text);
    std::uint64_t claimed = 0;
    for (auto& key : keys)
      if (claimed == 0 && claims_.count(key) > 0) claimed = claims_.at(key);
    auto how = box_.accept(event(chat, message, text), buffer, now_, step);
    if (claimed == 0) {
      RC_ASSERT(how == arrival::fresh);
      RC_ASSERT(all_.count(step.fresh) == 0U && step.fresh > all_.size());
      all_[step.fresh].chat = chat;
      all_[step.fresh].text = text;
      claimed = step.fresh;
    } else {
      RC_ASSERT(step.fresh == 0U);
      RC_ASSERT(how == (all_.at(claimed).over ? arrival::repeat_settled : arrival::repeat_open));
      if (how == arrival::repeat_settled) {
        RC_ASSERT(step.acks ==
                  (buffer.empty() ? std::vector<std::string>{} : std::vector<std::string>{buffer}));
        return;
      }
    }
    for (auto& key : keys) claims_.emplace(key, claimed);
    if (!buffer.empty()) name(buffer, claimed);
    look(step);
  }
  /// An agent acks or gives back, mostly something that it has.
  void answer() {
    inbox_step step;
    auto id = *rc::gen::inRange<std::uint64_t>(1, all_.size() + 2);
    auto it = all_.find(id);
    auto open = it != all_.end() && !it->second.over && it->second.given > 0;
    if (*rc::gen::weightedElement<bool>({{4, true}, {1, false}})) {
      if (open) it->second.out = false, it->second.over = true;
      RC_ASSERT(box_.acked(id, now_, step) == open);
      if (open) {
        std::set<std::string> acks{step.acks.begin(), step.acks.end()};
        RC_ASSERT(acks == it->second.buffers);
      }
    } else {
      auto was_out = open && it->second.out;
      box_.returned(id, now_, step);
      if (was_out && step.dead.empty()) it->second.out = false;
      if (was_out) it->second.suspect = true;
    }
    look(step);
  }
  void presence(bool x) {
    inbox_step step;
    present_ = x;
    box_.presence(present_, now_, step);
    look(step);
  }
  void turn_presence() { presence(!present_); }
  void pass_time() {
    now_ += milliseconds{*rc::gen::inRange(0, 90'000)};
    deadlines();
  }
  void deadlines() {
    inbox_step step;
    auto due = box_.due();
    RC_ASSERT(!due || present_);
    std::vector<std::uint64_t> late;
    for (auto& [id, x] : all_)
      if (present_ && x.out && x.overdue <= now_) late.push_back(id);
    RC_ASSERT((due && *due <= now_) == !late.empty());
    box_.timer(now_, step);
    if (late.empty()) RC_ASSERT(step.deliver.empty() && step.dead.empty());
    // Their agent had its time: they are taken back, and given out again at once or set aside. Only suspects,
    // of which one at a time is out, may have to wait.
    for (auto id : late) {
      auto& x = all_.at(id);
      const auto is = [id](const auto& y) { return y == id; };
      const bool dead = std::any_of(step.dead.begin(), step.dead.end(), [&](auto& y) { return is(y.first); });
      const bool again =
          std::any_of(step.deliver.begin(), step.deliver.end(), [&](auto& y) { return is(y.id); });
      RC_ASSERT(dead || again || x.suspect);
      x.out = dead;
    }
    look(step);
  }
  void counts_agree() {
    std::size_t open = 0, out = 0;
    for (auto& [id, x] : all_) open += x.over ? 0 : 1, out += x.out ? 1 : 0;
    RC_ASSERT(box_.pending() == open);
    RC_ASSERT(box_.in_flight() == out);
    RC_ASSERT(box_.due().has_value() == (present_ && out > 0));
  }
  /// With somebody there who acks, everything is given out.
  void finish() {
    presence(true);
    for (std::size_t rounds = all_.size() + 1; rounds > 0 && box_.pending() > 0; --rounds) {
      for (auto& [id, x] : all_) {
        if (!x.out) continue;
        inbox_step next;
        x.out = false, x.over = true;
        RC_ASSERT(box_.acked(id, now_, next));
        look(next);
      }
    }
    RC_ASSERT(box_.pending() == 0U);
    for (auto& [id, x] : all_) RC_ASSERT(x.over && x.given >= 1 && x.given <= 3);
  }

private:
  static inbox_rules rules() {
    inbox_rules x;
    x.max_deliveries = 3;
    x.dedupe_window = 24h;
    return x;
  }
  static std::vector<std::string> keys_of(const std::string& chat, const std::string& message,
                                          const std::string& buffer, const std::string& text) {
    std::vector<std::string> keys;
    if (!buffer.empty())
      keys.push_back("b" + buffer + " " + chat + "/" + (message.empty() ? "says " + text : message));
    if (!message.empty()) keys.push_back(chat + "/" + message);
    return keys;
  }
  void name(const std::string& buffer, std::uint64_t id) {
    if (auto old = named_.find(buffer); old != named_.end()) all_.at(old->second).buffers.erase(buffer);
    named_[buffer] = id;
    all_.at(id).buffers.insert(buffer);
  }
  void look(const inbox_step& step) {
    for (auto& [id, event] : step.dead) {
      auto& x = all_.at(id);
      RC_ASSERT(x.out && !x.over && x.given == 3);
      x.out = false, x.over = true;
    }
    for (auto& id : step.acks) RC_ASSERT(all_.at(named_.at(id)).over);
    for (auto& x : step.deliver) {
      auto& y = all_.at(x.id);
      RC_ASSERT(present_ && !y.over && !y.out);
      RC_ASSERT(x.redelivered == (y.given > 0));
      RC_ASSERT(x.event->text == y.text);
      for (auto& [id, earlier] : all_) RC_ASSERT(id >= x.id || earlier.chat != y.chat || earlier.over);
      y.out = true, ++y.given;
      y.overdue = now_ + rules().ack_timeout;
    }
  }

  inbox box_;
  instant now_{1h};
  bool present_ = false;
  std::map<std::uint64_t, known_event> all_;
  std::map<std::string, std::uint64_t> claims_; ///< buffer id with what it names, or chat/message -> event
  std::map<std::string, std::uint64_t> named_;  ///< buffer id -> the newest event that has it
  int arrivals_ = 0;
};

RC_GTEST_PROP(InboxProperty, EveryEventReachesTheAgentOnceInOrder, ()) {
  model m;
  auto steps = *rc::gen::inRange(1, 100);
  for (int i = 0; i < steps; ++i) {
    switch (*rc::gen::weightedElement<int>({{10, 0}, {8, 1}, {3, 2}, {1, 3}, {2, 4}, {2, 5}})) {
    case 0: m.arrive(); break;
    case 1:
    case 2: m.answer(); break;
    case 3: m.turn_presence(); break;
    case 4: m.pass_time(); break;
    default: m.deadlines(); break;
    }
    m.counts_agree();
  }
  m.finish();
}

RC_GTEST_PROP(InboxProperty, MemoryIsBoundedByTheRules, ()) {
  auto rules = small();
  inbox box{rules};
  instant now{1h};
  inbox_step step;
  box.presence(true, now, step);
  auto n = *rc::gen::inRange(1, 60);
  for (int i = 0; i < n; ++i) {
    inbox_step one;
    box.accept(event("c" + std::to_string(i % 7), std::to_string(i)), "b" + std::to_string(i), now, one);
    if (*rc::gen::weightedElement<bool>({{3, true}, {1, false}}))
      for (auto& x : one.deliver) box.acked(x.id, now, step);
    RC_ASSERT(box.remembered() <= rules.dedupe_entries + 2 * box.pending());
  }
}

} // namespace inbox_property_test
} // namespace relay::core
