#include "relay_gateway/app/admin/status_json.hpp"

#include "relay_gateway/actors/supervision/core/readiness.hpp"
#include "relay_gateway/app/log/log_line.hpp"
#include "relay_gateway/app/version.hpp"
#include "relay_gateway/messages/wire/frames/descriptor_codec.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"

#include <fmt/format.h>

#include <chrono>

namespace relay::admin {

namespace {

using wire::json::object_writer;

std::string number(std::uint64_t x) { return std::to_string(x); }

std::string when(std::int64_t unix_ms) {
  return unix_ms <= 0 ? ""
                      : rfc3339(std::chrono::system_clock::time_point{std::chrono::milliseconds{unix_ms}});
}

/// A URL without its user and password, should somebody have written some into it.
std::string without_user(const std::string& url) {
  auto start = url.find("://");
  if (start == std::string::npos) return url;
  start += 3;
  auto end = url.find_first_of("/?#", start);
  auto at = url.rfind('@', end);
  return at == std::string::npos || at < start ? url : url.substr(0, start) + url.substr(at + 1);
}

std::string descriptor_json(const platform_report& x) {
  if (!x.described) return "null";
  if (!x.what.raw.empty()) return x.what.raw;
  std::string out;
  wire::append_descriptor(out, x.what);
  return out;
}

std::string platforms_json(const std::vector<platform_report>& all) {
  std::string out = "[";
  for (const auto& x : all) {
    if (out.size() > 1) out += ',';
    object_writer to{out};
    to.text("name", x.who.platform)
        .text("bot_id", x.who.bot_id)
        .optional("username", x.who.username)
        .boolean("provisioned", x.provisioning.step == platform_step::done)
        .text("provisioning", to_string(x.provisioning.step))
        .optional("provisioning_error", x.provisioning.error)
        .text("policy", to_string(x.policy.step))
        .optional("policy_error", x.policy.error)
        .json("descriptor", descriptor_json(x))
        .end();
  }
  return out + ']';
}

std::string events_json(const inbound_report& x) {
  std::string out;
  object_writer to{out};
  to.json("pending", number(x.pending))
      .json("in_flight", number(x.in_flight))
      .json("remembered", number(x.remembered))
      .json("dead_letters", number(x.dead_letters))
      .json("oldest_age_ms", number(x.oldest_ms))
      .end();
  return out;
}

std::string actions_json(const egress_report& x) {
  std::string out;
  object_writer to{out};
  to.json("pending", number(x.pending))
      .json("routes", number(x.routes))
      .json("recorded", number(x.recorded))
      .end();
  return out;
}

std::string counters_json(const counts& all) {
  std::string out;
  object_writer to{out};
  for (const auto& [name, value] : all) {
    to.foreign_key(name);
    out += number(value);
  }
  to.end();
  return out;
}

std::string milliseconds_of(double seconds) { return fmt::format("{:.1f}", seconds * 1000); }

std::string latencies_json(const std::vector<latency>& all) {
  std::string out;
  object_writer to{out};
  for (const auto& x : all) {
    to.foreign_key(x.name);
    object_writer one{out};
    one.json("count", number(x.count))
        .json("sum_ms", milliseconds_of(x.sum))
        .json("p50_ms", milliseconds_of(x.p50))
        .json("p99_ms", milliseconds_of(x.p99))
        .end();
  }
  to.end();
  return out;
}

std::string state_json(std::string_view state, std::string_view reason) {
  std::string out;
  object_writer{out}.text("state", state).optional("reason", reason).end();
  return out;
}

} // namespace

std::string status_json(const gateway_report& x, const counts& counters, std::string_view store,
                        const std::vector<latency>& times, const fleet_note& note) {
  std::string out;
  object_writer to{out};
  to.optional("gateway", note.gateway)
      .optional("file_problem", note.problem)
      .text("state", to_string(x.link.phase))
      .nullable("reason", x.link.reason)
      .nullable("since", when(x.since_ms))
      .nullable("next_dial", when(x.link.next_dial_ms))
      .boolean("held", x.link.held)
      .boolean("ready", readiness_of(&x).status == 200)
      .boolean("started", x.started)
      .text("gateway_id", x.gateway_id)
      .nullable("tenant", x.tenant)
      .nullable("connector", without_user(x.connector))
      .boolean("credentials", x.credentials)
      .json("platforms", platforms_json(x.platforms))
      .text("agent", x.agent)
      .json("agents", number(x.inbound.agents))
      .json("chats", number(x.egress.chats))
      .json("pending", number(x.inbound.pending + x.egress.pending))
      .json("events", events_json(x.inbound))
      .json("actions", actions_json(x.egress))
      .text("store", store)
      .boolean("store_ok", x.store.ok && x.store.room)
      .optional("store_problem", x.store.why)
      .json("restarts", number(x.restarts))
      .texts("waiting_for_restart", x.waiting_for_restart)
      .text("version", version())
      .json("latencies", latencies_json(times))
      .json("counters", counters_json(counters))
      .end();
  return out;
}

readiness readiness_of(const gateway_report* x) {
  if (x == nullptr) return {503, state_json("unknown", "the supervisor does not answer")};
  auto why = core::why_not_ready(x->link, x->store, x->agent_missing);
  return {why.empty() ? 200 : 503, state_json(to_string(x->link.phase), why)};
}

readiness startup_of(const gateway_report* x) {
  if (x == nullptr) return {503, state_json("unknown", "the supervisor does not answer")};
  if (x->started) return {200, state_json(to_string(x->link.phase), {})};
  return {503, state_json(to_string(x->link.phase), "the first provisioning attempt is not over")};
}

std::string error_json(std::string_view why) {
  std::string out;
  object_writer{out}.text("error", why).end();
  return out;
}

} // namespace relay::admin
