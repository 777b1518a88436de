// Any line that the connector, or a gateway, may send (protocol.md 3).
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/frames/agent_link.hpp"
#include "relay_gateway/messages/wire/frames/discord.hpp"
#include "relay_gateway/messages/wire/frames/event_codec.hpp"
#include "relay_gateway/messages/wire/frames/frames.hpp"
#include "relay_gateway/messages/wire/frames/ordinary_frames.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"
#include "relay_gateway/tests/fuzz/fuzz.hpp"

namespace relay::fuzz {
namespace wire_frames_target {

using namespace wire;

std::string encoded(const frame& x) {
  std::string out;
  std::visit(
      [&out](const auto& y) {
        if constexpr (requires { encode(out, y); }) encode(out, y);
      },
      x);
  return out;
}

void look_at(const bad_frame& x) {
  require_line(x.what);
  require(is_utf8(x.type) && is_utf8(x.buffer_id), "what a refusal quotes is UTF-8");
}
void look_at(const unknown_frame& x) { require(!x.type.empty(), "a frame has a type"); }

/// What the agent gets of an event says what was decoded, and nothing that only the gateway may say.
void deliver(const inbound_event& event, bool paths) {
  std::string out;
  std::vector<media_file> files;
  for (const auto& item : event.media) files.push_back({item.url, "/srv/f", ""});
  files.push_back({"http://elsewhere/", "", "not fetched in time"});
  encode_delivery(out, {"d-1", "key", event_ref{event}, true, files}, paths);
  require_frame(out);
  rapidjson::Document doc;
  doc.Parse<rapidjson::kParseIterativeFlag>(out.data(), out.size() - 1);
  require(doc.IsObject() && doc["event"].IsObject(), "a delivery carries the event");
  const auto& inner = doc["event"];
  const bool marked = json::find(inner, "delivered_via_upstream_relay") != nullptr;
  require(marked == event.delivered_via_upstream_relay, "the mark is the gateway's to set");
  require(json::text(inner, "display_name") == event.display_name(), "the name to show is the gateway's");
  require(json::text(inner, "channel_context") == event.channel_context, "the context is the gateway's");
  if (!paths) return;
  const auto* media = json::array(inner, "media");
  require(media != nullptr, "files stand in media");
  for (const auto& item : media->GetArray()) {
    const auto path = json::text(item, "path");
    require(path.empty() || path == "/srv/f", "only the gateway names files of this machine");
  }
}

void look_at(const inbound& x) {
  const auto& event = *x.event;
  require_json(event.raw);
  require(event.raw.starts_with('{'), "an event's raw text is an object");
  deliver(event, false);
  deliver(event, true);
  // Written from its fields it is the same event.
  std::string typed, why;
  append_typed_event(typed, event);
  inbound_event again;
  require(decode_event(typed, again, why), "a written event can be read");
  again.raw = event.raw;
  again.channel_context = event.channel_context;
  again.delivered_via_upstream_relay = event.delivered_via_upstream_relay;
  require(again == event, "a written event is the same event");
}

void look_at(const outbound& x) {
  require(check(x.what).empty(), "what was accepted is valid");
  auto more = x;
  more.where.who = {"scope", "user", "profile"};
  require_frame(encoded(more));
}

void look_at(const outbound_result& x) {
  const auto& result = x.result;
  require(result.how == outcome::done || !result.error.empty(), "a failure has a reason");
  require(result.how != outcome::unknown || result.code != "egress_declined" ||
              result.raw.find("egress_declined") != std::string::npos,
          "ambiguity wins over a refusal's wording");
  if (!result.raw.empty()) {
    auto again = decode_result(encode_result(result));
    again.raw = result.raw;
    require(again == result, "a result survives");
  }
  std::string out;
  auto named = result;
  named.prompt_id = "n0.1";
  encode_outcome(out, {"r", named});
  require_frame(out);
}

void look_at(const descriptor_frame& x) {
  require(x.what.max_message_length >= 1, "a message has room for a character");
  std::string out;
  encode_ready(out, "gw", {x.what, x.what});
  require_frame(out);
}

void look_at(const passthrough_forward& x) {
  inbound_event event;
  if (decode_discord_interaction(x, event)) deliver(event, true);
}

template <class Other>
void look_at(const Other&) {}

/// What pairs a frame with its answer survives.
template <class Frame>
void require_same_names(const Frame& x, const frame& again) {
  const auto& y = std::get<Frame>(again);
  if constexpr (requires { x.buffer_id; }) require(y.buffer_id == x.buffer_id, "a buffer id survives");
  if constexpr (requires { x.request_id; }) require(y.request_id == x.request_id, "a request id survives");
  if constexpr (requires { x.session_key; }) require(y.session_key == x.session_key, "a session survives");
  if constexpr (requires { x.bot_id; }) require(y.bot_id == x.bot_id, "a bot survives");
}

/// What is read without a document is what the document says.
void require_same_both_ways(std::string_view line, bool authenticated) {
  frame brief;
  if (!read_ordinary_frame(line, authenticated, brief)) return;
  const auto whole = read_frame(line, authenticated);
  require(brief.index() == whole.index(), "both ways lead to the same frame");
  if (const auto* x = std::get_if<inbound>(&brief)) {
    const auto& y = std::get<inbound>(whole);
    require(*x->event == *y.event && x->buffer_id == y.buffer_id, "both ways lead to the same event");
  } else {
    const auto& result = std::get<outbound_result>(brief);
    const auto& y = std::get<outbound_result>(whole);
    require(result.request_id == y.request_id && result.result == y.result,
            "both ways lead to the same result");
  }
}

void run(std::string_view line) {
  for (const bool authenticated : {false, true}) {
    require_same_both_ways(line, authenticated);
    const auto decoded = decode(line, authenticated);
    std::visit([&](const auto& x) { look_at(x); }, decoded);
    if (const auto* x = std::get_if<inbound>(&decoded))
      require(x->event->delivered_via_upstream_relay == authenticated, "the mark follows the socket");
    const auto said = encoded(decoded);
    require(said.empty() == (decoded.index() < 2), "every frame can be said again");
    if (said.empty()) continue;
    require_frame(said);
    const auto again = decode(std::string_view{said}.substr(0, said.size() - 1), authenticated);
    require(again.index() == decoded.index(), "a frame said again is the same kind");
    require(encoded(again) == said, "a frame said again is the same");
    std::visit([&](const auto& x) { require_same_names(x, again); }, decoded);
  }
}

const registration self{"wire_frames", run};

} // namespace wire_frames_target
} // namespace relay::fuzz
