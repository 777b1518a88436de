#include "session.hpp"

#include <utility>

namespace relay::sim {

void session::say(const std::string& frame, std::function<void()> read) {
  if (cable_) cable_->say(frame, std::move(read));
}

void session::hang_up(std::uint16_t code, std::string reason) {
  if (auto x = cable_) x->hang_up(code, std::move(reason));
}

void session::over(std::uint16_t code) {
  home_.on_.log.line(home_.on_.time.now(), "co.over", std::to_string(socket_), std::to_string(code));
  cable_.reset();
}

void session::heard(std::string_view line) {
  json_text doc{line};
  auto type = text(doc.root(), "type");
  home_.on_.log.line(home_.on_.time.now(), "co.heard", std::to_string(socket_), line);
  if (type == "hello") {
    hello(doc.root());
  } else if (type == "inbound_ack") {
    home_.acked(text(doc.root(), "bufferId"));
  } else if (type == "outbound") {
    outbound(doc.root());
  } else if (type == "going_idle") {
    going_idle();
  }
}

void session::hello(const json& frame) {
  auto& faults = home_.on_.faults;
  auto platform = text(frame, "platform");
  hellos_.push_back(platform);
  if (faults.hit(fault::descriptor_missing)) return;
  auto delay = home_.luck_.with_tail(usec{1'000});
  if (faults.hit(fault::descriptor_late)) {
    constexpr usec longest{40'000'000};
    delay = faults.of(fault::descriptor_late).between(usec{0}, longest);
  }
  home_.on_.time.after(delay, [me = shared_from_this(), platform] { me->describe(platform); });
}

void session::describe(const std::string& platform) {
  if (!cable_) return;
  auto* what = home_.plan_.platform(platform);
  platform_spec unknown;
  unknown.who.platform = platform;
  say(R"({"type":"descriptor","descriptor":)" + descriptor_json(what ? *what : unknown) + "}\n");
  if (std::exchange(handshaken_, true)) return;
  home_.idle_since_.clear();
  for (auto& x : std::exchange(home_.late_results_, {})) say(x);
  home_.replay(*this, true);
}

void session::outbound(const json& frame) {
  auto x = platform_side::read(frame);
  x.socket = socket_;
  x.platform = !x.platform_tag.empty() ? x.platform_tag : hellos_.empty() ? "" : hellos_.front();
  auto answer = home_.platforms_.carry_out(x, home_.plan_.settings.limits.outbound_timeout);
  ++home_.outbound_heard;
  home_.who_.was_carried_out(x);
  if (x.applied && home_.on_seen) home_.on_seen(x);
  if (answer.result.empty()) return;
  auto line = json_object{}
                  .text("type", "outbound_result")
                  .text("requestId", x.request_id)
                  .raw("result", answer.result)
                  .line();
  if (answer.twice) line += line;
  if (answer.next_link) {
    home_.late_results_.push_back(line);
    return;
  }
  home_.on_.time.after(answer.delay, [me = shared_from_this(), line] { me->say(line); });
}

void session::going_idle() {
  auto& faults = home_.on_.faults;
  usec delay{500};
  if (faults.hit(fault::idle_ack_missing)) {
    auto& luck = faults.of(fault::idle_ack_missing);
    if (luck.chance(0.5)) return;
    constexpr usec longest{20'000'000};
    delay = luck.between(usec{0}, longest);
  }
  home_.on_.time.after(delay, [me = shared_from_this()] {
    me->idle_ = true; // from here on it buffers
    me->home_.idle_since_ = "yes";
    me->say("{\"type\":\"going_idle_ack\"}\n");
  });
}

} // namespace relay::sim
