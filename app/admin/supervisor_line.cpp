#include "app/admin/supervisor_line.hpp"

#include "actors/caf_compat.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

namespace relay::admin {

namespace {

/// One short-lived actor per question: the asking side has no mailbox of its own.
template <class Answer, class Question>
void ask(caf::actor_system& system, const supervisor_actor& to, milliseconds limit, Question question,
         std::function<void(const Answer*)> done) {
  system.spawn(
      [to, limit, question = std::move(question), done = std::move(done)](caf::event_based_actor* self) {
        self->request(to, caf::duration{limit}, question)
            .then([done](const Answer& x) { done(&x); }, [done](const caf::error&) { done(nullptr); });
      });
}

} // namespace

void supervisor_line::report(milliseconds limit, std::function<void(const gateway_report*)> done) const {
  ask<gateway_report>(*system_, to_, limit, atom::status_v, std::move(done));
}

void supervisor_line::act(action_request what, milliseconds limit,
                          std::function<void(const action_outcome*)> done) const {
  ask<action_outcome>(*system_, to_, limit, std::move(what), std::move(done));
}

void supervisor_line::tell(command x) const { post(to_, x); }
void supervisor_line::tell(settings_ptr x) const { post(to_, std::move(x)); }

} // namespace relay::admin
