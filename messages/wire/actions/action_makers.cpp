#include "relay_gateway/messages/wire/actions/action_makers.hpp"

#include "relay_gateway/messages/wire/actions/action_fields.hpp"
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/json/object_members.hpp"

#include <utility>

namespace relay::wire {

namespace {

action basic(op kind, std::string chat_id, std::string metadata = {}) {
  action out;
  out.kind = kind;
  out.chat_id = std::move(chat_id);
  out.metadata = std::move(metadata);
  return out;
}

std::string_view word(media_kind x) {
  switch (x) {
  case media_kind::image: return "image";
  case media_kind::voice: return "voice";
  case media_kind::audio: return "audio";
  case media_kind::video: return "video";
  case media_kind::document: return "document";
  }
  return "document";
}

std::string_view word(prompt_kind x) {
  switch (x) {
  case prompt_kind::approval: return "approval";
  case prompt_kind::clarify: return "clarify";
  case prompt_kind::choice: return "choice";
  }
  return "choice";
}

action card(op kind, std::string chat_id, const std::string& card_id, std::string_view chunks,
            std::string metadata) {
  auto out = basic(kind, std::move(chat_id), std::move(metadata));
  json::member_writer to{out.rest};
  to.text("card_id", card_id);
  if (!chunks.empty()) to.json("chunks", chunks);
  out.fields = card_fields{card_id};
  return out;
}

} // namespace

action send(std::string chat_id, std::string content, std::string reply_to, std::string metadata) {
  auto out = basic(op::send, std::move(chat_id), std::move(metadata));
  out.content = std::move(content);
  out.reply_to = std::move(reply_to);
  return out;
}

action edit(std::string chat_id, std::string message_id, std::string content, std::string metadata) {
  auto out = basic(op::edit, std::move(chat_id), std::move(metadata));
  out.message_id = std::move(message_id);
  out.content = std::move(content);
  return out;
}

action typing(std::string chat_id, std::string metadata) {
  auto out = basic(op::typing, std::move(chat_id), std::move(metadata));
  out.fields = typing_fields{};
  return out;
}

action typing_clear(std::string chat_id, std::string metadata) {
  auto out = basic(op::typing, std::move(chat_id), std::move(metadata));
  // Said, not left out: an absent content would start the indicator (F65).
  json::member_writer{out.rest}.text("content", "");
  out.fields = typing_fields{true};
  return out;
}

action follow_up(std::string session_key, std::string kind, std::string content, std::string metadata) {
  auto out = basic(op::follow_up, {}, std::move(metadata));
  out.fields = follow_up_fields{std::move(session_key), std::move(kind)};
  out.content = std::move(content);
  return out;
}

action get_chat_info(std::string chat_id) { return basic(op::get_chat_info, std::move(chat_id)); }

action send_media(std::string chat_id, media_kind kind, std::string source_url, media_options more) {
  auto out = basic(op::send_media, std::move(chat_id), std::move(more.metadata));
  out.content = std::move(more.content);
  out.reply_to = std::move(more.reply_to);
  json::member_writer to{out.rest};
  to.text("media_kind", word(kind)).text("source_url", source_url).optional("filename", more.filename);
  out.fields = media_fields{};
  return out;
}

action send_file(std::string chat_id, media_kind kind, std::string path, media_options more,
                 std::string mime) {
  auto name = more.filename.empty() ? path.substr(path.rfind('/') + 1) : more.filename;
  auto out = basic(op::send_media, std::move(chat_id), std::move(more.metadata));
  out.content = std::move(more.content);
  out.reply_to = std::move(more.reply_to);
  json::member_writer{out.rest}.text("media_kind", word(kind)).text("filename", name);
  out.fields = media_fields{{std::move(path), std::move(mime), std::move(name)}};
  return out;
}

action prompt(std::string chat_id, prompt_kind kind, std::string content,
              const std::vector<prompt_option>& options, prompt_extras more) {
  auto out = basic(op::prompt, std::move(chat_id), std::move(more.metadata));
  out.content = std::move(content);
  out.reply_to = std::move(more.reply_to);
  std::string list = "[";
  for (auto& x : options) {
    if (list.size() > 1) list += ',';
    json::object_writer one{list};
    one.text("id", x.id).text("label", x.label).optional("style", x.style).end();
  }
  list += ']';
  std::string rest;
  json::object_writer to{rest};
  to.text("prompt_kind", word(kind)).optional("prompt_id", more.prompt_id).json("options", list);
  if (more.timeout_s > 0) to.json("timeout_s", std::to_string(more.timeout_s));
  to.end();
  read_rest(out, rest); // as any prompt is read, so that a bad one says what is wrong
  return out;
}

action react(std::string chat_id, std::string message_id, std::string_view emoji, bool remove) {
  auto out = basic(op::react, std::move(chat_id));
  out.message_id = std::move(message_id);
  json::member_writer{out.rest}.text("emoji", emoji).flag("remove", remove);
  return out;
}

action remove_message(std::string chat_id, std::string message_id, std::string metadata) {
  auto out = basic(op::remove, std::move(chat_id), std::move(metadata));
  out.message_id = std::move(message_id);
  return out;
}

action draft(std::string chat_id, std::int64_t draft_id, std::string content, bool final,
             std::string metadata) {
  auto out = basic(op::draft, std::move(chat_id), std::move(metadata));
  out.content = std::move(content);
  auto id = std::to_string(draft_id);
  json::member_writer{out.rest}.json("draft_id", id).boolean("final", final);
  out.fields = draft_fields{std::move(id), final};
  return out;
}

action task_card(std::string chat_id, std::string card_id, std::string_view chunks, std::string metadata) {
  return card(op::task_card, std::move(chat_id), card_id, chunks, std::move(metadata));
}

action task_card_stop(std::string chat_id, std::string card_id, std::string_view chunks,
                      std::string metadata) {
  return card(op::task_card_stop, std::move(chat_id), card_id, chunks, std::move(metadata));
}

action thread_create(std::string chat_id, std::string thread_name, std::string message_id,
                     std::string metadata) {
  auto out = basic(op::thread_create, std::move(chat_id), std::move(metadata));
  out.message_id = std::move(message_id);
  json::member_writer{out.rest}.text("thread_name", thread_name);
  out.fields = thread_fields{std::move(thread_name)};
  return out;
}

action thread_rename(std::string chat_id, std::string thread_id, std::string thread_name,
                     std::string only_if_current_name, std::string metadata, bool only_if_connector_created) {
  auto out = basic(op::thread_rename, std::move(chat_id), std::move(metadata));
  out.message_id = std::move(thread_id);
  json::member_writer{out.rest}
      .text("thread_name", thread_name)
      .optional("only_if_current_name", only_if_current_name)
      .flag("only_if_connector_created", only_if_connector_created);
  out.fields = thread_fields{std::move(thread_name)};
  return out;
}

std::string thread_metadata(std::string_view thread_id) {
  std::string out;
  if (!thread_id.empty()) json::object_writer{out}.text("thread_id", thread_id).end();
  return out;
}

action_result chat_info(std::string_view name, std::string_view type) {
  auto out = action_result::success();
  json::object_writer to{out.raw};
  to.boolean("success", true).key("chat_info");
  json::object_writer{out.raw}.text("name", name).text("type", type).end();
  to.end();
  return out;
}

std::string check(const action& x) {
  const auto* file = file_of(x);
  if (file == nullptr) return decode_action(encode_action(x)).error;
  auto as_asked = x;
  json::member_writer{as_asked.rest}.text("source_path", file->path).optional("mime", file->mime);
  return decode_action(encode_action(as_asked)).error;
}

} // namespace relay::wire
