// Any answer to the HTTP calls (protocol.md 2): the first line of an input is the status, the rest the body.
#include "relay_gateway/messages/wire/http/control_plane.hpp"

#include "relay_gateway/messages/wire/json/json_read.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"
#include "relay_gateway/tests/fuzz/fuzz.hpp"

#include <algorithm>
#include <cstdlib>

namespace relay::fuzz {
namespace control_plane_target {

using namespace wire;

void require_short(const std::string& error) {
  require_line(error);
  require(error.size() < 2000, "an error is short");
}

/// Whether a text of the answer that is a credential may be told from an error's wording.
bool shows(const std::string& error, const secret& what) {
  return what.reveal().size() >= 8 && error.find(what.reveal()) != std::string::npos;
}

void provision(int status, std::string_view body) {
  for (const bool held : {false, true}) {
    const auto x = decode_provision(status, body, "gw-asked", held);
    require(x.provisioned == x.error.empty(), "provisioned, or an error");
    if (!x.error.empty()) require_short(x.error);
    require(!x.carries_credentials || (x.provisioned && x.given.usable()), "credentials are whole or none");
    require(!shows(x.error, x.given.key), "no error quotes a secret");
    require(status / 100 == 2 || !x.provisioned, "only a success provisions");
    if (x.carries_credentials) {
      json::document doc;
      require(doc.parse(body), "credentials come from JSON");
      const auto* issued = json::find(doc.root(), "secretIssued");
      require(issued == nullptr || !issued->IsFalse(), "a withheld secret replaces nothing (F52)");
    }
  }
}

void write(std::string_view text) {
  const std::string x{text.substr(0, 300)};
  require_json(encode_provision({x, x, x, x, {x, x}, x, x, x}));
  relevance_policy policy;
  policy.platform = x;
  policy.free_response_scopes = {x};
  require_json(encode_policy(policy));
  require_json(encode_enroll(secret{x}, x));
  const auto form = form_encode({{x, x}, {"scope", x}});
  require(form.find_first_of(" \r\n#<>\"") == std::string::npos &&
              std::count(form.begin(), form.end(), '&') == 1,
          "a form is two fields");
}

void run(std::string_view input) {
  bytes in{input};
  const auto status = std::atoi(std::string{in.line().substr(0, 9)}.c_str());
  const auto body = in.rest();
  provision(status, body);
  const auto enrolled = decode_enroll(status, body);
  require(enrolled.ok == enrolled.error.empty() && enrolled.ok == !enrolled.given.key.empty(),
          "a key or an error");
  if (!enrolled.ok) require_short(enrolled.error);

  const auto token = decode_token_answer(status, body);
  require(token.error.empty() == !token.access_token.empty(), "a token or an error");
  if (!token.error.empty()) require_short(token.error);
  require(token.expires_in >= 0, "a token does not expire in the past");
  const auto& bearer = token.access_token.reveal();
  require(std::all_of(bearer.begin(), bearer.end(), [](char c) { return c > ' ' && c < 0x7F; }),
          "a token fits a header");

  const auto media = decode_media(status, body);
  require(media.id.empty() == !media.error.empty() && media.code.empty() == media.error.empty(),
          "an id or an error");
  if (!media.error.empty()) require_short(media.error);
  require(media.id.find_first_of("/?#%: ") == std::string::npos && media.id != "..",
          "an id stays in its folder");

  const auto detail = error_detail(body);
  require(detail.size() <= 800, "a detail is cut");
  if (!detail.empty()) require_line(detail);
  write(body);
}

const registration self{"control_plane", run};

} // namespace control_plane_target
} // namespace relay::fuzz
