#include "relay_gateway/app/embedding/reporter.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/caf_compat.hpp"

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <utility>

namespace relay {

namespace {

/// The supervisor's own parts answer within a second each.
constexpr std::chrono::seconds report_limit{3};
/// The supervisor itself gives up earlier.
constexpr std::chrono::seconds reload_limit{30};

struct reporter_state {
  static inline const char* name = "reporter";
  ports env;
  supervisor_actor root;
};

std::string exit_text(const caf::error& reason) {
  return reason == caf::exit_reason::user_shutdown ? "stopped in order"
                                                   : "the supervisor died: " + caf::to_string(reason);
}

reporter_actor::behavior_type reporter(reporter_actor::stateful_pointer<reporter_state> self, ports env,
                                       supervisor_actor root, const std::shared_ptr<gateway_end>& end) {
  guard_actor(self, env, nullptr, [self, end](const caf::down_msg& d) {
    end->because(exit_text(d.reason));
    self->quit(caf::exit_reason::user_shutdown);
  });
  self->monitor(root);
  auto* s = &self->state;
  s->env = std::move(env);
  s->root = std::move(root);
  return {
      [self, s](const report_question& x) {
        self->request(s->root, caf::duration{report_limit}, atom::status_v)
            .then([x](const gateway_report& y) { x->answer(&y); },
                  [x](const caf::error&) { x->answer(nullptr); });
      },
      [self, s](const reload_question& x) {
        self->request(s->root, caf::duration{reload_limit}, reload_request{})
            .then([x](const reload_outcome& y) { x->answer(&y); },
                  [x](const caf::error&) { x->answer(nullptr); });
      },
  };
}

} // namespace

reporter_actor spawn_reporter(caf::actor_system& system, const ports& env, supervisor_actor root,
                              std::shared_ptr<gateway_end> end) {
  return system.spawn(reporter, env, std::move(root), std::move(end));
}

} // namespace relay
