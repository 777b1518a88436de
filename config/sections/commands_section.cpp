#include "relay_gateway/config/sections/commands_section.hpp"

#include "relay_gateway/config/values/scalars.hpp"
#include "relay_gateway/config/values/text.hpp"
#include "relay_gateway/messages/wire/actions/commands.hpp"

#include <set>

namespace relay::config {

namespace {

/// Reads one command of the file; stops at the first thing that is wrong with it.
class command_reader {
public:
  explicit command_reader(const layers& at) : at_(at) {}

  bool command(const yaml_node& from, command_spec& out) {
    return map(from) && text(from, "name", out.name) && text(from, "description", out.description) &&
           list(from, "options", out.options,
                [this](const yaml_node& x, command_option& to) { return option(x, to, 1); });
  }
  const std::string& fault() const { return fault_; }

private:
  bool wrong(std::string what) {
    fault_ = path_ + std::move(what);
    return false;
  }
  bool map(const yaml_node& x) { return x.is(yaml_node::kind::map) || wrong("is not a map"); }

  bool text(const yaml_node& from, const std::string& name, std::string& out) {
    auto found = at_.from_node(from.find(name));
    if (found.what == given::kind::node) return wrong(name + " is a list or a map");
    if (found.what == given::kind::bad) return wrong(name + " " + found.reason);
    if (auto fault = line_fault(found.text); !fault.empty()) return wrong(name + " " + fault);
    out = std::move(found.text);
    return true;
  }

  template <class T, class Read>
  bool list(const yaml_node& from, const std::string& name, std::vector<T>& out, Read read) {
    auto found = from.find(name);
    if (found.is(yaml_node::kind::absent) || found.is(yaml_node::kind::null)) return true;
    if (!found.is(yaml_node::kind::list)) return wrong(name + " is not a list");
    auto above = path_;
    for (const auto& item : found.items()) {
      if (out.size() == most_command_options) return wrong(name + " are more than 25");
      path_ = above + name + "[" + std::to_string(out.size()) + "].";
      T fresh;
      if (!read(item, fresh)) return false;
      out.push_back(std::move(fresh));
    }
    path_ = std::move(above);
    return true;
  }

  bool option(const yaml_node& from, command_option& out, int depth) {
    constexpr int deepest = 8; // an alias may nest without end; what is allowed is decided by fault_of()
    if (depth > deepest) return wrong("is nested too deeply");
    if (!map(from) || !text(from, "name", out.name) || !text(from, "description", out.description) ||
        !text(from, "type", out.type) || !required(from, out.required))
      return false;
    auto numbers = has_number_choices(out.type);
    return list(from, "choices", out.choices,
                [this, numbers](const yaml_node& x, command_choice& to) {
                  to.number = numbers;
                  return map(x) && text(x, "name", to.name) && text(x, "value", to.value);
                }) &&
           list(from, "options", out.options,
                [this, depth](const yaml_node& x, command_option& to) { return option(x, to, depth + 1); });
  }

  bool required(const yaml_node& from, bool& out) {
    std::string word;
    if (!text(from, "required", word)) return false;
    if (word.empty()) return true;
    auto read = parse_boolean(word);
    if (!read.value) return wrong("required " + read.reason);
    out = *read.value;
    return true;
  }

  const layers& at_;
  std::string path_, fault_;
};

void read_list(reading& in, const yaml_node& from, std::vector<command_spec>& into) {
  const auto* key = keys::commands.key;
  std::set<std::string> names;
  std::size_t number = 0;
  for (const auto& item : from.items()) {
    auto where = in.at().mark(item.line());
    auto entry = "has an entry " + std::to_string(++number) + " that is not used: ";
    if (into.size() == most_commands) {
      in.wrong(key, where, "has more than 100 commands", "the rest is left out");
      return;
    }
    command_reader reader{in.at()};
    command_spec x;
    auto fault = reader.command(item, x) ? fault_of(x) : reader.fault();
    if (fault.empty() && !names.insert(x.name).second) fault = "its name is taken by one before it";
    if (fault.empty())
      into.push_back(std::move(x));
    else
      in.wrong(key, where, entry + fault, "left out");
    if (in.full()) return;
  }
}

} // namespace

std::vector<command_spec> read_commands(reading& in) {
  std::vector<command_spec> result;
  auto from = in.any(keys::commands);
  if (from.what == given::kind::text) {
    std::vector<std::string> faults;
    wire::decode_commands(from.text, result, faults);
    for (const auto& fault : faults) in.wrong(keys::commands.key, from.where, fault, "left out");
  } else if (from.what == given::kind::bad) {
    in.wrong(keys::commands.key, from.where, from.reason, "treated as empty");
  } else if (from.what == given::kind::node) {
    if (from.node.is(yaml_node::kind::list))
      read_list(in, from.node, result);
    else
      in.wrong(keys::commands.key, from.where, "is a map, not a list", "treated as empty");
  }
  std::vector<std::string> names;
  for (const auto& x : result) names.push_back(x.name);
  in.row(keys::commands.key, joined(names), result.empty() ? "default" : from.source);
  return result;
}

} // namespace relay::config
