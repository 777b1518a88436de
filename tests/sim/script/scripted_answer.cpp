#include "relay_gateway/tests/sim/script/scripted_answer.hpp"

#include "relay_gateway/app/connector/faults/mangle.hpp"

#include <utility>

namespace relay::sim {

namespace {

http_response broken(std::string why) {
  http_response x;
  x.error = std::move(why);
  x.sent = true;
  return x;
}

/// How long the body takes, so many bytes at a time.
usec dripping(std::size_t size, const scripted::drip& how, scripted::seeded_rng rng) {
  usec out{0};
  for (auto left = static_cast<std::int64_t>(size); left > how.bytes; left -= how.bytes)
    out += milliseconds{rng.in(how.every_ms)};
  return out;
}

/// As the ports promise it: a longer answer is an error, of a longer refusal the beginning is kept.
http_response within_bounds(http_response x, std::string body, const http_request& what) {
  auto good = x.status >= 200 && x.status < 300;
  if (good && body.size() > what.max_body)
    return broken("it is larger than " + std::to_string(what.max_body) + " bytes");
  if (!good && body.size() > what.max_error_body) body.resize(static_cast<std::size_t>(what.max_error_body));
  x.body = secret{std::move(body)};
  return x;
}

} // namespace

bool is_altered(const scripted::call_verdict& how) { return how.instead || how.mangled; }

served scripted_answer(const scripted::call_verdict& how, http_response given, const http_request& what) {
  served out;
  out.delay = how.delay;
  out.silent = how.how == scripted::ending::silent;
  if (how.how != scripted::ending::answered) {
    out.what = broken("the connection ended without an answer");
    return out;
  }
  auto body = given.body.reveal();
  if (how.instead) {
    given = {};
    given.status = how.instead->status;
    body = how.instead->body;
  }
  if (given.status == 0) { // the connector itself did not answer
    out.what = std::move(given);
    return out;
  }
  if (auto size = static_cast<std::size_t>(how.pad); body.size() < size) body.resize(size, ' ');
  scripted::seeded_rng rng{how.rng};
  if (how.mangled) body = scripted::corrupted(body, *how.mangled, rng);
  auto whole = body.size();
  if (how.cut_after) body = scripted::truncated(body, *how.cut_after);
  if (how.dripped) out.delay += dripping(body.size(), *how.dripped, rng);
  out.what = body.size() < whole ? broken("the answer ended early")
                                 : within_bounds(std::move(given), std::move(body), what);
  return out;
}

} // namespace relay::sim
