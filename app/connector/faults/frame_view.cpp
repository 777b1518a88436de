#include "relay_gateway/app/connector/faults/frame_view.hpp"

#include "relay_gateway/app/connector/json.hpp"

namespace relay::connector::faults {

namespace {

constexpr std::size_t most_remembered = 10'000;

} // namespace

frame_view read_frame(std::string_view line) {
  frame_view out;
  json::document doc;
  if (!json::parse_object(line, doc)) return out;
  out.type = json::text(doc, "type");
  out.request = json::text(doc, "requestId");
  out.buffer = json::text(doc, "bufferId");
  out.platform = json::text(doc, "platform");
  out.chat = json::text(doc, "chat_id");
  auto look = [&](const char* holder) {
    const auto* inside = json::member(doc, holder);
    if (!inside) return;
    if (out.op.empty()) out.op = json::text(*inside, "op");
    const auto* source = json::member(*inside, "source");
    for (const auto* from : {inside, source}) {
      if (!from) continue;
      if (out.platform.empty()) out.platform = json::text(*from, "platform");
      if (out.chat.empty()) out.chat = json::text(*from, "chat_id");
    }
  };
  for (const auto* holder : {"event", "action", "descriptor", "forward"}) look(holder);
  return out;
}

void frame_memory::complete(std::string_view gateway, frame_view& x) {
  const auto& id = x.request.empty() ? x.buffer : x.request;
  if (id.empty()) return;
  auto key = std::string{gateway} + '\n' + (x.request.empty() ? "b" : "r") + id;
  bool tells = !x.platform.empty() || !x.chat.empty() || !x.op.empty();
  if (tells) {
    if (known_.insert_or_assign(key, about{x.platform, x.chat, x.op}).second)
      order_.push_back(std::move(key));
    if (order_.size() > most_remembered) {
      known_.erase(order_.front());
      order_.pop_front();
    }
  } else if (auto it = known_.find(key); it != known_.end()) {
    x.platform = it->second.platform;
    x.chat = it->second.chat;
    x.op = it->second.op;
  }
}

void frame_memory::clear() {
  known_.clear();
  order_.clear();
}

} // namespace relay::connector::faults
