#include "relay_gateway/app/connector/control/script.hpp"

#include "relay_gateway/app/connector/json.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace relay::connector {

namespace {

/// A body may be given as text or as the JSON value itself.
std::string text_or_json(const json::value& from, std::string_view key) {
  const auto* x = json::member(from, key);
  if (!x || x->IsNull()) return {};
  return x->IsString() ? std::string{x->GetString(), x->GetStringLength()} : json::write(*x);
}

/// A typing mistake in a script must not turn into a test that passes for the wrong reason.
bool known_keys_only(const json::value& from, std::string& why) {
  constexpr std::array<std::string_view, 22> known{
      "on",       "platform",    "gateway_id", "op",    "chat_id", "contains",   "count",      "delay_ms",
      "withhold", "copies",      "status",     "body",  "result",  "descriptor", "close_code", "close_reason",
      "drop",     "idle_anyway", "hang",       "close", "headers", "retry_after"};
  for (const auto& x : from.GetObject()) {
    std::string_view name{x.name.GetString(), x.name.GetStringLength()};
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    why = "a rule has no field '" + std::string{name} + "'";
    return false;
  }
  return true;
}

/// `headers` and `retry_after`; false and a reason when they do not fit.
bool read_waiting(const json::value& from, rule& out, std::string& why) {
  if (const auto* x = json::member(from, "headers"); x && x->IsObject())
    for (const auto& one : x->GetObject())
      if (one.value.IsString()) out.headers.emplace_back(one.name.GetString(), one.value.GetString());
  const auto* wait = json::member(from, "retry_after");
  if (!wait) return true;
  if (!wait->IsNumber() || wait->GetDouble() < 0) {
    why = "a rule's 'retry_after' must be a number of seconds";
    return false;
  }
  if (out.on == answer_point::outbound) {
    if (out.result.empty())
      out.result = json::fields{}
                       .add("success", false)
                       .add("error", "HTTP 429: rate limited")
                       .raw("retry_after", json::write(*wait))
                       .object();
  } else if (out.on <= answer_point::upgrade) {
    if (out.status == 0) out.status = 429;
    out.headers.emplace_back("Retry-After", json::write(*wait));
  } else {
    why = "'retry_after' is for HTTP calls, upgrades and outbound";
    return false;
  }
  return true;
}

bool from_string(std::string_view name, answer_point& out) {
  const auto it = std::find(faults::answerable.begin(), faults::answerable.end(), name);
  if (it == faults::answerable.end()) return false;
  out = static_cast<answer_point>(it - faults::answerable.begin());
  return true;
}

faults::texts wanted(const std::string& x) { return x.empty() ? faults::texts{} : faults::texts{x}; }

faults::condition condition_of(const rule& x) {
  faults::condition out;
  out.on = faults::trigger::answer;
  out.to = {std::string{to_string(x.on)}};
  out.platform = wanted(x.platform);
  out.gateway = wanted(x.gateway_id);
  out.op = wanted(x.op);
  out.chat = wanted(x.chat_id);
  out.contains = x.contains;
  return out;
}

std::vector<faults::action> actions_of(const rule& x) {
  std::vector<faults::action> out;
  if (x.delay.count() > 0) out.emplace_back(faults::delay{{x.delay.count(), x.delay.count()}, false});
  if (x.withhold) out.emplace_back(faults::silence{});
  if (x.copies > 1) out.emplace_back(faults::duplicate{{x.copies - 1, x.copies - 1}, {}});
  if (x.status != 0) out.emplace_back(faults::answer{x.status, x.body, "application/json", x.headers});
  if (!x.result.empty() && x.on == answer_point::outbound) out.emplace_back(faults::result{x.result});
  if (!x.descriptor.empty() && x.on == answer_point::hello)
    out.emplace_back(faults::descriptor{x.descriptor});
  if (x.drop)
    out.emplace_back(faults::cut{});
  else if (x.close_code != 0)
    out.emplace_back(faults::close{static_cast<std::uint16_t>(x.close_code), x.close_reason});
  if (x.idle_anyway) out.emplace_back(faults::idle_anyway{});
  return out;
}

} // namespace

std::string_view to_string(answer_point x) { return faults::answerable.at(static_cast<std::size_t>(x)); }

faults::rule fault_rule_of(const rule& x) {
  faults::rule out;
  out.name = "answer to " + std::string{to_string(x.on)};
  out.when = condition_of(x);
  out.then = actions_of(x);
  if (x.count >= 0) out.times = static_cast<std::uint64_t>(x.count);
  json::fields when;
  when.add("on", "answer").add("to", to_string(x.on)).maybe("platform", x.platform);
  when.maybe("gateway", x.gateway_id)
      .maybe("op", x.op)
      .maybe("chat", x.chat_id)
      .maybe("contains", x.contains);
  out.source = json::fields{}.raw("when", when.object()).object();
  return out;
}

bool read_rule(std::string_view text, rule& out, std::string& why) {
  json::document doc;
  if (!json::parse_object(text, doc)) {
    why = "a rule must be a JSON object";
    return false;
  }
  if (!known_keys_only(doc, why)) return false;
  if (!from_string(json::text(doc, "on"), out.on)) {
    why = "a rule's 'on' must be one of provision policy enroll media_upload media_fetch upgrade hello "
          "outbound "
          "going_idle";
    return false;
  }
  out.platform = json::text(doc, "platform");
  out.gateway_id = json::text(doc, "gateway_id");
  out.op = json::text(doc, "op");
  out.chat_id = json::text(doc, "chat_id");
  out.contains = json::text(doc, "contains");
  out.count = static_cast<int>(json::number(doc, "count", 1));
  out.delay = std::chrono::milliseconds{std::max<std::int64_t>(0, json::number(doc, "delay_ms", 0))};
  out.withhold = json::flag(doc, "withhold", json::flag(doc, "hang", false));
  out.copies = static_cast<int>(std::clamp<std::int64_t>(json::number(doc, "copies", 1), 1, 100));
  out.status = static_cast<int>(json::number(doc, "status", 0));
  out.body = text_or_json(doc, "body");
  out.result = text_or_json(doc, "result");
  out.descriptor = text_or_json(doc, "descriptor");
  out.close_code = static_cast<int>(json::number(doc, "close_code", 0));
  out.close_reason = json::text(doc, "close_reason");
  out.drop = json::flag(doc, "drop", json::flag(doc, "close", false));
  out.idle_anyway = json::flag(doc, "idle_anyway", false);
  if (!read_waiting(doc, out, why)) return false;
  if (out.status != 0 && (out.status < 200 || out.status > 599)) {
    why = "a rule's 'status' must be 200 to 599";
    return false;
  }
  bool http_call = out.on < answer_point::upgrade;
  if (http_call && (out.drop || out.close_code != 0)) {
    why = "an HTTP call is withheld or answered here; a fault script can 'cut' or 'reset' it";
    return false;
  }
  return true;
}

} // namespace relay::connector
