// What a script makes of the answer to an HTTP call.
#pragma once

#include "relay_gateway/app/connector/faults/injector.hpp"
#include "relay_gateway/tests/sim/ports/http.hpp"
#include "relay_gateway/tests/sim/script/scripted.hpp"

namespace relay::sim {

/// `given` as it comes to whoever asked `what`.
served scripted_answer(const scripted::call_verdict& how, http_response given, const http_request& what);
/// Whoever asked may be told something that the connector did not say.
bool is_altered(const scripted::call_verdict& how);

} // namespace relay::sim
