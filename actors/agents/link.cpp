#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/agents/link_state.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/messages/wire/frames/framing.hpp"

#include <utility>

namespace relay {

void link_agent_state::left(const agent_detached& x) {
  if (peers.count(x.peer) == 0) return;
  auto unacked = detach(x.peer);
  env.log->write(severity::info, "agent.detached",
                 {{"peer", x.peer},
                  {"why", x.why},
                  {"unacked", unacked},
                  {"next", "its unacked events go to another agent"}});
}

link_agent_actor::behavior_type link_agent(link_agent_actor::stateful_pointer<link_agent_state> self,
                                           ports env, std::uint64_t max_chats,
                                           const caf::strong_actor_ptr& parent) {
  guard_actor(self, env, parent);
  auto* s = &self->state;
  s->answer_requests(self);
  s->env = std::move(env);
  s->sticky_balancer = core::sticky_balancer{max_chats};
  return {
      [s](agent_host& x) { s->rehost(std::move(x)); },
      [s](gateway_announcement& x) { s->send_hello(x); },
      [s](delivery& x) {
        s->deliver(x);
        s->flush();
      },
      [s](burst<delivery>& x) { s->deliver(x); },
      [s](const delivery_withdrawn& x) { s->withdraw(x); },
      [s](const action_outcome& x) { s->outcome_of(x); },
      [s](const burst<action_outcome>& x) { s->outcomes_of(x); },
      [s](const turn_interrupt& x) { s->interrupt(x); },
      [s](atom::finish) { s->drain(); },
      [s](agent_attached& x) {
        if (!x.socket) return;
        s->attach(x.peer, std::move(x.socket));
        if (x.media_paths) s->wish_files(x.peer);
        s->join(x.peer);
      },
      [s](agent_said& x) { s->said(x); },
      [s](const agent_detached& x) { s->left(x); },
  };
}

namespace {

/// Splits and decodes on the socket's thread; one message to the agent per burst.
class agent_listener final : public socket_listener {
public:
  agent_listener(const agent_frame_sink_actor& to, std::uint64_t peer, std::uint64_t max_line)
      : to_(to), peer_(peer), max_line_(max_line), lines_(max_line) {}
  void on_open() override {}
  void on_bytes(std::string_view piece) override {
    fresh_bytes_ += piece.size();
    lines_.feed_on(
        piece, [this](std::string_view line) { take(line); },
        [this] {
          frames_.emplace_back(wire::bad_agent_frame{
              "a line of more than " + std::to_string(max_line_) + " bytes; it is left out", {}});
        });
  }
  void on_batch_end() override {
    if (frames_.empty()) return;
    auto token = inflow_->enter(std::exchange(fresh_bytes_, 0), frames_.size());
    to_.post(agent_said{peer_, std::exchange(frames_, {}), std::move(token)});
  }
  bool behind() const override { return inflow_->full(); }
  void on_end(const socket_end& why) override {
    on_batch_end();
    to_.post(agent_detached{peer_, why.error});
  }

private:
  void take(std::string_view line) {
    wire::agent_hello hello;
    bool more = true;
    if (std::exchange(first_, false) && wire::decode_first_frame(line, hello, more))
      frames_.emplace_back(std::move(hello));
    if (more) frames_.push_back(wire::decode_agent_frame(line));
  }
  weak_handle<agent_frame_sink_actor> to_;
  std::uint64_t peer_, max_line_;
  wire::line_splitter lines_;
  std::vector<wire::agent_frame> frames_;
  std::size_t fresh_bytes_ = 0;
  std::shared_ptr<inflow> inflow_ = std::make_shared<inflow>();
  bool first_ = true;
};

} // namespace

std::shared_ptr<socket_listener> make_agent_listener(const agent_frame_sink_actor& to, std::uint64_t peer,
                                                     std::uint64_t max_line) {
  return std::make_shared<agent_listener>(to, peer, max_line);
}

} // namespace relay
