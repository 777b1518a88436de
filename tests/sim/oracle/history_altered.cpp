// Lines that the gateway read and nobody had said so: a script changed them, or made them up. What the
// gateway may rightly make of them is noted as narrowly as it can be told, so that the rules judge all the
// rest.
#include "relay_gateway/tests/sim/oracle/history.hpp"

#include <cctype>

namespace relay::sim {

namespace {

/// Every value of a member `bufferId`, also in what is no JSON: a gateway acknowledges even that, if it can.
std::set<std::string> buffer_ids_in(std::string_view line) {
  constexpr std::string_view key = "\"bufferId\"";
  std::set<std::string> out;
  for (auto at = line.find(key); at != std::string_view::npos; at = line.find(key, at + 1)) {
    auto from = line.find_first_not_of(" \t:", at + key.size());
    if (from == std::string_view::npos) break;
    auto in_quotes = line[from] == '"';
    if (in_quotes) ++from;
    auto to = from;
    while (to < line.size() &&
           (in_quotes ? line[to] != '"' : std::isalnum(static_cast<unsigned char>(line[to])) != 0))
      ++to;
    out.emplace(line.substr(from, to - from));
  }
  return out;
}

} // namespace

void history::altered_read(std::uint64_t socket, const frame_view& x) {
  auto buffer_ids = buffer_ids_in(x.text);
  named_by_altered_.insert(buffer_ids.begin(), buffer_ids.end());
  auto type = text(x.root, "type");
  if (type == "descriptor" && member(x.root, "descriptor").IsObject()) {
    link_read(socket, x);
    sockets[socket].doubtful = true;
  } else if (type == "outbound_result") {
    auto it = frame_of_request.find(id_text(x.root, "requestId"));
    if (it != frame_of_request.end() && !it->second.first.empty()) actions[it->second.first].doubted = true;
  } else if (type == "inbound") {
    alter_event(x, buffer_ids);
  } else if (type == "passthrough_forward") {
    alter_forward(buffer_ids);
  } else if (!x.root.IsObject()) { // a gateway may leave out what cannot be read of it
    auto like = events_of(buffer_ids);
    like.insert(event_mark(std::string{x.text}));
    constexpr std::string_view words =
        R"("text":")"; // of an event whose buffer id cannot be read, or that has none
    if (auto at = x.text.find(words); at != std::string_view::npos)
      like.insert(event_mark(std::string{x.text.substr(at + words.size())}));
    for (auto number : like)
      if (number != 0) alter(number).unclear = true;
  }
}

std::set<std::uint64_t> history::events_of(const std::set<std::string>& buffer_ids) const {
  std::set<std::uint64_t> out;
  for (auto& id : buffer_ids)
    if (auto it = event_of_buffer.find(id); it != event_of_buffer.end()) out.insert(it->second);
  return out;
}

event_record& history::alter(std::uint64_t number) {
  auto& x = events[number];
  x.altered = true;
  altered_chats_.insert(x.what.chat_id);
  return x;
}

/// Whatever it can be taken for by one of its ids, or by its words.
void history::alter_event(const frame_view& x, const std::set<std::string>& buffer_ids) {
  auto& event = member(x.root, "event");
  auto& source = member(event, "source");
  auto platform = text(source, "platform"), chat = id_text(source, "chat_id"),
       message = id_text(event, "message_id"), words = text(event, "text");
  if (platform.empty()) platform = "relay";
  if (chat.empty()) chat = id_text(source, "user_id"); // where there is none, whoever wrote it
  altered_chats_.insert(chat);
  auto like = events_of(buffer_ids);
  auto key = platform + "/" + chat + "/" + message;
  if (!message.empty()) {
    altered_keys_[key].push_back(dump(event));
    if (auto it = event_of_message.find(key); it != event_of_message.end()) like.insert(it->second);
  }
  if (auto number = event_mark(words); number != 0) like.insert(number);
  if (!event.IsObject()) return;
  auto at = platform + "/" + chat + "/" + words;
  if (auto known = made_up_.find(at); known != made_up_.end()) like.insert(known->second);
  if (like.empty()) { // nobody's
    constexpr std::uint64_t first = 2'000'000;
    auto number = first + made_up_.size();
    auto& what = events[number].what;
    what.number = number;
    what.platform = platform;
    what.chat_id = chat;
    what.message_id = message;
    what.text = words;
    like.insert(number);
  }
  made_up_.try_emplace(at, *like.begin());
  auto strict = is_json(x.text); // of half a character a gateway may leave out what it is in
  for (auto number : like) {
    auto& one = alter(number);
    one.versions.push_back(dump(event));
    one.unclear = one.unclear || !strict;
  }
}

/// What a forwarded request says is in there somewhere; without a buffer id it can be any.
void history::alter_forward(const std::set<std::string>& buffer_ids) {
  for (auto& [number, x] : events) {
    auto named = false;
    for (auto& id : x.buffer_ids) named = named || buffer_ids.count(id) > 0;
    auto forwarded =
        x.what.kind == event_kind::interaction || (x.what.kind == event_kind::press && x.what.raw.empty());
    if (named || (buffer_ids.empty() && forwarded)) {
      x.altered = x.unclear = true;
      altered_chats_.insert(x.what.chat_id);
    }
  }
}

} // namespace relay::sim
