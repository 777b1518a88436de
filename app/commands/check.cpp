#include "relay_gateway/app/commands/check.hpp"

#include "relay_gateway/app/commands/say.hpp"
#include "relay_gateway/app/fleet/directory.hpp"
#include "relay_gateway/app/fleet/gateway_source.hpp"
#include "relay_gateway/app/process.hpp"
#include "relay_gateway/app/process_sources.hpp"
#include "relay_gateway/config/fleet.hpp"
#include "relay_gateway/config/render.hpp"
#include "relay_gateway/config/resolve.hpp"

#include <algorithm>

namespace relay::commands {

namespace {

std::size_t tell_problems(const config::resolution& x) {
  for (const auto& one : x.problems) complain((one.warning ? "warning: " : "") + to_string(one));
  return static_cast<std::size_t>(
      std::count_if(x.problems.begin(), x.problems.end(), [](auto& one) { return !one.warning; }));
}

/// Each file of the directory; the number of problems.
std::size_t check_fleet(const setting_options& from, const std::string& directory,
                        const config::settings& common) {
  const auto seen = fleet::read_directory(directory);
  if (!seen.error.empty()) {
    complain(seen.error);
    return 1;
  }
  for (const auto& x : seen.files.refused) complain(directory + "/" + x.file + ": " + x.reason);
  auto wrong = seen.files.refused.size();
  for (const auto& [name, file] : seen.files.names) {
    auto found = fleet::for_gateway(
        config::resolve_file_first(fleet::sources_of(config::process_sources(from.flags, from.config_file),
                                                     common, name, directory + "/" + file)),
        common);
    print("\n# gateway " + name + ": " + found.config_path + "\n" + config::listing_text(found));
    wrong += tell_problems(found);
  }
  return wrong;
}

} // namespace

int check(const setting_options& from, bool json) {
  const auto sources = config::process_sources(from.flags, from.config_file);
  auto found = config::resolve(sources);
  auto code = config::check_exit_code(found);
  if (json) {
    print(config::resolution_json(found));
    return code;
  }
  print("# config file: " + (found.config_path.empty() ? std::string{"none"} : found.config_path) +
        (found.config_found ? "" : " (not there)") + "\n" + config::listing_text(found));
  auto wrong = tell_problems(found);
  if (const auto fleet = config::fleet_directory(found, sources); !fleet.empty())
    if (const auto more = check_fleet(from, fleet, found.values); more > 0) {
      wrong += more;
      code = exit_code::configuration;
    }
  if (code != 0) complain(std::to_string(wrong) + " problem(s); fix them and check again");
  return code;
}

} // namespace relay::commands
