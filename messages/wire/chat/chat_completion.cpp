#include "relay_gateway/messages/wire/chat/chat_completion.hpp"

#include "relay_gateway/messages/wire/http/base64.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"

namespace relay::wire {

namespace {

constexpr std::string_view image_part = "image_url";

/// A text, or the texts of a list of parts.
std::string text_of_content(const json::value& from) {
  if (from.IsString()) return std::string{json::view(from)};
  std::string out;
  if (from.IsArray())
    for (const auto& part : from.GetArray()) out += json::text(part, "text");
  return out;
}

std::string error_line(const json::value& from) {
  constexpr std::size_t longest = 300;
  const auto* error = json::find(from, "error");
  std::string text;
  if (error != nullptr && error->IsString())
    text = json::view(*error);
  else if (error != nullptr)
    text = json::text(*error, "message");
  if (text.empty()) text = json::text(from, "message");
  if (text.empty()) text = json::text(from, "detail");
  return on_one_line(std::string{utf8_prefix(text, longest)});
}

/// Of the first choice; `part` is `delta` or `message`.
chat_piece read_choice(const json::value& root, std::string_view part) {
  chat_piece out;
  if (json::find(root, "error") != nullptr && !json::find(root, "error")->IsNull()) {
    out.error = error_line(root);
    if (out.error.empty()) out.error = "an error without a text";
    return out;
  }
  const auto* choices = json::array(root, "choices");
  if (choices == nullptr || choices->Empty()) return out; // usage alone, or a sign of life
  const auto& choice = (*choices)[0];
  out.finish = json::text(choice, "finish_reason");
  const auto* said = json::object(choice, part);
  if (said == nullptr) return out;
  if (const auto* content = json::find(*said, "content")) out.text = text_of_content(*content);
  if (out.text.empty()) out.text = json::text(*said, "refusal");
  out.token = !out.text.empty();
  for (const char* other : {"reasoning_content", "reasoning", "tool_calls"}) {
    const auto* found = json::find(*said, other);
    out.token = out.token || (found != nullptr && ((found->IsString() && found->GetStringLength() > 0) ||
                                                   (found->IsArray() && !found->Empty())));
  }
  return out;
}

chat_piece no_completion() {
  chat_piece out;
  out.readable = false;
  return out;
}

} // namespace

std::string encode_chat_request(const chat_request& x) {
  std::string out;
  json::object_writer to{out};
  to.optional("model", x.model).key("messages");
  const char* separator = "[";
  for (const auto& message : x.messages) {
    out += separator;
    json::object_writer{out}.text("role", message.role).json("content", message.content).end();
    separator = ",";
  }
  out += x.messages.empty() ? "[]" : "]";
  to.boolean("stream", x.stream).end();
  return out;
}

std::string chat_content(std::string_view text, const std::vector<chat_image>& images) {
  std::string out;
  if (images.empty()) {
    json::append_string(out, text);
    return out;
  }
  out = "[";
  json::object_writer{out}.text("type", "text").text("text", text).end();
  for (const auto& image : images) {
    std::string url;
    json::object_writer{url}
        .text("url", "data:" + image.mime + ";base64," + base64_encode(image.bytes))
        .end();
    out += ',';
    json::object_writer{out}.text("type", image_part).json(image_part, url).end();
  }
  out += ']';
  return out;
}

bool has_images(std::string_view content) { return content.starts_with('['); }

std::string content_without_images(const std::string& content, std::string_view note) {
  json::document doc;
  if (!has_images(content) || !doc.parse(content)) return content;
  auto text = text_of_content(doc.root());
  if (!text.empty() && !note.empty()) text += '\n';
  text += note;
  return chat_content(text);
}

std::string_view image_type(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (bytes.starts_with("\x89PNG\r\n\x1A\n"sv)) return "image/png";
  if (bytes.starts_with("\xFF\xD8\xFF"sv)) return "image/jpeg";
  if (bytes.starts_with("GIF87a"sv) || bytes.starts_with("GIF89a"sv)) return "image/gif";
  if (bytes.size() >= 12 && bytes.starts_with("RIFF"sv) && bytes.substr(8, 4) == "WEBP"sv)
    return "image/webp";
  return {};
}

chat_piece decode_chat_chunk(std::string_view data) {
  const auto first = data.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  data.remove_prefix(first);
  if (data.starts_with("[DONE]")) {
    chat_piece out;
    out.done = true;
    return out;
  }
  json::document doc;
  return doc.parse_object(data) ? read_choice(doc.root(), "delta") : no_completion();
}

chat_piece decode_chat_answer(std::string_view body) {
  json::document doc;
  if (!doc.parse_object(body)) return no_completion();
  auto out = read_choice(doc.root(), "message");
  out.readable = !out.error.empty() || json::array(doc.root(), "choices") != nullptr;
  out.done = true;
  return out;
}

std::string chat_error(std::string_view body) {
  json::document doc;
  return doc.parse_object(body) ? error_line(doc.root()) : std::string{};
}

} // namespace relay::wire
