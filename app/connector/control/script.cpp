#include "relay_gateway/app/connector/control/script.hpp"

#include "relay_gateway/app/connector/json.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace relay::connector {

namespace {

constexpr std::array<std::pair<moment, std::string_view>, 9> moments{{{moment::provision, "provision"},
                                                                      {moment::policy, "policy"},
                                                                      {moment::enroll, "enroll"},
                                                                      {moment::media_upload, "media_upload"},
                                                                      {moment::media_fetch, "media_fetch"},
                                                                      {moment::upgrade, "upgrade"},
                                                                      {moment::hello, "hello"},
                                                                      {moment::outbound, "outbound"},
                                                                      {moment::going_idle, "going_idle"}}};

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
  if (out.on == moment::outbound) {
    if (out.result.empty())
      out.result = json::fields{}
                       .add("success", false)
                       .add("error", "HTTP 429: rate limited")
                       .raw("retry_after", json::write(*wait))
                       .object();
  } else if (out.on <= moment::upgrade) {
    if (out.status == 0) out.status = 429;
    out.headers.emplace_back("Retry-After", json::write(*wait));
  } else {
    why = "'retry_after' is for HTTP calls, upgrades and outbound";
    return false;
  }
  return true;
}

bool matches(const std::string& wanted, std::string_view is) { return wanted.empty() || wanted == is; }

} // namespace

std::string_view to_string(moment x) {
  for (const auto& [value, name] : moments)
    if (value == x) return name;
  return "unknown";
}

bool from_string(std::string_view name, moment& out) {
  for (const auto& [value, known] : moments) {
    if (known != name) continue;
    out = value;
    return true;
  }
  return false;
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
  bool http_call = out.on < moment::upgrade;
  if (http_call && (out.drop || out.close_code != 0)) {
    why = "an HTTP call is withheld or answered here; a fault script can 'cut' or 'reset' it";
    return false;
  }
  return true;
}

void script::add(rule x) {
  if (x.count != 0) rules_.push_back(std::move(x));
}

std::optional<rule> script::take(const trigger& now) {
  for (auto it = rules_.begin(); it != rules_.end(); ++it) {
    if (it->on != now.on || !matches(it->platform, now.platform) ||
        !matches(it->gateway_id, now.gateway_id) || !matches(it->op, now.op) ||
        !matches(it->chat_id, now.chat_id) ||
        (!it->contains.empty() && now.content.find(it->contains) == std::string_view::npos))
      continue;
    auto found = *it;
    if (it->count > 0 && --it->count == 0) rules_.erase(it);
    return found;
  }
  return std::nullopt;
}

} // namespace relay::connector
