#include "event_text.hpp"

#include "ports/json.hpp"

namespace relay::sim {

std::string base64(std::string_view bytes) {
  constexpr const char* letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k)
      three = (three << 8) | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k > bytes.size() ? '=' : letters[(three >> (18 - 6 * k)) & 63];
  }
  return out;
}

std::string words(const std::string& mark, std::size_t about) {
  std::string out = mark + ".0";
  for (std::size_t i = 1; out.size() < about; ++i) {
    out += i % 13 == 0 ? "\n\n" : i % 7 == 0 ? "\n" : " ";
    out += mark + "." + std::to_string(i);
  }
  return out;
}

namespace {

std::string source_json(const told_event& x, const place& where, dice& luck) {
  json_object to;
  to.text("platform", x.platform).text("chat_id", x.chat_id).text("chat_type", x.chat_type);
  to.text("user_id", x.user_id).text("user_name", "name of " + x.user_id);
  if (luck.chance(0.3)) to.text("user_display_name", "The " + x.user_id);
  if (luck.chance(0.2)) to.text("chat_name", "room \"" + x.chat_id + "\" \xE2\x98\x83");
  to.maybe("thread_id", x.thread_id).maybe("parent_chat_id", x.parent_id).maybe("profile", x.profile);
  to.maybe(where.older_connector ? "guild_id" : "scope_id", x.scope_id);
  if (luck.chance(0.1)) to.flag("is_bot", true);
  return to.done();
}

std::string interaction_json(const told_event& x, dice& luck) {
  json_object user;
  user.text("id", x.user_id).text("username", "handle-" + x.user_id);
  json_object member;
  member.raw("user", user.done()).text("nick", "Nick");
  json_object data;
  auto press = x.kind == event_kind::press;
  if (press) {
    data.text("custom_id", "hp1:" + x.prompt_id + ":" + x.option_id).number("component_type", 2);
  } else {
    data.text("name", x.text);
    if (luck.chance(0.3))
      data.raw("options", R"([{"name":"sub","type":1,"options":[{"name":"n","type":3,"value":"v"}]}])");
  }
  json_object to;
  to.text("id", x.message_id).number("type", press ? 3 : 2).text("channel_id", x.chat_id);
  to.maybe("guild_id", x.scope_id).raw("member", member.done()).raw("data", data.done());
  if (x.chat_type == "thread")
    to.raw("channel",
           R"({"id":")" + x.chat_id + R"(","type":11,"name":"a thread","parent_id":")" + x.parent_id + "\"}");
  return to.done();
}

std::string forward_json(const told_event& x, const std::string& body) {
  json_object to;
  to.text("platform", x.kind == event_kind::useless ? x.platform : "discord").text("botId", "bot");
  to.text("method", "POST").text("path", "/interactions");
  to.raw("headers", R"([["content-type","application/json"],["bad"],["x-a","b"]])");
  to.text("bodyB64", body).maybe("profile", x.profile);
  return to.done();
}

} // namespace

std::string event_json(const told_event& x, const place& where, dice& luck) {
  json_object to;
  to.text("text", x.text).text("message_type", luck.chance(0.9) ? "text" : "image");
  to.raw("source", source_json(x, where, luck)).maybe("message_id", x.message_id);
  if (x.kind == event_kind::press) {
    json_object press;
    press.text("prompt_id", x.prompt_id).text("option_id", x.option_id);
    to.raw("prompt_response", press.done());
  }
  if (luck.chance(0.1))
    to.raw("context", R"([{"text":"before","source":{"user_name":"Ann"}},{"text":"and\nthen"},7])");
  if (luck.chance(0.1)) to.raw("reply_to", R"({"text":"what was said","author":"Bob","is_own":false})");
  if (luck.chance(0.1)) {
    auto url = "https://connector.example/relay/media/in" + std::to_string(x.number);
    json_object item;
    item.text("url", url).text("kind", "image").text("mime", "image/png").number("size", 100);
    to.raw("media_urls", "[" + quoted(url) + R"(,"https://elsewhere.example/x.png"])");
    to.raw("media", "[" + item.done() + "]");
  }
  if (luck.chance(0.1)) to.raw("future_field", R"({"deep":[1,2,{"x":null}]})");
  return to.done();
}

std::string frame_members(const told_event& x, dice& luck) {
  auto inbound = [](const std::string& event) { return R"("type":"inbound","event":)" + event; };
  switch (x.kind) {
  case event_kind::message: return inbound(x.raw);
  case event_kind::press:
    if (!x.raw.empty()) return inbound(x.raw);
    [[fallthrough]];
  case event_kind::interaction:
    return R"("type":"passthrough_forward","forward":)" + forward_json(x, base64(interaction_json(x, luck)));
  case event_kind::useless: {
    std::string body = luck.chance(0.5) ? base64("{\"type\":1}") : "%%% no base64 %%%";
    return R"("type":"passthrough_forward","forward":)" + forward_json(x, body);
  }
  case event_kind::poison: {
    auto bad = luck.below(4);
    if (bad == 0) return inbound(R"("not an object")");
    if (bad == 1) return inbound(R"({"text":7,"source":{}})");
    if (bad == 2) return inbound(R"({"text":"x","source":["no"]})");
    return inbound(R"({"text":"x","source":{"platform":"discord","chat_id":{"no":1}}})");
  }
  }
  return {};
}

} // namespace relay::sim
