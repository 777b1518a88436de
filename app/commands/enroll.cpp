#include "relay_gateway/app/commands/enroll.hpp"

#include "relay_gateway/app/commands/identity_of.hpp"
#include "relay_gateway/app/commands/say.hpp"
#include "relay_gateway/app/files/env_file.hpp"
#include "relay_gateway/app/log/log.hpp"
#include "relay_gateway/app/metrics/metrics.hpp"
#include "relay_gateway/app/net/io/io_thread.hpp"
#include "relay_gateway/app/process.hpp"
#include "relay_gateway/app/process_sources.hpp"
#include "relay_gateway/app/wiring.hpp"
#include "relay_gateway/config/resolve.hpp"
#include "relay_gateway/config/sources/file_locations.hpp"
#include "relay_gateway/messages/wire/http/control_plane.hpp"
#include "relay_gateway/messages/wire/http/urls.hpp"

#include <future>
#include <unistd.h>

namespace relay::commands {

namespace {

http_response call(http_port& port, http_request what) {
  auto answer = std::make_shared<std::promise<http_response>>();
  port.call(std::move(what), [answer](http_response x) { answer->set_value(std::move(x)); });
  return answer->get_future().get();
}

variables to_keep(const enroll_options& what, const credentials& given) {
  variables result{{"GATEWAY_RELAY_ID", secret{given.gateway_id}}, {"GATEWAY_RELAY_SECRET", given.key}};
  if (!given.delivery_key.empty()) result.emplace_back("GATEWAY_RELAY_DELIVERY_KEY", given.delivery_key);
  if (!what.connector_url.empty()) result.emplace_back("GATEWAY_RELAY_URL", secret{what.connector_url});
  if (!what.wake_url.empty()) result.emplace_back("GATEWAY_RELAY_WAKE_URL", secret{what.wake_url});
  return result;
}

/// What whoever reads the failure can do about it.
const char* remedy(int status) {
  if (status == 401) return "; log in again, or renew GATEWAY_RELAY_ACCESS_TOKEN or GATEWAY_RELAY_IDP_*";
  if (status == 403) return "; ask for a new token: each works once, and for a while";
  if (status == 404) return "; is --connector-url a connector's?";
  return "; try again later, with a new token if this one is taken by then";
}

} // namespace

int enroll(const setting_options& from, const enroll_options& what) {
  auto sources = config::process_sources(from.flags, from.config_file);
  if (!what.connector_url.empty()) sources.flags["relay_url"] = what.connector_url;
  if (!what.gateway_id.empty()) sources.flags["relay_id"] = what.gateway_id;
  auto token = what.token;
  if (auto it = sources.environment.find("GATEWAY_RELAY_ENROLL_TOKEN");
      token.empty() && it != sources.environment.end())
    token = secret{it->second};
  if (token.empty())
    return fail(exit_code::usage, "no token; give --token or set GATEWAY_RELAY_ENROLL_TOKEN");

  auto found = config::resolve(sources);
  const auto& settings = found.values;
  auto url = wire::derive_urls(settings.relay.url).enroll;
  if (url.empty() && !what.connector_url.empty())
    return fail(exit_code::usage, "--connector-url is no URL of a connector; give one like https://host");
  if (url.empty())
    return fail(exit_code::usage, "no connector; give --connector-url or set GATEWAY_RELAY_URL");
  auto path = found.config_path.empty() ? std::string{} : config::beside(found.config_path, ".env");
  if (path.empty())
    return fail(exit_code::usage, "there is no home for the .env file; give --config or set HERMES_HOME");
  std::string error;
  // The token works once, so everything that could stand in the way afterwards is tried before.
  auto file = next_version::of(path, error);
  if (!file) return fail(exit_code::failure, error);

  net::io_thread io;
  auto log = make_log(make_descriptor_output(STDERR_FILENO), "warn", config::log_format::text);
  auto env = real_ports(io.context(), settings, log, std::make_shared<metrics>());
  auto identity = identity_of(env, settings);
  if (!identity.error.empty() || identity.bearer.empty())
    return fail(exit_code::failure, "who asks is not known: " + identity.error +
                                        "; log in, or set GATEWAY_RELAY_ACCESS_TOKEN or GATEWAY_RELAY_IDP_*");

  const auto& id =
      settings.relay.gateway_id.empty() ? settings.relay.default_gateway_id : settings.relay.gateway_id;
  http_request request;
  request.method = "POST";
  request.url = url;
  request.bearer = identity.bearer;
  request.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  request.body = secret{wire::encode_enroll(token, id)};
  request.timeout = settings.limits.http_timeout;
  auto answer = call(*env.http, std::move(request));
  if (answer.status == 0)
    return fail(exit_code::failure, "the connector could not be asked: " + answer.error +
                                        "; check the connector's URL and the network");
  auto enrolled = wire::decode_enroll(answer.status, answer.body.reveal());
  if (!enrolled.ok)
    return fail(exit_code::failure, "not enrolled: " + enrolled.error + remedy(answer.status));
  if (enrolled.given.gateway_id.empty()) enrolled.given.gateway_id = id;

  auto text = with_variables(sources.reader(path).text.value_or(""), to_keep(what, enrolled.given), error);
  if (!error.empty()) return fail(exit_code::failure, path + ": " + error);
  if (!file->commit(text, error)) return fail(exit_code::failure, error);
  print("enrolled as " + enrolled.given.gateway_id + "; its credentials are in " + path + "\n");
  return exit_code::fine;
}

} // namespace relay::commands
