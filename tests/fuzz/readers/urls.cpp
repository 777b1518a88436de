// URLs (protocol.md 1; F48 to F50): the first line of an input is one, the second the base of a media store.
#include "relay_gateway/config/values/addresses/urls.hpp"

#include "relay_gateway/messages/wire/http/urls.hpp"
#include "relay_gateway/tests/fuzz/fuzz.hpp"

#include <algorithm>

namespace relay::fuzz {
namespace urls_target {

using namespace wire;

bool visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

void check_endpoint(const endpoint& x) {
  require(x.scheme == "http" || x.scheme == "https" || x.scheme == "ws" || x.scheme == "wss",
          "only these schemes leave (F50)");
  require(x.tls == (x.scheme.size() > 2 && x.scheme.back() == 's' && x.scheme != "ws"), "the scheme decides");
  require(!x.host.empty() && visible(x.host) && x.host.find_first_of("/@?#[]%\\") == std::string::npos,
          "a host is a bare name or address");
  require(!x.port.empty() && x.port.size() <= 5 &&
              x.port.find_first_not_of("0123456789") == std::string::npos && x.port.front() != '0' &&
              std::stoi(x.port) <= 65535,
          "a port is a number");
  require(x.target.starts_with('/') && visible(x.target) && x.target.find('#') == std::string::npos,
          "a target fits a request line");
}

void derive(std::string_view base) {
  const auto x = derive_urls(base);
  if (!x.valid()) {
    require(x.provision.empty() && x.policy.empty() && x.enroll.empty() && x.media.empty(), "all or nothing");
    return;
  }
  const auto dial = parse_url(x.dial);
  require(dial.valid && dial.target.ends_with("/relay"), "the dial ends in /relay");
  require(dial.scheme == "ws" || dial.scheme == "wss", "the dial is a WebSocket");
  for (const auto& url : {x.provision, x.policy, x.enroll, x.media}) {
    const auto there = parse_url(url);
    require(there.valid && there.host == dial.host && there.tls == dial.tls && there.port == dial.port,
            "all calls go to one place");
    require(derive_urls(x.dial).media == x.media && derive_urls(x.dial).dial == x.dial,
            "deriving is idempotent");
  }
  // A base that climbs has no store that could be told from its neighbours.
  require(is_own_media(x.media + "/a1", x.media) ||
              x.media.find_first_of(".%", x.media.find('/', x.media.find("://") + 3)) != std::string::npos,
          "the store's files are its own");
  require(!is_own_media(x.media, x.media) && !is_own_media(x.media + "x/a1", x.media), "and only those");
}

void run(std::string_view input) {
  bytes in{input};
  const auto url = in.line(), base = in.line();
  derive(url);
  derive(base);
  const auto x = parse_url(url), there = parse_url(base);
  if (x.valid) check_endpoint(x);
  if (is_own_media(url, base)) {
    require(x.valid && there.valid && x.scheme == there.scheme && x.host == there.host &&
                x.port == there.port,
            "the bearer goes to the connector only (F49)");
    require(x.target.find("..") == std::string::npos || x.target.find('?') < x.target.find(".."),
            "no path climbs out of the store");
  }
  // What a setting accepts can be used.
  const config::url_rule rule{{"http", "https", "ws", "wss"}};
  const auto setting = config::parse_url_setting(url, rule);
  require(setting.value.has_value() == setting.reason.empty(), "a value or a reason");
  if (setting.value) require(parse_url(*setting.value).valid, "an accepted URL can be dialled");

  const auto shown = config::shown_url(url);
  if (const auto at = url.substr(0, url.find('?')).rfind('@'); at != std::string_view::npos) {
    const auto seen = shown.substr(0, shown.find('@'));
    require(seen.ends_with("***"), "a credential in a URL is replaced");
    const auto scheme = std::string_view{seen}.substr(0, seen.size() - 3);
    require(scheme.empty() || (url.starts_with(scheme) && scheme.find(':') + 3 == scheme.size() &&
                               scheme.ends_with("://") && scheme.find('@') == std::string_view::npos),
            "nothing but the scheme is shown before it");
  }
  const auto query = shown.find('?');
  require(query == std::string::npos || shown.substr(query) == "?***", "a query is not shown");
}

const registration self{"urls", run};

} // namespace urls_target
} // namespace relay::fuzz
