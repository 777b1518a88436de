// `POST /v1/actions`: one action from outside any agent (agent-link.md, One-shot sends). Pure.
#pragma once

#include "relay_gateway/messages/flow.hpp"

#include <string>
#include <string_view>

namespace relay::admin {

/// Either a request or one line that says what is wrong with the body.
struct one_shot {
  action_request request;
  std::string error;                          ///< empty = fine
  std::string_view counted_as = "bad_action"; ///< a literal: why it is refused, as the metrics name it
};
/// Reads `{"platform"?,"request_id"?,"on_unknown"?,"action":{...}}`.
one_shot read_one_shot(std::string_view body);

/// The HTTP status that an outcome is answered with: 200 done, 409 definite failure, 504 ambiguous, 400 bad
/// action, 503 not connected, or not taken by the state directory, in time.
int status_of(const action_result& x);

} // namespace relay::admin
