#include "relay_gateway/app/commands/running/status.hpp"

#include "relay_gateway/app/commands/running/running_gateway.hpp"
#include "relay_gateway/app/commands/say.hpp"
#include "relay_gateway/app/process.hpp"
#include "relay_gateway/config/values/text.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"

namespace relay::commands {

namespace {

using wire::json::value;

std::string shown_text(const value& x, std::string_view name) {
  return config::shown(wire::json::text(x, name));
}

std::string shown_number(const value& x, std::string_view name) {
  const auto* found = wire::json::find(x, name);
  return found != nullptr && found->IsUint64() ? std::to_string(found->GetUint64()) : "?";
}

void row(std::string& out, std::string_view name, const std::string& text) {
  if (text.empty()) return;
  out += name;
  out.append(name.size() < 14 ? 14 - name.size() : 1, ' ');
  out += text + "\n";
}

std::string with_error(std::string step, const std::string& error) {
  return error.empty() ? step : step + " (" + error + ")";
}

std::string platform_line(const value& x) {
  auto result = "provisioning " +
                with_error(shown_text(x, "provisioning"), shown_text(x, "provisioning_error")) + ", policy " +
                with_error(shown_text(x, "policy"), shown_text(x, "policy_error"));
  auto bot = shown_text(x, "bot_id");
  return (bot.empty() ? "" : "bot " + bot + ", ") + result +
         (wire::json::object(x, "descriptor") != nullptr ? ", described" : ", not described yet");
}

std::string pending_line(const value& root) {
  auto out = shown_number(root, "pending");
  const auto* events = wire::json::object(root, "events");
  const auto* age = events != nullptr ? wire::json::find(*events, "oldest_age_ms") : nullptr;
  if (age == nullptr || !age->IsUint64() || age->GetUint64() < 1000) return out;
  return out + ", the oldest event for " + std::to_string(age->GetUint64() / 1000) + " s";
}

/// Empty when nothing is set aside.
std::string dead_letters_line(const value& root) {
  const auto* events = wire::json::object(root, "events");
  const auto count = events != nullptr ? shown_number(*events, "dead_letters") : std::string{};
  return count.empty() || count == "0" || count == "?" ? "" : count + " (relay-gateway dlq list)";
}

std::string for_a_person(const value& root) {
  std::string out;
  auto since = shown_text(root, "since");
  row(out, "state", shown_text(root, "state") + (since.empty() ? "" : " since " + since));
  row(out, "reason", shown_text(root, "reason"));
  row(out, "next dial", shown_text(root, "next_dial"));
  row(out, "gateway", shown_text(root, "gateway_id"));
  row(out, "tenant", shown_text(root, "tenant"));
  row(out, "connector", shown_text(root, "connector"));
  row(out, "agent", shown_text(root, "agent") + ", " + shown_number(root, "agents") + " attached");
  row(out, "chats", shown_number(root, "chats"));
  row(out, "pending", pending_line(root));
  row(out, "set aside", dead_letters_line(root));
  row(out, "store", with_error(shown_text(root, "store"), shown_text(root, "store_problem")));
  if (const auto* waits = wire::json::array(root, "waiting_for_restart"))
    for (const auto& x : waits->GetArray())
      if (x.IsString()) row(out, "for a restart", config::shown(std::string{wire::json::view(x)}));
  if (const auto* platforms = wire::json::array(root, "platforms"))
    for (const auto& x : platforms->GetArray()) row(out, shown_text(x, "name"), platform_line(x));
  row(out, "version", shown_text(root, "version"));
  return out;
}

std::string gateway_line(const value& x) {
  const bool ready = wire::json::flag(x, "ready");
  auto out = with_error(ready ? "ready" : shown_text(x, "state"), shown_text(x, "reason"));
  auto problem = shown_text(x, "file_problem");
  return problem.empty() ? out : out + "; its file was not taken: " + problem;
}

/// A process with many gateways.
std::string fleet_for_a_person(const value& root, const value& gateways) {
  std::string out;
  row(out, "state", with_error(shown_text(root, "state"), shown_text(root, "fleet_problem")));
  row(out, "fleet", shown_text(root, "fleet"));
  for (const auto& x : gateways.GetArray()) row(out, shown_text(x, "name"), gateway_line(x));
  if (const auto* refused = wire::json::array(root, "refused"))
    for (const auto& x : refused->GetArray())
      row(out, "refused", with_error(shown_text(x, "file"), shown_text(x, "reason")));
  row(out, "version", shown_text(root, "version"));
  return out;
}

} // namespace

int status(const setting_options& from, bool json) {
  auto answer = look_at_gateway(from, "/v1/status", milliseconds{10'000});
  if (answer.status == 0) return fail(exit_code::failure, answer.error);
  if (answer.status == 401) return fail(exit_code::failure, wrong_token);
  if (answer.status != 200)
    return fail(exit_code::failure,
                "the gateway answered " + std::to_string(answer.status) + ": " + answer.body.reveal());
  if (json) {
    print(answer.body.reveal() + "\n");
    return exit_code::fine;
  }
  wire::json::document doc;
  if (!doc.parse(answer.body.reveal()) || !doc.root().IsObject())
    return fail(exit_code::failure, "what answers at the listener is not a relay-gateway; check --listen");
  const auto* gateways = wire::json::array(doc.root(), "gateways");
  print(gateways != nullptr ? fleet_for_a_person(doc.root(), *gateways) : for_a_person(doc.root()));
  return exit_code::fine;
}

} // namespace relay::commands
