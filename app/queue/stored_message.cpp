#include "relay_gateway/app/queue/stored_message.hpp"

#include "relay_gateway/messages/wire/http/base64.hpp"
#include "relay_gateway/messages/wire/json/json_document.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"

namespace relay::queue {

namespace {

namespace json = wire::json;

/// The value of a header in the block that begins with `NATS/1.0`.
std::string header_of(std::string_view block, std::string_view name) {
  while (!block.empty()) {
    const auto end = block.find("\r\n");
    auto line = block.substr(0, end);
    block.remove_prefix(end == std::string_view::npos ? block.size() : end + 2);
    if (!line.starts_with(name) || line.substr(name.size(), 1) != ":") continue;
    line.remove_prefix(name.size() + 1);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    return std::string{line};
  }
  return {};
}

} // namespace

stream_answer read_stream_answer(std::string_view text, queue_message& out) {
  constexpr int not_found = 404;
  json::document doc;
  if (!doc.parse_object(text)) return stream_answer::error;
  const auto& root = doc.root();
  if (const auto* error = json::object(root, "error")) {
    const auto* code = json::find(*error, "code");
    const bool none = code != nullptr && code->IsInt() && code->GetInt() == not_found;
    return none ? stream_answer::nothing : stream_answer::error;
  }
  const auto* message = json::object(root, "message");
  if (message == nullptr) return stream_answer::error;
  const auto* sequence = json::find(*message, "seq");
  std::string headers;
  if (sequence == nullptr || !sequence->IsUint64()) return stream_answer::error;
  if (!wire::base64_decode(json::text(*message, "data"), out.body) ||
      !wire::base64_decode(json::text(*message, "hdrs"), headers))
    return stream_answer::error;
  out.sequence = sequence->GetUint64();
  out.subject = json::text(*message, "subject");
  out.sender = header_of(headers, sender_header);
  out.session = header_of(headers, session_header);
  return stream_answer::message;
}

} // namespace relay::queue
