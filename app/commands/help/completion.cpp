#include "relay_gateway/app/commands/help/completion.hpp"

namespace relay::commands::help {

namespace {

std::string words_of(const std::vector<option>& options) {
  std::string result;
  for (const auto& x : options) {
    for (const auto& name : x.names) result += (result.empty() ? "" : " ") + name;
    if (x.names.empty())
      for (const auto& choice : x.choices) result += (result.empty() ? "" : " ") + choice;
  }
  return result;
}

std::string command_names(const program& x) {
  std::string result;
  for (const auto& one : x.commands) result += (result.empty() ? "" : " ") + one.name;
  return result;
}

/// Inside single quotes of a shell.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (char c : text) result += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return result + "'";
}

std::string for_bash(const program& x) {
  auto function = "_" + x.name;
  for (char& c : function)
    if (c == '-') c = '_';
  std::string out = "# bash completion of " + x.name + "\n" + function +
                    "() {\n"
                    "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=\n"
                    "  case $before in\n"
                    "    --config|--faults) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
                    "    --state-dir) COMPREPLY=($(compgen -d -- \"$word\")); return ;;\n"
                    "  esac\n"
                    "  if [ \"$COMP_CWORD\" = 1 ]; then\n"
                    "    words=" +
                    quoted(command_names(x) + " " + words_of(x.options)) +
                    "\n"
                    "  else\n"
                    "    case ${COMP_WORDS[1]} in\n";
  for (const auto& one : x.commands)
    out += "      " + one.name + ") words=" + quoted(words_of(one.options)) + " ;;\n";
  return out +
         "    esac\n"
         "  fi\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
         "}\n"
         "complete -F " +
         function + " " + x.name + "\n";
}

/// One `name[meaning]` of _arguments; colons and brackets have a meaning there.
std::string zsh_option(const std::string& name, const option& x) {
  std::string what;
  for (char c : x.what)
    what += c == '[' || c == ']' || c == ':' || c == '\\' ? std::string{"\\"} + c : std::string{c};
  auto result = name + "[" + what + "]";
  if (!x.takes_value) return result;
  if (name == "--config") return result + ":file:_files";
  if (name == "--state-dir") return result + ":folder:_files -/";
  return result + ":value:";
}

std::string for_zsh(const program& x) {
  std::string out =
      "#compdef " + x.name + "\n# zsh completion of " + x.name + "\nlocal -a commands\ncommands=(\n";
  for (const auto& one : x.commands) out += "  " + quoted(one.name + ":" + one.what) + "\n";
  out += ")\nif (( CURRENT == 2 )); then\n  _describe command commands\n  return\nfi\n"
         "local command=$words[2]\nshift words\n(( CURRENT-- ))\ncase $command in\n";
  for (const auto& one : x.commands) {
    out += "  " + one.name + ") _arguments";
    for (const auto& option : one.options) {
      for (const auto& name : option.names) out += " \\\n    " + quoted(zsh_option(name, option));
      if (option.names.empty() && !option.choices.empty()) {
        std::string choices;
        for (const auto& choice : option.choices) choices += (choices.empty() ? "" : " ") + choice;
        out += " \\\n    " + quoted(":" + option.positional + ":(" + choices + ")");
      }
    }
    out += " ;;\n";
  }
  return out + "esac\n";
}

/// Inside single quotes of fish, where a backslash escapes.
std::string quoted_for_fish(const std::string& text) {
  std::string result = "'";
  for (char c : text) result += c == '\'' || c == '\\' ? std::string{'\\', c} : std::string{c};
  return result + "'";
}

/// ` -l config -r -F -d 'what'`; an option that takes no file completes none.
std::string fish_option(const option& x) {
  std::string result;
  for (const auto& name : x.names)
    result += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  const auto named = [&](std::string_view name) {
    for (const auto& one : x.names)
      if (one == name) return true;
    return false;
  };
  if (x.takes_value) {
    if (named("--config") || named("--bundle"))
      result += " -r -F";
    else
      result += named("--state-dir") ? " -x -a '(__fish_complete_directories)'" : " -x";
  }
  return result + " -d " + quoted_for_fish(x.what);
}

std::string for_fish(const program& x) {
  const auto complete = "complete -c " + x.name;
  const auto at_first = complete + " -n __fish_use_subcommand";
  std::string out = "# fish completion of " + x.name + "\n" + complete + " -f\n";
  for (const auto& one : x.options)
    if (!one.names.empty()) out += at_first + fish_option(one) + "\n";
  for (const auto& one : x.commands) {
    out += at_first + " -a " + one.name + " -d " + quoted_for_fish(one.what) + "\n";
    const auto within = complete + " -n '__fish_seen_subcommand_from " + one.name + "'";
    for (const auto& option : one.options) {
      if (!option.names.empty()) {
        out += within + fish_option(option) + "\n";
        continue;
      }
      std::string choices;
      for (const auto& choice : option.choices) choices += (choices.empty() ? "" : " ") + choice;
      if (!choices.empty()) out += within + " -a " + quoted_for_fish(choices) + "\n";
    }
  }
  return out;
}

} // namespace

std::string completion(const program& x, const std::string& shell) {
  if (shell == "fish") return for_fish(x);
  return shell == "zsh" ? for_zsh(x) : for_bash(x);
}

} // namespace relay::commands::help
