// The way out: order within a chat, one frame at a time (agent-link.md, Promises).
#include "relay_gateway/messages/control.hpp"
#include "relay_gateway/tests/sim/oracle/checker.hpp"
#include "relay_gateway/tests/sim/oracle/rules.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace relay::sim {

namespace {

std::string queue_of(const json& frame) {
  auto& act = member(frame, "action");
  auto chat = text(act, "chat_id");
  return text(frame, "platform") + "/" + (chat.empty() ? text(act, "session_key") : chat);
}

/// Actions of one chat leave in the order in which they were asked for.
class leaving_order final : public rule {
public:
  explicit leaving_order(checker& at) : rule(at, "leaving-order") {}
  void link_wrote(std::uint64_t socket, const frame_view& frame) override {
    if (text(frame.root, "type") != "outbound") return;
    auto mark = text(member(frame.root, "action"), "q");
    auto it = checker_.notes().actions.find(mark);
    if (it == checker_.notes().actions.end() || it->second.asks.empty()) return;
    auto& x = it->second;
    // A draft may be sealed by the gateway itself, behind what its agent asked for.
    if (x.op == "draft" || x.asks.front().peer == 0) return;
    // A reaction leaves in its turn, but what comes behind it does not wait for it: one that its connection
    // took along leaves once more, on the next.
    auto elsewhere = [&](const put_frame& y) { return y.socket != socket; };
    if (x.op == "react" && std::any_of(x.frames.begin(), x.frames.end(), elsewhere)) return;
    if (x.op == "react" && x.resend && x.frames.size() > 1) return; // it may leave again on the same one
    auto waited = [](const carried_out& y) { return y.retry_after_s > 0; };
    if (x.op == "react" && std::any_of(x.heard.begin(), x.heard.end(), waited))
      return; // behind what left meanwhile
    // What its agent would rather have twice leaves again when the disk had not heard of its end.
    auto forgotten = [&](const put_frame& y) {
      return elsewhere(y) && checker_.notes().lost_since(y.at, x.chat_id);
    };
    if (x.resend && std::any_of(x.frames.begin(), x.frames.end(), forgotten)) return;
    auto& last = queues_[queue_of(frame.root)];
    if (last.age != checker_.notes().outbound_age) last = {checker_.notes().outbound_age, 0, 0, {}, {}};
    if (checker_.notes().lost_since(last.at, x.chat_id) && was_put_off(last.mark)) last.number = last.before;
    last.at = now();
    if (last.mark == mark) return;
    std::uint64_t next = 0;
    for (auto& y : x.asks)
      if (y.number > last.number && (next == 0 || y.number < next)) next = y.number;
    if (next == 0 && x.may_come_back(checker_.clock_jumped)) return;
    if (next == 0) {
      fail(mark + " leaves after " + last.mark + ", which was asked for later");
      return;
    }
    last.before = last.number;
    last.number = next;
    last.mark = mark;
  }

private:
  struct place_in_line {
    std::uint64_t age = 0, number = 0, before = 0; ///< before: where the action ahead of this one stood
    std::string mark;
    usec at{0};
  };
  /// It left and was told to wait each time: nothing of it was done, so whoever takes over begins before it.
  bool was_put_off(const std::string& mark) const {
    auto& heard = checker_.notes().actions[mark].heard;
    return !heard.empty() &&
           std::all_of(heard.begin(), heard.end(), [](auto& x) { return x.retry_after_s > 0; });
  }
  std::map<std::string, place_in_line> queues_;
};

/// The next frame of a chat waits for the word on the one before.
class one_at_a_time final : public rule {
public:
  explicit one_at_a_time(checker& at) : rule(at, "one-at-a-time") {}
  void link_wrote(std::uint64_t socket, const frame_view& frame) override {
    if (text(frame.root, "type") != "outbound") return;
    // Reactions hold nothing up: connectors of old never answer one.
    if (text(member(frame.root, "action"), "op") == "react") return;
    auto& out = out_[queue_of(frame.root)];
    auto& notes = checker_.notes();
    usec patience = checker_.what().settings.limits.outbound_timeout;
    constexpr usec just_before{1'000'000}; // the last word of a chat that died
    auto over = out.request.empty() || out.answered || out.socket != socket || now() >= out.at + patience ||
                notes.lost_since(out.at - just_before, text(member(frame.root, "action"), "chat_id"));
    if (!over)
      fail(text(frame.root, "requestId") + " left while " + out.request + " of the same chat was out");
    out = {text(frame.root, "requestId"), socket, now(), false};
  }
  void altered_read(std::uint64_t socket, const frame_view& frame) override { link_read(socket, frame); }
  void link_read(std::uint64_t, const frame_view& frame) override {
    if (text(frame.root, "type") != "outbound_result") return;
    auto id = text(frame.root, "requestId");
    for (auto& [queue, x] : out_)
      if (x.request == id) x.answered = true;
  }

private:
  struct outstanding {
    std::string request;
    std::uint64_t socket = 0;
    usec at{0};
    bool answered = false;
  };
  std::map<std::string, outstanding> out_;
};

/// A chat that is told to wait does so, and what was refused then leaves again (protocol.md 6).
class waits_when_told final : public rule {
public:
  explicit waits_when_told(checker& at) : rule(at, "waits") {}
  void life_begins(std::uint64_t) override {
    stopping_ = false;
    until_.clear();
    out_.clear();
  }
  void commanded(command x) override { stopping_ = stopping_ || x == command::drain; }
  /// A chat that died knows of nothing, nor does its successor hear what comes of its frames.
  void actor_killed(const std::string&) override {
    until_.clear();
    out_.clear();
    died_ = now();
  }
  void chat_failed(const std::string&, const std::string&) override {
    until_.clear();
    out_.clear();
  }
  void altered_read(std::uint64_t, const frame_view&) override { until_.clear(); }
  void link_read(std::uint64_t socket, const frame_view& frame) override {
    if (text(frame.root, "type") != "outbound_result") return;
    const auto id = text(frame.root, "requestId");
    auto out = out_.extract(id);
    if (out.empty() || out.mapped().socket != socket) return;
    const auto& x = out.mapped();
    const usec patience = checker_.what().settings.limits.outbound_timeout;
    const auto wait = wait_of(member(frame.root, "result"));
    if (wait.count() == 0 || x.op == "typing" || now() + slack >= x.at + patience) return;
    auto it = checker_.notes().actions.find(x.mark);
    if (it == checker_.notes().actions.end() || it->second.asks.empty()) return;
    // Beyond the two minutes and the hold of whoever asked it is a failure instead.
    constexpr usec longest{120'000'000};
    if (now() + wait > it->second.asks.front().at + longest) return;
    auto& until = until_[x.queue];
    until.first = std::max(until.first, now() + wait);
    until.second = now();
    // An edit may have given way to a newer one, whose outcome it shares.
    if (x.op != "edit" && x.op != "draft") told_[x.mark] = now();
  }
  void link_wrote(std::uint64_t socket, const frame_view& frame) override {
    if (text(frame.root, "type") != "outbound") return;
    const auto& act = member(frame.root, "action");
    const auto mark = text(act, "q");
    if (mark.empty()) return; // the gateway's own reactions hold to nothing
    const auto queue = queue_of(frame.root);
    told_.erase(mark);
    if (!is_left_behind(mark))
      out_[text(frame.root, "requestId")] = {socket, now(), queue, mark, text(act, "op")};
    if (auto it = until_.find(queue);
        // What leaves at once was on its way: reactions and texts of a chat are out side by side.
        it != until_.end() && now() < it->second.first && now() > it->second.second + inside && !stopping_)
      fail(mark + " left " + std::to_string((it->second.first - now()).count() / 1000) +
           " ms before its chat was allowed to");
  }
  void agent_wrote(std::uint64_t, const frame_view& frame) override {
    const auto id = text(frame.root, "request_id");
    if (text(frame.root, "type") != "result" || id.rfind("r-", 0) != 0 || stopping_) return;
    auto it = told_.find(id.substr(2));
    if (it == told_.end()) return;
    const auto& result = member(frame.root, "result");
    const auto& notes = checker_.notes();
    const auto definite = !flag(result, "success") && !flag(result, "ambiguous");
    const auto since = it->second;
    told_.erase(it);
    const auto code = text(result, "code");
    if (definite && code != "not_connected" && code != "not_stored" && code != "unsupported" &&
        !notes.lost_since(since - slack, notes.actions.at(id.substr(2)).chat_id))
      fail(id.substr(2) + " is told as failed while it had time to wait: " + text(result, "error"));
  }

private:
  static constexpr usec slack{1'000'000};
  static constexpr usec inside{10'000}; ///< from actor to actor
  /// Its router died and had given its frame to the connection: nobody hears what comes of it.
  bool is_left_behind(const std::string& mark) const {
    const auto& notes = checker_.notes();
    const auto it = notes.actions.find(mark);
    const auto inherited = it != notes.actions.end() && !it->second.asks.empty() &&
                           it->second.asks.back().router < notes.routers;
    return inherited && now() < died_ + slack;
  }
  static usec wait_of(const json& result) {
    if (!result.IsObject() || flag(result, "success") || flag(result, "ambiguous")) return usec{0};
    for (const auto* name : {"retry_after", "retryAfter"})
      if (const auto& x = member(result, name); x.IsInt64()) return usec{x.GetInt64() * 1'000'000};
    return usec{0};
  }
  struct outstanding {
    std::uint64_t socket = 0;
    usec at{0};
    std::string queue, mark, op;
  };
  std::map<std::string, outstanding> out_;             ///< by request
  std::map<std::string, std::pair<usec, usec>> until_; ///< by chat: until when, and since when it knows
  std::map<std::string, usec> told_;                   ///< by action, while it waits
  usec died_{-slack};                                  ///< when some actor did last
  bool stopping_ = false;
};

} // namespace

void add_order_rules(rule_list& to, checker& at) {
  to.push_back(std::make_unique<leaving_order>(at));
  to.push_back(std::make_unique<one_at_a_time>(at));
  to.push_back(std::make_unique<waits_when_told>(at));
}

} // namespace relay::sim
