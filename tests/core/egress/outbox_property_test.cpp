// The outbox, the queues, a disk and a wire together, with crashes: nothing is lost, and nothing is sent
// twice that was not unknown.
#include "relay_gateway/actors/egress/core/action_digest.hpp"
#include "relay_gateway/actors/egress/core/chat_table.hpp"
#include "relay_gateway/tests/core/egress/outbox_rig.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace relay::core {
namespace outbox_property_test {

using namespace rig;

/// What a disk knows, record by record.
struct model_disk {
  std::map<std::uint64_t, stored_action> open;
  std::map<std::string, action_result> settled; // by request id
  std::uint64_t last_token = 0;
  void write(const store_record& x) {
    if (auto* taken = std::get_if<action_taken>(&x)) {
      open[taken->what.token] = taken->what;
      last_token = std::max(last_token, taken->what.token);
    } else if (auto* marked = std::get_if<action_marked>(&x)) {
      if (auto it = open.find(marked->token); it != open.end())
        it->second.maybe_written = marked->maybe_written;
    } else if (auto* done = std::get_if<action_settled>(&x)) {
      open.erase(done->token);
      settled[without_digest(done->request_id).first] = done->result;
    }
  }
};

/// A router without an actor: outbox, queues, a disk, a wire, and agents that remember what they were told.
struct model_world {
  static constexpr std::uint64_t most_commits = 3;
  struct story {
    std::uint64_t token = 0; ///< in this process
    std::string chat;
    bool resend = false, on_disk = false, open = false;
    bool maybe_out = false; ///< a frame of it left and nobody said that it was not written
    bool told_definite = false, told = false;
  };
  core::outbox outbox = fresh();
  chat_table chats{chat_limits{}};
  model_disk disk;
  std::deque<outbox_commit> writing;
  std::vector<transmit> wire;
  std::map<std::string, story> stories; // by request id
  std::map<std::uint64_t, std::string> ids;
  instant now = start;
  bool up = false;
  int requests = 0;

  static core::outbox fresh() { return core::outbox{outbox_rules{true, 5s, most_commits}}; }
  std::int64_t wall_ms() const {
    return wall + std::chrono::duration_cast<milliseconds>(now - start).count();
  }
  static chat_key key(const std::string& chat) { return {"p", chat}; }

  void accept(bool resend) {
    auto x = request("r" + std::to_string(++requests), resend);
    x.act.chat_id = "c" + std::to_string(requests % 3);
    const auto token = outbox.next_token();
    auto& s = stories[x.request_id];
    s.token = token;
    s.chat = x.act.chat_id;
    s.resend = resend;
    s.open = true;
    ids[token] = x.request_id;
    chats.activate(key(s.chat), now);
    auto how = outbox.accept(token, x, 7, to_p(), chats.ready(key(s.chat)), chats.holds(key(s.chat)), now,
                             wall_ms());
    RC_ASSERT(how.waits);
    chats.hold(key(s.chat));
    chat_action y;
    y.token = token;
    y.act = x.act;
    y.where = to_p();
    y.hold_until = (now + 5s).time_since_epoch() / 1ns;
    y.record = how.record;
    y.resend = resend;
    outbox.wait(std::move(y), now);
  }
  void flush() {
    if (auto next = outbox.next_commit()) writing.push_back(std::move(*next));
    RC_ASSERT(outbox.commits_in_flight() <= most_commits);
    RC_ASSERT(writing.size() <= most_commits);
  }
  void commit() {
    if (writing.empty()) return;
    write(writing.front());
    outbox_step step;
    outbox.stored(writing.front().number, step);
    writing.pop_front();
    look(step);
  }
  void write(const outbox_commit& x) {
    for (auto& y : x.records) {
      disk.write(y);
      if (auto* taken = std::get_if<action_taken>(&y)) stories.at(ids.at(taken->what.token)).on_disk = true;
    }
  }

  void look(outbox_step& step) {
    for (auto& x : step.ready) {
      const auto& s = stories.at(ids.at(x.token));
      RC_ASSERT(disk.open.count(x.token) == 1U); // before anything of it can leave
      if (s.open) push(s.chat, std::move(x), true);
    }
    for (auto& x : step.committed) run([&](auto& out) { chats.intent_committed(x, out); });
    for (auto token : step.not_stored) {
      settle(token, not_stored());
      chats.release(key(stories.at(ids.at(token)).chat));
    }
    for (auto& x : step.told) tell(x.token, x.result);
  }
  template <class F>
  void run(F f) {
    chat_table_step step;
    f(step);
    for (auto& x : step.out) {
      const auto id = x.act.content.substr(1);
      auto& s = stories.at(id);
      RC_ASSERT(up);
      RC_ASSERT(disk.open.at(s.token).maybe_written); // the disk knows that it may be out
      RC_ASSERT(!s.maybe_out || s.resend);            // not twice, unless its agent wants that
      RC_ASSERT(!s.told_definite);                    // nor after its agent heard that it was not sent
      RC_ASSERT(!s.told || s.resend);
      s.maybe_out = true;
      wire.push_back(x);
    }
    for (auto& x : step.done) settle(x.token, x.result);
    for (auto& x : step.intents) outbox.intend(std::move(x));
  }
  void push(const std::string& chat, chat_action x, bool held) {
    run([&](auto& out) { chats.push(key(chat), std::move(x), held, now, out); });
  }
  void settle(std::uint64_t token, const action_result& result) {
    if (outbox.is_settled(token) || !stories.at(ids.at(token)).open) return;
    if (outbox.settle(token, result, now)) tell(token, result);
  }
  void tell(std::uint64_t token, const action_result& result) {
    auto& s = stories.at(ids.at(token));
    RC_ASSERT(s.open); // once
    s.open = false;
    s.told = true;
    if (result.code == "not_connected" || result.code == "not_stored") RC_ASSERT(!s.maybe_out);
    if (result.how == outcome::definite) s.told_definite = true;
  }

  void answer(std::size_t which, int how) {
    if (wire.empty()) return;
    const auto at = wire.begin() + static_cast<std::ptrdiff_t>(which % wire.size());
    const auto x = *at;
    wire.erase(at);
    auto refused = action_result::failed("odd", "no such chat");
    refused.raw = R"({"success":false})";
    const auto unwritten = how == 3;
    if (unwritten) stories.at(x.act.content.substr(1)).maybe_out = repeated.count(x.act.content) > 0;
    if (!unwritten) repeated.insert(x.act.content);
    const auto result = how == 0   ? ok("m")
                        : how == 1 ? refused
                        : how == 2 ? action_result::ambiguous("no answer")
                                   : action_result::failed("not_connected", "never written");
    run([&](auto& out) { chats.settled({x.piece, result, !unwritten, x.chat}, now, out); });
  }
  std::set<std::string> repeated; ///< contents of which a frame was written for certain
  void link(bool to_up) {
    up = to_up;
    for (auto& x : wire) repeated.insert(x.act.content);
    wire.clear();
    run([&](auto& out) { chats.link(up ? usual() : nullptr, true, out); });
  }
  void pass(milliseconds d) {
    now += d;
    outbox_step step;
    outbox.expire(now, step);
    look(step);
    run([&](auto& out) { chats.expire(now, out); });
  }
  /// The process dies: of what it gave to the disk a part is there.
  void crash(std::size_t written) {
    for (std::size_t i = 0; i < std::min(written, writing.size()); ++i) write(writing[i]);
    writing.clear();
    for (auto& x : wire) repeated.insert(x.act.content);
    wire.clear();
    up = false;
    for (auto& [id, s] : stories) s.open = false; // nobody is told any more
    outbox = fresh();
    chats = chat_table{chat_limits{}};
    outbound_image image;
    image.last_token = disk.last_token;
    for (auto& [token, x] : disk.open) image.open.push_back(x);
    for (auto& x : outbox.resume(
             image, [](const std::string&) { return true; }, now, wall_ms())) {
      auto& s = stories.at(x.what.what.request_id);
      s.token = x.what.token;
      s.open = true;
      ids[s.token] = x.what.what.request_id;
      if (x.how != resumption::sent) {
        if (x.result.how == outcome::definite) RC_ASSERT(!s.maybe_out);
        settle(s.token, x.result);
        continue;
      }
      chat_action y;
      y.token = s.token;
      y.act = x.what.what.act;
      y.where = x.what.where;
      y.hold_until = x.until.time_since_epoch() / 1ns;
      y.record = x.what.maybe_written ? action_record::maybe_written : action_record::not_written;
      y.resend = s.resend;
      y.lost = x.what.maybe_written ? 1 : 0;
      chats.activate(key(s.chat), now);
      push(s.chat, std::move(y), false);
    }
  }
};

RC_GTEST_PROP(OutboxProperty, NothingIsLostAndNothingSentTwiceThatWasNotUnknown, ()) {
  model_world w;
  auto steps = *rc::gen::inRange(1, 150);
  for (int i = 0; i < steps; ++i) {
    switch (*rc::gen::weightedElement<int>({{8, 0}, {6, 1}, {8, 2}, {6, 3}, {3, 4}, {2, 5}, {1, 6}})) {
    case 0: w.accept(*rc::gen::arbitrary<bool>()); break;
    case 1: w.flush(); break;
    case 2: w.commit(); break;
    case 3: w.answer(*rc::gen::inRange<std::size_t>(0, 10), *rc::gen::inRange(0, 4)); break;
    case 4: w.link(*rc::gen::arbitrary<bool>()); break;
    case 5: w.pass(milliseconds{*rc::gen::inRange(0, 4'000)}); break;
    default: w.crash(*rc::gen::inRange<std::size_t>(0, 4)); break;
    }
  }
  // The disk works, the link is up and answers: every action comes to its end, there and on the disk.
  w.link(true);
  for (int i = 0; i < 1'000 && !(w.outbox.quiet() && w.wire.empty()); ++i) {
    w.flush();
    w.commit();
    w.answer(0, 0);
  }
  w.pass(10s);
  for (int i = 0; i < 10; ++i) {
    w.flush();
    w.commit();
  }
  RC_ASSERT(w.outbox.quiet());
  RC_ASSERT(w.disk.open.empty());
  for (auto& [id, s] : w.stories) {
    RC_ASSERT(!s.open);
    if (s.on_disk) RC_ASSERT(w.disk.settled.count(id) == 1U);
    if (!s.on_disk) RC_ASSERT(!s.maybe_out);
  }
}

} // namespace outbox_property_test
} // namespace relay::core
