// `POST /v1/dormant`: asleep for a while, or asleep and held because a suspend follows. Pure.
#pragma once

#include "relay_gateway/messages/control.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace relay::admin {

/// What a request asks for, or one line that says what is wrong with it.
struct sleep_request {
  std::optional<dormancy_order> held; ///< unset: plain dormancy, whatever is in hand; nobody waits for it
  std::string error;                  ///< empty = fine
};
/// `hold` of the query, else of the JSON object in the body (text like `20s`, or a number of seconds).
sleep_request read_sleep(std::string_view query_hold, std::string_view body);

/// The answer to a held order: 202 once asleep, 409 with the reason when it stays awake. Null: no outcome in
/// time, 503.
struct sleep_answer {
  int status = 503;
  std::string body;
};
sleep_answer answer_to(const dormancy_order& what, const dormancy_outcome* done);

} // namespace relay::admin
