// `/v1/dlq`: what was set aside, for a person to look at, to try again or to drop. Pure.
#pragma once

#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/app/net/http/http_server.hpp"

#include <string>

namespace relay::admin {

/// Either a question for the supervisor or one line that says what is wrong with the request.
struct dead_letter_request {
  dead_letter_ask what;
  bool whole = false; ///< show the event itself, too
  std::string error;  ///< empty = fine
};
/// `GET /v1/dlq?after=SEQ&limit=N` (a page of the list), `GET /v1/dlq?id=DELIVERY` (one, whole),
/// `POST /v1/dlq/retry` and `POST /v1/dlq/drop` with `{"id":"DELIVERY"}`. An id is a delivery id, or the
/// number behind its last dash.
dead_letter_request read_dead_letter_request(const net::server_request& x);

/// `{"letters":[{"id","seq","platform","chat_id","message_id","user","attempts","age_s","text","event"?}]}`.
std::string dead_letters_json(const dead_letter_answer& x, bool whole);

} // namespace relay::admin
