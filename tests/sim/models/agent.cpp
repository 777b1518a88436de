#include "relay_gateway/tests/sim/models/agent.hpp"

#include "relay_gateway/tests/sim/models/commands.hpp"
#include "relay_gateway/tests/sim/models/event_text.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace relay::sim {

namespace {

/// 12 of `e12.0 e12.1 ...`; 0 when it is no such text.
std::uint64_t number_in(const std::string& words) {
  std::uint64_t number = 0;
  if (words.empty() || words.front() != 'e') return 0;
  auto [end, err] = std::from_chars(words.data() + 1, words.data() + words.size(), number);
  return err == std::errc{} && end != words.data() + words.size() && *end == '.' ? number : 0;
}

} // namespace

sim_agent::sim_agent(stage on, const plan& p, agent_door& door, agent_crowd& all, std::size_t number)
    : on_(on), plan_(p), door_(door), all_(all), number_(number),
      rng_(on.seed, "agent " + std::to_string(number)),
      more_(on.seed, "agent's more " + std::to_string(number)) {}

void sim_agent::start() {
  constexpr usec most{300'000};
  on_.time.after(rng_.between(usec{0}, most), [me = shared_from_this()] { me->attach(); });
}

void sim_agent::attach() {
  if (link_socket_) return;
  link_socket_ = door_.attach(shared_from_this());
  if (!link_socket_) {
    constexpr usec pause{500'000};
    on_.time.after(pause, [me = shared_from_this()] { me->attach(); });
    return;
  }
  begin();
}

void sim_agent::born(std::shared_ptr<sim_socket> on) {
  link_socket_ = std::move(on);
  is_child_ = true;
  begin();
}

void sim_agent::hang_until(usec when) {
  deaf_until_ = when;
  if (is_child_ && link_socket_) link_socket_->hold_writes(when); // it does not even read
}

void sim_agent::begin() {
  ++incarnation_;
  draining_ = false;
  asked_here_ = 0;
  if (plan_.named || plan_.counting) { // a later hello may leave the name out
    auto name = "agent " + std::to_string(number_);
    if (plan_.counting) name += " run " + std::to_string(incarnation_); // its numbers begin again
    json_object hello;
    say(hello.text("type", "hello").text("name", name).line());
  }
  if (rng_.chance(0.4)) {
    json_object hello;
    hello.text("type", "hello").text("media", rng_.chance(0.5) ? "path" : "url");
    if (rng_.chance(0.4))
      hello.raw("commands",
                R"([{"name":"ask","description":"Ask something"},{"name":"Bad Name!","description":""}])");
    say(hello.line());
  } else if (plan_.wide && more_.chance(0.7)) {
    json_object hello;
    hello.text("type", "hello").raw("commands", some_commands(more_));
    if (more_.chance(0.3)) hello.text("media", more_.chance(0.5) ? "path" : "paper");
    say(hello.line());
  }
  // What had no result is asked again under its own id, where that can be known still.
  std::map<std::string, request> again;
  auto before = std::exchange(asked_, {});
  if (plan_.counting) return; // it has forgotten what it asked, and under which numbers
  for (auto& [id, x] : before)
    if (plan_.durable_out || x.life == door_.life()) again.emplace(id, std::move(x));
  for (auto& [id, x] : again) {
    x.life = door_.life();
    auto frame = x.frame;
    asked_.emplace(id, std::move(x));
    say(frame);
  }
}

void sim_agent::over(std::uint16_t) {
  link_socket_.reset();
  ++incarnation_;
  if (is_child_) return; // it is started again
  constexpr usec most{3'000'000};
  on_.time.after(rng_.between(usec{10'000}, most), [me = shared_from_this()] { me->attach(); });
}

void sim_agent::crash() {
  if (auto x = link_socket_) x->cut(); // over() follows
}

void sim_agent::forget() {
  if (auto x = std::exchange(link_socket_, nullptr)) x->forget();
}

void sim_agent::say(const std::string& frame) {
  if (link_socket_) link_socket_->say(frame);
}

void sim_agent::later(usec delay, std::function<void()> what) {
  on_.time.after(delay, [me = shared_from_this(), born = incarnation_, what = std::move(what)]() mutable {
    if (me->incarnation_ != born || !me->link_socket_) return;
    if (me->on_.time.now() < me->deaf_until_) {
      me->later(me->deaf_until_ - me->on_.time.now(), std::move(what));
      return;
    }
    what();
  });
}

void sim_agent::heard(std::string_view line) {
  json_text doc{line};
  auto type = text(doc.root(), "type");
  if (type == "inbound") {
    take(doc.root());
  } else if (type == "result") {
    result(doc.root());
  } else if (type == "draining") {
    draining_ = true;
  }
}

void sim_agent::take(const json& frame) {
  auto& event = member(frame, "event");
  auto& source = member(event, "source");
  turn x;
  x.delivery_id = text(frame, "delivery_id");
  x.session_key = text(frame, "session_key");
  x.platform = text(source, "platform");
  x.chat_id = text(source, "chat_id");
  x.parent_id = text(source, "parent_chat_id");
  x.message_id = text(event, "message_id");
  x.text = text(event, "text");
  auto& faults = on_.faults;
  auto think = rng_.with_tail(usec{3'000});
  if (faults.hit(fault::agent_slow)) {
    constexpr usec longest{8'000'000};
    think += faults.of(fault::agent_slow).between(usec{0}, longest);
  }
  auto deadly = plan_.deadly(number_in(x.text));
  if (deadly || faults.hit(fault::agent_crash, 4)) { // with the event in hand
    later(think / 2, [this] { crash(); });
    return;
  }
  later(think, [this, x] { work(x); });
}

void sim_agent::ack(const std::string& delivery_id) {
  if (on_.faults.hit(fault::agent_forgets_ack)) return;
  say(json_object{}.text("type", "ack").text("delivery_id", delivery_id).line());
  if (rng_.chance(0.03)) say(json_object{}.text("type", "ack").text("delivery_id", delivery_id).line());
}

void sim_agent::work(const turn& x) {
  if (x.chat_id.empty()) { // there is nowhere to answer but in its session
    if (!plan_.chatless.empty() && rng_.chance(0.5)) follow_up(x);
    return ack(x.delivery_id);
  }
  auto first = rng_.chance(0.5);
  if (first) ack(x.delivery_id);
  if (rng_.chance(plan_.talk)) act(x);
  if (rng_.chance(plan_.unprompted)) unprompted();
  if (plan_.rich && rng_.chance(0.4)) extra(x);
  if ((plan_.approvals || on_.faults.armed(fault::router_crash)) && more_.chance(0.3)) ask_approval(x);
  if (on_.faults.hit(fault::agent_flood, 4)) flood();
  if (on_.faults.hit(fault::agent_nonsense)) nonsense();
  if (first) return;
  if (rng_.chance(0.5)) {
    ack(x.delivery_id);
  } else {
    later(rng_.with_tail(usec{20'000}), [this, id = x.delivery_id] { ack(id); });
  }
}

std::string sim_agent::content(const std::string& mark) {
  constexpr std::array<std::size_t, 5> lengths{1, 10, 60, 250, 900};
  return words(mark, rng_.one_of(lengths));
}

void sim_agent::ask(const std::string& mark, const std::string& op, const std::string& platform,
                    const std::string& delivery_id, const std::string& chat_id, json_object members) {
  members.text("op", op).text("q", mark);
  if (!chat_id.empty()) members.text("chat_id", chat_id);
  ++asked_here_;
  auto id = plan_.counting ? std::to_string(asked_here_) : "r-" + mark;
  json_object frame;
  frame.text("type", "action").text("request_id", id).maybe("platform", platform);
  frame.maybe("delivery_id", delivery_id).raw("action", members.done());
  // A router that dies on a disk asks these again.
  if (op == "prompt" && plan_.durable_out && on_.faults.armed(fault::router_crash))
    frame.text("on_unknown", "resend");
  else if (plan_.resends && more_.chance(0.5))
    frame.text("on_unknown", more_.chance(0.8) ? "resend" : "report");
  request x;
  x.frame = frame.line();
  x.op = op;
  x.platform = platform;
  x.chat_id = chat_id;
  x.delivery_id = delivery_id;
  x.life = door_.life();
  auto line = x.frame;
  asked_.insert_or_assign(id, std::move(x));
  say(line);
  if (!on_.faults.hit(fault::agent_repeats)) return;
  auto& rng = on_.faults.of(fault::agent_repeats);
  constexpr usec longest{10'000'000};
  if (rng.chance(0.5)) {
    say(line);
  } else {
    later(rng.between(usec{0}, longest), [this, line] { say(line); });
  }
}

void sim_agent::act(const turn& x) {
  if (x.chat_id.empty()) return;
  for (auto n = 1 + (rng_.chance(0.2) ? rng_.below(3) : 0); n > 0; --n) {
    auto mark = fresh_mark();
    json_object to;
    to.text("content", content(mark));
    if (!x.message_id.empty() && rng_.chance(0.5)) to.text("reply_to", x.message_id);
    // Its own word on the tenant counts more than the gateway's.
    if (rng_.chance(0.05)) to.raw("metadata", R"({"scope_id":"its-own","note":{"a":[1]}})");
    ask(mark, "send", rng_.chance(0.2) ? x.platform : "", x.delivery_id, x.chat_id, std::move(to));
  }
}

void sim_agent::result(const json& frame) {
  auto it = asked_.find(text(frame, "request_id"));
  if (it == asked_.end()) return;
  auto done = std::move(it->second);
  asked_.erase(it);
  auto& what = member(frame, "result");
  auto message = text(what, "message_id");
  if (done.op != "send" || message.empty() || !rng_.chance(plan_.rich ? 0.5 : 0.15)) return;
  for (auto n = 1 + rng_.below(4); n > 0; --n) { // an answer that grows
    auto mark = fresh_mark();
    json_object to;
    to.text("message_id", message).text("content", words(mark, length(20)));
    ask(mark, "edit", done.platform, done.delivery_id, done.chat_id, std::move(to));
  }
}

void sim_agent::flood() {
  auto& rng = on_.faults.of(fault::agent_flood);
  auto where = rng.one_of(plan_.places);
  constexpr std::array<double, 2> sticky_balancer{0.05, 0.6};
  auto elsewhere = rng.one_of(sticky_balancer);
  for (auto n = rng.between(20, 120); n > 0; --n) {
    auto mark = fresh_mark();
    if (rng.chance(elsewhere)) where = rng.one_of(plan_.places);
    ask(mark, "send", where.platform, "", where.chat_id,
        std::move(json_object{}.text("content", words(mark, 12))));
  }
}

void sim_agent::unprompted() {
  auto& where = rng_.one_of(plan_.places);
  auto mark = fresh_mark();
  json_object to;
  to.text("content", content(mark));
  auto kind = rng_.below(10);
  auto chat = kind == 0 ? "999" : where.chat_id;
  auto platform = kind == 1 ? "nowhere" : kind < 7 ? where.platform : "";
  ask(mark, "send", platform, "", chat, std::move(to));
}

void sim_agent::nonsense() {
  auto kind = on_.faults.of(fault::agent_nonsense).below(7);
  if (kind == 0) say("this is no json\n");
  if (kind == 1) say("{\"type\":\"ack\"}\n");
  if (kind == 2) say("{\"type\":\"ack\",\"delivery_id\":\"d-never-was\"}\n");
  if (kind == 3) say("{\"type\":\"action\",\"request_id\":\"bad\",\"action\":{\"op\":\"fly\"}}\n");
  if (kind == 4) say("[1,2,3]\n\n{\"type\":\"what\"}\n");
  if (kind == 5) say("{\"type\":\"action\",\"request_id\":\"bad2\",\"action\":{\"op\":\"send\"}}\n");
  if (kind == 6) say("{\"type\":\"interrupt\"}\n");
}

} // namespace relay::sim
