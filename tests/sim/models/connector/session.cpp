#include "relay_gateway/tests/sim/models/connector/session.hpp"

#include <utility>

namespace relay::sim {

void session::say(const std::string& frame, std::function<void()> read) {
  if (!link_socket_) return;
  if (home_.plays_script())
    home_.say_by_script(*this, frame, true);
  else
    link_socket_->say(frame, std::move(read));
}

void session::hang_up(std::uint16_t code, std::string reason) {
  if (auto x = link_socket_) x->hang_up(code, std::move(reason));
}

void session::over(std::uint16_t code) {
  home_.on_.log.line(home_.on_.time.now(), "co.over", std::to_string(socket_), std::to_string(code));
  link_socket_.reset();
  home_.session_over(socket_);
}

void session::heard(std::string_view line) {
  if (home_.plays_script())
    home_.hear_by_script(*this, line);
  else
    take(line, hearing::as_said);
}

void session::take(std::string_view line, hearing how) {
  if (how == hearing::altered && !is_json(line)) return; // else it would answer with the same bad bytes
  json_text doc{line};
  auto type = text(doc.root(), "type");
  home_.on_.log.line(home_.on_.time.now(), "co.heard", std::to_string(socket_), line);
  if (type == "hello") {
    hello(doc.root());
  } else if (type == "inbound_ack") {
    home_.acked(text(doc.root(), "bufferId"), socket_);
  } else if (type == "outbound") {
    outbound(doc.root(), how);
  } else if (type == "going_idle") {
    going_idle();
  }
}

void session::hello(const json& frame) {
  auto& faults = home_.on_.faults;
  auto platform = text(frame, "platform");
  hellos_.push_back(platform);
  if (faults.hit(fault::descriptor_missing)) return;
  auto delay = home_.rng_.with_tail(usec{1'000});
  if (faults.hit(fault::descriptor_late)) {
    constexpr usec longest{40'000'000};
    delay = faults.of(fault::descriptor_late).between(usec{0}, longest);
  }
  home_.on_.time.after(delay, [me = shared_from_this(), platform] { me->describe(platform); });
}

void session::describe(const std::string& platform) {
  if (!link_socket_) return;
  auto* what = home_.plan_.platform(platform);
  platform_spec unknown;
  unknown.who.platform = platform;
  say(R"({"type":"descriptor","descriptor":)" + descriptor_json(what ? *what : unknown) + "}\n");
  if (std::exchange(handshaken_, true)) return;
  home_.idle_since_.clear();
  for (auto& x : std::exchange(home_.late_results_, {})) say(x);
  home_.replay(*this, true);
}

/// What a script made of a frame is answered like any other and done by nobody: what was asked for is another
/// thing.
void session::answer_altered(const carried_out& x) {
  auto result = json_object{}.flag("success", true).text("message_id", "m-altered").done();
  auto line = json_object{}
                  .text("type", "outbound_result")
                  .text("requestId", x.request_id)
                  .raw("result", result)
                  .line();
  home_.say_by_script(*this, line, false);
}

void session::outbound(const json& frame, hearing how) {
  auto x = platform_side::read(frame);
  if (how == hearing::altered) return answer_altered(x);
  if (how == hearing::again) { // done once, answered twice
    if (auto it = answers_.find(x.request_id); it != answers_.end()) say(it->second);
    return;
  }
  x.socket = socket_;
  x.platform = !x.platform_tag.empty() ? x.platform_tag : hellos_.empty() ? "" : hellos_.front();
  if (x.op == "delete" && home_.on_.faults.often(fault::removal_cut)) // and nothing is done
    return link_socket_->cut();
  auto answer = home_.platforms_.carry_out(x, home_.plan_.settings.limits.outbound_timeout);
  ++home_.outbound_heard;
  home_.who_.was_carried_out(x);
  if (x.applied && home_.on_seen) home_.on_seen(x);
  if (x.applied && x.op == "prompt" && home_.on_unanswered && home_.on_.faults.often(fault::router_crash)) {
    home_.on_unanswered();
    return;
  }
  if (answer.result.empty()) return;
  auto line = json_object{}
                  .text("type", "outbound_result")
                  .text("requestId", x.request_id)
                  .raw("result", answer.result)
                  .line();
  if (home_.plays_script()) answers_[x.request_id] = line;
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
    auto& rng = faults.of(fault::idle_ack_missing);
    if (rng.chance(0.5)) return;
    constexpr usec longest{20'000'000};
    delay = rng.between(usec{0}, longest);
  }
  home_.on_.time.after(delay, [me = shared_from_this()] {
    me->idle_ = true; // from here on it buffers
    me->home_.idle_since_ = "yes";
    me->say("{\"type\":\"going_idle_ack\"}\n");
  });
}

} // namespace relay::sim
