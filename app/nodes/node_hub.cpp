#include "relay_gateway/app/nodes/node_hub.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/app/nodes/node_credit.hpp"

#include <chrono>
#include <utility>

namespace relay {

/// How the link agent writes to a node. What the node has not taken yet counts as queued.
class node_socket final : public line_socket {
public:
  node_socket(node_end_actor node, const node_peer_actor& peer) : node_(std::move(node)), peer_(peer) {}
  void write(std::string frame) override {
    if (!frame.empty() && frame.back() == '\n') frame.pop_back();
    if (over_) return;
    if (++untaken_ > most_untaken_lines) return drop("so many frames wait for the node, and it takes none");
    post(node_, node_lines{{std::move(frame)}});
  }
  std::size_t queued() const override { return untaken_; }
  void close(std::uint16_t, std::string reason, milliseconds) override { drop(std::move(reason)); }
  void drop(std::string why) override {
    if (!over_.exchange(true)) peer_.post(atom::finish_v, std::move(why));
  }
  void read(bool on) override {
    reading_ = on;
    if (on) peer_.post(atom::due_v);
  }
  bool reading() const { return reading_; }
  void taken(std::uint32_t lines) { untaken_ -= std::min<std::size_t>(lines, untaken_); }
  void over() { over_ = true; }

private:
  node_end_actor node_;
  weak_handle<node_peer_actor> peer_;
  std::atomic<std::size_t> untaken_{0};
  std::atomic<bool> reading_{true}, over_{false};
};

namespace {

constexpr std::chrono::milliseconds next_look{5};

} // namespace

node_peer_state::~node_peer_state() { end("the gateway takes no agents of other nodes any more"); }

void node_peer_state::end(const std::string& why) {
  if (!listener) return;
  socket->over();
  post(setup.node, node_end{why});
  socket_end end_of;
  end_of.opened = true;
  end_of.error = why;
  std::exchange(listener, nullptr)->on_end(end_of);
}

void node_peer_state::pump() {
  std::uint32_t taken = 0;
  while (listener && !waiting.empty() && socket->reading() && !listener->behind()) {
    listener->on_bytes(waiting.front() + "\n");
    listener->on_batch_end();
    waiting.pop_front();
    ++taken;
  }
  if (taken > 0) tell(self, setup.node, node_taken{taken});
  if (!listener || waiting.empty() || waits || !socket->reading()) return;
  waits = true;
  tell_later<node_peer_actor>(self, next_look, atom::due_v);
}

node_peer_actor::behavior_type node_peer(node_peer_actor::stateful_pointer<node_peer_state> self, ports env,
                                         node_peer_setup setup, const caf::strong_actor_ptr& parent) {
  auto* s = &self->state;
  const auto stop = [self, s](const std::string& why) {
    s->end(why);
    self->quit();
  };
  guard_actor(self, env, parent, [stop, node = setup.node.address()](const caf::down_msg& x) {
    stop(x.source == node ? "the node is gone: " + caf::to_string(x.reason)
                          : "the link agent was started again");
  });
  s->env = std::move(env);
  s->setup = std::move(setup);
  self->monitor(s->setup.node);
  self->monitor(s->setup.agents);
  s->listener = make_agent_listener(s->setup.agents, s->setup.number, s->setup.max_line);
  s->socket = std::make_shared<node_socket>(s->setup.node, node_peer_actor{self});
  s->env.log->write(severity::info, "node.attached", {{"peer", s->setup.number}, {"name", s->setup.name}});
  tell(self, s->setup.agents, agent_attached{s->setup.number, s->socket});
  return {
      [s, stop](node_lines& x) {
        for (auto& line : x.lines) s->waiting.push_back(std::move(line));
        if (s->waiting.size() > 2 * most_untaken_lines) return stop("it says more than it has room for");
        s->pump();
      },
      [s](const node_taken& x) { s->socket->taken(x.lines); },
      [stop](const node_end& x) { stop("the node ends: " + x.why); },
      [s](atom::due) {
        s->waits = false;
        s->pump();
      },
      [stop](atom::finish, const std::string& why) { stop(why); },
  };
}

node_hub_actor::behavior_type node_hub(node_hub_actor::stateful_pointer<node_hub_state> self,
                                       const ports& env, node_hub_setup setup) {
  auto* s = &self->state;
  guard_actor(self, env, nullptr, [s](const caf::down_msg&) { --s->attached; });
  s->setup = std::move(setup);
  const auto log = env.log;
  const auto refuse =
      [log](const std::string& name,
            std::string why) -> caf::result<std::uint32_t, std::string, caf::strong_actor_ptr> {
    log->write(severity::warn, "node.refused", {{"name", name}, {"why", why}, {"next", "it may try again"}});
    return {node_protocol, std::move(why), caf::strong_actor_ptr{}};
  };
  return {
      [self, s, env, refuse](std::uint32_t protocol, std::string& name, const caf::strong_actor_ptr& node)
          -> caf::result<std::uint32_t, std::string, caf::strong_actor_ptr> {
        if (protocol != node_protocol)
          return refuse(name, "the node speaks protocol " + std::to_string(protocol) + ", this gateway " +
                                  std::to_string(node_protocol));
        if (!node) return refuse(name, "the node names no actor to talk to");
        auto agents = s->setup.agents();
        if (!agents) return refuse(name, "the agent of this gateway is not `link`");
        if (s->attached >= s->setup.most_nodes) return refuse(name, "too many nodes are attached");
        ++s->attached;
        node_peer_setup one{std::move(agents), s->setup.first_peer + ++s->last,
                            caf::actor_cast<node_end_actor>(node), std::move(name), s->setup.max_line};
        auto peer = self->spawn(node_peer, env, std::move(one), caf::strong_actor_ptr{self->ctrl()});
        self->monitor(peer);
        return {node_protocol, std::string{}, caf::actor_cast<caf::strong_actor_ptr>(peer)};
      },
  };
}

} // namespace relay
