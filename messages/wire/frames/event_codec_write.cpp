#include "relay_gateway/messages/wire/frames/event_codec.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"

namespace relay::wire {

namespace {

void append_source(std::string& out, const event_source& x) {
  json::object_writer to{out};
  to.text("platform", x.platform)
      .text("chat_id", x.chat_id)
      .text("chat_type", x.chat_type)
      .nullable("chat_name", x.chat_name)
      .nullable("user_id", x.user_id)
      .nullable("user_name", x.user_name)
      .nullable("thread_id", x.thread_id)
      .nullable("chat_topic", x.chat_topic)
      .optional("user_display_name", x.user_display_name)
      .optional("user_handle", x.user_handle)
      .optional("user_id_alt", x.user_id_alt)
      .optional("chat_id_alt", x.chat_id_alt)
      .optional("scope_id", x.scope_id)
      .optional("guild_id", x.scope_id) // the name that older peers know
      .optional("parent_chat_id", x.parent_chat_id)
      .optional("message_id", x.message_id)
      .optional("profile", x.profile)
      .flag("is_bot", x.is_bot)
      .flag("message_is_edit", x.message_is_edit)
      .flag("one_to_one_verified", x.one_to_one_verified)
      .flag("auto_thread_created", x.auto_thread_created)
      .optional("auto_thread_initial_name", x.auto_thread_initial_name)
      .optional("prospective_thread_id", x.prospective_thread_id)
      .end();
}

void append_media(std::string& out, const std::vector<media_item>& items) {
  out += '[';
  for (const auto& x : items) {
    if (out.back() == '}') out += ',';
    json::object_writer to{out};
    to.text("url", x.url)
        .optional("kind", x.kind)
        .optional("mime", x.mime)
        .optional("filename", x.filename)
        .optional("caption", x.caption);
    if (x.size > 0) to.json("size", std::to_string(x.size));
    to.end();
  }
  out += ']';
}

} // namespace

void append_prompt_response(std::string& out, const prompt_response& x) {
  json::object_writer{out}
      .text("prompt_id", x.prompt_id)
      .text("option_id", x.option_id)
      .optional("label", x.label)
      .optional("prompt_message_id", x.prompt_message_id)
      .end();
}

void append_typed_event(std::string& out, const inbound_event& x) {
  json::object_writer to{out};
  to.text("text", x.text).text("message_type", to_string(x.type)).key("source");
  append_source(out, x.source);
  to.optional("message_id", x.message_id).optional("reply_to_message_id", x.reply_to_message_id);
  if (x.reply_to.present) {
    to.key("reply_to");
    json::object_writer{out}
        .optional("text", x.reply_to.text)
        .optional("author", x.reply_to.author)
        .flag("is_own", x.reply_to.is_own)
        .end();
  }
  if (!x.media_urls.empty()) to.texts("media_urls", x.media_urls);
  if (!x.media.empty()) {
    to.key("media");
    append_media(out, x.media);
  }
  to.optional("context_error", x.context_error);
  if (x.prompt.present) {
    to.key("prompt_response");
    append_prompt_response(out, x.prompt);
  }
  to.end();
}

void append_event(std::string& out, const inbound_event& x) {
  if (x.raw.empty()) {
    append_typed_event(out, x);
  } else {
    out += x.raw;
  }
}

} // namespace relay::wire
