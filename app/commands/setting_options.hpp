// What every command that reads settings is given.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace relay::commands {

/// Where settings come from, beside the environment and the files.
struct setting_options {
  std::map<std::string, std::string> flags; ///< as config::sources::flags
  std::optional<std::string> config_file;   ///< --config
  std::string gateway{};                    ///< --gateway: of the fleet that runs, this one is meant
};

} // namespace relay::commands
