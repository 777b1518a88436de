#include "relay_gateway/app/child/environment.hpp"

#include <algorithm>
#include <string_view>
#include <unistd.h>

namespace relay::child {

namespace {

constexpr std::size_t shortest_secret = 6;

bool is_proxy(std::string_view name) {
  constexpr std::string_view names[] = {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY",
                                        "http_proxy",  "ALL_PROXY",   "all_proxy"};
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

bool is_ours(std::string_view name) {
  return name.starts_with("GATEWAY_") || (name.starts_with("HERMES_") && name != "HERMES_HOME");
}

bool has_user(const secret& url) { return url.reveal().find('@') != std::string::npos; }

} // namespace

std::vector<secret> secrets_of(const config::settings& settings) {
  std::vector<secret> out;
  auto add = [&](const secret& x) {
    if (x.reveal().size() >= shortest_secret) out.push_back(x);
  };
  add(settings.relay.gateway_secret);
  add(settings.relay.delivery_key);
  add(settings.idp.client_secret);
  add(settings.idp.access_token.value);
  add(settings.service.admin_token);
  add(settings.service.read_token);
  add(settings.openai.api_key.value);
  add(settings.nats.password.value);
  add(settings.nats.token.value);
  for (const auto* x : {&settings.service.proxy.https, &settings.service.proxy.http})
    if (has_user(*x)) add(*x);
  return out;
}

std::vector<std::string> child_environment(const std::vector<std::string>& mine,
                                           const config::settings& settings) {
  auto secrets = secrets_of(settings);
  const auto& made_of = settings.service.secret_variables;
  std::vector<std::string> out;
  for (const auto& pair : mine) {
    auto name = std::string_view{pair}.substr(0, pair.find('='));
    auto value = std::string_view{pair}.substr(std::min(name.size() + 1, pair.size()));
    auto holds = [&](const secret& x) { return value.find(x.reveal()) != std::string_view::npos; };
    if (is_ours(name) || (is_proxy(name) && value.find('@') != std::string_view::npos) ||
        std::find(made_of.begin(), made_of.end(), name) != made_of.end() ||
        std::any_of(secrets.begin(), secrets.end(), holds))
      continue;
    out.push_back(pair);
  }
  return out;
}

std::vector<std::string> own_environment() {
  std::vector<std::string> out;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) out.emplace_back(*at);
  return out;
}

} // namespace relay::child
