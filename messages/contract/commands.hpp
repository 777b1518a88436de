// Commands that chat platforms show to their users (protocol.md 3, command_manifest): what an operator
// configures and what an agent declares.
#pragma once

#include <caf/meta/type_name.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace relay {

/// One of the values that an option may have.
struct command_choice {
  std::string name, value;
  bool number = false; ///< `value` is a number, on the wire too
  friend bool operator==(const command_choice&, const command_choice&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, command_choice& x) {
  return f(caf::meta::type_name("command_choice"), x.name, x.value, x.number);
}

/// A parameter; of a sub-command (or a group of them) it holds that one's own parameters.
struct command_option {
  std::string name, description;
  std::string type; ///< a word (`string`) or Discord's number for it (`3`), as it was given; may be empty
  bool required = false;
  std::vector<command_choice> choices;
  std::vector<command_option> options;
  friend bool operator==(const command_option&, const command_option&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, command_option& x) {
  return f(caf::meta::type_name("command_option"), x.name, x.description, x.type, x.required, x.choices,
           x.options);
}

struct command_spec {
  std::string name, description;
  std::vector<command_option> options;
  friend bool operator==(const command_spec&, const command_spec&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, command_spec& x) {
  return f(caf::meta::type_name("command_spec"), x.name, x.description, x.options);
}

inline constexpr std::size_t most_commands = 100;       ///< in one manifest
inline constexpr std::size_t most_command_options = 25; ///< of a command or an option, and choices too

/// What is wrong with a command: one line that names the member and never quotes it; empty = nothing.
std::string fault_of(const command_spec& x);
/// Whether a choice of such an option is a number where the source does not tell (YAML).
bool has_number_choices(const std::string& option_type);

} // namespace relay
