#include "relay_gateway/app/commands/check.hpp"

#include "relay_gateway/app/commands/say.hpp"
#include "relay_gateway/app/fleet/directory.hpp"
#include "relay_gateway/app/fleet/gateway_source.hpp"
#include "relay_gateway/app/process.hpp"
#include "relay_gateway/app/process_sources.hpp"
#include "relay_gateway/config/fleet.hpp"
#include "relay_gateway/config/render.hpp"
#include "relay_gateway/config/resolve.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"

#include <algorithm>

namespace relay::commands {

namespace {

std::size_t tell_problems(const config::resolution& x) {
  for (const auto& one : x.problems) complain((one.warning ? "warning: " : "") + to_string(one));
  return static_cast<std::size_t>(
      std::count_if(x.problems.begin(), x.problems.end(), [](auto& one) { return !one.warning; }));
}

/// Each file of the directory.
struct fleet_check {
  std::size_t wrong = 0;
  std::string text, json; ///< what each gateway's settings are; `json` is the inside of an array
};

fleet_check check_fleet(const setting_options& from, const std::string& directory,
                        const config::settings& common) {
  fleet_check out;
  const auto seen = fleet::read_directory(directory);
  if (!seen.error.empty()) {
    complain(seen.error);
    out.wrong = 1;
    return out;
  }
  for (const auto& x : seen.files.refused) complain(directory + "/" + x.file + ": " + x.reason);
  out.wrong = seen.files.refused.size();
  for (const auto& [name, file] : seen.files.names) {
    auto found = fleet::for_gateway(
        config::resolve_file_first(fleet::sources_of(config::process_sources(from.flags, from.config_file),
                                                     common, name, directory + "/" + file)),
        common);
    out.text.append("\n# gateway ").append(name).append(": ").append(found.config_path).append("\n");
    out.text += config::listing_text(found);
    if (!out.json.empty()) out.json += ',';
    wire::json::object_writer{out.json}
        .text("gateway", name)
        .json("settings", config::resolution_json(found))
        .end();
    out.wrong += tell_problems(found);
  }
  return out;
}

} // namespace

int check(const setting_options& from, bool json) {
  const auto sources = config::process_sources(from.flags, from.config_file);
  auto found = config::resolve(sources);
  auto code = config::check_exit_code(found);
  const auto directory = config::fleet_directory(found, sources);
  if (json) {
    auto all = config::resolution_json(found);
    if (!directory.empty()) {
      const auto fleet = check_fleet(from, directory, found.values);
      all.erase(all.rfind('}')); // one member more
      all += ",\"fleet\":[" + fleet.json + "]}\n";
      if (fleet.wrong > 0) code = exit_code::configuration;
    }
    print(all);
    return code;
  }
  print("# config file: " + (found.config_path.empty() ? std::string{"none"} : found.config_path) +
        (found.config_found ? "" : " (not there)") + "\n" + config::listing_text(found));
  auto wrong = tell_problems(found);
  if (!directory.empty()) {
    const auto fleet = check_fleet(from, directory, found.values);
    print(fleet.text);
    wrong += fleet.wrong;
    if (fleet.wrong > 0) code = exit_code::configuration;
  }
  if (code != 0) complain(std::to_string(wrong) + " problem(s); fix them and check again");
  return code;
}

} // namespace relay::commands
