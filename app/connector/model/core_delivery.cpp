// Events on their way to gateways: who gets one, live or buffered, in which order (protocol.md 3.2, 5).
#include "relay_gateway/app/connector/model/chats/event_text.hpp"
#include "relay_gateway/app/connector/model/core.hpp"
#include "relay_gateway/messages/wire/http/base64.hpp"
#include "relay_gateway/messages/wire/http/tokens.hpp"
#include "relay_gateway/messages/wire/session_key.hpp"

#include <algorithm>
#include <tuple>

namespace relay::connector {

bool core::fronts(const std::string& gateway_id, std::string_view platform) const {
  if (platform.empty()) return true;
  if (auto it = lines_.find(gateway_id); it != lines_.end())
    for (const auto& [name, bot] : it->second.identities)
      if (name == platform || name == generic_platform) return true;
  auto known = keys_.all().find(gateway_id);
  if (known == keys_.all().end()) return false;
  const auto& held = known->second.platforms;
  return std::find(held.begin(), held.end(), platform) != held.end();
}

std::vector<std::string> core::targets(std::string_view gateway_id, std::string_view platform) const {
  if (!gateway_id.empty() && gateway_id != "*") return {std::string{gateway_id}};
  std::vector<std::string> out;
  // Without a name: the gateway that fronts the platform, a connected one before an absent one, then the one
  // heard of last. One that has not said yet what it fronts may turn out to be the one.
  std::string best;
  std::tuple<bool, bool, std::uint64_t> best_rank{};
  for (const auto& [id, events] : lines_) {
    bool fronting = fronts(id, platform);
    if (gateway_id == "*") {
      if (fronting) out.push_back(id);
      continue;
    }
    if (!fronting && !says_nothing(id)) continue;
    const auto* open = current(id);
    std::tuple<bool, bool, std::uint64_t> rank{fronting, open && open->handshaken && !open->idle,
                                               events.seen};
    if (best.empty() || rank > best_rank) {
      best = id;
      best_rank = rank;
    }
  }
  if (!best.empty()) out.push_back(best);
  return out;
}

bool core::says_nothing(const std::string& gateway_id) const {
  auto events = lines_.find(gateway_id);
  auto known = keys_.all().find(gateway_id);
  return (events == lines_.end() || events->second.identities.empty()) &&
         (known == keys_.all().end() || known->second.platforms.empty());
}

void core::send_event(const connection& to, const buffered_entry& x) {
  std::string frame =
      x.passthrough ? R"({"type":"passthrough_forward","forward":)" : R"({"type":"inbound","event":)";
  frame += x.payload;
  if (!x.buffer_id.empty()) frame += R"(,"bufferId":)" + json::quote(x.buffer_id);
  frame += '}';
  write(to.id, std::move(frame), x.passthrough ? "passthrough_forward" : "inbound", x.platform);
}

bool core::deliver(const std::string& gateway_id, std::string_view platform, std::string payload,
                   bool passthrough) {
  auto& events = lines_[gateway_id];
  const auto* open = current(gateway_id);
  bool serving = open && open->handshaken && !open->idle;
  buffered_entry entry{{}, std::string{platform}, std::move(payload), passthrough};
  if (serving && !how_.buffer_all && events.waiting.all_sent()) {
    send_event(*open, entry);
    return true;
  }
  entry.buffer_id = life_ + "-" + std::to_string(++last_buffer_);
  json::fields seen;
  note("buffered", gateway_id, platform,
       seen.add("buffer_id", entry.buffer_id).add("passthrough", passthrough));
  events.waiting.push(std::move(entry));
  ++changes_;
  if (serving)
    pump(gateway_id);
  else if (!open || open->idle)
    poke(gateway_id);
  return false;
}

void core::pump(const std::string& gateway_id) {
  pump(gateway_id, std::max<std::size_t>(1, how_.replay_window));
}

void core::pump(const std::string& gateway_id, std::size_t window) {
  const auto* open = current(gateway_id);
  if (!open || !open->handshaken || open->idle) return;
  auto& waiting = lines_[gateway_id].waiting;
  while (const auto* entry = waiting.next(window)) send_event(*open, *entry);
}

void core::poke(const std::string& gateway_id) {
  auto& events = lines_[gateway_id];
  const auto* known = keys_.find(gateway_id);
  if (events.poked || !known || known->wake_url.empty()) return;
  events.poked = true;
  effects_.emplace_back(poke_gateway{gateway_id, known->wake_url});
}

void core::poked(std::string_view gateway_id, int status, std::string_view error) {
  note("poke", gateway_id, {}, json::fields{}.add("status", status).add("error", error));
  // A poke that nobody heard is tried again with the next event.
  if (status < 200 || status > 299)
    if (auto it = lines_.find(gateway_id); it != lines_.end()) it->second.poked = false;
}

void core::deliver_to(injected& out, std::string_view gateway_id, std::string_view platform,
                      const std::string& payload, bool passthrough) {
  auto ids = targets(gateway_id, platform);
  if (ids.empty())
    out.error = "no gateway fronts " + (platform.empty() ? "anything yet" : std::string{platform});
  for (const auto& id : ids) ++(deliver(id, platform, payload, passthrough) ? out.live : out.buffered);
}

void core::remember(const json::value& event, std::int64_t at_ms) {
  const auto* source = json::member(event, "source");
  if (!source || !source->IsObject()) return;
  auto from = read_source(*source);
  auto& in = chats_.at({from.platform, from.chat_id});
  in.type = from.chat_type;
  if (!from.chat_name.empty()) in.name = from.chat_name;
  if (!from.scope_id.empty()) in.scope_id = from.scope_id;
  if (!from.parent_chat_id.empty()) in.parent_chat_id = from.parent_chat_id;
  if (!from.user_id.empty()) in.users.insert(from.user_id);
  // A press is no message: it belongs to the session of its prompt's place.
  const auto message =
      json::member(event, "prompt_response") ? std::string_view{} : json::text(event, "message_id");
  in.session_key = wire::session_key(from, {}, message);
  bind_session(from, message);
  const auto& opened = from.thread_id.empty() ? from.prospective_thread_id : from.thread_id;
  if (json::flag(*source, "auto_thread_created", false) && !opened.empty()) {
    auto& thread = chats_.at({from.platform, opened});
    thread.connector_created = true;
    thread.type = "thread";
    thread.parent_chat_id = from.chat_id;
    thread.scope_id = from.scope_id;
    if (thread.name.empty()) thread.name = json::text(*source, "auto_thread_initial_name");
  }
  chat_entry entry;
  entry.id = json::text(event, "message_id");
  entry.time_ms = at_ms;
  entry.author = !from.user_display_name.empty() ? from.user_display_name
                 : !from.user_name.empty()       ? from.user_name
                                                 : from.user_id;
  entry.text = json::text(event, "text");
  entry.reply_to = json::text(event, "reply_to_message_id");
  if (const auto* press = json::member(event, "prompt_response"); press && press->IsObject()) {
    // A press is seen at the prompt itself, not as a message.
    for (auto& one : in.entries)
      if (one.form == "prompt" && one.prompt_id == json::text(*press, "prompt_id")) {
        one.chosen = json::text(*press, "option_id");
        chats_.touch(in, one);
      }
    return;
  }
  if (auto urls = json::texts(event, "media_urls"); !urls.empty()) {
    entry.form = "media";
    entry.media_kind = json::text(event, "message_type");
    entry.media_name = urls.front();
  }
  chats_.add(in, std::move(entry));
}

/// Under each key that the contract allows: which settings the gateway has is not known here, nor whether a
/// top-level Slack message is a session of its own.
void core::bind_session(const event_source& from, std::string_view message_id) {
  const chat_key where{from.platform, from.chat_id};
  for (const bool group : {true, false})
    for (const bool thread : {true, false})
      for (const auto message : {std::string_view{}, message_id})
        chats_.bind_session(wire::session_key(from, {group, thread}, message), where);
}

void core::bind_interaction(std::string_view body) {
  event_source from;
  if (read_interaction(body, from)) bind_session(from, {});
}

injected core::inject_event(std::string_view event_json, std::string_view gateway_id) {
  injected out;
  json::document event;
  std::string platform;
  if (json::parse_object(event_json, event)) {
    out.message_id = json::text(event, "message_id");
    if (const auto* source = json::member(event, "source")) platform = json::text(*source, "platform");
    remember(event, now_ms());
  }
  deliver_to(out, gateway_id, platform, json::one_line(event_json), false);
  return out;
}

injected core::inject(const chat_message& what) {
  auto filled = what;
  if (filled.message_id.empty()) filled.message_id = chats_.new_id(chats_.at({what.platform, what.chat_id}));
  const chat_entry* answered = nullptr;
  if (!what.reply_to.empty())
    answered = chats_.entry(chats_.at({what.platform, what.chat_id}), what.reply_to);
  return inject_event(event_text(filled, answered), what.gateway_id);
}

injected core::inject_many(const chat_message& what, std::size_t count, std::size_t chats,
                           milliseconds every) {
  injected out;
  auto one = [this, what, chats](std::size_t i) {
    auto next = what;
    next.message_id.clear();
    if (auto at = next.text.find("{n}"); at != std::string::npos) next.text.replace(at, 3, std::to_string(i));
    if (chats > 1) next.chat_id += "-" + std::to_string(i % chats);
    return inject(next);
  };
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0 && every.count() > 0) { // the rest goes out paced
      later(every * static_cast<std::int64_t>(i), [one, i] { one(i); });
      continue;
    }
    auto done = one(i);
    out.message_id = done.message_id;
    out.live += done.live;
    out.buffered += done.buffered;
    out.error = done.error;
    if (!done) break;
  }
  return out;
}

injected core::replay(const faults::replay& how, std::string_view gateway_id) {
  injected out;
  auto ids = targets(gateway_id, how.platform);
  if (ids.empty()) out.error = "no gateway fronts " + how.platform;
  for (std::int64_t i = 0; i < how.events && !ids.empty(); ++i) {
    chat_message what;
    what.platform = how.platform;
    what.chat_id = how.chats > 1 ? how.chat_id + "-" + std::to_string(i % how.chats) : how.chat_id;
    what.text = how.text;
    if (auto at = what.text.find("{n}"); at != std::string::npos) what.text.replace(at, 3, std::to_string(i));
    what.message_id = chats_.new_id(chats_.at({what.platform, what.chat_id}));
    auto text = event_text(what, nullptr);
    if (json::document event; json::parse_object(text, event)) remember(event, now_ms());
    for (const auto& id : ids)
      for (std::int64_t copy = 0; copy <= how.repeat; ++copy, ++out.buffered)
        lines_[id].waiting.push({life_ + "-" + std::to_string(++last_buffer_), how.platform, text, false});
    out.message_id = what.message_id;
  }
  ++changes_;
  for (const auto& id : ids) {
    note("replay", id, how.platform, json::fields{}.add("events", static_cast<std::uint64_t>(out.buffered)));
    pump(id, SIZE_MAX);
    if (!current(id)) poke(id);
  }
  return out;
}

std::size_t core::wake(std::string_view gateway_id) {
  std::size_t reached = 0;
  for (const auto& [id, known] : keys_.all()) {
    if (known.wake_url.empty() || (!gateway_id.empty() && id != gateway_id)) continue;
    effects_.emplace_back(poke_gateway{id, known.wake_url});
    ++reached;
  }
  return reached;
}

injected core::forward(std::string_view forward_json, std::string_view gateway_id) {
  injected out;
  json::document doc;
  std::string platform;
  if (json::parse_object(forward_json, doc)) platform = json::text(doc, "platform");
  if (std::string body;
      platform == "discord" && wire::base64_decode(std::string{json::text(doc, "bodyB64")}, body))
    bind_interaction(body);
  deliver_to(out, gateway_id, platform, json::one_line(forward_json), true);
  return out;
}

injected core::interact(const interaction& what) {
  auto filled = what;
  if (filled.id.empty()) filled.id = "i" + chats_.new_id(chats_.at({"discord", what.chat_id}));
  auto out = forward(interaction_text(filled), what.gateway_id);
  out.message_id = filled.id;
  return out;
}

injected core::press(std::string_view platform, std::string_view chat_id, std::string_view message_id,
                     std::string_view option_id, bool as_interaction) {
  injected out;
  auto* in = chats_.find({std::string{platform}, std::string{chat_id}});
  auto* prompt = in ? chats_.entry(*in, message_id) : nullptr;
  if (!prompt || prompt->form != "prompt") {
    out.error = "no such prompt";
    return out;
  }
  auto choice = std::find_if(prompt->choices.begin(), prompt->choices.end(),
                             [&](const auto& x) { return x.first == option_id; });
  if (choice == prompt->choices.end()) {
    out.error = "the prompt has no such option";
    return out;
  }
  // Every gateway of the platform hears a press: only the one that asked knows the prompt id (F57).
  if (as_interaction) {
    prompt->chosen = choice->first;
    chats_.touch(*in, *prompt);
    return forward(interaction_text(*in, *prompt, choice->first), "*");
  }
  return inject_event(press_text(*in, *prompt, choice->first, choice->second, chats_.new_id(*in)), "*");
}

} // namespace relay::connector
