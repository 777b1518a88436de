#include "relay_gateway/app/admin/supervisor_line.hpp"

#include "relay_gateway/actors/caf_compat.hpp"

#include <caf/actor_system.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace relay::admin {

struct status_question {
  milliseconds limit;
  std::function<void(const gateway_report*)> done;
};
struct action_question {
  action_request what;
  milliseconds limit;
  std::function<void(const action_outcome*)> done;
};

struct dead_letter_question {
  dead_letter_ask what;
  milliseconds limit;
  std::function<void(const dead_letter_answer*)> done;
};
struct sleep_question {
  dormancy_order what;
  milliseconds limit;
  std::function<void(const dormancy_outcome*)> done;
};

} // namespace relay::admin

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::admin::sleep_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::admin::status_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::admin::action_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::admin::dead_letter_question)

namespace relay::admin {

namespace {

/// Whoever asks has no mailbox of its own, so this one asks for all.
using proxy_actor = caf::typed_actor<caf::reacts_to<status_question>, caf::reacts_to<action_question>,
                                     caf::reacts_to<dead_letter_question>, caf::reacts_to<sleep_question>>;

template <class Answer, class Self, class Done, class Question>
void ask(Self* self, const supervisor_actor& to, milliseconds limit, const Done& done, Question what) {
  self->request(to, caf::duration{limit}, std::move(what))
      .then([done](const Answer& x) { done(&x); }, [done](const caf::error&) { done(nullptr); });
}

proxy_actor::behavior_type supervisor_proxy(proxy_actor::pointer self, const supervisor_actor& to) {
  // A late answer to a question that timed out is ignored.
  self->set_default_handler([](caf::scheduled_actor*, caf::message_view&) -> caf::result<caf::message> {
    return caf::sec::unexpected_message;
  });
  self->set_error_handler([](caf::scheduled_actor*, caf::error&) {});
  return {
      [self, to](status_question& x) { ask<gateway_report>(self, to, x.limit, x.done, atom::status_v); },
      [self, to](action_question& x) { ask<action_outcome>(self, to, x.limit, x.done, std::move(x.what)); },
      [self, to](dead_letter_question& x) { ask<dead_letter_answer>(self, to, x.limit, x.done, x.what); },
      [self, to](sleep_question& x) { ask<dormancy_outcome>(self, to, x.limit, x.done, x.what); },
  };
}

} // namespace

struct supervisor_line::proxy {
  explicit proxy(proxy_actor x) : actor(std::move(x)) {}
  proxy(const proxy&) = delete;
  proxy& operator=(const proxy&) = delete;
  ~proxy() { caf::anon_send_exit(actor, caf::exit_reason::user_shutdown); }
  proxy_actor actor;
};

supervisor_line::supervisor_line(caf::actor_system& system, supervisor_actor to)
    : to_(std::move(to)), proxy_(std::make_shared<const proxy>(system.spawn(supervisor_proxy, to_))) {}

void supervisor_line::report(milliseconds limit, std::function<void(const gateway_report*)> done) const {
  post(proxy_->actor, status_question{limit, std::move(done)});
}

void supervisor_line::act(action_request what, milliseconds limit,
                          std::function<void(const action_outcome*)> done) const {
  post(proxy_->actor, action_question{std::move(what), limit, std::move(done)});
}

void supervisor_line::dead_letters(dead_letter_ask what, milliseconds limit,
                                   std::function<void(const dead_letter_answer*)> done) const {
  post(proxy_->actor, dead_letter_question{what, limit, std::move(done)});
}

void supervisor_line::sleep(dormancy_order what, milliseconds limit,
                            std::function<void(const dormancy_outcome*)> done) const {
  post(proxy_->actor, sleep_question{what, limit, std::move(done)});
}

void supervisor_line::tell(command x) const { post(to_, x); }

} // namespace relay::admin
