#include "relay_gateway/messages/wire/actions/action_codec.hpp"
#include "relay_gateway/messages/wire/actions/result_codec.hpp"
#include "relay_gateway/messages/wire/frames/descriptor_codec.hpp"
#include "relay_gateway/messages/wire/frames/event_codec.hpp"
#include "relay_gateway/messages/wire/frames/frames.hpp"
#include "relay_gateway/messages/wire/http/base64.hpp"
#include "relay_gateway/messages/wire/http/tokens.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"

namespace relay::wire {

namespace {

/// One frame: `{"type":"...",` at construction, `}` and the line break on destruction.
class frame_writer : public json::object_writer {
public:
  frame_writer(std::string& out, std::string_view type) : object_writer(out), out_(out) {
    text("type", type);
  }
  frame_writer(const frame_writer&) = delete;
  frame_writer& operator=(const frame_writer&) = delete;
  ~frame_writer() { out_ += "}\n"; }

private:
  std::string& out_;
};

} // namespace

void encode(std::string& out, const hello& x) {
  frame_writer to{out, "hello"};
  to.text("platform", x.who.platform).text("botId", x.who.bot_id);
  if (x.command_manifest.empty()) return;
  // It comes from a person's configuration: written anew, so that a line break in it cannot split the frame.
  json::document manifest;
  if (!manifest.parse(x.command_manifest) || !manifest.root().IsArray()) return;
  to.key("command_manifest");
  json::append_as_it_came(out, manifest.root(), manifest.text());
}

void encode(std::string& out, const descriptor_frame& x) {
  frame_writer to{out, "descriptor"};
  to.key("descriptor");
  append_descriptor(out, x.what);
}

void encode(std::string& out, const inbound& x) {
  frame_writer to{out, "inbound"};
  to.key("event");
  append_event(out, *x.event);
  to.optional("bufferId", x.buffer_id);
}

void encode(std::string& out, const inbound_ack& x) {
  frame_writer to{out, "inbound_ack"};
  to.text("bufferId", x.buffer_id);
}

void encode(std::string& out, const outbound& x) { encode_outbound(out, x.request_id, x.what, x.where); }

void encode_outbound(std::string& out, std::string_view request_id, const action& what, const route& where) {
  constexpr std::size_t around = 256; // the rest of an ordinary frame
  out.reserve(out.size() + what.content.size() + what.rest.size() + what.metadata.size() + around);
  frame_writer to{out, "outbound"};
  to.text("requestId", request_id).key("action");
  append_action(out, what, where);
  to.optional("platform", where.platform).optional("botId", where.bot_id);
}

void encode(std::string& out, const outbound_result& x) {
  frame_writer to{out, "outbound_result"};
  to.text("requestId", x.request_id).key("result");
  append_result(out, x.result);
}

void encode(std::string& out, const interrupt& x) {
  frame_writer to{out, "interrupt"};
  to.text("session_key", x.session_key);
  if (x.has_reason) {
    to.text("reason", x.reason);
  } else {
    to.json("reason", "null");
  }
}

void encode(std::string& out, const interrupt_inbound& x) {
  frame_writer to{out, "interrupt_inbound"};
  to.text("session_key", x.session_key).text("chat_id", x.chat_id);
}

void encode(std::string& out, const passthrough_forward& x) {
  frame_writer to{out, "passthrough_forward"};
  to.key("forward");
  json::object_writer forward{out};
  forward.text("platform", x.platform)
      .text("botId", x.bot_id)
      .text("method", x.method)
      .text("path", x.path)
      .key("headers");
  out += '[';
  const char* separator = "[";
  for (const auto& [name, text] : x.headers) {
    out += separator;
    json::append_string(out, name);
    out += ',';
    json::append_string(out, text);
    out += ']';
    separator = ",[";
  }
  out += ']';
  forward.text("bodyB64", base64_encode(x.body)).optional("profile", x.profile).end();
  to.optional("bufferId", x.buffer_id);
}

void encode(std::string& out, const going_idle&) { frame_writer{out, "going_idle"}; }
void encode(std::string& out, const going_idle_ack&) { frame_writer{out, "going_idle_ack"}; }

} // namespace relay::wire
