#include "relay_gateway/messages/wire/frames/agent_link.hpp"

#include "relay_gateway/messages/lengths.hpp"
#include "relay_gateway/messages/wire/actions/action_codec.hpp"
#include "relay_gateway/messages/wire/actions/commands.hpp"
#include "relay_gateway/messages/wire/actions/result_codec.hpp"
#include "relay_gateway/messages/wire/frames/descriptor_codec.hpp"
#include "relay_gateway/messages/wire/frames/event_codec.hpp"
#include "relay_gateway/messages/wire/json/json_members.hpp"
#include "relay_gateway/messages/wire/json/json_unique.hpp"
#include "relay_gateway/messages/wire/json/salvage.hpp"

namespace relay::wire {

namespace {

/// False when it is there and of another type: left out, it would lead the action to another place.
bool may_be_text(const json::value& root, std::string_view name, bool or_number) {
  const auto* found = json::find(root, name);
  std::string ignored;
  return found == nullptr || found->IsNull() || found->IsString() ||
         (or_number && json::to_id(*found, ignored));
}

/// A frame with an id that is too long. Its own request id is told only when it is one.
bad_agent_frame long_id(std::string field, std::size_t most, std::string request_id) {
  if (request_id.size() > longest_request_id) request_id.clear();
  return {std::move(field) + " is longer than " + std::to_string(most) + " bytes", std::move(request_id),
          true};
}

agent_frame read_action_frame(const json::value& root, std::string_view line) {
  agent_action out;
  out.request.request_id = json::id(root, "request_id");
  out.request.platform = json::text(root, "platform");
  out.request.delivery_id = json::id(root, "delivery_id");
  for (const auto* name : {"request_id", "platform", "delivery_id"})
    if (!may_be_text(root, name, std::string_view{name} != "platform"))
      return bad_agent_frame{std::string{"action: "} + name + " must be a string",
                             std::move(out.request.request_id)};
  if (out.request.request_id.size() > longest_request_id)
    return long_id("action: request_id", longest_request_id, {});
  for (const auto& [name, text] :
       {std::pair{"platform", &out.request.platform}, {"delivery_id", &out.request.delivery_id}})
    if (text->size() > longest_id)
      return long_id(std::string{"action: "} + name, longest_id, std::move(out.request.request_id));
  const auto* what = json::find(root, "action");
  auto read = what == nullptr ? read_action(json::value{}, {})
                              : read_action(*what, json::member_source(root, line, "action"));
  if (!read)
    return bad_agent_frame{std::move(read.error), std::move(out.request.request_id), false, read.too_many};
  if (!read_on_unknown(root, out.request.resend_unknown))
    return bad_agent_frame{bad_on_unknown, std::move(out.request.request_id)};
  if (const auto field = overlong_field(read.value); !field.empty())
    return long_id("action: " + std::string{field}, field == "session_key" ? longest_session_key : longest_id,
                   std::move(out.request.request_id));
  out.request.act = std::move(read.value);
  return out;
}

agent_frame read_interrupt(const json::value& root) {
  agent_interrupt out;
  out.session_key = json::id(root, "session_key");
  if (out.session_key.empty())
    return bad_agent_frame{"interrupt: session_key must be a non-empty string", json::id(root, "request_id")};
  if (out.session_key.size() > longest_session_key)
    return long_id("interrupt: session_key", longest_session_key, json::id(root, "request_id"));
  const auto* reason = json::find(root, "reason");
  out.has_reason = reason != nullptr && reason->IsString();
  if (out.has_reason) out.reason = json::view(*reason);
  return out;
}

agent_hello read_agent_hello(const json::value& root) {
  agent_hello out;
  if (const auto* name = json::find(root, "name"); name != nullptr && !name->IsNull()) {
    constexpr std::size_t longest = 256;
    if (name->IsString() && name->GetStringLength() > 0 && name->GetStringLength() <= longest)
      out.name = json::view(*name);
    else
      out.faults.emplace_back("name: must be a string of 1 to " + std::to_string(longest) + " bytes");
  }
  if (const auto* media = json::find(root, "media"); media != nullptr && !media->IsNull()) {
    const auto word = json::text(root, "media");
    out.media_paths = word == "path";
    if (word != "path" && word != "url") out.faults.emplace_back("media: must be path or url");
  }
  if (const auto* commands = json::find(root, "commands"); commands != nullptr && !commands->IsNull())
    read_commands(*commands, out.commands, out.faults);
  for (auto& x : out.faults) x.insert(0, "hello: ");
  return out;
}

/// Of an id or a name that only travels: `text` is its JSON.
bool overlong(std::string_view text) {
  constexpr std::size_t quotes = 2;
  if (text.size() <= longest_id + quotes) return false;
  json::document doc;
  std::string id;
  return doc.parse(text) && json::to_id(doc.root(), id) && id.size() > longest_id;
}

/// The first id of the metadata that is too long; empty when none is.
std::string_view overlong_in_metadata(const std::string& metadata) {
  json::document doc;
  if (metadata.size() <= longest_id || !doc.parse_object(metadata)) return {};
  constexpr std::string_view prefix = "metadata.";
  for (const std::string_view name :
       {"metadata.thread_id", "metadata.scope_id", "metadata.guild_id", "metadata.user_id",
        "metadata.profile", "metadata.message_id", "metadata.reply_to_message_id"})
    if (json::id(doc.root(), name.substr(prefix.size())).size() > longest_id) return name;
  return {};
}

void finish(std::string& out, json::object_writer& frame) {
  frame.end();
  out += '\n';
}

/// `media` as it came, each item with its file; a file whose URL stood alone gets an item of its own.
void append_media_files(std::string& out, const json::value& event, std::string_view source,
                        const std::vector<media_file>& files) {
  const auto add = [](json::object_writer& to, const media_file& x) {
    to.optional("path", x.path).optional("path_error", x.error);
  };
  std::vector<bool> told(files.size());
  out += '[';
  const char* separator = "";
  if (const auto* items = json::array(event, "media")) {
    json::item_walk texts{json::member_source(event, source, "media")};
    for (const auto& item : items->GetArray()) {
      const auto text = texts.next() ? texts.text() : std::string_view{};
      if (!item.IsObject()) continue;
      out += separator;
      separator = ",";
      json::object_writer to{out};
      // Only this gateway knows its own files.
      json::append_members(to, out, item, text,
                           [](std::string_view name) { return name != "path" && name != "path_error"; });
      const auto url = json::text(item, "url");
      for (std::size_t i = 0; i < files.size(); ++i) {
        if (files[i].url != url) continue;
        add(to, files[i]);
        told[i] = true;
        break;
      }
      to.end();
    }
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (told[i]) continue;
    out += separator;
    separator = ",";
    json::object_writer to{out};
    to.text("url", files[i].url);
    add(to, files[i]);
    to.end();
  }
  out += ']';
}

/// The event with its files; nothing changes where that cannot be done.
std::string with_files(const std::string& event, const std::vector<media_file>& files) {
  json::document doc;
  if (!doc.parse_object(event)) return event;
  std::string out;
  json::object_writer to{out};
  json::append_members(to, out, doc.root(), doc.text(),
                       [](std::string_view name) { return name != "media"; });
  to.key("media");
  append_media_files(out, doc.root(), doc.text(), files);
  to.end();
  return out;
}

/// The event as it came, its object reopened for what the gateway knows about it.
void append_for_agent(std::string& out, const delivery& x, bool paths) {
  const auto& event = *x.event;
  std::string made;
  if (event.raw.empty()) append_typed_event(made, event);
  const auto& plain = event.raw.empty() ? made : event.raw;
  std::string changed;
  if (paths && (!x.files.empty() || !event.media.empty())) changed = with_files(plain, x.files);
  json::object_writer to{out};
  to.members(changed.empty() ? plain : changed)
      .flag("delivered_via_upstream_relay", event.delivered_via_upstream_relay)
      .optional("channel_context", event.channel_context)
      .optional("display_name", event.display_name())
      .end();
}

} // namespace

std::string_view overlong_field(const action& x) {
  if (const auto* to = std::get_if<follow_up_fields>(&x.fields)) {
    if (to->session_key.size() > longest_session_key) return "session_key";
    if (to->kind.size() > longest_id) return "kind";
  }
  for (const auto& [name, text] : {std::pair<std::string_view, const std::string*>{"chat_id", &x.chat_id},
                                   {"message_id", &x.message_id},
                                   {"reply_to", &x.reply_to}})
    if (text->size() > longest_id) return name;
  if (const auto* prompt = std::get_if<prompt_fields>(&x.fields); prompt && prompt->id.size() > longest_id)
    return "prompt_id";
  if (const auto* card = std::get_if<card_fields>(&x.fields); card && card->id.size() > longest_id)
    return "card_id";
  if (const auto* thread = std::get_if<thread_fields>(&x.fields); thread && thread->name.size() > longest_id)
    return "thread_name";
  for (const std::string_view name : {"emoji", "filename", "only_if_current_name"})
    if (overlong(x.rest.find(name))) return name;
  return overlong_in_metadata(x.metadata);
}

agent_frame decode_agent_frame(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  json::document doc;
  if (!doc.parse_object(line)) // whoever waits for its result is told all the same
    return bad_agent_frame{std::string{"frame: "} + json::explain(doc.why()), salvage(line, "request_id")};
  const auto& root = doc.root();
  if (json::has_repeated_names(root)) { // the connector must read what was read here
    std::string once;
    json::append_unique(once, root, doc.text());
    return decode_agent_frame(once);
  }
  const auto type = json::text(root, "type");
  if (type == "action") return read_action_frame(root, doc.text());
  if (type == "interrupt") return read_interrupt(root);
  if (type == "ack") {
    agent_ack out{json::id(root, "delivery_id")};
    if (out.delivery_id.size() > longest_id)
      return long_id("ack: delivery_id", longest_id, json::id(root, "request_id"));
    if (!out.delivery_id.empty()) return out;
    return bad_agent_frame{"ack: delivery_id must be a non-empty string", json::id(root, "request_id")};
  }
  if (type == "hello") return read_agent_hello(root);
  return bad_agent_frame{"frame: type must be one of hello ack action interrupt",
                         json::id(root, "request_id")};
}

bool decode_first_frame(std::string_view line, agent_hello& out, bool& more) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  json::document doc;
  if (!doc.parse(line)) return false;
  if (json::find(doc.root(), "commands") == nullptr && json::find(doc.root(), "media") == nullptr)
    return false;
  const auto type = json::text(doc.root(), "type");
  more = type == "ack" || type == "action" || type == "interrupt";
  out = read_agent_hello(doc.root());
  return true;
}

void encode_ready(std::string& out, std::string_view gateway_id, const std::vector<descriptor>& platforms,
                  bool takes_acks) {
  json::object_writer to{out};
  to.text("type", "ready").text("gateway_id", gateway_id).key("platforms");
  out += '[';
  bool first = true;
  for (const auto& x : platforms) {
    if (!first) out += ',';
    first = false;
    if (x.raw.empty()) {
      append_descriptor(out, x);
    } else {
      out += x.raw;
    }
  }
  out += ']';
  if (takes_acks) to.flag("acks", true);
  finish(out, to);
}

void encode_delivery(std::string& out, const delivery& x, bool paths) {
  constexpr std::size_t around = 256;
  out.reserve(out.size() + x.event->raw.size() + x.event->channel_context.size() + around);
  json::object_writer to{out};
  to.text("type", "inbound").text("delivery_id", x.id).text("session_key", x.session_key).key("event");
  append_for_agent(out, x, paths);
  to.boolean("redelivered", x.redelivered);
  finish(out, to);
}

void encode_outcome(std::string& out, const action_outcome& x) {
  json::object_writer to{out};
  to.text("type", "result").text("request_id", x.request_id).key("result");
  append_result(out, x.result);
  finish(out, to);
}

void encode_interrupt(std::string& out, std::string_view session_key, std::string_view chat_id) {
  json::object_writer to{out};
  to.text("type", "interrupt").text("session_key", session_key).text("chat_id", chat_id);
  finish(out, to);
}

void encode_draining(std::string& out) {
  json::object_writer to{out};
  to.text("type", "draining");
  finish(out, to);
}

void encode_error(std::string& out, std::string_view message, std::string_view request_id) {
  json::object_writer to{out};
  to.text("type", "error").text("message", message).optional("request_id", request_id);
  finish(out, to);
}

} // namespace relay::wire
