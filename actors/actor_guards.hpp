// What every long-lived actor does on its first line: a stray message, error or DOWN is noted and counted,
// never a reason to die; an exception is noted before the actor dies of it; the end of its parent is its own
// end.
#pragma once

#include "relay_gateway/actors/metrics.hpp"
#include "relay_gateway/actors/ports.hpp"

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/scheduled_actor.hpp>

#include <exception>
#include <functional>
#include <string>
#include <utility>

namespace relay {

/// `parent`: this actor ends when that one does; null: no parent to monitor. `on_down` gets every other DOWN;
/// unset: such a DOWN is a stray. Parents are monitored rather than linked: a link costs a list search in the
/// parent for every child that ends.
template <class Self>
void guard_actor(Self* self, const ports& env, const caf::strong_actor_ptr& parent = nullptr,
                 std::function<void(const caf::down_msg&)> on_down = nullptr) {
  // Only log and metrics, not all ports: handlers live as long as the actor's memory, which may outlive the
  // other ports.
  auto stray = [log = env.log, metrics = env.metrics, who = std::string{self->name()}](const char* kind,
                                                                                       std::string what) {
    metrics->add(counter::stray_messages, kind);
    if (log->wants(severity::warn))
      log->write(severity::warn, "actor.stray", {{"actor", who}, {"kind", kind}, {"what", std::move(what)}});
  };
  self->set_error_handler(
      [stray](caf::scheduled_actor*, caf::error& e) { stray("error", caf::to_string(e)); });
  if (parent) self->monitor(caf::actor_cast<caf::actor>(parent));
  self->set_down_handler([self, stray, root = caf::actor_cast<caf::actor_addr>(parent),
                          on_down = std::move(on_down)](caf::scheduled_actor*, caf::down_msg& d) {
    if (root && d.source == root) {
      self->quit(caf::exit_reason::user_shutdown);
    } else if (on_down) {
      on_down(d);
    } else {
      stray("down", caf::to_string(d.reason));
    }
  });
  self->set_default_handler(
      [stray](caf::scheduled_actor*, caf::message_view& x) -> caf::result<caf::message> {
        // Only how many: the content may hold what must not be shown.
        stray("unexpected", std::to_string(x.content().size()) + " elements");
        return caf::sec::unexpected_message;
      });
  self->set_exception_handler([log = env.log, metrics = env.metrics, who = std::string{self->name()}](
                                  caf::scheduled_actor*, std::exception_ptr& e) -> caf::error {
    std::string what = "unknown exception";
    try {
      std::rethrow_exception(e);
    } catch (const std::exception& x) {
      what = x.what();
    } catch (...) { // NOLINT(bugprone-empty-catch): `what` says it already
    }
    metrics->add(counter::stray_messages, "exception");
    log->write(severity::error, "actor.died",
               {{"actor", who}, {"what", what}, {"next", "its supervisor starts it again"}});
    return caf::exit_reason::unhandled_exception;
  });
}

} // namespace relay
