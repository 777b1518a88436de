// Asks the supervisor for its report on behalf of threads that are no actors.
#pragma once

#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/app/embedding/gateway_end.hpp"

#include <caf/fwd.hpp>

#include <functional>
#include <memory>

namespace relay {

/// One question: answered exactly once, with null when it goes unanswered. An exception of the answer's
/// receiver is logged and ends there.
class report_question {
public:
  report_question(std::shared_ptr<log_port> log, std::function<void(const gateway_report*)> done)
      : log_(std::move(log)), done_(std::move(done)) {}
  report_question(const report_question&) = delete;
  report_question& operator=(const report_question&) = delete;
  ~report_question() { answer(nullptr); }
  void answer(const gateway_report* x) noexcept;

private:
  std::shared_ptr<log_port> log_;
  std::function<void(const gateway_report*)> done_;
};
using report_question_ptr = std::shared_ptr<report_question>;

/// REPORTER: a thread that spawned a scoped actor of its own would be waited for by the system's destructor,
/// so one actor asks for all.
using reporter_actor = caf::typed_actor<caf::reacts_to<report_question_ptr>>;

/// Ends with `root`, whose reason it tells to `end`. `env.lifetime` is held until then.
reporter_actor spawn_reporter(caf::actor_system& system, const ports& env, supervisor_actor root,
                              std::shared_ptr<gateway_end> end);

} // namespace relay

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::report_question_ptr)
