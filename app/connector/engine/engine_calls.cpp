// HTTP calls and upgrades: who answers them, and how badly.
#include "relay_gateway/app/connector/engine/engine_peer.hpp"
#include "relay_gateway/app/connector/faults/mangle.hpp"
#include "relay_gateway/app/net/http/http_text.hpp"

#include <boost/algorithm/string/predicate.hpp>

#include <ctime>
#include <utility>

namespace relay::connector {

namespace {

constexpr std::size_t most_silent = 1'000;

gateway_call as_call(net::server_request x) {
  gateway_call out;
  out.method = std::move(x.method);
  out.path = std::move(x.path);
  out.authorization = x.header("authorization");
  out.content_type = x.header("content-type");
  out.filename = x.header("x-media-filename");
  for (auto& [name, text] : x.headers)
    if (!boost::algorithm::iequals(name, "authorization"))
      out.headers.emplace_back(std::move(name), std::move(text));
  out.body = std::move(x.body);
  return out;
}

/// The platform that the body of a provisioning or a policy names.
std::string platform_of(const gateway_call& x) {
  json::document body;
  bool small = x.body.size() <= 64U * 1024U;
  return small && json::parse_object(x.body, body) ? std::string{json::text(body, "platform")}
                                                   : std::string{};
}

/// An answer's head by hand, for bodies that do not come as it promises.
std::string head_of(const net::server_response& x) {
  auto out = "HTTP/1.1 " + std::to_string(x.status) + " Answer\r\nContent-Type: " + x.content_type +
             "\r\nContent-Length: " + std::to_string(x.body.size()) + "\r\nConnection: close\r\n";
  for (const auto& [name, text] : x.headers) out += name + ": " + text + "\r\n";
  out += "Date: " + net::http_date(std::time(nullptr)) + "\r\n";
  return out + "\r\n";
}

net::server_response as_response(http_answer x) {
  net::server_response out;
  out.status = x.status;
  out.content_type = std::move(x.content_type);
  out.body = std::move(x.body);
  out.headers = std::move(x.headers);
  return out;
}

net::server_response as_response(const faults::answer& x) {
  return {x.status, x.content_type, x.body, x.headers};
}

} // namespace

// -- calls of gateways -------------------------------------------------------

void engine::on_call(net::server_request x, const std::shared_ptr<net::responder>& to) {
  auto call = as_call(std::move(x));
  faults::call_verdict verdict;
  if (!faults_.idle()) {
    auto platform = platform_of(call), gateway = core_.caller(call);
    verdict = faults_.on_call({call.method, call.path, platform, gateway, call.body}, now());
  }
  auto given = verdict.processed ? core_.call(call) : http_answer{};
  answer(to, std::move(given), verdict);
  perform(std::move(verdict.also));
  settle();
}

void engine::answer(const std::shared_ptr<net::responder>& to, http_answer x,
                    const faults::call_verdict& how) {
  if (x.hang || how.how == faults::ending::silent) return keep_silent(to->take_over());
  auto delay = x.delay + how.delay;
  if (how.how != faults::ending::answered)
    return after(delay, [to, reset = how.how == faults::ending::reset] {
      if (auto taken = to->take_over()) taken->end(reset);
    });
  auto response = how.instead ? as_response(*how.instead) : as_response(std::move(x));
  if (auto size = static_cast<std::size_t>(how.pad); response.body.size() < size)
    response.body.resize(size, ' ');
  if (how.mangled) {
    faults::seeded_rng rng{how.rng};
    response.body = faults::corrupted(response.body, *how.mangled, rng);
  }
  if (!how.cut_after && !how.dripped) {
    return after(delay, [to, response = std::move(response)] { to->answer(response); });
  }
  auto head = head_of(response);
  auto body = how.cut_after ? faults::truncated(response.body, *how.cut_after) : std::move(response.body);
  auto pace = how.dripped.value_or(faults::drip{static_cast<std::int64_t>(body.size()) + 1, {}});
  auto whole = std::make_shared<const std::string>(std::move(body));
  after(delay, [this, to, head = std::move(head), whole, pace] {
    auto taken = to->take_over();
    if (!taken || !taken->write(head)) return;
    raw_answers_.push_back(taken);
    drip(taken, whole, 0, pace);
  });
}

void engine::drip(const std::weak_ptr<net::raw_answer>& to, const std::shared_ptr<const std::string>& body,
                  std::size_t from, const faults::drip& pace) {
  auto taken = to.lock();
  if (!taken) return;
  auto piece = std::string_view{*body}.substr(from, static_cast<std::size_t>(pace.bytes));
  bool alive = taken->write(piece);
  from += piece.size();
  if (!alive || from >= body->size()) {
    taken->end(false);
    raw_answers_.remove(taken);
    return;
  }
  after(milliseconds{pace_.in(pace.every_ms)}, [this, to, body, from, pace] { drip(to, body, from, pace); });
}

void engine::keep_silent(std::shared_ptr<net::raw_answer> x) {
  if (!x) return;
  silent_calls_.push_back(std::move(x));
  if (silent_calls_.size() > most_silent) silent_calls_.pop_front();
}

// -- upgrades ----------------------------------------------------------------

void engine::on_upgrade(net::server_request x, const std::shared_ptr<net::upgrade>& to) {
  if (x.path != "/relay") return to->refuse({404, "application/json", R"({"error":"no such path"})", {}});
  auto call = as_call(std::move(x));
  faults::upgrade_verdict bad;
  if (!faults_.idle()) {
    auto gateway = core_.caller(call);
    bad = faults_.on_upgrade({call.method, call.path, {}, gateway, {}}, now());
  }
  if (bad.how == faults::ending::silent) { // NOLINT(bugprone-branch-clone): the branches differ
    keep_silent(to->take_over());
  } else if (bad.how != faults::ending::answered) {
    after(bad.delay, [to, reset = bad.how == faults::ending::reset] {
      if (auto taken = to->take_over()) taken->end(reset);
    });
  } else if (bad.refuse) {
    after(bad.delay, [to, response = as_response(*bad.refuse)] { to->refuse(response); });
  } else if (auto verdict = core_.upgrade(call); verdict.hang) {
    keep_silent(to->take_over());
  } else {
    after(verdict.delay + bad.delay,
          [this, verdict, when_open = bad.when_open, to] { decide(verdict, when_open, to); });
  }
  perform(std::move(bad.also));
  settle();
}

void engine::decide(const upgrade_answer& verdict, const std::vector<faults::action>& when_open,
                    const std::shared_ptr<net::upgrade>& to) {
  if (verdict.status != 0)
    return to->refuse({verdict.status, "application/json", verdict.body, verdict.headers});
  auto made = std::make_shared<peer>(weak_from_this(), verdict, when_open);
  opening_.push_back(made);
  made->hold(to->accept(made));
}

} // namespace relay::connector
