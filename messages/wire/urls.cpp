#include "messages/wire/urls.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <cctype>

namespace relay::wire {

namespace {

std::string lower(std::string_view text) {
  std::string out{text};
  for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  return out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const auto from = text.find_first_not_of(space);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(space) - from + 1);
}

/// What this project needs of a URL; all parts still percent-encoded.
struct parts {
  std::string scheme, host, path, query;
  std::string authority; ///< host and port as configured
  std::string port;      ///< never empty
  bool has_query = false, has_fragment = false;
};

bool split(std::string_view text, parts& out) {
  const auto parsed = boost::urls::parse_uri({text.data(), text.size()});
  if (!parsed) return false;
  const auto& url = *parsed;
  out.scheme = lower({url.scheme().data(), url.scheme().size()});
  const bool secure = out.scheme == "https" || out.scheme == "wss";
  if (!secure && out.scheme != "http" && out.scheme != "ws") return false;
  // A credential inside a URL would end up in logs and status pages.
  if (!url.has_authority() || url.has_userinfo()) return false;
  const auto kind = url.host_type();
  if (kind == boost::urls::host_type::none || kind == boost::urls::host_type::ipvfuture) return false;
  const auto host = url.encoded_host();
  out.host = lower({host.data(), host.size()});
  out.authority.assign(host.data(), host.size());
  if (kind == boost::urls::host_type::ipv6) out.host = out.host.substr(1, out.host.size() - 2);
  if (out.host.empty() || out.host.find('%') != std::string::npos) return false;
  out.port = secure ? "443" : "80";
  if (url.has_port() && !url.port().empty()) {
    if (url.port_number() == 0) return false; // also when it does not fit
    out.port = std::to_string(url.port_number());
    out.authority += ':' + out.port;
  }
  const auto path = url.encoded_path();
  out.path.assign(path.data(), path.size());
  const auto query = url.encoded_query();
  out.query.assign(query.data(), query.size());
  out.has_query = url.has_query();
  out.has_fragment = url.has_fragment();
  return true;
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
