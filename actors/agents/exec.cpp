#include "relay_gateway/actors/agents/exec.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/bursts.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace relay {

namespace {

/// What any agent's listener does, and the news of the child. Holds `lifetime` until the child is gone, so
/// that nobody takes the port's thread away before that.
class exec_listener final : public child_listener {
public:
  exec_listener(const exec_agent_actor& to, std::uint64_t peer, std::uint64_t max_line,
                std::shared_ptr<void> lifetime)
      : lifetime_(std::move(lifetime)), to_(to), peer_(peer),
        lines_(make_agent_listener(to, peer, max_line)) {}
  void on_open() override { tell_news(true); }
  void on_bytes(std::string_view piece) override { lines_->on_bytes(piece); }
  void on_batch_end() override { lines_->on_batch_end(); }
  bool behind() const override { return lines_->behind(); }
  void on_room() override { tell_news(false); }
  void on_end(const socket_end& why) override {
    lines_->on_bytes("\n"); // the end of the output ends its line
    lines_->on_end(why);
  }

private:
  void tell_news(bool opened) { to_.post(child_news{peer_, opened}); }
  std::shared_ptr<void> lifetime_;
  weak_handle<exec_agent_actor> to_;
  std::uint64_t peer_;
  std::shared_ptr<socket_listener> lines_;
};

} // namespace

exec_agent_state::~exec_agent_state() {
  if (child && draining) child->close(1000, "the gateway stops", setup.close_limit);
}

void exec_agent_state::start_child() {
  ++peer;
  runs = false;
  child_request what;
  what.argv = setup.argv;
  what.room = setup.room;
  what.stall_limit = setup.stall_limit;
  child = env.child->start(std::move(what), std::make_shared<exec_listener>(exec_agent_actor{me}, peer,
                                                                            setup.max_line, env.lifetime));
}

void exec_agent_state::opened() {
  runs = true;
  born = now_of(me);
  attach(peer, child);
  useful = false;
  if (doubted)
    wait_until(born + setup.proof);
  else
    join(peer);
}

void exec_agent_state::wait_until(core::instant at) {
  due_at = at;
  if (alarm.arm(due_at)) tell_later<exec_agent_actor>(me, at - now_of(me), atom::due_v);
}

void exec_agent_state::due() {
  alarm.rang();
  if (!due_at) return;
  if (now_of(me) < *due_at) return wait_until(*due_at); // the message was for a deadline that was replaced
  due_at.reset();
  if (child)
    proved();
  else if (!draining)
    start_child();
}

void exec_agent_state::proved() {
  if (child && runs && std::exchange(doubted, false)) join(peer);
}

/// An event was set aside: what killed children is gone, so the next one need not wait for it.
void exec_agent_state::set_aside() {
  pause.reset();
  if (child || draining || peer == 0) return;
  const auto at = now_of(me) + pause.next(env.random->bits());
  if (!due_at || at < *due_at) wait_until(at);
}

void exec_agent_state::hand(delivery& x) {
  auto slow = child && child->waiting() >= setup.room;
  if (!slow && held.empty()) return deliver(x);
  // Its ack was overdue before the child could even see it.
  auto same = x.redelivered ? std::find_if(held.begin(), held.end(), [&](auto& y) { return y.id == x.id; })
                            : held.end();
  if (same != held.end()) return;
  if (held.empty()) child->want_room();
  held.push_back(std::move(x));
}

void exec_agent_state::hand_held() {
  while (!held.empty() && child && child->waiting() < setup.room) {
    deliver(held.front());
    held.pop_front();
  }
  if (!held.empty() && child) child->want_room();
  flush();
}

void exec_agent_state::on_said(agent_said& x) {
  if (x.peer != peer || !child) return;
  for (auto& frame : x.frames) {
    auto* ack = std::get_if<wire::agent_ack>(&frame);
    if (ack && !held.empty())
      std::erase_if(held, [&](auto& y) { return y.id == ack->delivery_id; }); // it need not come again
    // An ack of what it was given, not of anything: only that is work done.
    useful = useful || (ack && holder.count(ack->delivery_id) > 0);
  }
  said(x);
  proved(); // it lives
}

void exec_agent_state::ended(const agent_detached& x) {
  if (x.peer != peer || !child) return;
  auto lived = runs ? now_of(me) - born : std::chrono::nanoseconds{0};
  auto mute = !runs || !peers.at(peer).spoken;
  child.reset();
  auto unacked = detach(peer);
  // Behind the presence that detach() told, so that none of these comes straight back.
  if (!held.empty()) {
    delivery_returned back;
    back.unseen = true; // a child that dies again and again must not use up what waits behind it
    for (auto& y : held) back.delivery_ids.push_back(std::move(y.id));
    unacked += held.size();
    held.clear();
    tell(me, host.acks, std::move(back));
  }
  auto stable = lived >= setup.stable_after;
  if (stable || useful) pause.reset();
  doubted = mute && !stable;
  auto delay = pause.next(env.random->bits());
  auto next = draining ? "the gateway stops, so it is not started again"
                       : "started again in " + std::to_string(delay.count()) + " ms";
  env.log->write(draining ? severity::info : severity::warn, "agent.exited",
                 {{"child", peer},
                  {"why", x.why},
                  {"lived_ms", std::chrono::duration_cast<milliseconds>(lived).count()},
                  {"unacked", unacked},
                  {"next", next}});
  if (draining) return;
  env.metrics->add(counter::agent_restarts);
  wait_until(now_of(me) + delay);
}

exec_agent_actor::behavior_type exec_agent(exec_agent_actor::stateful_pointer<exec_agent_state> self,
                                           ports env, exec_setup setup, const caf::strong_actor_ptr& parent) {
  guard_actor(self, env, parent);
  auto* s = &self->state;
  s->env = std::move(env);
  s->answer_requests(self);
  s->setup = std::move(setup);
  s->pause = core::backoff{s->setup.backoff_min, s->setup.backoff_max};
  s->sticky_balancer = core::sticky_balancer{s->setup.max_chats};
  s->start_child();
  return {
      [s](agent_host& x) { s->rehost(std::move(x)); },
      [s](gateway_announcement& x) { s->send_hello(x); },
      [s](delivery& x) {
        s->hand(x);
        s->flush();
      },
      [s](burst<delivery>& x) {
        const auto one_by_one = [&] {
          for (auto& one : x.items) s->hand(one);
        };
        flushed(one_by_one, [s] { s->flush(); });
      },
      [s](const delivery_withdrawn& x) {
        s->withdraw(x);
        s->set_aside();
        std::erase_if(s->held, [&](auto& y) {
          return std::find(x.delivery_ids.begin(), x.delivery_ids.end(), y.id) != x.delivery_ids.end();
        });
      },
      [s](const action_outcome& x) { s->outcome_of(x); },
      [s](const burst<action_outcome>& x) { s->outcomes_of(x); },
      [s](const turn_interrupt& x) { s->interrupt(x); },
      [s](atom::finish) { s->drain(); },
      [s](const child_news& x) {
        if (x.peer != s->peer || !s->child) return;
        x.opened ? s->opened() : s->hand_held();
      },
      [s](agent_said& x) { s->on_said(x); },
      [s](const agent_detached& x) { s->ended(x); },
      [s](atom::due) { s->due(); },
  };
}

} // namespace relay
