#include "relay_gateway/actors/supervision/stop_control.hpp"

#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/supervision/supervisor.hpp"

#include <string>

namespace relay {

bool stop_control::link_is_stopped() const { return s_.view.link.phase == link_phase::stopped; }

void stop_control::drain() {
  if (!plan.running()) return;
  auto grace = s_.view.settings->service.grace;
  auto orders = plan.begin(grace);
  s_.sleep.cancel("stopping"); // an order that the link manager has it answers itself
  s_.env.log->write(severity::info, "drain.begin", {{"grace_ms", grace.count()}});
  execute(orders);
}

void stop_control::link_quiet() { execute(plan.link_quiet()); }
void stop_control::link_stopped() { execute(plan.link_stopped()); }
void stop_control::due(std::uint64_t generation) { execute(plan.due(generation, link_is_stopped())); }

void stop_control::execute(const core::stop_orders& x) {
  auto* self = s_.self;
  if (x.limit) tell_later<supervisor_actor>(self, *x.limit, atom::due_v, plan.generation());
  if (x.cut_short)
    s_.env.log->write(
        severity::warn, "drain.cut_short",
        {{"why", "the grace is nearly over"}, {"next", "closing with work left; it is reported, not lost"}});
  if (x.drain_link) tell(self, s_.actors.link_manager, command::drain);
  if (x.finish_agent) tell(self, s_.actors.agent, atom::finish_v);
  if (x.await_events) {
    // What is already here still goes to the agent; what is not comes again from the connector's buffer.
    auto taken = [this] { execute(plan.events_taken()); };
    self->request(s_.actors.inbound, caf::infinite, atom::drained_v)
        .then([taken](bool) { taken(); }, [taken](const caf::error&) { taken(); });
  }
  if (x.await_actions) {
    auto settled = [this] { execute(plan.actions_settled(link_is_stopped())); };
    self->request(s_.actors.egress, caf::infinite, atom::drained_v)
        .then([settled](bool) { settled(); }, [settled](const caf::error&) { settled(); });
  }
  if (x.close_link || x.stop_children) {
    if (x.close_link) s_.env.log->write(severity::info, "drain.closing", {});
    if (x.close_link) tell(self, s_.actors.link_manager, atom::finish_v);
    if (x.stop_children) stop_next_child();
  }
  if (x.kill_children)
    for (auto& [name, child] : s_.actors.all()) self->send_exit(child, caf::exit_reason::kill);
}

void stop_control::stop_next_child() {
  for (; stopped_ < core::stop_sequence.size(); ++stopped_) {
    const std::string name{core::stop_sequence[stopped_]};
    if (!s_.actors.lives(name) || (name == "agent" && s_.actors.agent_is_foreign())) continue;
    s_.self->send_exit(s_.actors.handle(name), caf::exit_reason::user_shutdown);
    return; // its DOWN brings us back here
  }
  s_.env.log->write(severity::info, "drain.done", {});
  s_.self->quit(caf::exit_reason::user_shutdown);
}

} // namespace relay
