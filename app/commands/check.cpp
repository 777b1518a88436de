#include "relay_gateway/app/commands/check.hpp"

#include "relay_gateway/app/commands/say.hpp"
#include "relay_gateway/app/process_sources.hpp"
#include "relay_gateway/config/render.hpp"
#include "relay_gateway/config/resolve.hpp"

#include <algorithm>

namespace relay::commands {

int check(const setting_options& from, bool json) {
  auto found = config::resolve(config::process_sources(from.flags, from.config_file));
  auto code = config::check_exit_code(found);
  if (json) {
    print(config::resolution_json(found));
    return code;
  }
  print("# config file: " + (found.config_path.empty() ? std::string{"none"} : found.config_path) +
        (found.config_found ? "" : " (not there)") + "\n" + config::listing_text(found));
  for (const auto& x : found.problems) complain((x.warning ? "warning: " : "") + to_string(x));
  const auto wrong =
      std::count_if(found.problems.begin(), found.problems.end(), [](auto& x) { return !x.warning; });
  if (code != 0) complain(std::to_string(wrong) + " problem(s); fix them and check again");
  return code;
}

} // namespace relay::commands
