#include "relay_gateway/messages/wire/frames/worker_frames.hpp"

#include "relay_gateway/messages/wire/actions/action_codec.hpp"
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/actions/commands.hpp"
#include "relay_gateway/messages/wire/actions/result_codec.hpp"
#include "relay_gateway/messages/wire/frames/descriptor_codec.hpp"
#include "relay_gateway/messages/wire/frames/event_codec.hpp"
#include "relay_gateway/messages/wire/json/json_members.hpp"

#include <utility>

namespace relay::wire {

namespace {

std::vector<std::string> read_delivery_ids(const json::value& root) {
  std::vector<std::string> out;
  if (const auto* ids = json::array(root, "delivery_ids"))
    for (const auto& item : ids->GetArray()) {
      std::string id;
      if (json::to_id(item, id) && !id.empty()) out.push_back(std::move(id));
    }
  return out;
}

/// A bad one is left out: its own message is refused.
std::vector<action_request> read_actions(const json::value& root, std::string_view line) {
  std::vector<action_request> out;
  const auto* actions = json::array(root, "actions");
  if (actions == nullptr) return out;
  json::item_walk texts{json::member_source(root, line, "actions")};
  for (auto left = actions->Size(); left > 0 && texts.next(); --left) {
    auto read = decode_agent_frame(texts.text());
    if (auto* wanted = std::get_if<agent_action>(&read)) out.push_back(std::move(wanted->request));
  }
  return out;
}

void add_actions(json::object_writer& to, const std::vector<std::string>& actions) {
  if (actions.empty()) return;
  std::string all;
  for (const auto& x : actions) all += (all.empty() ? "[" : ",") + x;
  to.json("actions", all + "]");
}

gateway_frame read_delivery(const json::value& root, std::string_view line) {
  delivery out;
  out.id = json::id(root, "delivery_id");
  out.session_key = json::text(root, "session_key");
  out.redelivered = json::flag(root, "redelivered");
  const auto* event = json::object(root, "event");
  if (out.id.empty() || event == nullptr)
    return bad_agent_frame{"inbound: delivery_id or event is missing", {}};
  auto read = std::make_shared<inbound_event>();
  std::string why;
  if (!read_event(*event, json::member_source(root, line, "event"), *read, why))
    return bad_agent_frame{"inbound: " + why, {}};
  // The gateway has read the event before: what it made of it stands in the event.
  read->delivered_via_upstream_relay = json::flag(*event, "delivered_via_upstream_relay");
  if (auto context = json::text(*event, "channel_context"); !context.empty())
    read->channel_context = std::move(context);
  out.event = event_ref{std::shared_ptr<const inbound_event>{std::move(read)}};
  return out;
}

gateway_frame read_outcome(const json::value& root, std::string_view line) {
  action_outcome out;
  out.request_id = json::id(root, "request_id");
  const auto* result = json::find(root, "result");
  if (out.request_id.empty() || result == nullptr)
    return bad_agent_frame{"result: request_id or result is missing", {}};
  out.result = read_result(*result, json::member_source(root, line, "result"));
  return out;
}

gateway_frame read_announcement(const json::value& root, std::string_view line) {
  gateway_ready ready;
  ready.takes_acks = json::flag(root, "acks");
  auto& out = ready.who;
  out.gateway_id = json::text(root, "gateway_id");
  if (const auto* platforms = json::array(root, "platforms")) {
    json::item_walk texts{json::member_source(root, line, "platforms")};
    for (const auto& item : platforms->GetArray()) {
      const auto text = texts.next() ? texts.text() : std::string_view{};
      if (item.IsObject()) out.platforms.push_back(read_descriptor(item, text));
    }
  }
  return ready;
}

std::string_view worker_of(const json::value& root, std::string& out) {
  constexpr std::size_t longest = 128;
  out = json::text(root, "worker");
  return out.empty() || out.size() > longest ? "worker must be a string of 1 to 128 bytes" : "";
}

} // namespace

worker_frame decode_worker_frame(std::string_view line) {
  json::document doc;
  if (!doc.parse_object(line)) return bad_agent_frame{std::string{"frame: "} + json::explain(doc.why()), {}};
  const auto& root = doc.root();
  const auto type = json::text(root, "type");
  if (type == "returned") {
    worker_returned out{{read_delivery_ids(root), json::flag(root, "unseen")}};
    if (!out.what.delivery_ids.empty()) return out;
    return bad_agent_frame{"returned: delivery_ids must name deliveries", {}};
  }
  if (type == "acks") {
    worker_acks out{read_delivery_ids(root), read_actions(root, doc.text())};
    if (!out.delivery_ids.empty()) return out;
    return bad_agent_frame{"acks: delivery_ids must name deliveries", {}};
  }
  if (type == "hello") {
    worker_hello out;
    if (const auto fault = worker_of(root, out.worker); !fault.empty())
      return bad_agent_frame{"hello: " + std::string{fault}, {}};
    const auto* room = json::find(root, "room");
    if (room != nullptr && room->IsUint()) out.room = room->GetUint();
    std::vector<std::string> ignored; // the worker has checked them
    if (const auto* commands = json::find(root, "commands")) read_commands(*commands, out.commands, ignored);
    return out;
  }
  if (type == "bye") {
    worker_bye out;
    if (const auto fault = worker_of(root, out.worker); !fault.empty())
      return bad_agent_frame{"bye: " + std::string{fault}, {}};
    return out;
  }
  if (type == "probe") return queue_probe{};
  auto read = decode_agent_frame(line);
  if (auto* ack = std::get_if<agent_ack>(&read)) {
    auto actions = read_actions(root, doc.text());
    if (actions.empty()) return std::move(*ack);
    return worker_acks{{std::move(ack->delivery_id)}, std::move(actions)};
  }
  if (auto* wanted = std::get_if<agent_action>(&read)) return std::move(*wanted);
  if (auto* stop = std::get_if<agent_interrupt>(&read)) return std::move(*stop);
  auto* bad = std::get_if<bad_agent_frame>(&read);
  return bad != nullptr ? std::move(*bad) : bad_agent_frame{"frame: unknown type", {}};
}

void encode(std::string& out, const worker_hello& x) {
  json::object_writer to{out};
  to.text("type", "hello").text("worker", x.worker).json("room", std::to_string(x.room));
  if (!x.commands.empty()) to.json("commands", encode_commands(x.commands));
  to.end();
}

void encode(std::string& out, const worker_bye& x) {
  json::object_writer to{out};
  to.text("type", "bye").text("worker", x.worker).end();
}

void encode(std::string& out, const worker_returned& x) {
  json::object_writer to{out};
  to.text("type", "returned").texts("delivery_ids", x.what.delivery_ids).flag("unseen", x.what.unseen).end();
}

void encode_worker_acks(std::string& out, const std::vector<std::string>& delivery_ids,
                        const std::vector<std::string>& actions) {
  json::object_writer to{out};
  to.text("type", "acks").texts("delivery_ids", delivery_ids);
  add_actions(to, actions);
  to.end();
}

void encode(std::string& out, const queue_probe&) {
  json::object_writer to{out};
  to.text("type", "probe").end();
}

void encode_worker_ack(std::string& out, std::string_view delivery_id,
                       const std::vector<std::string>& actions) {
  json::object_writer to{out};
  to.text("type", "ack").text("delivery_id", delivery_id);
  add_actions(to, actions);
  to.end();
}

void encode_worker_action(std::string& out, const action_request& x) {
  json::object_writer to{out};
  to.text("type", "action").optional("request_id", x.request_id).optional("platform", x.platform);
  to.optional("delivery_id", x.delivery_id);
  if (x.resend_unknown) to.text("on_unknown", "resend");
  to.key("action");
  append_action(out, x.act, {});
  to.end();
}

void encode_worker_interrupt(std::string& out, const session_interrupt& x) {
  json::object_writer to{out};
  to.text("type", "interrupt").text("session_key", x.session_key);
  if (x.has_reason) to.text("reason", x.reason);
  to.end();
}

gateway_frame decode_gateway_frame(std::string_view line) {
  json::document doc;
  if (!doc.parse_object(line)) return bad_agent_frame{std::string{"frame: "} + json::explain(doc.why()), {}};
  const auto& root = doc.root();
  const auto type = json::text(root, "type");
  if (type == "inbound") return read_delivery(root, doc.text());
  if (type == "result") return read_outcome(root, doc.text());
  if (type == "ready") return read_announcement(root, doc.text());
  if (type == "interrupt")
    return turn_interrupt{json::text(root, "session_key"), json::text(root, "chat_id")};
  if (type == "withdrawn") return delivery_withdrawn{read_delivery_ids(root)};
  if (type == "draining") return worker_draining{};
  return bad_agent_frame{"frame: type must be one of inbound result ready interrupt withdrawn draining", {}};
}

void encode_withdrawn(std::string& out, const std::vector<std::string>& delivery_ids) {
  json::object_writer to{out};
  to.text("type", "withdrawn").texts("delivery_ids", delivery_ids).end();
}

} // namespace relay::wire
