// Upgrade tokens and delivery signatures (protocol.md 2). The first line of an input is what somebody sends,
// the second a gateway id, the third an expiry.
#include "relay_gateway/messages/wire/http/tokens.hpp"

#include "relay_gateway/messages/wire/http/base64.hpp"
#include "relay_gateway/tests/fuzz/fuzz.hpp"

#include <cstdlib>

namespace relay::fuzz {
namespace tokens_target {

using namespace wire;

void encodings(std::string_view text) {
  std::string out;
  require(base64_decode(base64_encode(text), out) && out == text, "base64 survives");
  require(base64url_decode(base64url_encode(text), out) && out == text, "base64url survives");
  if (base64_decode(text, out)) require(base64_encode(out) == text, "each byte string has one base64 text");
  if (base64url_decode(text, out)) require(base64url_encode(out) == text, "each byte string has one token");
}

void minted(const std::string& id, std::int64_t exp) {
  const secret key{"the key"}, other{"another key"};
  const auto token = mint_token(id, key, exp).reveal();
  std::string who;
  const auto at = [&](std::int64_t now, const std::vector<secret>& keys) {
    return verify_token(token, keys, now, who);
  };
  if (id.empty() || exp < 0) {
    require(at(0, {key}) == token_check::malformed && token_gateway_id(token).empty(),
            "an id cannot be empty");
    return;
  }
  require(at(exp, {other, key}) == token_check::ok && who == id, "a minted token verifies");
  require(token_gateway_id(token) == id, "a token names its gateway");
  require(at(exp, {other}) == token_check::bad_signature && who == id, "only its key fits");
  require(at(exp, {secret{}}) == token_check::bad_signature && at(exp, {}) == token_check::bad_signature,
          "an unset key lets nobody in");
  const auto unsigned_one = mint_token(id, secret{}, exp).reveal();
  require(verify_token(unsigned_one, {secret{}, key}, exp, who) == token_check::bad_signature,
          "nor one who signed with none");
  if (exp < INT64_MAX)
    require(at(exp + 1, {key}) == (exp == 0 ? token_check::ok : token_check::expired), "tokens expire");
  // No other text is a token of this id.
  for (std::size_t i = 0; i < token.size(); i += 7) {
    auto changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    require(verify_token(changed, {key}, exp, who) != token_check::ok, "a changed token is refused");
  }
}

void run(std::string_view input) {
  bytes in{input};
  const auto sent = in.line();
  const auto id = std::string{in.line()};
  const auto exp = std::strtoll(std::string{in.line()}.c_str(), nullptr, 10);
  encodings(sent);
  std::string who;
  const secret key{"the key"};
  const auto seen = verify_token(sent, {key}, 1'700'000'000, who);
  require(seen != token_check::ok || mint_token(who, key, 0).reveal() == sent || !who.empty(),
          "who comes in has a name");
  require((seen == token_check::malformed) == token_gateway_id(sent).empty(), "malformed names nobody");
  minted(id, exp);

  const auto signature = sign_delivery(key, std::to_string(exp), sent);
  require(verify_delivery(key, std::to_string(exp), signature, sent, exp) == (exp >= 0),
          "a signature verifies");
  require(!verify_delivery(key, std::to_string(exp), signature, std::string{sent} + "x", exp),
          "for its body only");
  require(!verify_delivery(key, std::string{sent}, signature, sent, exp) || sent == std::to_string(exp),
          "for its time only");
  verify_delivery(key, std::string{sent}, std::string{id}, sent, exp);
}

const registration self{"tokens", run};

} // namespace tokens_target
} // namespace relay::fuzz
