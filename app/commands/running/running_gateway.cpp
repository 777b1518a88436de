#include "relay_gateway/app/commands/running/running_gateway.hpp"

#include "relay_gateway/app/net/client.hpp"
#include "relay_gateway/app/net/io/io_thread.hpp"
#include "relay_gateway/app/process_sources.hpp"
#include "relay_gateway/app/version.hpp"
#include "relay_gateway/config/resolve.hpp"
#include "relay_gateway/config/values/addresses/listener.hpp"

#include <cstdint>
#include <future>

namespace relay::commands {

namespace {

http_response nobody(std::string why) {
  http_response result;
  result.error = std::move(why);
  return result;
}

enum class asks_as : std::uint8_t { admin, reader };

http_response ask(const setting_options& from, const std::string& method, const std::string& path,
                  const std::string& body, milliseconds limit, asks_as who) {
  auto found = config::resolve(config::process_sources(from.flags, from.config_file));
  const auto& service = found.values.service;
  auto base = listener_url(service);
  if (base.empty())
    return nobody("the listener's port is 0, so nobody knows it; name the port with --listen");
  net::io_thread io;
  net::client_options how; // no proxy, whatever the settings say: this is our own machine
  how.user_agent = "relay-gateway/" + std::string{version()};
  std::string error;
  auto port = net::make_http_port(io.context(), how, error);
  if (!port) return nobody(error);
  http_request what;
  what.method = method;
  what.url = base + (from.gateway.empty() ? "" : "/g/" + from.gateway) + path;
  what.bearer =
      who == asks_as::reader && !service.read_token.empty() ? service.read_token : service.admin_token;
  what.timeout = limit;
  what.max_body = 16ULL << 20;
  if (!body.empty()) {
    what.headers.emplace_back("Content-Type", "application/json");
    what.body = secret{body};
  }
  auto answer = std::make_shared<std::promise<http_response>>();
  port->call(std::move(what), [answer](http_response x) { answer->set_value(std::move(x)); });
  auto result = answer->get_future().get();
  if (result.status == 0)
    result.error =
        "no gateway answers at " + base + " (" + result.error + "); is it running, and is --listen right?";
  return result;
}

} // namespace

std::string listener_url(const config::service_settings& x) {
  if (x.listen_port == 0) return {};
  auto host = x.listen_host;
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  return "http://" + config::to_string(config::listener{host, x.listen_port});
}

http_response ask_gateway(const setting_options& from, const std::string& method, const std::string& path,
                          const std::string& body, milliseconds limit) {
  return ask(from, method, path, body, limit, asks_as::admin);
}

http_response look_at_gateway(const setting_options& from, const std::string& path, milliseconds limit) {
  return ask(from, "GET", path, {}, limit, asks_as::reader);
}

} // namespace relay::commands
