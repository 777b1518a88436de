// Any order of events: one at a time, in order, one outcome each.
#include "relay_gateway/tests/core/egress/chat_queue_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <string>

namespace relay::core {
namespace chat_queue_property_test {

using namespace rig;

/// What the world saw of one action.
struct trace {
  op kind = op::send;
  std::string message;
  instant hold{};
  int done = 0;
  action_result result;
  int written_done = 0, unknown = 0, declined = 0, unwritten = 0;
};

/// One chat's queue, its connection, and what the world saw of each action.
struct model {
  void look(const chat_queue_step& step) {
    for (auto& x : step.out) {
      RC_ASSERT(up);
      RC_ASSERT(in_flight == 0U);
      auto token = by_content.at(x.act.content.substr(0, x.act.content.find(' ')));
      RC_ASSERT(token >= last_sent); // a piece of it, or one that was never written, may come again
      RC_ASSERT(all.at(token).done == 0);
      RC_ASSERT(x.piece > piece);
      last_sent = in_flight = token;
      piece = x.piece;
    }
    for (auto& x : step.done) {
      ++all.at(x.token).done;
      all.at(x.token).result = x.result;
    }
  }
  void settle(const action_result& result, bool written) {
    if (in_flight == 0) return;
    auto& t = all.at(in_flight);
    if (!written)
      ++t.unwritten, up = false;
    else if (result.how == outcome::done)
      ++t.written_done;
    else if (result.how == outcome::unknown)
      ++t.unknown;
    else
      ++t.declined;
    in_flight = 0;
    chat_queue_step step;
    chat_queue.settled({piece, result, written}, step);
    look(step);
  }
  void relink(bool to_up) {
    if (in_flight != 0) ++all.at(in_flight).unknown;
    in_flight = 0;
    up = to_up;
    chat_queue_step step;
    if (!to_up) chat_queue.abandon(step);
    chat_queue.link(to_up ? usual() : nullptr, step);
    look(step);
  }
  void push() {
    auto token = ++pushed;
    auto& t = all[token];
    t.hold = latest = std::max(latest, now + milliseconds{*rc::gen::inRange(1, 5'000)});
    t.kind = *rc::gen::weightedElement<op>({{5, op::send}, {5, op::edit}, {1, op::typing}, {1, op::remove}});
    if (t.kind == op::edit) t.message = *rc::gen::element<std::string>("m1", "m2");
    auto name = "#" + std::to_string(token);
    by_content[name] = token;
    auto content = name;
    if (t.kind == op::send) // every piece of it begins with its name
      for (int n = *rc::gen::inRange(0, 3); n > 0; --n) content += " xxxx\n" + name;
    auto x = make(token, t.kind, content, t.hold);
    x.act.message_id = t.message;
    auto waits = in_flight != 0 || !up || chat_queue.busy();
    chat_queue_step step;
    chat_queue.push(std::move(x), step);
    look(step);
    if (t.kind == op::typing && waits) RC_ASSERT(t.done == 1 && t.result.how == outcome::done);
  }
  void pass_time() {
    now += milliseconds{*rc::gen::inRange(0, 3'000)};
    chat_queue_step step;
    chat_queue.expire(now, step);
    for (auto& x : step.done) RC_ASSERT(!up && all.at(x.token).hold <= now);
    look(step);
    if (up) return;
    for (auto& [token, t] : all) RC_ASSERT(t.done == 1 || t.hold > now);
  }
  /// An answer that belongs to an earlier connection.
  void late_answer() {
    chat_queue_step step;
    chat_queue.settled({piece + *rc::gen::element<std::uint64_t>(1, 7), ok("ghost"), true}, step);
    RC_ASSERT(step.out.empty() && step.done.empty());
  }
  /// Every token gets its outcome in the end.
  void finish() {
    if (!up) relink(true);
    while (in_flight != 0) settle(ok("m"), true);
    RC_ASSERT(!chat_queue.busy());
    for (auto& [token, t] : all) {
      RC_ASSERT(t.done == 1);
      if (t.kind != op::typing) judge(t);
    }
  }
  static void judge(const trace& t) {
    auto superseded = t.kind == op::edit && t.written_done + t.unknown + t.declined == 0;
    switch (t.result.how) {
    case outcome::done: RC_ASSERT(superseded || t.written_done > 0); break;
    case outcome::unknown: RC_ASSERT(superseded || t.unknown == 1); break;
    case outcome::definite:
      if (t.result.code == "unsupported")
        RC_ASSERT(t.kind == op::remove);
      else if (t.result.code == "not_connected")
        RC_ASSERT(t.declined + t.unknown == 0);
      else
        RC_ASSERT(superseded || t.declined == 1);
      break;
    }
  }

  core::chat_queue chat_queue;
  std::map<std::uint64_t, trace> all; ///< by token, which is the order of pushing
  std::map<std::string, std::uint64_t> by_content;
  bool up = false;
  std::uint64_t piece = 0;
  std::uint64_t pushed = 0, in_flight = 0, last_sent = 0; ///< tokens; 0 = none
  instant now = start, latest = start;
};

RC_GTEST_PROP(LaneProperty, OrderOneInFlightAndOneOutcomeEach, ()) {
  model m;
  auto steps = *rc::gen::inRange(1, 100);
  for (int i = 0; i < steps; ++i) {
    switch (
        *rc::gen::weightedElement<int>({{10, 0}, {3, 1}, {2, 2}, {8, 3}, {2, 4}, {1, 5}, {3, 6}, {1, 7}})) {
    case 0: m.push(); break;
    case 1: m.relink(true); break;
    case 2: m.relink(false); break;
    case 3: m.settle(ok("m"), true); break;
    case 4: m.settle(action_result::failed("odd", "no"), true); break;
    case 5: m.settle(action_result::failed("not_connected", "not written"), false); break;
    case 6: m.pass_time(); break;
    default: m.late_answer(); break;
    }
    RC_ASSERT(m.chat_queue.due().has_value() == (!m.up && m.chat_queue.busy()));
  }
  m.finish();
}

} // namespace chat_queue_property_test
} // namespace relay::core
