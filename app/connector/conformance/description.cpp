#include "relay_gateway/app/connector/conformance/description.hpp"

#include "relay_gateway/app/connector/conformance/clauses.hpp"
#include "relay_gateway/app/connector/json.hpp"
#include "relay_gateway/config/sources/yaml_tree.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace relay::connector::conformance {

namespace {

using config::yaml_node;

/// A map of texts; false and a reason when it is something else.
bool read_texts(const yaml_node& from, const char* key, std::map<std::string, std::string>& out,
                std::string& error) {
  if (!from.is(yaml_node::kind::map)) {
    error = std::string{key} + " must be a map";
    return false;
  }
  for (const auto& [name, value] : from.members()) {
    if (!value.is(yaml_node::kind::scalar) && !value.is(yaml_node::kind::null)) {
      error = std::string{key} + "." + name.text() + " must be a text";
      return false;
    }
    out[name.text()] = value.text();
  }
  return true;
}

bool read_member(const std::string& key, const yaml_node& value, description& out, std::string& error) {
  if (key == "environment") return read_texts(value, "environment", out.environment, error);
  if (key == "not_offered") return read_texts(value, "not_offered", out.not_offered, error);
  if (!value.is(yaml_node::kind::scalar)) {
    error = key + " must be a text";
    return false;
  }
  auto text = value.text();
  if (key == "actions") {
    if (text == "true" || text == "false") return out.actions = text == "true", true;
    error = "actions must be true or false";
    return false;
  }
  if (key == "name")
    out.name = text;
  else if (key == "command")
    out.command = text;
  else if (key == "directory")
    out.directory = text;
  else if (key == "start_timeout_s") {
    int seconds = 0;
    auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (bad != std::errc{} || end != text.data() + text.size() || seconds < 1 || seconds > 600) {
      error = "start_timeout_s must be 1 to 600";
      return false;
    }
    out.start_limit = std::chrono::seconds{seconds};
  } else {
    error = "unknown key '" + key +
            "'; known: name command directory environment actions start_timeout_s not_offered";
    return false;
  }
  return true;
}

/// `${name}` replaced; what is not known stays.
std::string filled(std::string text, const std::map<std::string, std::string>& values) {
  for (const auto& [name, value] : values) {
    auto mark = "${" + name + "}";
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + value.size()))
      text.replace(at, mark.size(), value);
  }
  return text;
}

bool is_relay_setting(std::string_view name) {
  auto starts = [&](std::string_view with) { return name.substr(0, with.size()) == with; };
  auto ends = [&](std::string_view with) {
    return name.size() > with.size() && name.substr(name.size() - with.size()) == with;
  };
  return starts("GATEWAY_") || starts("HERMES_") || ends("_ALLOW_BOTS") || ends("_proxy") || ends("_PROXY");
}

} // namespace

bool read_description(const std::string& path, bool needs_command, description& out, std::string& error) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) {
    error = path + ": cannot be read";
    return false;
  }
  auto doc = config::parse_yaml(text.str());
  if (!doc.fault.empty() || !doc.root.is(yaml_node::kind::map)) {
    error = path + ":" + std::to_string(doc.fault_line) + ": " +
            (doc.fault.empty() ? "a description is a map" : doc.fault);
    return false;
  }
  for (const auto& [key, value] : doc.root.members())
    if (!read_member(key.text(), value, out, error)) {
      error.insert(0, path + ":" + std::to_string(key.line()) + ": ");
      return false;
    }
  for (const auto& [id, why] : out.not_offered) {
    const auto& all = all_clauses();
    if (std::any_of(all.begin(), all.end(), [&id = id](const clause& x) { return x.id == id; })) continue;
    error.append(path).append(": not_offered: no clause '").append(id).append("'; --list names them");
    return false;
  }
  if (needs_command && out.command.empty()) {
    error = path + ": 'command' is missing";
    return false;
  }
  if (!out.directory.empty()) // relative to the file, so that a description works from everywhere
    out.directory = (std::filesystem::path{path}.parent_path() / out.directory).lexically_normal().string();
  if (out.name.empty()) out.name = out.command;
  return true;
}

std::string bot_id_of(const std::string& platform) { return "bot-" + platform; }

std::vector<std::string> environment_of(const description& what, const settings& values) {
  std::string platforms;
  json::fields bots;
  for (const auto& x : values.platforms) {
    platforms += (platforms.empty() ? "" : ",") + x;
    bots.raw(x, json::fields{}.add("botId", bot_id_of(x)).object());
  }
  auto bot_ids = values.platforms.empty() ? std::string{} : bots.object();
  std::map<std::string, std::string> set;
  for (char** x = environ; *x != nullptr; ++x) {
    std::string_view pair{*x};
    auto equals = pair.find('=');
    if (equals == std::string_view::npos || is_relay_setting(pair.substr(0, equals))) continue;
    set[std::string{pair.substr(0, equals)}] = pair.substr(equals + 1);
  }
  set["HERMES_HOME"] = values.work_dir;
  set["GATEWAY_LISTEN"] = "127.0.0.1:0";
  set["GATEWAY_RELAY_URL"] = values.url;
  set["GATEWAY_RELAY_PLATFORMS"] = platforms;
  set["GATEWAY_RELAY_BOT_IDS"] = bot_ids;
  set["GATEWAY_RELAY_ACCESS_TOKEN"] = values.secret.empty() ? values.access_token : std::string{};
  set["GATEWAY_RELAY_ID"] = values.gateway_id;
  set["GATEWAY_RELAY_SECRET"] = values.secret;
  for (const auto& [name, value] : values.more) set[name] = value;
  const std::map<std::string, std::string> marks{{"url", values.url},
                                                 {"platforms", platforms},
                                                 {"bot_ids", bot_ids},
                                                 {"work_dir", values.work_dir},
                                                 {"gateway_id", values.gateway_id},
                                                 {"secret", values.secret},
                                                 {"access_token", set["GATEWAY_RELAY_ACCESS_TOKEN"]}};
  for (const auto& [name, value] : what.environment) set[name] = filled(value, marks);
  std::vector<std::string> out;
  for (const auto& [name, value] : set)
    if (!value.empty()) out.emplace_back(name).append("=").append(value);
  return out;
}

} // namespace relay::connector::conformance
