// What the answers of the control plane mean (protocol.md 2.1 to 2.3).
#include "relay_gateway/messages/lengths.hpp"
#include "relay_gateway/messages/wire/http/control_plane.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"

#include <algorithm>
#include <charconv>

namespace relay::wire {

namespace {

bool is_success(int status) { return status >= 200 && status < 300; }

std::string failure(int status, std::string_view detail) {
  auto out = "status " + std::to_string(status);
  if (!detail.empty()) out.append(": ").append(detail);
  return out;
}

/// One line of at most 200 characters (code points) without control characters.
std::string told_line(std::string_view text) {
  constexpr std::size_t limit = 200;
  std::string out;
  const char* p = text.data();
  const char* end = p + text.size();
  for (std::size_t count = 0; p != end && count < limit;) {
    auto n = utf8_length(p, end);
    if (n == 0) n = 1;
    const auto first = static_cast<unsigned char>(*p);
    const bool control = first < 0x20 || first == 0x7F ||
                         (first == 0xC2 && n == 2 && static_cast<unsigned char>(p[1]) < 0xA0) ||
                         (n == 1 && first >= 0x80);
    if (!control) {
      out.append(p, n);
      ++count;
    }
    p += n;
  }
  return out;
}

/// The part that provision and enrolment answers share. Why it cannot be used; empty = it can. Each dial
/// sends the id, and each report shows the tenant, so both are as short as other ids.
std::string read_credentials(const json::value& from, credentials& out) {
  out.key = secret{json::text(from, "secret")};
  if (out.key.empty()) return "the answer carries no secret";
  out.delivery_key = secret{json::text(from, "deliveryKey")};
  out.tenant = json::id(from, "tenant");
  out.gateway_id = json::id(from, "gatewayId");
  constexpr std::size_t longest_secret = 4'096;
  const auto longer = [&](const char* name, std::size_t most) {
    out = {};
    return std::string{"the answer's "} + name + " is longer than " + std::to_string(most) + " bytes";
  };
  if (out.key.reveal().size() > longest_secret) return longer("secret", longest_secret);
  if (out.delivery_key.reveal().size() > longest_secret) return longer("deliveryKey", longest_secret);
  if (out.tenant.size() > longest_id) return longer("tenant", longest_id);
  if (out.gateway_id.size() > longest_id) return longer("gatewayId", longest_id);
  return {};
}

/// Fit for an `Authorization` header: visible ASCII only, no longer than any server takes.
bool is_bearer(std::string_view x) {
  constexpr std::size_t longest = 16'384;
  if (x.size() > longest) return false;
  for (const char c : x)
    if (c <= ' ' || c > '~') return false;
  return !x.empty();
}

std::int64_t lifetime(const json::value& from) {
  constexpr std::int64_t longest = std::int64_t{10} * 365 * 86400;
  const auto* x = json::find(from, "expires_in");
  if (x == nullptr) return 0;
  double seconds = 0;
  if (x->IsNumber()) seconds = x->GetDouble();
  if (x->IsString()) std::from_chars(x->GetString(), x->GetString() + x->GetStringLength(), seconds);
  if (!(seconds > 0)) return 0;
  return seconds >= static_cast<double>(longest) ? longest : static_cast<std::int64_t>(seconds);
}

} // namespace

std::string error_detail(std::string_view body) {
  json::document doc;
  return doc.parse(body) ? told_line(json::text(doc.root(), "error")) : std::string{};
}

provision_answer decode_provision(int status, std::string_view body, std::string_view requested_id,
                                  bool holds_credentials) {
  provision_answer out;
  if (!is_success(status)) {
    out.error = failure(status, error_detail(body));
    return out;
  }
  json::document doc{json::document::content::sensitive};
  if (!doc.parse_object(body)) {
    out.error = failure(status, std::string{"the answer is "} + json::explain(doc.why()));
    return out;
  }
  const auto& root = doc.root();
  if (const auto* keys = json::array(root, "routeKeys"))
    for (const auto& x : keys->GetArray())
      if (std::string key; json::to_id(x, key)) out.route_keys.push_back(std::move(key));
  // Withheld on purpose: provisioned, and nothing here may replace what is held (F52).
  const auto* issued = json::find(root, "secretIssued");
  const bool withheld = issued != nullptr && issued->IsFalse();
  const auto fault = withheld ? std::string{} : read_credentials(root, out.given);
  if (!withheld && fault.empty()) {
    if (out.given.gateway_id.empty()) out.given.gateway_id = requested_id;
    out.carries_credentials = out.given.usable();
  }
  out.provisioned = withheld || out.carries_credentials || holds_credentials;
  if (!out.provisioned) out.error = failure(status, fault.empty() ? "the answer carries no secret" : fault);
  return out;
}

enroll_answer decode_enroll(int status, std::string_view body) {
  enroll_answer out;
  if (!is_success(status)) {
    const auto detail = error_detail(body);
    const std::string_view meaning = status == 401   ? "the identity was not accepted"
                                     : status == 403 ? "the enrollment token was not accepted"
                                                     : "";
    out.error = failure(status, meaning);
    if (!detail.empty()) out.error += ": " + detail;
    return out;
  }
  json::document doc{json::document::content::sensitive};
  if (!doc.parse_object(body)) {
    out.error = failure(status, std::string{"the answer is "} + json::explain(doc.why()));
  } else if (const auto fault = read_credentials(doc.root(), out.given); !fault.empty()) {
    out.error = failure(status, fault);
  } else {
    out.ok = true;
  }
  return out;
}

token_answer decode_token_answer(int status, std::string_view body) {
  token_answer out;
  json::document doc{json::document::content::sensitive};
  const bool object = doc.parse_object(body);
  if (!is_success(status)) {
    auto detail = object ? told_line(json::text(doc.root(), "error")) : std::string{};
    if (const auto more = object ? told_line(json::text(doc.root(), "error_description")) : std::string{};
        !more.empty())
      detail += (detail.empty() ? "" : ": ") + more;
    out.error = failure(status, detail);
    return out;
  }
  if (!object) {
    out.error = failure(status, std::string{"the answer is "} + json::explain(doc.why()));
    return out;
  }
  secret token{json::text(doc.root(), "access_token")};
  if (!is_bearer(token.reveal())) {
    out.error = failure(status, "the answer carries no usable access_token");
    return out;
  }
  out.access_token = std::move(token);
  out.refresh_token = secret{json::text(doc.root(), "refresh_token")};
  out.expires_in = lifetime(doc.root());
  return out;
}

media_answer decode_media(int status, std::string_view body) {
  constexpr int too_large = 413;
  constexpr std::size_t longest_id = 200;
  media_answer out;
  if (!is_success(status)) {
    out.code = status == too_large ? "media_too_large" : "media_refused";
    out.error = "the connector did not take the file: " + failure(status, error_detail(body));
    return out;
  }
  json::document doc;
  if (doc.parse(body)) out.id = json::id(doc.root(), "id");
  // It becomes part of a URL: nothing in it may lead elsewhere.
  const auto safe = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '~';
  };
  if (!out.id.empty() && out.id.size() <= longest_id && out.id.front() != '.' &&
      std::all_of(out.id.begin(), out.id.end(), safe))
    return out;
  out.id.clear();
  out.code = "media_refused";
  out.error = "the connector took the file and named no id for it";
  return out;
}

} // namespace relay::wire
