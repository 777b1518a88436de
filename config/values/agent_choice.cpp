#include "relay_gateway/config/values/agent_choice.hpp"

#include "relay_gateway/config/values/addresses/urls.hpp"
#include "relay_gateway/config/values/text.hpp"

namespace relay::config {

namespace {

using agent_answer = parsed<agent_settings>;

agent_answer with_url(agent_kind kind, const std::string& text, const url_rule& rule) {
  std::vector<std::string> urls;
  for (const auto& one : kind == agent_kind::nats ? split_list(text) : std::vector<std::string>{text}) {
    auto url = parse_url_setting(one, rule);
    if (!url.value) return agent_answer::bad("has a URL that " + url.reason);
    urls.push_back(*url.value);
  }
  std::string argument;
  for (const auto& url : urls) argument += (argument.empty() ? "" : ",") + url;
  return argument.empty() ? agent_answer::bad("names no URL") : agent_answer::good({kind, argument});
}

} // namespace

parsed<agent_settings> parse_nats_servers(const std::string& text) {
  return with_url(agent_kind::nats, text, {{"nats", "tls", "ws", "wss"}, true});
}

parsed<agent_settings> parse_agent(std::string_view text) {
  auto colon = text.find(':');
  auto kind = lowered(text.substr(0, colon));
  auto argument = colon == std::string_view::npos ? std::string{} : trimmed(text.substr(colon + 1));
  if (kind == "link" && colon == std::string_view::npos) return agent_answer::good({agent_kind::link, {}});
  if (kind == "echo" && colon == std::string_view::npos) return agent_answer::good({agent_kind::echo, {}});
  if (kind == "exec")
    return argument.empty() ? agent_answer::bad("names no command")
                            : agent_answer::good({agent_kind::exec, argument});
  if (kind == "openai") return with_url(agent_kind::openai, argument, {{"http", "https"}});
  if (kind == "nats") {
    // Written as a NATS URL and nothing else, the scheme is the kind.
    if (argument.compare(0, 2, "//") == 0) argument = std::string{text};
    return parse_nats_servers(argument);
  }
  return agent_answer::bad(
      "is not an agent (link, echo, exec:<command line>, openai:<base URL>, nats:<URL>)");
}

std::string shown_agent(const agent_settings& x) {
  switch (x.kind) {
  case agent_kind::echo: return "echo";
  case agent_kind::exec: {
    auto end = x.argument.find_first_of(" \t");
    return "exec:" + x.argument.substr(0, end) + (end == std::string::npos ? "" : " ***");
  }
  case agent_kind::openai: return "openai:" + shown_url(x.argument);
  case agent_kind::nats: {
    std::string urls;
    for (const auto& url : split_list(x.argument)) urls += (urls.empty() ? "" : ",") + shown_url(url);
    return "nats:" + urls;
  }
  case agent_kind::link: break;
  }
  return "link";
}

} // namespace relay::config
