#include "relay_gateway/app/commands/running/send.hpp"

#include "relay_gateway/app/commands/running/running_gateway.hpp"
#include "relay_gateway/app/commands/say.hpp"
#include "relay_gateway/app/process.hpp"
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"

#include <iostream>
#include <iterator>

namespace relay::commands {

namespace {

/// Longer than any gateway may hold an action: egress_hold, a wait that the connector asks for and four
/// outbound time-outs at their defaults.
constexpr milliseconds patience{300'000};

std::string body_of(const send_options& what, const std::string& text) {
  std::string out;
  wire::json::object_writer{out}
      .optional("platform", what.platform)
      .optional("request_id", what.request_id)
      .json("action", wire::encode_action(wire::send(what.chat, text, what.reply_to)))
      .end();
  return out;
}

/// The answer's own words.
std::string reason_in(const std::string& body) {
  wire::json::document doc;
  if (!doc.parse(body)) return "no reason was given";
  auto why = wire::json::text(doc.root(), "error");
  return why.empty() ? "no reason was given" : why;
}

} // namespace

int send(const setting_options& from, const send_options& what) {
  auto text = what.text;
  if (text == "-") text.assign(std::istreambuf_iterator<char>{std::cin}, {});
  if (text.empty()) return fail(exit_code::usage, "there is no text to send");
  auto answer = ask_gateway(from, "POST", "/v1/actions", body_of(what, text), patience);
  auto body = answer.body.reveal();
  switch (answer.status) {
  case 200: print(body + "\n"); return exit_code::fine;
  case 0: return fail(exit_code::failure, answer.error);
  case 401:
    return fail(exit_code::failure,
                "the gateway does not take this admin token; set GATEWAY_ADMIN_TOKEN to its own");
  case 504:
    return fail(exit_code::failure, "it is not known whether the message was sent (" + reason_in(body) +
                                        "); look before sending it again");
  default: return fail(exit_code::failure, "not sent: " + reason_in(body));
  }
}

} // namespace relay::commands
