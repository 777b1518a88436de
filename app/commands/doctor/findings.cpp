#include "relay_gateway/app/commands/doctor/findings.hpp"

#include "relay_gateway/config/values/text.hpp"
#include "relay_gateway/messages/wire/http/retry_after.hpp"
#include "relay_gateway/messages/wire/http/tokens.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"

#include <algorithm>
#include <cstdlib>

namespace relay::commands {

namespace {

constexpr std::size_t longest = 600;

std::string column(std::string text, std::size_t width) {
  text.append(text.size() < width ? width - text.size() : 1, ' ');
  return text;
}

} // namespace

const char* to_string(verdict x) {
  switch (x) {
  case verdict::fine: return "ok";
  case verdict::skipped: return "skip";
  case verdict::warning: return "warn";
  case verdict::failed: return "FAIL";
  }
  return "?";
}

bool all_well(const findings& x) {
  return std::none_of(x.begin(), x.end(), [](const finding& y) { return y.how == verdict::failed; });
}

std::string findings_text(const findings& all) {
  std::string out;
  for (const auto& x : all)
    out += column(to_string(x.how), 6) + column(x.step, 11) + config::shown(x.what, longest) +
           (x.next.empty() ? "" : "; " + config::shown(x.next, longest)) + "\n";
  return out;
}

namespace {

std::string steps_json(const findings& all) {
  std::string steps = "[";
  for (const auto& x : all) {
    if (steps.size() > 1) steps += ',';
    wire::json::object_writer{steps}
        .text("step", x.step)
        .text("verdict", to_string(x.how))
        .text("what", config::shown(x.what, longest))
        .optional("next", config::shown(x.next, longest))
        .end();
  }
  return steps + "]";
}

} // namespace

std::string findings_json(const findings& all) {
  std::string out;
  wire::json::object_writer{out}.boolean("ok", all_well(all)).json("steps", steps_json(all)).end();
  return out + "\n";
}

bool all_well(const fleet_findings& x) {
  return all_well(x.process) && std::all_of(x.gateways.begin(), x.gateways.end(),
                                            [](const auto& one) { return all_well(one.second); });
}

std::string findings_text(const fleet_findings& x) {
  auto out = findings_text(x.process);
  for (const auto& [name, found] : x.gateways) out += "\n# gateway " + name + "\n" + findings_text(found);
  return out;
}

std::string findings_json(const fleet_findings& x) {
  std::string gateways = "[", out;
  for (const auto& [name, found] : x.gateways) {
    if (gateways.size() > 1) gateways += ',';
    wire::json::object_writer{gateways}
        .text("gateway", name)
        .boolean("ok", all_well(found))
        .json("steps", steps_json(found))
        .end();
  }
  wire::json::object_writer{out}
      .boolean("ok", all_well(x))
      .json("steps", steps_json(x.process))
      .json("gateways", gateways + "]")
      .end();
  return out + "\n";
}

std::int64_t read_http_date(const std::string& text) { return wire::read_http_date(text); }

finding judge_clock(const std::string& date, std::int64_t now_s) {
  auto theirs = read_http_date(date);
  if (theirs == 0) return {"clock", verdict::skipped, "the connector tells no time to compare with", {}};
  auto apart = now_s - theirs;
  auto seconds = std::to_string(std::abs(apart)) + " s " + (apart < 0 ? "behind" : "ahead of");
  const auto life = wire::token_lifetime_s;
  if (std::abs(apart) < life / 10)
    return {"clock", verdict::fine, "this clock and the connector's agree", {}};
  if (std::abs(apart) < life - life / 10)
    return {"clock", verdict::warning, "this clock is " + seconds + " the connector's",
            "set it; from " + std::to_string(life) + " s on every token is refused"};
  return {"clock", verdict::failed,
          "this clock is " + seconds + " the connector's, and tokens live " + std::to_string(life) + " s",
          "set this machine's clock (NTP)"};
}

} // namespace relay::commands
