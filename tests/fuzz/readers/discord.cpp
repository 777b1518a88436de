// Discord interactions that a connector passes through (protocol.md 5.2): the body as JSON, and inside its
// frame.
#include "relay_gateway/messages/wire/frames/discord.hpp"

#include "relay_gateway/messages/wire/actions/prompts.hpp"
#include "relay_gateway/messages/wire/frames/event_codec.hpp"
#include "relay_gateway/messages/wire/frames/frames.hpp"
#include "relay_gateway/messages/wire/session_key.hpp"
#include "relay_gateway/tests/fuzz/fuzz.hpp"

namespace relay::fuzz {
namespace discord_target {

using namespace wire;

void look_at(const inbound_event& x) {
  require(x.interaction && x.source.platform == "discord", "an interaction can be answered (F27)");
  const auto& type = x.source.chat_type;
  require(type == "dm" || type == "group" || type == "thread", "an interaction's place has a type");
  require((type == "dm") ? x.source.scope_id.empty() : true, "a direct message has no scope");
  require((type == "thread") == !x.source.thread_id.empty() || x.source.chat_id.empty(),
          "a thread is its own chat (F26)");
  require(!x.prompt.present || (!x.prompt.prompt_id.empty() && is_option_id(x.prompt.option_id) &&
                                prompt_token_fits(x.prompt.prompt_id, x.prompt.option_id)),
          "an answer names a prompt and an option");
  require_json(x.raw);
  inbound_event again;
  std::string why;
  require(decode_event(x.raw, again, why), "the event that is made can be read");
  again.raw = x.raw;
  again.delivered_via_upstream_relay = x.delivered_via_upstream_relay;
  again.interaction = true;
  require(again == x, "the event that is made is the same");
  require(session_key(x.source, {}).starts_with("agent:"), "every event has a session");
}

void run(std::string_view body) {
  passthrough_forward forward;
  forward.platform = "discord";
  forward.body = body;
  forward.profile = "coder";
  forward.buffer_id = "b-1";
  forward.authenticated = true;
  inbound_event event;
  const bool found = decode_discord_interaction(forward, event);
  if (found) look_at(event);

  std::string line;
  encode(line, forward);
  require_frame(line);
  auto decoded = decode(std::string_view{line}.substr(0, line.size() - 1), true);
  auto* there = std::get_if<passthrough_forward>(&decoded);
  require(there != nullptr && there->body == body && there->buffer_id == "b-1", "a body comes byte by byte");
  inbound_event again;
  require(decode_discord_interaction(*there, again) == found && (!found || again == event),
          "a body that came in a frame means the same");
}

const registration self{"discord", run};

} // namespace discord_target
} // namespace relay::fuzz
