// What `relay-gateway doctor` found, and how it is shown. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace relay::commands {

enum class verdict : std::uint8_t {
  fine,
  skipped, ///< not on this way, or nothing to test it with
  warning, ///< works, and may not for long
  failed
};
const char* to_string(verdict x);

struct finding {
  std::string step; ///< one word
  verdict how = verdict::fine;
  std::string what; ///< one line
  std::string next; ///< what to do about it; empty when there is nothing to do
};
using findings = std::vector<finding>;

bool all_well(const findings& x); ///< nothing failed
/// A line each: `ok    dns        connector.example is 192.0.2.1`.
std::string findings_text(const findings& x);
/// `{"ok":true,"steps":[{"step","verdict","what","next"}]}`
std::string findings_json(const findings& x);

/// What was found of a fleet.
struct fleet_findings {
  findings process;                                       ///< of all gateways together
  std::vector<std::pair<std::string, findings>> gateways; ///< by their names
};
bool all_well(const fleet_findings& x);
/// The lines of the process, then those of each gateway below its name.
std::string findings_text(const fleet_findings& x);
/// As of one gateway, and `"gateways":[{"gateway","ok","steps"}]`
std::string findings_json(const fleet_findings& x);

/// How far apart the clocks are, judged by an HTTP Date header: tokens live 300 s.
finding judge_clock(const std::string& date, std::int64_t now_s);
/// Unix seconds of `Sun, 06 Nov 1994 08:49:37 GMT`; 0 when it is none.
std::int64_t read_http_date(const std::string& text);

} // namespace relay::commands
