#include "relay_gateway/app/commands/help/manual.hpp"

#include "relay_gateway/config/settings_list.hpp"

namespace relay::commands::help {

namespace {

/// Text that roff takes literally: dashes that may be copied, no line that begins with a control character.
std::string plain(std::string_view text) {
  std::string result;
  bool at_start = true;
  for (char c : text) {
    if (at_start && (c == '.' || c == '\'')) result += "\\&";
    at_start = c == '\n';
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else {
      result += c;
    }
  }
  return result;
}

std::string without_stop(std::string text) {
  if (text.ends_with('.')) text.pop_back();
  return text;
}

void paragraph(std::string& out, const std::string& term, const std::string& text) {
  out += ".TP\n.B " + plain(term) + "\n" + plain(text) + "\n";
}

std::string term_of(const option& x) {
  std::string result = x.positional;
  for (const auto& name : x.names) result += (result.empty() ? "" : ", ") + name;
  return x.takes_value && !x.names.empty() ? result + " VALUE" : result;
}

void settings_section(std::string& out) {
  out += ".SH SETTINGS\n" +
         plain("Order of precedence: command line, environment, .env beside the config file, config file, "
               "default.") +
         "\n";
  for (const auto& x : config::catalogue()) {
    std::string text = std::string{x.what} + ".";
    if (*x.by_default != '\0') text += std::string{" Default: "} + x.by_default + ".";
    if (x.in_file && *x.variable != '\0') text += " Environment: " + config::variables_of(x) + ".";
    if (*x.flag != '\0' && !x.secret) text += " Flag: " + config::flag_name(x.flag) + ".";
    text += " A change takes effect " + std::string{config::name_of(x.applies)} + ".";
    paragraph(out, x.key, text);
  }
}

} // namespace

std::string manual(const program& x, std::string_view version) {
  std::string upper = x.name;
  for (char& c : upper)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  std::string out = ".TH " + plain(upper) + " 1 \"\" \"" + plain(x.name) + " " + plain(version) +
                    "\"\n.SH NAME\n" + plain(x.name) + " \\- " + plain(without_stop(x.what)) +
                    "\n.SH SYNOPSIS\n.B " + plain(x.name) + "\n.I command\n[options]\n.SH COMMANDS\n";
  for (const auto& one : x.commands) {
    paragraph(out, one.name, one.what + ".");
    if (one.options.empty()) continue;
    out += ".RS\n";
    for (const auto& option : one.options) paragraph(out, term_of(option), option.what + ".");
    out += ".RE\n";
  }
  settings_section(out);
  out += ".SH EXIT STATUS\n" + plain(x.footer) + "\n";
  return out;
}

} // namespace relay::commands::help
