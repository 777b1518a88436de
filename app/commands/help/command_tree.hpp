// The commands and options of a program as plain data: what completions and man pages are made from.
#pragma once

#include <string>
#include <vector>

namespace relay::commands::help {

struct option {
  std::vector<std::string> names; ///< `--json`, `-h`; empty for a positional
  std::string what;               ///< its meaning in one line
  bool takes_value = false;
  std::vector<std::string> choices; ///< the only values, where they are fixed
  std::string positional;           ///< its name when it has no dashes
};

struct command {
  std::string name, what;
  std::vector<option> options;
};

struct program {
  std::string name, what, footer;
  std::vector<option> options;
  std::vector<command> commands;
};

} // namespace relay::commands::help
