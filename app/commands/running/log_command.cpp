#include "relay_gateway/app/commands/running/log_command.hpp"

#include "relay_gateway/app/commands/running/running_gateway.hpp"
#include "relay_gateway/app/commands/say.hpp"
#include "relay_gateway/app/process.hpp"
#include "relay_gateway/config/values/text.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <thread>

namespace relay::commands {

namespace {

using wire::json::value;

constexpr milliseconds between_looks{500}, log_limit{5'000};
constexpr std::size_t longest_shown = 2000;

std::uint64_t number_of(const value& x, std::string_view name) {
  const auto* found = wire::json::find(x, name);
  return found != nullptr && found->IsUint64() ? found->GetUint64() : 0;
}

std::string text_of_line(const value& x) {
  constexpr std::array<std::string_view, 3> first{"ts", "level", "event"};
  std::string out;
  for (const auto name : first) {
    auto part = config::shown(wire::json::text(x, name), longest_shown);
    if (name == "level" && part.size() < 5) part.append(5 - part.size(), ' ');
    out += (out.empty() ? "" : " ") + part;
  }
  for (auto it = x.MemberBegin(); it != x.MemberEnd(); ++it) {
    const auto name = wire::json::view(it->name);
    if (std::find(first.begin(), first.end(), name) != first.end()) continue;
    std::string shown;
    wire::json::append_value(shown, it->value);
    out += " " + config::shown(name, longest_shown) + "=" + config::shown(shown, longest_shown);
  }
  return out;
}

/// Prints one answer and moves `seen` to its end. False when it is none of a gateway's.
bool show(const std::string& body, bool json, std::uint64_t& seen) {
  wire::json::document doc;
  if (!doc.parse(body) || !doc.root().IsObject()) return false;
  const auto* events = wire::json::array(doc.root(), "events");
  if (events == nullptr) return false;
  if (const auto missed = number_of(doc.root(), "missed"); missed > 0 && seen > 0)
    complain(std::to_string(missed) + " lines came too fast to be kept");
  std::string out;
  for (const auto& x : events->GetArray()) {
    if (!x.IsObject()) continue;
    if (json)
      wire::json::append_value(out, x);
    else
      out += text_of_line(x);
    out += '\n';
  }
  print(out);
  seen = number_of(doc.root(), "last");
  return true;
}

} // namespace

std::string log_text(std::string_view json) {
  wire::json::document doc;
  return doc.parse(std::string{json}) && doc.root().IsObject() ? text_of_line(doc.root()) : std::string{};
}

int log_command(const setting_options& from, const log_options& how) {
  std::uint64_t seen = 0;
  for (bool first = true, away = false;; first = false) {
    const auto answer = look_at_gateway(from, "/v1/log?after=" + std::to_string(seen), log_limit);
    const bool shown = answer.status == 200 && show(answer.body.reveal(), how.json, seen);
    const auto why = answer.status == 0     ? answer.error
                     : answer.status == 401 ? std::string{wrong_token}
                     : answer.status != 200
                         ? "the gateway answered " + std::to_string(answer.status)
                         : "what answers at the listener is not a relay-gateway; check --listen";
    if (!shown && (first || !how.follow)) return fail(exit_code::failure, why);
    if (!how.follow) return exit_code::fine;
    if (std::ferror(stdout) != 0) return exit_code::failure;
    // One that restarts is waited for.
    if (!shown && !away) complain(why);
    away = !shown;
    std::this_thread::sleep_for(between_looks);
  }
}

} // namespace relay::commands
