#include "relay_gateway/app/fleet/fleet_status.hpp"

#include "relay_gateway/app/fleet/fleet_plan.hpp"
#include "relay_gateway/app/version.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"

#include <algorithm>
#include <array>

namespace relay::fleet {

namespace {

using wire::json::object_writer;

constexpr std::array phases{phase::waiting, phase::starting, phase::running, phase::stopping,
                            phase::asleep,  phase::stopped,  phase::failed};

std::uint64_t ready_ones(const fleet_report& x) {
  return static_cast<std::uint64_t>(
      std::count_if(x.gateways.begin(), x.gateways.end(), [](const auto& one) { return one.ready; }));
}

std::string counts_json(const fleet_report& x) {
  std::string out;
  object_writer to{out};
  to.json("total", std::to_string(x.gateways.size()));
  for (const auto& [name, count] : counts_of(x)) to.json(name, std::to_string(count));
  to.end();
  return out;
}

std::string probe_json(const fleet_report& x, const char* state, const char* reason) {
  std::string out;
  object_writer{out}.text("state", state).optional("reason", reason).json("gateways", counts_json(x)).end();
  return out;
}

std::string line_json(const gateway_line& x) {
  std::string out;
  object_writer{out}
      .text("name", x.name)
      .text("file", x.file)
      .text("state", x.state)
      .boolean("connected", x.connected)
      .boolean("ready", x.ready)
      .optional("reason", x.reason)
      .optional("file_problem", x.problem)
      .end();
  return out;
}

const char* state_of(const fleet_report& x) {
  if (x.draining) return "draining";
  if (!x.settled) return "starting";
  return readiness(x).first == 200 ? "ready" : "not ready";
}

} // namespace

std::vector<std::pair<std::string, std::uint64_t>> counts_of(const fleet_report& x) {
  std::vector<std::pair<std::string, std::uint64_t>> out;
  for (const auto one : phases) {
    const std::string name{to_string(one)};
    out.emplace_back(name, std::count_if(x.gateways.begin(), x.gateways.end(),
                                         [&](const auto& line) { return line.state == name; }));
  }
  out.emplace_back("ready", ready_ones(x));
  return out;
}

std::string status_json(const fleet_report& x) {
  std::string gateways = "[", refused = "[", out;
  for (const auto& one : x.gateways) gateways += (gateways.size() > 1 ? "," : "") + line_json(one);
  for (const auto& one : x.refused) {
    refused += refused.size() > 1 ? "," : "";
    object_writer{refused}.text("file", one.file).text("reason", one.reason).end();
  }
  object_writer{out}
      .text("state", state_of(x))
      .text("fleet", x.directory)
      .optional("fleet_problem", x.problem)
      .json("counts", counts_json(x))
      .json("gateways", gateways + "]")
      .json("refused", refused + "]")
      .text("version", version())
      .end();
  return out;
}

std::pair<int, std::string> readiness(const fleet_report& x) {
  if (x.draining) return {503, probe_json(x, "draining", "the process ends")};
  // Whoever is asleep is woken over this listener.
  const bool asleep = std::any_of(x.gateways.begin(), x.gateways.end(),
                                  [](const auto& one) { return one.state == to_string(phase::asleep); });
  const bool fine = ready_ones(x) > 0 || asleep || (x.settled && x.gateways.empty());
  if (fine) return {200, probe_json(x, "ready", "")};
  return {503, probe_json(x, x.settled ? "not ready" : "starting", "no gateway is ready")};
}

std::pair<int, std::string> startup(const fleet_report& x) {
  if (x.settled) return {200, probe_json(x, "started", "")};
  return {503, probe_json(x, "starting", "not every gateway was tried yet")};
}

std::string summary(const fleet_report& x) {
  std::string out = std::to_string(x.gateways.size()) + " gateways";
  for (const auto& [name, count] : counts_of(x))
    if (count > 0) out += ", " + std::to_string(count) + " " + name;
  return out;
}

} // namespace relay::fleet
