// The way out: order within a chat, one frame at a time (agent-link.md, Promises).
#include "court.hpp"
#include "rules.hpp"

#include <algorithm>
#include <map>
#include <string>

namespace relay::sim {

namespace {

std::string lane_of(const json& frame) {
  auto& act = member(frame, "action");
  auto chat = text(act, "chat_id");
  return text(frame, "platform") + "/" + (chat.empty() ? text(act, "session_key") : chat);
}

/// Actions of one chat leave in the order in which they were asked for.
class leaving_order final : public rule {
public:
  explicit leaving_order(court& at) : rule(at, "leaving-order") {}
  void link_wrote(std::uint64_t socket, const frame_view& frame) override {
    if (text(frame.root, "type") != "outbound") return;
    auto mark = text(member(frame.root, "action"), "q");
    auto it = court_.notes().actions.find(mark);
    if (it == court_.notes().actions.end() || it->second.asks.empty()) return;
    auto& x = it->second;
    // A draft may be sealed by the gateway itself, behind what its agent asked for.
    if (x.op == "draft" || x.asks.front().peer == 0) return;
    // A reaction leaves in its turn, but what comes behind it does not wait for it: one that its connection
    // took along leaves once more, on the next.
    auto elsewhere = [&](const put_frame& y) { return y.socket != socket; };
    if (x.op == "react" && std::any_of(x.frames.begin(), x.frames.end(), elsewhere)) return;
    if (x.op == "react" && x.resend && x.frames.size() > 1) return; // it may leave again on the same one
    auto& last = lanes_[lane_of(frame.root)];
    if (last.age != court_.notes().outbound_age) last = {court_.notes().outbound_age, 0, {}};
    if (last.mark == mark) return;
    std::uint64_t next = 0;
    for (auto& y : x.asks)
      if (y.number > last.number && (next == 0 || y.number < next)) next = y.number;
    if (next == 0 && x.may_come_back(court_.clock_jumped)) return;
    if (next == 0) {
      fail(mark + " leaves after " + last.mark + ", which was asked for later");
      return;
    }
    last.number = next;
    last.mark = mark;
  }

private:
  struct place_in_line {
    std::uint64_t age = 0, number = 0;
    std::string mark;
  };
  std::map<std::string, place_in_line> lanes_;
};

/// The next frame of a chat waits for the word on the one before.
class one_at_a_time final : public rule {
public:
  explicit one_at_a_time(court& at) : rule(at, "one-at-a-time") {}
  void link_wrote(std::uint64_t socket, const frame_view& frame) override {
    if (text(frame.root, "type") != "outbound") return;
    // Reactions hold nothing up: connectors of old never answer one.
    if (text(member(frame.root, "action"), "op") == "react") return;
    auto& out = out_[lane_of(frame.root)];
    auto& notes = court_.notes();
    usec patience = court_.what().settings.limits.outbound_timeout;
    constexpr usec just_before{1'000'000}; // the last word of a chat that died
    auto over = out.request.empty() || out.answered || out.socket != socket || now() >= out.at + patience ||
                notes.lost_since(out.at - just_before);
    if (!over)
      fail(text(frame.root, "requestId") + " left while " + out.request + " of the same chat was out");
    out = {text(frame.root, "requestId"), socket, now(), false};
  }
  void altered_read(std::uint64_t socket, const frame_view& frame) override { link_read(socket, frame); }
  void link_read(std::uint64_t, const frame_view& frame) override {
    if (text(frame.root, "type") != "outbound_result") return;
    auto id = text(frame.root, "requestId");
    for (auto& [lane, x] : out_)
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

} // namespace

void add_order_rules(rule_list& to, court& at) {
  to.push_back(std::make_unique<leaving_order>(at));
  to.push_back(std::make_unique<one_at_a_time>(at));
}

} // namespace relay::sim
