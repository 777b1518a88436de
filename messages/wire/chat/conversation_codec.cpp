#include "relay_gateway/messages/wire/chat/conversation_codec.hpp"

#include "relay_gateway/messages/wire/json/json_read.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"

namespace relay::wire {

namespace {

template <class List, class Append>
std::string list_of(const List& items, Append append) {
  std::string out = "[";
  for (const auto& x : items) {
    if (out.size() > 1) out += ',';
    append(out, x);
  }
  return out + ']';
}

void append_exchange(std::string& out, const chat_exchange& x) {
  json::object_writer{out}.text("asked", x.asked).text("answered", x.answered).end();
}

void append_question(std::string& out, const open_question& x) {
  json::object_writer{out}
      .text("delivery", x.delivery_id)
      .text("platform", x.platform)
      .text("chat", x.chat_id)
      .optional("user", x.user_id)
      .text("asked", x.asked)
      .text("content", x.content) // as a text, so that it comes back byte by byte
      .optional("shown", x.shown_id)
      .optional("answer", x.answer)
      .flag("decided", x.decided)
      .optional("said_as", x.said_as)
      .optional("remembered", x.remembered)
      .end();
}

} // namespace

std::string encode_conversation(const conversation& x) {
  std::string out;
  json::object_writer{out}
      .json("past", list_of(x.past, append_exchange))
      .json("open", list_of(x.open, append_question))
      .end();
  return out;
}

bool decode_conversation(std::string_view text, conversation& out) {
  json::document doc;
  out = {};
  if (!doc.parse_object(text)) return false;
  if (const auto* past = json::array(doc.root(), "past"))
    for (const auto& x : past->GetArray())
      out.past.push_back({json::text(x, "asked"), json::text(x, "answered")});
  if (const auto* open = json::array(doc.root(), "open"))
    for (const auto& x : open->GetArray()) {
      open_question one{json::text(x, "delivery"), json::text(x, "platform"), json::text(x, "chat"),
                        json::text(x, "user"),     json::text(x, "asked"),    json::text(x, "content")};
      one.shown_id = json::text(x, "shown");
      one.answer = json::text(x, "answer");
      one.decided = json::flag(x, "decided");
      one.said_as = json::text(x, "said_as");
      one.remembered = json::text(x, "remembered");
      if (!one.delivery_id.empty() && !one.content.empty()) out.open.push_back(std::move(one));
    }
  return true;
}

} // namespace relay::wire
