#include "relay_gateway/app/nodes/node_host.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/app/nodes/node_credit.hpp"
#include "relay_gateway/messages/wire/actions/commands.hpp"
#include "relay_gateway/messages/wire/frames/worker_frames.hpp"
#include "relay_gateway/messages/wire/json/json_document.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"

#include <caf/io/middleman.hpp>
#include <caf/openssl/manager.hpp>

#include <utility>
#include <variant>

namespace relay {

namespace {

using namespace std::chrono_literals;

constexpr auto dial_limit = 10s, attach_limit = 5s;

/// A frame that the gateway did not take.
struct refused_frame {
  std::string what, request_id;
};
bool read_refused(std::string_view line, refused_frame& out) {
  wire::json::document doc;
  if (!doc.parse_object(line) || wire::json::text(doc.root(), "type") != "error") return false;
  out = {std::string{wire::json::text(doc.root(), "message")},
         std::string{wire::json::text(doc.root(), "request_id")}};
  return true;
}

} // namespace

void node_host_state::dial() {
  if (peer || away) return;
  auto& system = self->system();
  const auto dialler = setup.how == transport::tls ? system.openssl_manager().actor_handle()
                                                   : system.middleman().actor_handle();
  const auto mine = ++tries;
  self->request(dialler, dial_limit, caf::connect_atom::value, setup.host, setup.port)
      .then(
          [this, mine](const caf::node_id&, const caf::strong_actor_ptr& found,
                       const std::set<std::string>& interface) {
            if (mine == tries) attach_to(found, interface);
          },
          [this, mine](const caf::error& x) {
            if (mine != tries) return;
            lost("no gateway answers at " + setup.host + ":" + std::to_string(setup.port) + ": " +
                 self->system().render(x));
          });
}

void node_host_state::attach_to(const caf::strong_actor_ptr& found, const std::set<std::string>& interface) {
  if (!found) return lost("nothing is published at port " + std::to_string(setup.port));
  const auto wanted = self->system().message_types(caf::detail::type_list<node_hub_actor>{});
  if (!self->system().assignable(interface, wanted))
    return lost("what is published at port " + std::to_string(setup.port) +
                " is no gateway that takes agents, or one of another version");
  // The middleman remembers whom it found, also for a moment after that one's end: then nobody answers.
  hub = found->address();
  self->monitor(hub);
  self->request(caf::actor_cast<node_hub_actor>(found), attach_limit, node_protocol, setup.name,
                caf::strong_actor_ptr{self->ctrl()})
      .then(
          [this, mine = tries](std::uint32_t protocol, const std::string& why,
                               const caf::strong_actor_ptr& other) {
            if (mine == tries) on_attached(protocol, why, other);
          },
          [this, mine = tries](const caf::error& x) {
            if (mine == tries) lost("the gateway does not answer: " + self->system().render(x));
          });
}

void node_host_state::forget_hub() {
  if (hub) self->demonitor(hub);
  hub = {};
}

void node_host_state::on_attached(std::uint32_t protocol, const std::string& why,
                                  const caf::strong_actor_ptr& other) {
  if (!other)
    return lost("the gateway refuses: " +
                (why.empty() ? "it speaks protocol " + std::to_string(protocol) : why));
  forget_hub();
  peer = caf::actor_cast<node_end_actor>(other);
  self->monitor(peer);
  pause.reset();
  say_hello();
  tell(self, setup.agent, agent_host{gateway, gateway, gateway, setup.gateway});
  tell_state({});
}

void node_host_state::tell_state(const std::string& why) {
  const bool attached = peer != nullptr;
  for (auto& x : std::exchange(first, {})) x.deliver(attached, why);
  if (std::exchange(decided, true) && state == why) return;
  state = why;
  if (attached)
    env.log->write(severity::info, "node.connected", {{"host", setup.host}, {"port", setup.port}});
  else
    env.log->write(severity::warn, "node.lost",
                   {{"host", setup.host},
                    {"port", setup.port},
                    {"why", why},
                    {"next", "it is dialled again unless it was detached"}});
  if (setup.on_state) setup.on_state({attached, why});
}

void node_host_state::lost(const std::string& why, bool again) {
  if (peer) self->demonitor(peer.address());
  peer = nullptr;
  forget_hub();
  ++tries;
  waiting.clear();
  waiting_bytes = untaken = 0;
  // It may have been done: whoever needs to know asks again under the same id.
  for (auto& [request_id, line] : std::exchange(asks, {}))
    for (auto& one : line)
      answer(one, action_result::ambiguous("the connection to the gateway's node was lost"));
  tell_state(why);
  if (again) tell_later<node_host_actor>(self, pause.next(env.random->bits()), atom::due_v);
}

void node_host_state::take(node_lines& x) {
  if (!peer) return;
  tell(self, peer, node_taken{static_cast<std::uint32_t>(x.lines.size())});
  for (const auto& line : x.lines) {
    auto frame = wire::decode_gateway_frame(line);
    if (auto* event = std::get_if<delivery>(&frame)) {
      event->gateway = setup.gateway;
      tell(self, setup.agent, std::move(*event));
    } else if (auto* what = std::get_if<action_outcome>(&frame)) {
      outcome(*what);
    } else if (auto* stop = std::get_if<turn_interrupt>(&frame)) {
      stop->gateway = setup.gateway;
      tell_urgent(self, setup.agent, std::move(*stop));
    } else if (auto* ready = std::get_if<wire::gateway_ready>(&frame)) {
      ready->who.gateway = setup.gateway;
      tell(self, setup.agent, std::move(ready->who));
    } else if (auto* gone = std::get_if<delivery_withdrawn>(&frame)) {
      gone->gateway = setup.gateway;
      tell(self, setup.agent, std::move(*gone));
    } else if (std::holds_alternative<wire::worker_draining>(frame)) {
      tell(self, setup.agent, atom::finish_v);
    } else if (refused_frame bad; read_refused(line, bad)) {
      env.log->write(severity::warn, "node.frame_refused",
                     {{"what", bad.what}, {"next", "an action of it has failed"}});
      action_outcome none{bad.request_id, action_result::failed("bad_action", bad.what)};
      outcome(none);
    }
  }
}

void node_host_state::hear(hosted_news& x) {
  std::string out;
  if (auto* ack = std::get_if<delivery_ack>(&x.what)) {
    wire::encode_worker_ack(out, ack->delivery_id);
    say(std::move(out), false);
  } else if (auto* action = std::get_if<hosted_action>(&x.what)) {
    act(*action);
  } else if (auto* stop = std::get_if<session_interrupt>(&x.what)) {
    wire::encode_worker_interrupt(out, *stop);
    say(std::move(out), false);
  } else if (auto* declared = std::get_if<agent_declaration>(&x.what)) {
    commands = std::move(declared->commands);
    say_hello();
  } else if (const auto* there = std::get_if<agent_presence>(&x.what)) {
    const bool gone = there->attached == 0;
    if (std::exchange(away, gone) == gone) return;
    if (!gone) return dial();
    tell(self, peer, node_end{"its agent takes nothing for now"});
    lost("the agent takes nothing for now", false);
  } else if (peer) {
    // What an agent gives back has no frame: the gateway gives out again all that it had.
    tell(self, peer, node_end{"its agent gives events back"});
    lost("the agent gave events back");
  }
}

void node_host_state::act(hosted_action& x) {
  const ask one{x.number, x.request.request_id};
  if (x.request.request_id.empty()) x.request.request_id = "node#" + std::to_string(++unnamed);
  if (!peer)
    return answer(one, action_result::failed("unavailable", "no gateway is reachable; nothing was sent"));
  if (file_of(x.request.act) != nullptr)
    return answer(one, action_result::failed(
                           "unsupported", "a file of another node cannot be sent by its path; send a URL"));
  std::string out;
  wire::encode_worker_action(out, x.request);
  if (!say(std::move(out), true))
    return answer(one,
                  action_result::failed("overloaded", "too much waits for the gateway; nothing was sent"));
  asks[x.request.request_id].push_back(one);
}

void node_host_state::outcome(action_outcome& x) {
  const auto it = asks.find(x.request_id);
  if (it == asks.end()) return;
  const auto one = std::move(it->second.front());
  it->second.pop_front();
  if (it->second.empty()) asks.erase(it);
  answer(one, std::move(x.result));
}

void node_host_state::answer(const ask& one, action_result result) {
  tell(self, gateway, hosted_outcome{one.number, {one.request_id, std::move(result)}});
}

void node_host_state::say_hello() {
  std::string out;
  wire::json::object_writer to{out};
  to.text("type", "hello").text("name", setup.name);
  if (!commands.empty()) to.json("commands", wire::encode_commands(commands));
  to.end();
  say(std::move(out), false);
}

bool node_host_state::say(std::string line, bool may_refuse) {
  if (!peer) return false;
  if (may_refuse && (waiting.size() >= most_untaken_lines || waiting_bytes >= most_waiting_bytes))
    return false;
  waiting_bytes += line.size();
  waiting.push_back(std::move(line));
  flush();
  return true;
}

void node_host_state::flush() {
  node_lines out;
  while (!waiting.empty() && untaken < most_untaken_lines) {
    waiting_bytes -= waiting.front().size();
    out.lines.push_back(std::move(waiting.front()));
    waiting.pop_front();
    ++untaken;
  }
  if (!out.lines.empty()) tell(self, peer, std::move(out));
}

node_host_actor::behavior_type node_host(node_host_actor::stateful_pointer<node_host_state> self, ports env,
                                         attachment_options setup) {
  auto* s = &self->state;
  guard_actor(self, env, nullptr, [self, s](const caf::down_msg& x) {
    if (x.source == s->setup.agent.address()) {
      tell(self, s->peer, node_end{"its agent is gone"});
      s->lost("the agent is gone: " + caf::to_string(x.reason), false);
      self->quit();
    } else if (s->hub && x.source == s->hub) {
      s->lost("the gateway ended while it was asked");
    } else if (s->peer && x.source == s->peer.address()) {
      s->lost("the gateway's node is gone: " + caf::to_string(x.reason));
    }
  });
  s->env = std::move(env);
  s->setup = std::move(setup);
  s->pause = core::backoff{s->setup.backoff_min, s->setup.backoff_max};
  s->gateway = self->spawn(remote_gateway, s->env, s->setup.gateway, hosted_sink_actor{self});
  self->monitor(s->setup.agent);
  s->dial();
  return {
      [s](node_lines& x) { s->take(x); },
      [s](const node_taken& x) {
        s->untaken -= std::min<std::size_t>(x.lines, s->untaken);
        s->flush();
      },
      [s](const node_end& x) { s->lost("the gateway ends it: " + x.why); },
      [s](hosted_news& x) { s->hear(x); },
      [self, s](atom::status) -> caf::result<bool, std::string> {
        if (s->decided) return {s->peer != nullptr, s->state};
        s->first.push_back(self->make_response_promise<bool, std::string>());
        return s->first.back();
      },
      [self, s](atom::finish) {
        tell(self, s->peer, node_end{"it was detached"});
        s->lost("it was detached", false);
        self->quit();
      },
      [s](atom::due) { s->dial(); },
  };
}

} // namespace relay
