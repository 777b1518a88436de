// Any config file, `.env` and environment (settings.md). An input is the YAML text; behind a line `%%env` the
// text of `.env`, behind a line `%%vars` variables of the process, one NAME=value a line.
#include "relay_gateway/config/render.hpp"
#include "relay_gateway/config/resolve.hpp"
#include "relay_gateway/messages/wire/http/urls.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"
#include "relay_gateway/tests/fuzz/fuzz.hpp"

#include <algorithm>

namespace relay::fuzz {
namespace settings_target {

using namespace config;

/// Stand in some seeds, and in the files that secrets are read from: no output may show them.
constexpr std::string_view hush = "hush7f3a", mounted = "mount5c1b";

std::string_view take_until(std::string_view& text, std::string_view mark) {
  const auto at = text.find(mark);
  const auto out = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + mark.size());
  return out;
}

struct env {
  std::string yaml, env_file;
  sources from;

  explicit env(std::string_view input) {
    auto files = take_until(input, "\n%%vars\n");
    yaml = take_until(files, "\n%%env\n");
    env_file = files;
    from.hostname = "box";
    from.environment["HOME"] = "/home/u";
    for (bytes in{input}; in.more();) {
      const auto line = in.line();
      const auto equals = line.find('=');
      // What an environment cannot hold cannot come from there.
      if (equals == std::string_view::npos || equals == 0 || line.find('\0') != std::string_view::npos)
        continue;
      from.environment[std::string{line.substr(0, equals)}] = line.substr(equals + 1);
    }
    from.reader = [this](const std::string& path) -> std::optional<std::string> {
      if (path.starts_with("/run/secrets/")) return std::string{mounted} + "\n";
      if (path.ends_with("/.env")) return env_file;
      if (path.ends_with(".yaml")) return yaml;
      return std::nullopt;
    };
  }
  env(const env&) = delete;
  env& operator=(const env&) = delete;
};

void check_relay(const relay_settings& x) {
  require(!x.identities.empty(), "there is an identity");
  for (const auto& who : x.identities) {
    require(!who.platform.empty(), "an identity has a platform");
    require(!who.username.starts_with('@') || who.username.starts_with("@@"), "a leading @ goes");
  }
  require(!x.default_gateway_id.empty(), "a gateway has a name");
  require(x.url.empty() || wire::derive_urls(x.url).valid(), "an accepted connector URL can be dialled");
}

void check_numbers(const settings& x) {
  const auto& l = x.limits;
  for (const auto d : {l.handshake_timeout, l.outbound_timeout, l.http_timeout, l.ping_interval,
                       l.ping_timeout, l.stable_after, l.backoff_min, l.backoff_max, l.idle_ack_timeout,
                       l.chat_idle, l.agent_ack_timeout, l.dedupe_window, l.egress_hold})
    require(d.count() > 0 && d <= std::chrono::hours{24 * 366}, "durations are positive and bounded");
  for (const auto n : {l.max_frame, l.max_pending, l.max_chats, l.agent_max_deliveries, l.dedupe_entries})
    require(n > 0, "bounds are positive");
  require(l.backoff_min <= l.backoff_max, "the backoff's bounds are in order");
  require(x.service.grace.count() >= 0 && x.service.idle_after.count() >= 0, "no time runs backwards");
  require(x.service.commands.size() <= most_commands, "a manifest has a bound");
  for (const auto& command : x.service.commands) require(fault_of(command).empty(), "only good commands");
}

/// A text that stands in the input once, as a secret, must not be shown. Aliases and merges could put it
/// elsewhere, too.
bool is_kept_secret(std::string_view input, const settings& x) {
  const auto at = input.find(hush);
  if (at == std::string_view::npos) return false;
  if (input.find(hush, at + 1) != std::string_view::npos || input.find('&') != std::string_view::npos)
    return false;
  const std::string* held[] = {&x.relay.gateway_secret.reveal(), &x.relay.delivery_key.reveal(),
                               &x.idp.client_secret.reveal(), &x.idp.access_token.value.reveal(),
                               &x.service.admin_token.reveal()};
  return std::any_of(std::begin(held), std::end(held),
                     [](const std::string* s) { return s->find(hush) != std::string::npos; });
}

void run(std::string_view input) {
  if (input.size() > 4096) return; // time goes into yaml-cpp, not into what is ours
  const env here{input};
  const auto x = resolve(here.from);
  require(x.problems.empty() || x.problems.front().reason != "cannot be resolved", "resolving never throws");
  for (const auto& problem : x.problems) {
    require_line(to_string(problem));
    require(!problem.applied.empty(), "a problem says what is done instead");
  }
  check_relay(x.values.relay);
  check_numbers(x.values);
  require(x.values.policies.size() <= x.values.relay.identities.size(), "a policy belongs to a platform");
  const bool only_warnings =
      std::all_of(x.problems.begin(), x.problems.end(), [](const problem& p) { return p.warning; });
  require((check_exit_code(x) == 0) == only_warnings, "check fails for all that is more than a warning");

  const auto json = resolution_json(x);
  require_json_text(json);
  require_json_text(problems_json(x));
  const auto shown = listing_text(x) + problems_text(x) + json;
  require(wire::is_utf8(shown), "what is shown is UTF-8");
  if (is_kept_secret(input, x.values)) require(shown.find(hush) == std::string::npos, "no secret is shown");
  if (input.find(mounted) == std::string_view::npos)
    require(shown.find(mounted) == std::string::npos, "no secret of a file is shown");
  require(resolve(here.from).values == x.values, "the same sources give the same settings");
}

const registration self{"settings", run};

} // namespace settings_target
} // namespace relay::fuzz
