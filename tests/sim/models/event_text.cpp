#include "relay_gateway/tests/sim/models/event_text.hpp"

#include "relay_gateway/tests/sim/base/json.hpp"
#include "relay_gateway/tests/sim/models/interaction.hpp"

#include <array>

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

std::string source_json(const told_event& x, const place& where, seeded_rng& rng) {
  json_object to;
  to.text("platform", x.platform).text("chat_id", x.chat_id).text("chat_type", x.chat_type);
  if (x.edit_of != 0) to.flag("message_is_edit", true);
  to.text("user_id", x.user_id).text("user_name", "name of " + x.user_id);
  if (rng.chance(0.3)) to.text("user_display_name", "The " + x.user_id);
  if (rng.chance(0.2)) to.text("chat_name", "room \"" + x.chat_id + "\" \xE2\x98\x83");
  to.maybe("thread_id", x.thread_id).maybe("parent_chat_id", x.parent_id).maybe("profile", x.profile);
  to.maybe(where.older_connector ? "guild_id" : "scope_id", x.scope_id);
  if (rng.chance(0.1)) to.flag("is_bot", true);
  if (x.more != 0) {
    to.text("chat_topic", "topic \xF0\x9F\x8E\x89")
        .text("user_handle", "@" + x.user_id)
        .raw("chat_id_alt", "4711");
    to.maybe("user_id_alt", x.user_alt).maybe("prospective_thread_id", x.new_thread);
    if (!x.new_thread.empty())
      to.flag("auto_thread_created", true).text("auto_thread_initial_name", "as it will be called");
    to.flag("message_is_edit", false).raw("one_to_one_verified", "null").text("message_id", "s1");
  }
  return to.done();
}

/// What an event may have besides; and what only a gateway may say of one, which this connector says, too.
void add_more(json_object& to, seeded_rng& rng) {
  to.raw("reply_to_message_id", rng.chance(0.5) ? "17" : "\"in1\"");
  if (rng.chance(0.3)) to.text("context_error", "the history could not be read");
  if (rng.chance(0.3)) to.text("display_name", "forged").flag("delivered_via_upstream_relay", false);
  if (rng.chance(0.3)) to.text("channel_context", "forged");
}

/// Attachments with and without what belongs to them.
void add_attachments(json_object& to, const told_event& x) {
  auto url = "https://connector.example/relay/media/in" + std::to_string(x.number);
  to.raw("media_urls",
         "[" + json_string(url) + "," + json_string(url + "b") + ",7,\"\",\"ftp://elsewhere.example/x\"]");
  json_object item;
  item.text("url", url + "b").text("kind", "document").text("mime", "text/plain").text("filename", "a.txt");
  item.text("caption", "what it is").number("size", -1);
  to.raw("media", "[5,{\"kind\":\"image\"}," + item.done() + "]");
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

std::string event_json(const told_event& x, const place& where, seeded_rng& rng) {
  json_object to;
  std::string type = rng.chance(0.9) ? "text" : "image";
  seeded_rng more{x.more, "more"};
  constexpr std::array<const char*, 8> types{"location", "photo",    "video",   "audio",
                                             "voice",    "document", "sticker", "unheard of"};
  if (x.more != 0 && more.chance(0.5)) type = more.one_of(types);
  to.text("text", x.text).text("message_type", type);
  to.raw("source", source_json(x, where, rng)).maybe("message_id", x.message_id);
  if (x.kind == event_kind::press) {
    json_object press;
    press.text("prompt_id", x.prompt_id).text("option_id", x.option_id);
    if (x.more != 0) press.text("label", "Yes!").raw("prompt_message_id", "12");
    to.raw("prompt_response", press.done());
  }
  if (rng.chance(0.1))
    to.raw("context", R"([{"text":"before","source":{"user_name":"Ann"}},{"text":"and\nthen"},7])");
  if (rng.chance(0.1)) to.raw("reply_to", R"({"text":"what was said","author":"Bob","is_own":false})");
  if (rng.chance(0.1)) {
    auto url = "https://connector.example/relay/media/in" + std::to_string(x.number);
    json_object item;
    item.text("url", url).text("kind", "image").text("mime", "image/png").number("size", 100);
    to.raw("media_urls", "[" + json_string(url) + R"(,"https://elsewhere.example/x.png"])");
    to.raw("media", "[" + item.done() + "]");
  } else if (x.more != 0 && more.chance(0.3)) {
    add_attachments(to, x);
  }
  if (x.more != 0) add_more(to, more);
  if (rng.chance(0.1)) to.raw("future_field", R"({"deep":[1,2,{"x":null}]})");
  return to.done();
}

std::string frame_members(const told_event& x, seeded_rng& rng) {
  auto inbound = [](const std::string& event) { return R"("type":"inbound","event":)" + event; };
  switch (x.kind) {
  case event_kind::message: return inbound(x.raw);
  case event_kind::press:
    if (!x.raw.empty()) return inbound(x.raw);
    [[fallthrough]];
  case event_kind::interaction:
    return R"("type":"passthrough_forward","forward":)" + forward_json(x, base64(interaction_json(x, rng)));
  case event_kind::useless: {
    std::string body = rng.chance(0.5) ? base64("{\"type\":1}") : "%%% no base64 %%%";
    if (x.number % 3 == 0) body = base64(autocomplete_json(x));
    return R"("type":"passthrough_forward","forward":)" + forward_json(x, body);
  }
  case event_kind::poison: {
    auto bad = rng.below(4);
    if (bad == 0) return inbound(R"("not an object")");
    if (bad == 1) return inbound(R"({"text":7,"source":{}})");
    if (bad == 2) return inbound(R"({"text":"x","source":["no"]})");
    return inbound(R"({"text":"x","source":{"platform":"discord","chat_id":{"no":1}}})");
  }
  }
  return {};
}

} // namespace relay::sim
