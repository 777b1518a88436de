#include "relay_gateway/messages/wire/http/login_store.hpp"

#include "relay_gateway/messages/wire/http/iso8601.hpp"
#include "relay_gateway/messages/wire/http/urls.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"
#include "relay_gateway/messages/wire/json/json_scan.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace relay::wire {

namespace {

constexpr std::string_view known_portal = "https://portal.nousresearch.com";
constexpr std::int64_t renew_before_s = 120;

/// Fit for a header: visible ASCII only.
bool fits_a_header(std::string_view x) {
  return !x.empty() && std::all_of(x.begin(), x.end(), [](char c) { return c > ' ' && c <= '~'; });
}

/// By name or by address; `127.0.0.1.example` is neither.
bool on_this_machine(const std::string& host) {
  auto address =
      std::all_of(host.begin(), host.end(), [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
  return host == "localhost" || host == "::1" || (address && host.compare(0, 4, "127.") == 0);
}

/// A part of the store that is replaced.
struct edit {
  std::size_t at = 0, size = 0;
  std::string text;
};

/// `old` must lie within `whole`.
std::size_t offset(std::string_view whole, std::string_view old) {
  return static_cast<std::size_t>(old.data() - whole.data());
}

} // namespace

login_entry read_login(std::string_view store) {
  login_entry out;
  json::document doc{json::document::content::sensitive};
  if (!doc.parse_object(store)) {
    out.error = std::string{"the login store is "} + json::explain(doc.why());
    return out;
  }
  const auto* providers = json::object(doc.root(), "providers");
  const auto* nous = providers == nullptr ? nullptr : json::object(*providers, "nous");
  if (nous == nullptr) {
    out.error = "nobody is logged in: the login store has no providers.nous";
    return out;
  }
  auto token = [&](const char* name) {
    const auto* found = json::find(*nous, name);
    auto usable = found != nullptr && found->IsString() && fits_a_header(json::view(*found));
    return usable ? secret{std::string{json::view(*found)}} : secret{};
  };
  out.access_token = token("access_token");
  out.refresh_token = token("refresh_token");
  out.expires_at = read_iso8601(json::text(*nous, "expires_at"));
  out.portal_base_url = json::text(*nous, "portal_base_url");
  out.client_id = json::text(*nous, "client_id");
  if (out.access_token.empty() && out.refresh_token.empty())
    out.error = "nobody is logged in: the login store holds no token";
  return out;
}

secret with_login(std::string_view store, const secret& access_token, const secret& refresh_token,
                  std::int64_t expires_at, std::string& error) {
  auto nous = json::member_text(json::member_text(store, "providers"), "nous");
  if (nous.empty() || nous.front() != '{' || !read_login(store).error.empty()) {
    error = "the login store cannot be changed without harm";
    return {};
  }
  std::vector<edit> edits;
  std::string missing;
  auto put = [&](std::string_view name, const std::string& value) {
    auto old = json::member_text(nous, name);
    if (!old.empty()) {
      edits.push_back({offset(store, old), old.size(), value});
    } else {
      missing += '"' + std::string{name} + "\": " + value + ", ";
    }
  };
  auto quoted = [](std::string_view x) {
    std::string out;
    json::append_string(out, x);
    return out;
  };
  put("access_token", quoted(access_token.reveal()));
  if (!refresh_token.empty()) put("refresh_token", quoted(refresh_token.reveal()));
  put("expires_at", expires_at > 0 ? quoted(iso8601(expires_at)) : "null");
  // There is a member behind: a login without any has been refused above.
  if (!missing.empty()) edits.push_back({offset(store, nous) + 1, 0, missing});
  std::sort(edits.begin(), edits.end(), [](const edit& a, const edit& b) { return a.at > b.at; });
  std::string out{store};
  for (const auto& x : edits) out.replace(x.at, x.size, x.text);
  // What was made must read back as what was meant, or it replaces nothing.
  auto check = read_login(out);
  secret result{std::move(out)};
  if (check.access_token == access_token && check.expires_at == expires_at &&
      (refresh_token.empty() || check.refresh_token == refresh_token))
    return result;
  error = "the login store cannot be changed without harm";
  return {};
}

bool login_stale(const login_entry& x, std::int64_t now) {
  return x.access_token.empty() || x.expires_at == 0 || x.expires_at - now <= renew_before_s;
}

std::string portal_of(std::string_view override_url, std::string_view stored) {
  auto bare = [](std::string_view x) {
    while (!x.empty() && x.back() == '/') x.remove_suffix(1);
    return std::string{x};
  };
  if (!override_url.empty()) return bare(override_url);
  auto where = parse_url(stored);
  if (where.valid && where.scheme.compare(0, 4, "http") == 0) {
    if (on_this_machine(where.host)) return bare(stored);
    if (where.scheme == "https" && where.host == "portal.nousresearch.com") return bare(stored);
  }
  return std::string{known_portal};
}

} // namespace relay::wire
