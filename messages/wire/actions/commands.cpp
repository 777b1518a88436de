#include "relay_gateway/messages/wire/actions/commands.hpp"

#include "relay_gateway/messages/wire/json/json_write.hpp"

#include <algorithm>
#include <set>

namespace relay::wire {

namespace {

/// A member that must be of its type when it is there; false when it is not.
bool text_member(const json::value& from, std::string_view name, std::string& out) {
  const auto* found = json::find(from, name);
  if (found == nullptr || found->IsNull()) return true;
  if (!found->IsString()) return false;
  out = json::view(*found);
  return true;
}

std::string read_choice(const json::value& from, command_choice& out) {
  if (!from.IsObject()) return "must be an object";
  if (!text_member(from, "name", out.name)) return "name must be a string";
  const auto* value = json::find(from, "value");
  if (value != nullptr && value->IsNumber()) {
    out.number = true;
    json::append_value(out.value, *value);
  } else if (value != nullptr && value->IsString()) {
    out.value = json::view(*value);
  } else {
    return "value must be a string or a number";
  }
  return {};
}

std::string read_option(const json::value& from, command_option& out, int depth);

/// The items of a list that may be absent, each read by `read`.
template <class T, class Read>
std::string read_list(const json::value& from, std::string_view name, std::vector<T>& out, Read read) {
  const auto* found = json::find(from, name);
  if (found == nullptr || found->IsNull()) return {};
  if (!found->IsArray()) return std::string{name} + " must be a list";
  if (found->Size() > most_command_options) return std::string{name} + " must be at most 25";
  for (const auto& item : found->GetArray()) {
    T fresh;
    if (auto fault = read(item, fresh); !fault.empty())
      return std::string{name} + "[" + std::to_string(out.size()) + "]." + fault;
    out.push_back(std::move(fresh));
  }
  return {};
}

std::string read_options(const json::value& from, std::vector<command_option>& out, int depth) {
  return read_list(from, "options", out, [depth](const json::value& item, command_option& x) {
    return read_option(item, x, depth);
  });
}

std::string read_option(const json::value& from, command_option& out, int depth) {
  constexpr int deepest = 8; // whatever is deeper than it may be is refused by what it means
  if (!from.IsObject()) return "must be an object";
  if (!text_member(from, "name", out.name)) return "name must be a string";
  if (!text_member(from, "description", out.description)) return "description must be a string";
  if (const auto* type = json::find(from, "type"); type != nullptr && !json::to_id(*type, out.type))
    if (!type->IsNull()) return "type must be a string or an integer";
  if (const auto* required = json::find(from, "required"); required != nullptr && !required->IsNull()) {
    if (!required->IsBool()) return "required must be true or false";
    out.required = required->IsTrue();
  }
  if (auto fault = read_list(from, "choices", out.choices, read_choice); !fault.empty()) return fault;
  return depth == deepest ? "options are nested too deeply" : read_options(from, out.options, depth + 1);
}

std::string read_command(const json::value& from, command_spec& out) {
  if (!from.IsObject()) return "must be an object";
  if (!text_member(from, "name", out.name)) return "name must be a string";
  if (!text_member(from, "description", out.description)) return "description must be a string";
  if (auto fault = read_options(from, out.options, 1); !fault.empty()) return fault;
  return fault_of(out);
}

template <class List, class Append>
void append_list(std::string& out, const List& items, Append append) {
  const char* separator = "[";
  for (const auto& x : items) {
    out += separator;
    append(out, x);
    separator = ",";
  }
  out += ']';
}

void append_choice(std::string& out, const command_choice& x) {
  json::object_writer to{out};
  to.text("name", x.name);
  if (x.number)
    to.json("value", x.value);
  else
    to.text("value", x.value);
  to.end();
}

void append_option(std::string& out, const command_option& x) {
  json::object_writer to{out};
  to.text("name", x.name).text("description", x.description);
  const bool number = !x.type.empty() && x.type.find_first_not_of("0123456789") == std::string::npos;
  if (number)
    to.json("type", x.type);
  else
    to.optional("type", x.type);
  to.flag("required", x.required);
  if (!x.choices.empty()) {
    to.key("choices");
    append_list(out, x.choices, append_choice);
  }
  if (!x.options.empty()) {
    to.key("options");
    append_list(out, x.options, append_option);
  }
  to.end();
}

void append_command(std::string& out, const command_spec& x) {
  json::object_writer to{out};
  to.text("name", x.name).text("description", x.description);
  if (!x.options.empty()) {
    to.key("options");
    append_list(out, x.options, append_option);
  }
  to.end();
}

} // namespace

void read_commands(const json::value& from, std::vector<command_spec>& out,
                   std::vector<std::string>& faults) {
  constexpr std::size_t most_faults = 20;
  if (!from.IsArray()) {
    faults.emplace_back("commands: must be a list");
    return;
  }
  std::set<std::string> names;
  std::size_t at = 0;
  for (const auto& item : from.GetArray()) {
    const auto where = "commands[" + std::to_string(at++) + "]: ";
    command_spec x;
    auto fault = read_command(item, x);
    if (fault.empty() && !names.insert(x.name).second) fault = "name is taken by a command before it";
    if (fault.empty() && out.size() == most_commands) {
      faults.push_back(where + "is beyond the 100 that a manifest may have");
      return;
    }
    if (fault.empty()) {
      out.push_back(std::move(x));
    } else if (faults.push_back(where + fault); faults.size() == most_faults) {
      faults.emplace_back("commands: more are bad than are told");
      return;
    }
  }
}

void decode_commands(std::string_view text, std::vector<command_spec>& out,
                     std::vector<std::string>& faults) {
  json::document doc;
  if (doc.parse(text))
    read_commands(doc.root(), out, faults);
  else
    faults.emplace_back("commands: must be a JSON list");
}

std::string encode_commands(const std::vector<command_spec>& commands) {
  std::string out;
  if (!commands.empty()) append_list(out, commands, append_command);
  return out;
}

} // namespace relay::wire
