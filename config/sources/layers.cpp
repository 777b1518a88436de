#include "relay_gateway/config/sources/layers.hpp"

#include "relay_gateway/config/sources/file_locations.hpp"
#include "relay_gateway/config/sources/substitution.hpp"
#include "relay_gateway/config/values/text.hpp"

namespace relay::config {

namespace {

given a_text(std::string text, std::string source, std::string where) {
  given result;
  result.text = trimmed(text);
  result.what = result.text.empty() ? given::kind::nothing : given::kind::text;
  result.source = std::move(source);
  result.where = std::move(where);
  return result;
}

} // namespace

layers::layers(const sources& from, layers::order which, dotenv env_file, std::string env_path,
               yaml_node root, std::string config_path)
    : from_(from), order_(which), env_file_(std::move(env_file)), env_path_(std::move(env_path)),
      root_(std::move(root)), config_path_(std::move(config_path)) {}

given layers::from_environment(const std::string& name) const {
  auto it = from_.environment.find(name);
  return it == from_.environment.end() ? given{} : a_text(it->second, "environment " + name, name);
}

given layers::from_env_file(const std::string& name) const {
  auto it = env_file_.values.find(name);
  if (it == env_file_.values.end()) return {};
  auto where = env_path_ + ":" + std::to_string(it->second.line);
  return a_text(it->second.text, ".env " + where, where);
}

given layers::variable(const std::string& name) const {
  auto result = from_environment(name);
  return result.what == given::kind::nothing ? from_env_file(name) : result;
}

template <class Layer>
given layers::from_variables(const entry& x, Layer layer) const {
  for (std::string name : {x.variable, x.other_case}) {
    if (name.empty()) continue;
    auto value = layer(name);
    auto file = x.secret ? layer(name + "_FILE") : given{};
    bool has_file = file.what != given::kind::nothing;
    if (value.what != given::kind::nothing) {
      if (has_file) value.remark = "is given as " + name + " and as " + name + "_FILE; the file is not read";
      return value;
    }
    if (!has_file) continue;
    file.what = given::kind::file;
    file.text = expanded(from_, file.text);
    file.source = "file of " + name + "_FILE";
    return file;
  }
  return {};
}

given layers::from_file(const entry& x) const {
  given result;
  if (*x.first_key != '\0') result = from_node(root_.at(x.first_key));
  if (result.what == given::kind::nothing && x.in_file) result = from_node(root_.at(x.key));
  return result;
}

given layers::find(const entry& x) const {
  if (order_ == order::file_first)
    if (auto result = from_file(x); result.what != given::kind::nothing) return result;
  if (auto flag = from_.flags.find(x.flag); *x.flag != '\0' && flag != from_.flags.end()) {
    auto name = flag_name(x.flag);
    auto result = a_text(flag->second, "flag " + name, name);
    if (result.what != given::kind::nothing) return result;
  }
  auto result = from_variables(x, [this](const std::string& name) { return from_environment(name); });
  if (result.what == given::kind::nothing)
    result = from_variables(x, [this](const std::string& name) { return from_env_file(name); });
  return result.what == given::kind::nothing ? from_file(x) : result;
}

given layers::from_node(const yaml_node& node) const {
  given result;
  if (node.is(yaml_node::kind::absent)) return result;
  auto where = mark(node.line());
  if (node.is(yaml_node::kind::scalar)) {
    auto text = substituted(node.text(), [this](const std::string& name) -> std::optional<std::string> {
      auto value = variable(name);
      if (value.what == given::kind::nothing) return std::nullopt;
      return value.text;
    });
    if (text.value) return a_text(*text.value, where, where);
    result.what = given::kind::bad;
    result.reason = text.reason;
  } else if (node.is(yaml_node::kind::list) || node.is(yaml_node::kind::map)) {
    result.what = given::kind::node;
    result.node = node;
  }
  result.source = result.where = where;
  return result;
}

std::string layers::file_of(const given& x) const {
  for (const auto& path : {config_path_, env_path_})
    if (!path.empty() && x.where.compare(0, path.size() + 1, path + ":") == 0) return path;
  return {};
}

} // namespace relay::config
