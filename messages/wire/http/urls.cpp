#include "relay_gateway/messages/wire/http/urls.hpp"

#include "relay_gateway/messages/wire/trimmed.hpp"

#include <boost/url/ipv6_address.hpp>
#include <boost/url/parse.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace relay::wire {

namespace {

std::string lower(std::string_view text) {
  std::string out{text};
  for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  return out;
}

/// What this project needs of a URL; all parts still percent-encoded.
struct parts {
  std::string scheme, host, path, query;
  std::string authority; ///< host and port as configured
  std::string port;      ///< never empty
  bool has_query = false, has_fragment = false;
};

/// `host[:port]`; no credential, no percent-encoding, no exotic address form.
bool split_authority(std::string_view text, parts& out) {
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return false;
    const auto address = text.substr(1, close - 1);
    if (!boost::urls::parse_ipv6_address({address.data(), address.size()})) return false;
    out.host = lower(address);
    out.authority = text.substr(0, close + 1);
    text.remove_prefix(close + 1);
    has_port = text.starts_with(':');
    if (!text.empty() && !has_port) return false;
    if (has_port) port = text.substr(1);
  } else {
    const auto colon = text.find(':');
    has_port = colon != std::string_view::npos;
    if (has_port) port = text.substr(colon + 1);
    out.authority = text.substr(0, colon);
    out.host = lower(out.authority);
    const auto in_a_name = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    };
    // Also refuses a credential, which would end up in logs and status pages.
    if (out.host.empty() || !std::all_of(out.host.begin(), out.host.end(), in_a_name)) return false;
  }
  if (port.empty()) return true;
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc{} || end != port.data() + port.size() || number == 0) return false;
  out.port = std::to_string(number);
  out.authority += ':' + out.port;
  return true;
}

bool split(std::string_view text, parts& out) {
  // The library says whether this is a URI at all. Its parts are not used: version 1.81 ends a host after a
  // leading IPv4 address or a port without digits, and takes the rest of the name for the path.
  if (!boost::urls::parse_uri({text.data(), text.size()})) return false;
  const auto mark = text.find("://");
  if (mark == std::string_view::npos) return false;
  out.scheme = lower(text.substr(0, mark));
  const bool secure = out.scheme == "https" || out.scheme == "wss";
  if (!secure && out.scheme != "http" && out.scheme != "ws") return false;
  out.port = secure ? "443" : "80";
  text.remove_prefix(mark + 3);
  if (const auto hash = text.find('#'); hash != std::string_view::npos) {
    out.has_fragment = true;
    text = text.substr(0, hash);
  }
  if (const auto ask = text.find('?'); ask != std::string_view::npos) {
    out.has_query = true;
    out.query = text.substr(ask + 1);
    text = text.substr(0, ask);
  }
  const auto slash = text.find('/');
  if (slash != std::string_view::npos) out.path = text.substr(slash);
  return split_authority(text.substr(0, slash), out);
}

void strip_slashes(std::string& path) {
  while (!path.empty() && path.back() == '/') path.pop_back();
}

/// Whether some server could read the path as leaving its directory.
bool may_climb(const std::string& path) {
  const auto text = lower(path);
  return text.find("..") != std::string::npos || text.find("%2e") != std::string::npos ||
         text.find("%2f") != std::string::npos || text.find("%5c") != std::string::npos;
}

} // namespace

connector_urls derive_urls(std::string_view base) {
  constexpr std::string_view leaf = "/relay";
  parts url;
  // A query or fragment has no place in a base that paths are appended to.
  if (!split(trimmed(base), url) || url.has_query || url.has_fragment) return {};
  const bool secure = url.scheme == "https" || url.scheme == "wss";
  strip_slashes(url.path);
  if (url.path.ends_with(leaf)) {
    url.path.resize(url.path.size() - leaf.size());
    strip_slashes(url.path);
  }
  const auto rest = "://" + url.authority + url.path + std::string{leaf};
  const auto http = (secure ? "https" : "http") + rest;
  return {(secure ? "wss" : "ws") + rest, http + "/provision", http + "/policy", http + "/enroll",
          http + "/media"};
}

endpoint parse_url(std::string_view url) {
  parts from;
  if (!split(url, from)) return {};
  endpoint out;
  out.tls = from.scheme == "https" || from.scheme == "wss";
  out.scheme = std::move(from.scheme);
  out.host = std::move(from.host);
  out.port = std::move(from.port);
  out.target = from.path.empty() ? "/" : std::move(from.path);
  if (from.has_query) out.target += '?' + from.query;
  out.valid = true;
  return out;
}

bool is_own_media(std::string_view url, std::string_view media_base) {
  parts there, here;
  if (!split(url, there) || !split(media_base, here)) return false;
  if (there.scheme != here.scheme || there.host != here.host || there.port != here.port) return false;
  strip_slashes(here.path);
  here.path += '/';
  return there.path.size() > here.path.size() && there.path.starts_with(here.path) && !may_climb(there.path);
}

} // namespace relay::wire
