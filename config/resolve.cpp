#include "relay_gateway/config/resolve.hpp"

#include "relay_gateway/config/fleet.hpp"
#include "relay_gateway/config/secret_variables.hpp"
#include "relay_gateway/config/sections/commands_section.hpp"
#include "relay_gateway/config/sections/identity_section.hpp"
#include "relay_gateway/config/sections/limits_section.hpp"
#include "relay_gateway/config/sections/media_section.hpp"
#include "relay_gateway/config/sections/nats_section.hpp"
#include "relay_gateway/config/sections/openai_section.hpp"
#include "relay_gateway/config/sections/policy_section.hpp"
#include "relay_gateway/config/sections/proxy_section.hpp"
#include "relay_gateway/config/sections/relay_section.hpp"
#include "relay_gateway/config/sections/service_section.hpp"
#include "relay_gateway/config/sections/tls_section.hpp"
#include "relay_gateway/config/sources/file_locations.hpp"
#include "relay_gateway/config/sources/read_file.hpp"
#include "relay_gateway/config/sources/substitution.hpp"
#include "relay_gateway/config/unknown_keys.hpp"
#include "relay_gateway/config/unknown_variables.hpp"
#include "relay_gateway/config/values/text.hpp"

namespace relay::config {

namespace {

bool exists(const sources& from, const std::string& path) {
  try {
    return !path.empty() && from.exists && from.exists(path);
  } catch (const std::exception&) {
    return false;
  }
}

yaml_node read_config(const sources& from, const config_location& place, resolution& into) {
  into.config_path = place.path;
  const auto found = read_file(from, place.path);
  const auto& text = found.text;
  into.config_found = text.has_value();
  into.config_fault = found.why;
  auto wrong = [&](int line, std::string reason, std::string applied, bool fatal = false) {
    auto where = line == 0 ? place.path : place.path + ":" + std::to_string(line);
    into.problems.push_back({"config file", where, std::move(reason), std::move(applied), fatal});
  };
  if (!text) {
    if (place.by_flag)
      wrong(0, with_reason("is named by --config and cannot be read", found), "run stops", true);
    else if (exists(from, place.path))
      wrong(0, with_reason("is there but cannot be read", found), "treated as empty");
    return {};
  }
  auto document = parse_yaml(*text);
  if (!document.fault.empty()) {
    wrong(document.fault_line, "is " + document.fault, "treated as empty");
    return {};
  }
  if (document.more_documents) wrong(0, "holds more than one document", "the first one is used");
  if (document.root.is(yaml_node::kind::map)) return document.root;
  if (!document.root.is(yaml_node::kind::null) && !document.root.is(yaml_node::kind::absent))
    wrong(document.root.line(), "is not a map at the top", "treated as empty");
  return {};
}

dotenv read_env_file(const sources& from, const std::string& path, resolution& into) {
  const auto found = read_file(from, path);
  if (!found.text) {
    if (exists(from, path))
      into.problems.push_back(
          {".env", path, with_reason("is there but cannot be read", found), "treated as empty", false});
    return {};
  }
  auto result = parse_dotenv(*found.text);
  for (auto line : result.bad_lines)
    into.problems.push_back(
        {".env", path + ":" + std::to_string(line), "is not NAME=value", "ignored", false});
  return result;
}

void check_flags(const sources& from, reading& in) {
  for (const auto& [flag, value] : from.flags) {
    bool known = false;
    for (const auto& x : catalogue()) known = known || flag == x.flag;
    if (!known) in.wrong(shown(flag, 60), shown(flag_name(flag), 60), "is not a setting's flag", "ignored");
  }
}

void resolve_into(const sources& from, layers::order order, resolution& into) {
  auto place = locate_config(from);
  auto root = read_config(from, place, into);
  auto env_path = place.path.empty() ? std::string{} : beside(place.path, ".env");
  auto env_file = read_env_file(from, env_path, into);
  const layers at{from, order, std::move(env_file), env_path, std::move(root), place.path};
  reading in{from, at, into};
  into.values.relay = read_relay(in);
  into.values.idp = read_identity(in);
  into.values.policies = read_policies(in, into.values.relay.identities);
  into.values.slack = read_slack(in);
  into.values.prompts = read_prompts(in);
  into.values.service = read_service(in);
  into.values.service.secret_variables = secret_variables_in(at.root());
  into.values.openai = read_openai(in);
  into.values.nats = read_nats(in);
  into.values.media = read_media(in);
  into.values.limits = read_limits(in);
  check_unknown_keys(in);
  check_unknown_variables(in);
  check_flags(from, in);
}

/// Nothing configured: the relay is off, and a name is there for every identity.
settings bare_settings() {
  settings result;
  result.relay.identities = {{generic_platform, "", ""}};
  result.relay.default_gateway_id = "gw-hermes";
  return result;
}

} // namespace

std::string to_string(const problem& x) {
  auto result = shown(x.where) + ": ";
  if (x.key != x.where && !x.key.empty()) result += shown(x.key) + " ";
  return result + x.reason + "; " + x.applied;
}

namespace {

resolution resolved(const sources& from, layers::order order) {
  resolution result;
  try {
    resolve_into(from, order, result);
  } catch (const std::exception& x) {
    // Not reachable by any input that is known; a gateway that stays up with its relay off is still better
    // than none.
    result.values = bare_settings();
    result.problems.push_back(
        {"config file", result.config_path, "cannot be resolved", "everything is unset", false});
  }
  return result;
}

} // namespace

resolution resolve(const sources& from) { return resolved(from, layers::order::variables_first); }
resolution resolve_file_first(const sources& from) { return resolved(from, layers::order::file_first); }

} // namespace relay::config
