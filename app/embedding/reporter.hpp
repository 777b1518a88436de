// Asks the supervisor on behalf of threads that are no actors.
#pragma once

#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/app/embedding/gateway_end.hpp"

#include <caf/fwd.hpp>

#include <functional>
#include <memory>
#include <utility>

namespace relay {

/// One question: answered exactly once, with null when it goes unanswered. An exception of the answer's
/// receiver is logged and ends there.
template <class Answer>
class question {
public:
  question(std::shared_ptr<log_port> log, std::function<void(const Answer*)> done)
      : log_(std::move(log)), done_(std::move(done)) {}
  question(const question&) = delete;
  question& operator=(const question&) = delete;
  ~question() { answer(nullptr); }
  void answer(const Answer* x) noexcept {
    auto done = std::exchange(done_, nullptr);
    if (done) call_guarded(*log_, "answer", [&] { done(x); });
  }

private:
  std::shared_ptr<log_port> log_;
  std::function<void(const Answer*)> done_;
};
using report_question = std::shared_ptr<question<gateway_report>>;
using reload_question = std::shared_ptr<question<reload_outcome>>;

/// REPORTER: a thread that spawned a scoped actor of its own would be waited for by the system's destructor,
/// so one actor asks for all.
using reporter_actor = caf::typed_actor<caf::reacts_to<report_question>, caf::reacts_to<reload_question>>;

/// Ends with `root`, whose reason it tells to `end`. `env.lifetime` is held until then.
reporter_actor spawn_reporter(caf::actor_system& system, const ports& env, supervisor_actor root,
                              std::shared_ptr<gateway_end> end);

} // namespace relay

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::report_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::reload_question)
