#include "relay_gateway/config/render.hpp"

#include "relay_gateway/config/values/text.hpp"
#include "relay_gateway/messages/fnv.hpp"

#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

#include <algorithm>

namespace relay::config {

namespace {

using writer = rapidjson::PrettyWriter<rapidjson::StringBuffer>;

constexpr std::size_t longest_value = 4096; // a list of route keys may be long, a line must end

void text(writer& out, const char* key, const std::string& value) {
  auto safe = shown(value, longest_value);
  out.Key(key);
  out.String(safe.data(), static_cast<rapidjson::SizeType>(safe.size()));
}

void write(writer& out, const problem& x) {
  out.StartObject();
  text(out, "key", x.key);
  text(out, "where", x.where);
  text(out, "reason", x.reason);
  text(out, "applied", x.applied);
  out.Key("fatal_for_run");
  out.Bool(x.fatal_for_run);
  out.Key("warning");
  out.Bool(x.warning);
  out.EndObject();
}

void write(writer& out, const effective& x) {
  out.StartObject();
  text(out, "key", x.key);
  if (x.value.empty()) {
    out.Key("value");
    out.Null();
  } else {
    text(out, "value", x.value);
  }
  text(out, "source", x.source);
  out.EndObject();
}

template <class T>
void write_all(writer& out, const std::vector<T>& xs) {
  out.StartArray();
  for (const auto& x : xs) write(out, x);
  out.EndArray();
}

std::string line_of(const rapidjson::StringBuffer& buffer) { return {buffer.GetString(), buffer.GetSize()}; }

std::string value_of(const effective& x) {
  return x.value.empty() ? "(unset)" : shown(x.value, longest_value);
}

} // namespace

std::string listing_text(const resolution& x) {
  std::size_t keys = 0, values = 0;
  for (const auto& row : x.listing) {
    keys = std::max(keys, row.key.size());
    // One long value must not push every source out of sight.
    values = std::max(values, std::min<std::size_t>(value_of(row).size(), 48));
  }
  std::string result;
  for (const auto& row : x.listing) {
    auto key = shown(row.key), value = value_of(row);
    key.resize(std::max(key.size(), keys), ' ');
    value.resize(std::max(value.size(), values), ' ');
    result += key + " = " + value + "  (" + shown(row.source) + ")\n";
  }
  return result;
}

std::string problems_text(const resolution& x) {
  std::string result;
  for (const auto& one : x.problems) result += to_string(one) + "\n";
  return result;
}

std::string resolution_json(const resolution& x) {
  rapidjson::StringBuffer buffer;
  writer out{buffer};
  out.SetIndent(' ', 2);
  out.StartObject();
  out.Key("ok");
  out.Bool(check_exit_code(x) == 0);
  out.Key("config_file");
  out.StartObject();
  text(out, "path", x.config_path);
  out.Key("found");
  out.Bool(x.config_found);
  out.EndObject();
  out.Key("settings");
  write_all(out, x.listing);
  out.Key("problems");
  write_all(out, x.problems);
  out.EndObject();
  return line_of(buffer) + "\n";
}

std::string problems_json(const resolution& x) {
  rapidjson::StringBuffer buffer;
  writer out{buffer};
  out.SetIndent(' ', 2);
  write_all(out, x.problems);
  return line_of(buffer) + "\n";
}

std::int64_t digest(const resolution& x) {
  auto hash = fnv_start;
  const auto mix = [&hash](const std::string& text) { hash = fnv1a("\n", fnv1a(text, hash)); };
  for (const auto& row : x.listing) {
    mix(row.key);
    mix(row.value);
  }
  return static_cast<std::int64_t>((hash ^ (hash >> 48U)) & 0xFFFF'FFFF'FFFFULL); // a double holds it
}

int check_exit_code(const resolution& x) {
  const bool fine =
      std::all_of(x.problems.begin(), x.problems.end(), [](const problem& p) { return p.warning; });
  return fine ? 0 : 78;
}

bool stops_run(const resolution& x) {
  return std::any_of(x.problems.begin(), x.problems.end(), [](const problem& p) { return p.fatal_for_run; });
}

} // namespace relay::config
