// The ordered stop (protocol.md 3.2, Drain): one budget measured from the start, teardown always runs (F18,
// F19).
//
//   drain -> link quiet -> events taken by the agent -> actions settled -> link closed -> actors stopped
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/supervision/supervisor.hpp"

#include <algorithm>
#include <chrono>

namespace relay {

using namespace std::chrono_literals;

void supervisor_state::drain() {
  if (now != stage::running) return;
  now = stage::draining;
  cancel_dormancy("stopping"); // an order that the link manager has it answers itself
  auto grace = std::chrono::duration_cast<std::chrono::nanoseconds>(settings->service.grace);
  // The last part of the grace belongs to closing; a very short one is halved.
  auto work = std::max<std::chrono::nanoseconds>(grace - 3s, grace / 2);
  env.log->write(severity::info, "drain.begin",
                 {{"grace_ms", std::to_string(settings->service.grace.count())}});
  tell_later<supervisor_actor>(self, work, atom::due_v, ++generation);
  tell(self, link_manager_handle, command::drain);
}

void supervisor_state::quiet() {
  if (now != stage::draining) return;
  now = stage::finishing;
  tell(self, agent, atom::finish_v); // while it still holds something: that is what it is to finish
  // What is already here still goes to the agent; what is not comes again from the connector's buffer.
  self->request(inbound, caf::infinite, atom::drained_v)
      .then([this](bool) { agent_done(); }, [this](const caf::error&) { agent_done(); });
}

void supervisor_state::agent_done() {
  if (now != stage::finishing) return;
  self->request(egress, caf::infinite, atom::drained_v)
      .then([this](bool) { egress_done(); }, [this](const caf::error&) { egress_done(); });
}

void supervisor_state::egress_done() {
  if (now == stage::finishing) close_link();
}

void supervisor_state::close_link() {
  now = stage::closing;
  env.log->write(severity::info, "drain.closing", {});
  // The close handshake is bounded by the link's own limits; this is for a link manager that does not answer.
  tell_later<supervisor_actor>(self, std::min<std::chrono::nanoseconds>(2500ms, settings->service.grace / 4),
                               atom::due_v, ++generation);
  if (link.phase == link_phase::stopped) {
    begin_stopping();
    return;
  }
  tell(self, link_manager_handle, atom::finish_v);
}

void supervisor_state::due(std::uint64_t which) {
  if (which != generation) return;
  switch (now) {
  case stage::draining:
  case stage::finishing:
    env.log->write(
        severity::warn, "drain.cut_short",
        {{"why", "the grace is nearly over"}, {"next", "closing with work left; it is reported, not lost"}});
    tell(self, agent, atom::finish_v);
    close_link();
    break;
  case stage::closing: begin_stopping(); break;
  case stage::stopping: // somebody is deaf
    for (auto& [which_child, x] : children)
      if (x.handle) self->send_exit(x.handle, caf::exit_reason::kill);
    break;
  case stage::running: break;
  }
}

void supervisor_state::begin_stopping() {
  now = stage::stopping;
  // The way of the data, from its source: nobody is left to talk to somebody who is gone.
  stop_order = {"provisioner", "identity", "policy",        "link-keeper",
                "inbound",     "agent",    "egress-router", "media"};
  std::reverse(stop_order.begin(), stop_order.end());
  tell_later<supervisor_actor>(self, 500ms, atom::due_v, ++generation);
  stop_children();
}

void supervisor_state::stop_children() {
  for (; !stop_order.empty(); stop_order.pop_back()) {
    auto it = children.find(stop_order.back());
    if (it == children.end() || !it->second.handle) continue;
    if (it->first == "agent" && !setup.make_agent) continue; // the embedder's own
    self->send_exit(it->second.handle, caf::exit_reason::user_shutdown);
    return; // its DOWN brings us back here
  }
  env.log->write(severity::info, "drain.done", {});
  self->quit(caf::exit_reason::user_shutdown);
}

} // namespace relay
