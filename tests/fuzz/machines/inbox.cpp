// The way in (agent-link.md, Promises), with and without a disk: events come, come again, are given out,
// taken, returned and forgotten, and the process dies, in any order. No event is lost once it was acked, none
// reaches the agent twice unmarked, and each chat keeps its order.
#include "relay_gateway/actors/inbound/core/inbox.hpp"

#include "relay_gateway/tests/core/inbound/inbox_disk.hpp"
#include "relay_gateway/tests/fuzz/fuzz.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

namespace relay::fuzz {
namespace inbox_target {

using namespace core;

/// What the connector has to say. Every event has a number; it may come under several buffer ids.
struct known_event {
  event_ref event;
  std::set<std::string> unacked; ///< buffer ids that the connector replays until they are acked
  bool consumed = false;         ///< a terminal decision is made about it: no agent gets it
  bool sent = false, ended = false;
};

bool wants_files(const inbound_event& x) { return x.text.starts_with("f"); }

class env {
public:
  explicit env(std::uint8_t kind) {
    rules_.durable = (kind & 1) != 0;
    rules_.max_deliveries = 3;
    rules_.max_pending = 50;
    rules_.max_in_memory = (kind & 2) != 0 ? 4 : 8;
    rules_.chat_in_memory = (kind & 4) != 0 ? 1 : 3;
    rules_.max_session_queues = (kind & 8) != 0 ? 2 : 4;
    rules_.dedupe_window = std::chrono::hours{24 * 365};
    box_ = std::make_unique<inbox>(rules_);
    present_ = (kind & 16) != 0;
    at_once([this](inbox& box, instant now, inbox_step& out) { box.presence(present_, now, out); });
  }

  void step(bytes& in) {
    switch (in.below(12)) {
    case 0:
    case 1: fresh(in); break;
    case 2: again(in); break;
    case 3:
    case 4: agent_acks(in); break;
    case 5:
    case 6: disk_works(); break;
    case 7: files_come(in); break;
    case 8:
      present_ = !present_;
      at_once([this](inbox& box, instant now, inbox_step& out) { box.presence(present_, now, out); });
      break;
    case 9: time_goes_by(in); break;
    case 10: agent_returns(in); break;
    default:
      if (rules_.durable && in.below(4) == 0) crash();
      break;
    }
    check();
  }

  /// From here on everything works; nothing may be left behind.
  void finish() {
    if (!present_) {
      present_ = true;
      at_once([](inbox& box, instant now, inbox_step& out) { box.presence(true, now, out); });
    }
    for (int round = 0; round < 1000; ++round) {
      while (disk_.busy()) disk_works();
      at_once([](inbox& box, instant now, inbox_step& out) { box.all_ready(now, out); });
      if (out_.empty() && !disk_.busy()) {
        if (replayed_) break;
        replayed_ = true;
        for (auto& x : events_)
          for (const auto& id : std::set<std::string>{x.unacked}) send(x, id);
        continue;
      }
      if (!out_.empty()) ack(out_.begin()->first);
      check();
    }
    require(box_->pending() == 0 && box_->in_flight() == 0,
            "an agent that takes everything empties the inbox");
    require(!rules_.durable || disk_.open() == 0, "nothing stays on disk for ever");
    for (const auto& x : events_) {
      require(x.unacked.empty(), "everything is acked in the end (F23, F32)");
      require(!x.sent || x.ended, "nothing is lost");
    }
  }

private:
  template <class Do>
  void at_once(Do what) {
    inbox_step out;
    what(*box_, now_, out);
    take(out);
  }

  void fresh(bytes& in) {
    const auto what = in.byte();
    known_event x;
    inbound_event event;
    const auto number = std::to_string(events_.size());
    event.source.platform = "p";
    event.source.chat_id = "c" + std::to_string(what % 5);
    event.message_id = "m" + number;
    event.text = ((what & 32) != 0 ? "f" : "e") + number;
    x.event = event_ref{std::move(event)};
    x.consumed = (what & 0xC0) == 0xC0;
    events_.push_back(std::move(x));
    send(events_.back(), in.flag() ? "b" + number : std::string{});
  }
  /// The same again: under the same buffer id, another one or none, perhaps with another text (F28).
  void again(bytes& in) {
    if (events_.empty()) return;
    auto& x = events_[in.byte() % events_.size()];
    const auto number = x.event->message_id.substr(1);
    const auto how = in.below(4);
    if (how == 3) {
      auto changed = *x.event;
      changed.text += " changed";
      const auto before = x.event;
      x.event = event_ref{std::move(changed)};
      send(x, "b" + number);
      x.event = before;
      return;
    }
    send(x, how == 0 ? "" : "b" + number + (how == 1 ? "" : "x"));
  }

  void send(known_event& x, const std::string& buffer_id) {
    if (!buffer_id.empty()) x.unacked.insert(buffer_id);
    x.ended = x.ended || x.consumed;
    inbox_step out;
    const bool known = box_->known(*x.event, buffer_id, now_);
    if (!known && x.consumed) {
      box_->consume(*x.event, buffer_id, now_, out);
    } else {
      const auto how = box_->accept(x.event, buffer_id, now_, out, wants_files(*x.event));
      require((how != arrival::fresh) == known, "what is known is a repeat");
      // Without a disk it is ours at once; with one, once it is there. What has a buffer id comes again.
      x.sent = x.sent || !rules_.durable || !buffer_id.empty();
      if (how == arrival::fresh && !out.spilled) require(out.fresh != 0, "a fresh event has an id");
    }
    take(out);
  }

  void ack(std::uint64_t id) {
    const auto event = out_.at(id);
    out_.erase(id);
    end(event);
    inbox_step out;
    require(box_->acked(id, now_, out), "what is out can be acked");
    take(out);
    inbox_step again;
    require(!box_->acked(id, now_, again) && again.records.empty(), "an ack counts once");
  }
  void agent_acks(bytes& in) {
    if (out_.empty()) return;
    auto it = out_.begin();
    std::advance(it, static_cast<std::ptrdiff_t>(in.below(out_.size())));
    ack(it->first);
  }
  void agent_returns(bytes& in) {
    if (in.flag()) {
      out_.clear();
      at_once([](inbox& box, instant now, inbox_step& out) { box.all_returned(now, out); });
    } else if (!out_.empty()) {
      const auto id = out_.begin()->first;
      out_.erase(id);
      at_once([id](inbox& box, instant now, inbox_step& out) { box.returned(id, now, out); });
    }
  }
  void time_goes_by(bytes& in) {
    now_ += milliseconds{std::int64_t{in.byte()} * 500};
    const auto due = box_->due();
    inbox_step out;
    box_->timer(now_, out);
    // Those that are late are taken away from the agent before they are given out again, or set aside; a
    // suspect among them waits for its turn.
    const auto still = box_->given_out();
    if (due && *due <= now_ && present_)
      for (auto it = out_.begin(); it != out_.end();) {
        const bool again = std::any_of(out.deliver.begin(), out.deliver.end(),
                                       [&](const handout& x) { return x.id == it->first; });
        const bool dead = std::any_of(out.dead.begin(), out.dead.end(),
                                      [&](const auto& x) { return x.first == it->first; });
        const bool waits = std::find(still.begin(), still.end(), it->first) == still.end();
        it = again || dead || waits ? out_.erase(it) : std::next(it);
      }
    take(out);
    require(!box_->due() || *box_->due() > now_, "a deadline that has passed is handled");
  }
  void files_come(bytes& in) {
    const auto waiting = box_->waiting_for_files();
    if (waiting.empty()) return;
    const auto id = waiting[in.byte() % waiting.size()];
    at_once([id](inbox& box, instant now, inbox_step& out) { box.ready(id, {{"u", "/f", ""}}, now, out); });
  }
  void disk_works() {
    if (!disk_.busy()) return;
    inbox_step out;
    disk_.work(*box_, now_, out, wants_files);
    // What is on disk is ours, whatever happens.
    for (auto& x : events_)
      if (!x.sent && disk_.knows(x.event->message_id)) x.sent = true;
    take(out);
  }
  void crash() {
    disk_.crash();
    box_ = std::make_unique<inbox>(rules_);
    out_.clear();
    last_.clear();
    ++life_;
    auto image = disk_.image();
    inbox_step out;
    box_->restore(image, now_, out, wants_files);
    present_ = false;
    take(out);
  }

  known_event& of(const inbound_event& x) { return events_.at(std::stoul(x.message_id.substr(1))); }
  void end(const event_ref& x) { of(*x).ended = true; }

  void take(const inbox_step& step) {
    require(rules_.durable || (step.upto == 0 && step.wishes.recalls.empty() && !step.wishes.scan),
            "without a disk nothing is asked of it");
    for (const auto& [id, event] : step.dead) {
      out_.erase(id);
      end(event);
    }
    for (const auto& x : step.deliver) deliver(x);
    for (const auto& id : step.acks) acked(id);
    if (rules_.durable) disk_.submit(step);
  }

  void deliver(const handout& x) {
    require(present_, "nobody is given anything who is not there");
    const auto& event = of(*x.event);
    require(!event.consumed, "what ended here reaches no agent");
    const auto chat = x.event->chat();
    for (const auto& [id, other] : out_) require(other->chat() != chat, "one of a chat at a time");
    require(out_.emplace(x.id, x.event).second, "what is out is not given out");
    const auto [it, first] = told_.try_emplace(x.id, x.event->text);
    require(it->second == x.event->text, "the first snapshot wins (F28)");
    if (first) {
      auto& last = last_[chat];
      require(x.id > last, "a chat keeps its order");
      last = x.id;
      const auto [by, once] = first_id_.try_emplace(x.event->message_id, x.id);
      require(once || by->second == x.id, "no repeat reaches the agent (F22)");
    } else {
      require(x.redelivered, "a repeat is marked");
    }
    require(!x.redelivered || !first || life_ > 0, "the first time is not marked");
  }

  /// The connector forgets it: from here on it must be safe.
  void acked(const std::string& buffer_id) {
    const auto number = std::stoul(buffer_id.substr(1));
    auto& x = events_.at(number);
    x.unacked.erase(buffer_id);
    if (x.consumed || x.ended) return;
    require(rules_.durable && disk_.knows(x.event->message_id), "acked is durable or taken (F24)");
  }

  void check() {
    require(box_->in_flight() == out_.size(), "what is out is counted");
    require(box_->pending() <= events_.size(), "no event is two");
    if (rules_.durable)
      require(box_->pending() - std::min(box_->pending(), box_->unstored()) <= rules_.max_in_memory,
              "memory has a bound");
  }

  inbox_rules rules_;
  std::unique_ptr<inbox> box_;
  core::inbox_rig::model_disk disk_;
  instant now_{std::chrono::hours{1}};
  std::deque<known_event> events_;
  std::map<std::uint64_t, event_ref> out_;           ///< with the agent
  std::map<std::uint64_t, std::string> told_;        ///< every id that was ever given out: its text
  std::map<std::string, std::uint64_t> first_id_;    ///< by message: the one id under which it is given out
  std::unordered_map<chat_key, std::uint64_t> last_; ///< in this life
  int life_ = 0;
  bool present_ = false, replayed_ = false;
};

void run(std::string_view input) {
  bytes in{input.substr(0, 400)};
  env here{in.byte()};
  while (in.more()) here.step(in);
  here.finish();
}

const registration self{"inbox", run};

} // namespace inbox_target
} // namespace relay::fuzz
