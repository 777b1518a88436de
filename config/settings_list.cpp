#include "relay_gateway/config/settings_list.hpp"

#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

#include <array>

namespace relay::config {

namespace {

using json_writer = rapidjson::PrettyWriter<rapidjson::StringBuffer>;

constexpr std::array sections{section::relay, section::identity, section::service, section::openai,
                              section::nats,  section::chats,    section::media,   section::limits};

void member(json_writer& out, const char* key, std::string_view value) {
  out.Key(key);
  if (value.empty())
    out.Null();
  else
    out.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
}

std::string flag_of(const entry& x) {
  return *x.flag == '\0' || x.secret ? std::string{} : flag_name(x.flag);
}

std::string joined(std::initializer_list<std::string> parts) {
  std::string result;
  for (const auto& x : parts)
    if (!x.empty()) result += (result.empty() ? "" : ", ") + x;
  return result;
}

} // namespace

std::string_view name_of(section x) noexcept {
  switch (x) {
  case section::relay: return "relay";
  case section::identity: return "identity";
  case section::service: return "service";
  case section::openai: return "openai";
  case section::nats: return "nats";
  case section::chats: return "chats";
  case section::media: return "media";
  case section::limits: return "limits";
  }
  return "relay";
}

std::string_view name_of(applies x) noexcept { return x == applies::at_reload ? "at reload" : "at restart"; }

std::string variables_of(const entry& x) {
  std::string result = x.variable;
  if (result.empty()) return result;
  if (*x.other_case != '\0') result += std::string{" or "} + x.other_case;
  if (x.secret && x.in_file) result += std::string{" or "} + x.variable + "_FILE";
  return result;
}

std::string paths_of(const entry& x) {
  if (!x.in_file) return {};
  std::string result = x.first_key;
  if (!result.empty()) result += " or ";
  return result + x.key;
}

std::string settings_text() {
  std::string result = "Order of precedence: command line > environment > .env beside the config file > "
                       "config file > default.\n"
                       "Durations end in ms, s, m or h, sizes in B, KiB, MiB or GiB. Lists may be YAML lists "
                       "or comma-separated.\n";
  for (auto part : sections) {
    result += "\n" + std::string{name_of(part)} + "\n";
    for (const auto& x : catalogue()) {
      if (x.section != part) continue;
      result += std::string{"  "} + x.key + "\n      " + x.what;
      if (*x.by_default != '\0') result += std::string{". Default: "} + x.by_default;
      result += ".\n";
      const auto given = joined({x.in_file && *x.first_key != '\0' ? std::string{x.first_key} : std::string{},
                                 x.in_file ? variables_of(x) : std::string{x.other_case}, flag_of(x)});
      if (!given.empty()) result += "      Also: " + given + ".\n";
      result += "      A change takes effect " + std::string{name_of(x.applies)} + ".\n";
    }
  }
  return result;
}

std::string settings_json() {
  rapidjson::StringBuffer buffer;
  json_writer out{buffer};
  out.SetIndent(' ', 2);
  out.StartObject();
  out.Key("settings");
  out.StartArray();
  for (const auto& x : catalogue()) {
    out.StartObject();
    member(out, "key", x.key);
    member(out, "section", name_of(x.section));
    member(out, "meaning", x.what);
    member(out, "default", x.by_default);
    member(out, "environment", x.variable);
    member(out, "flag", flag_of(x));
    member(out, "yaml", x.in_file ? (*x.first_key != '\0' ? x.first_key : x.key) : "");
    out.Key("secret");
    out.Bool(x.secret);
    member(out, "applies", name_of(x.applies));
    out.EndObject();
  }
  out.EndArray();
  out.EndObject();
  return std::string{buffer.GetString(), buffer.GetSize()} + "\n";
}

} // namespace relay::config
