// The part of the control API that changes something: POST, PUT and DELETE under /control/.
#include "relay_gateway/app/connector/control/control_api.hpp"

#include <algorithm>

namespace relay::connector {

namespace {

net::server_response fine(std::string body = R"({"ok":true})") {
  return {200, "application/json", std::move(body), {}};
}
net::server_response bad(std::string_view why, int status = 400) {
  return {status, "application/json", json::fields{}.add("error", why).object(), {}};
}
net::server_response reached(std::size_t n) {
  return fine(json::fields{}.add("sockets", static_cast<std::uint64_t>(n)).object());
}
net::server_response told(const injected& x) {
  if (!x) return bad(x.error, 409);
  json::fields out;
  out.add("message_id", x.message_id).add("live", static_cast<std::uint64_t>(x.live));
  return fine(out.add("buffered", static_cast<std::uint64_t>(x.buffered)).object());
}
void add_up(injected& sum, const injected& x) {
  sum.message_id = x.message_id;
  sum.live += x.live;
  sum.buffered += x.buffered;
  if (!x) sum.error = x.error;
}

behaviour changed(behaviour x, const json::value& body) {
  x.require_token = json::flag(body, "require_token", x.require_token);
  x.refuse_bad_token = json::flag(body, "refuse_bad_token", x.refuse_bad_token);
  x.withhold_on_replay = json::flag(body, "withhold_on_replay", x.withhold_on_replay);
  x.buffer_all = json::flag(body, "buffer_all", x.buffer_all);
  x.first_hello_only = json::flag(body, "first_hello_only", x.first_hello_only);
  x.check_discriminators = json::flag(body, "check_discriminators", x.check_discriminators);
  x.check_length = json::flag(body, "check_length", x.check_length);
  auto window = json::number(body, "replay_window", static_cast<std::int64_t>(x.replay_window));
  x.replay_window = static_cast<std::size_t>(std::max<std::int64_t>(1, window));
  x.replaced_code = static_cast<std::uint16_t>(json::number(body, "replaced_code", x.replaced_code));
  if (json::member(body, "replaced_reason")) x.replaced_reason = json::text(body, "replaced_reason");
  x.clock_offset_s = json::number(body, "clock_offset_s", x.clock_offset_s);
  return x;
}

chat_message short_form(const json::value& body) {
  chat_message x;
  auto read = [&](const char* key, std::string& field) {
    if (const auto* found = json::member(body, key); found && found->IsString())
      field = json::text(body, key);
  };
  read("platform", x.platform);
  read("chat_id", x.chat_id);
  read("text", x.text);
  read("chat_type", x.chat_type);
  read("chat_name", x.chat_name);
  read("user_id", x.user_id);
  read("user_name", x.user_name);
  read("thread_id", x.thread_id);
  read("scope_id", x.scope_id);
  read("parent_chat_id", x.parent_chat_id);
  read("message_id", x.message_id);
  read("reply_to", x.reply_to);
  read("gateway_id", x.gateway_id);
  return x;
}

} // namespace

net::server_response control_api::inject(const json::value& body) {
  auto gateway = json::text(body, "gateway_id");
  if (const auto* event = json::member(body, "event"))
    return told(core_.inject_event(json::write(*event), gateway));
  if (const auto* events = json::member(body, "events"); events && events->IsArray()) {
    injected sum;
    for (const auto& one : events->GetArray()) add_up(sum, core_.inject_event(json::write(one), gateway));
    return told(sum);
  }
  if (!json::member(body, "text")) return bad("give 'event', 'events' or 'text'");
  auto count = std::clamp<std::int64_t>(json::number(body, "count", 1), 1, 1'000'000);
  auto chats = std::clamp<std::int64_t>(json::number(body, "chats", 1), 1, 1'000'000);
  milliseconds every{std::max<std::int64_t>(0, json::number(body, "every_ms", 0))};
  auto what = short_form(body);
  if (count == 1 && chats == 1) return told(core_.inject(what));
  return told(
      core_.inject_many(what, static_cast<std::size_t>(count), static_cast<std::size_t>(chats), every));
}

net::server_response control_api::interact(const json::value& body) {
  interaction x;
  auto read = [&](const char* key, std::string& field) {
    if (const auto* found = json::member(body, key); found && found->IsString())
      field = json::text(body, key);
  };
  auto type = json::number(body, "type", 2);
  if (type < 1 || type > 5) return bad("'type' must be 1 to 5");
  x.type = static_cast<int>(type);
  read("chat_id", x.chat_id);
  read("id", x.id);
  read("name", x.name);
  read("custom_id", x.custom_id);
  read("scope_id", x.scope_id);
  read("user_id", x.user_id);
  read("user_name", x.user_name);
  read("gateway_id", x.gateway_id);
  if (const auto* options = json::member(body, "options"); options && options->IsObject())
    for (const auto& one : options->GetObject())
      x.options.emplace_back(std::string{one.name.GetString(), one.name.GetStringLength()},
                             json::text(*options, {one.name.GetString(), one.name.GetStringLength()}));
  return told(core_.interact(x));
}

net::server_response control_api::script_rules(const net::server_request& x) {
  json::document doc;
  if (!json::parse(x.body, doc)) return bad("the body must be a rule or an array of rules");
  std::vector<rule> rules;
  auto take = [&](const json::value& one) {
    std::string why;
    if (!read_rule(json::write(one), rules.emplace_back(), why)) return why;
    return std::string{};
  };
  if (doc.IsArray()) {
    for (const auto& one : doc.GetArray())
      if (auto why = take(one); !why.empty()) return bad(why);
  } else if (auto why = take(doc); !why.empty()) {
    return bad(why);
  }
  for (const auto& one : rules) core_.answer(one);
  return fine();
}

net::server_response control_api::change_sockets(const net::server_request& x, const json::value& body) {
  auto gateway = json::text(body, "gateway_id");
  if (x.path == "/control/close") {
    auto code = json::number(body, "code", 1000);
    if (code < 1000 || code > 4999) return bad("'code' must be 1000 to 4999");
    return reached(core_.close_all(static_cast<std::uint16_t>(code), json::text(body, "reason"), gateway));
  }
  if (x.path == "/control/drop") return reached(core_.drop_all(gateway));
  if (x.path == "/control/read") return reached(core_.read_all(json::flag(body, "on", true), gateway));
  auto pieces = json::texts(body, "pieces");
  if (pieces.empty()) return bad("'pieces' must be an array of strings");
  return reached(core_.send_raw(pieces, gateway));
}

net::server_response control_api::change(const net::server_request& x) {
  const auto& path = x.path;
  if (path == "/control/media" && x.method == "PUT") {
    auto url = core_.put_media(x.header("content-type"), x.header("x-media-filename"), x.body);
    return fine(json::fields{}.add("url", url).object());
  }
  if (path == "/control/script" && x.method == "DELETE") {
    core_.clear_script();
    return fine();
  }
  if (path == "/control/faults" || path == "/control/fault") return change_faults(x);
  if (x.method != "POST") return bad("no such path or method", 404);
  if (path == "/control/script") return script_rules(x);
  json::document body;
  if (!json::parse_object(x.body.empty() ? "{}" : x.body, body)) return bad("the body must be a JSON object");
  auto text = [&](const char* key) { return json::text(body, key); };
  auto gateway = text("gateway_id");
  if (path == "/control/inject") return inject(body);
  if (path == "/control/close" || path == "/control/drop" || path == "/control/read" ||
      path == "/control/raw")
    return change_sockets(x, body);
  if (path == "/control/forward") {
    const auto* forward = json::member(body, "forward");
    return forward ? told(core_.forward(json::write(*forward), gateway)) : bad("'forward' is needed");
  }
  if (path == "/control/interaction") return interact(body);
  if (path == "/control/press")
    return told(core_.press(text("platform"), text("chat_id"), text("message_id"), text("option_id"),
                            json::flag(body, "as_interaction", false)));
  if (path == "/control/interrupt") {
    std::string key{text("session_key")};
    if (key.empty()) key = core_.session_of(text("platform"), text("chat_id"));
    if (key.empty())
      return bad("give 'session_key', or 'platform' and 'chat_id' of a chat that was written in");
    return core_.interrupt(key, text("chat_id"), gateway) ? fine() : bad("no gateway is connected", 409);
  }
  if (path == "/control/behaviour") {
    core_.set_behaviour(changed(core_.how(), body));
    return fine();
  }
  return change_gateways(path, body);
}

net::server_response control_api::change_gateways(const std::string& path, const json::value& body) {
  auto text = [&](const char* key) { return json::text(body, key); };
  auto gateway = text("gateway_id");
  if (path == "/control/refuse") {
    rule no;
    no.on = answer_point::upgrade;
    no.gateway_id = gateway;
    no.count = static_cast<int>(json::number(body, "count", 1));
    no.status = static_cast<int>(std::clamp<std::int64_t>(json::number(body, "status", 503), 400, 599));
    core_.answer(no);
    return fine();
  }
  if (path == "/control/gateways") {
    if (gateway.empty() || text("secret").empty()) return bad("'gateway_id' and 'secret' are needed");
    core_.add_gateway(std::string{gateway}, secret{std::string{text("secret")}}, text("tenant"));
    return fine();
  }
  if (path == "/control/enrollments") {
    if (text("token").empty()) return bad("'token' is needed");
    core_.add_enrollment(secret{std::string{text("token")}}, text("tenant"),
                         json::number(body, "expires_s", 0));
    return fine();
  }
  if (path == "/control/rotate")
    return core_.rotate(std::string{gateway}) ? fine() : bad("no such gateway", 404);
  if (path == "/control/revoke") {
    core_.revoke(gateway);
    return fine();
  }
  return bad("no such path", 404);
}

} // namespace relay::connector
