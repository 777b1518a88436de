// One normalized chat event (protocol.md 5).
#pragma once

#include "relay_gateway/messages/ids.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace relay {

enum class message_type : std::uint8_t {
  text,
  location,
  photo,
  video,
  audio,
  voice,
  document,
  sticker,
  command
};
std::string to_string(message_type x);

/// Where an event came from. Empty strings stand for null or absent; `present` flags exist only where the
/// difference matters on the wire.
struct event_source {
  std::string platform = generic_platform;
  std::string chat_id;
  std::string chat_type = "dm"; ///< dm group channel thread forum
  std::string chat_name, user_id, user_name, thread_id, chat_topic;
  std::string user_display_name, user_handle, user_id_alt, chat_id_alt;
  std::string scope_id; ///< also read from the older `guild_id`
  std::string parent_chat_id, message_id, profile;
  std::string auto_thread_initial_name, prospective_thread_id;
  bool is_bot = false, message_is_edit = false, one_to_one_verified = false, auto_thread_created = false;
  friend bool operator==(const event_source&, const event_source&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, event_source& x) {
  return f(caf::meta::type_name("event_source"), x.platform, x.chat_id, x.chat_type, x.chat_name, x.user_id,
           x.user_name, x.thread_id, x.chat_topic, x.user_display_name, x.user_handle, x.user_id_alt,
           x.chat_id_alt, x.scope_id, x.parent_chat_id, x.message_id, x.profile, x.auto_thread_initial_name,
           x.prospective_thread_id, x.is_bot, x.message_is_edit, x.one_to_one_verified,
           x.auto_thread_created);
}

/// One attachment. `size` is in bytes, 0 when unknown.
struct media_item {
  std::string url, kind, mime, filename, caption;
  std::uint64_t size = 0;
  friend bool operator==(const media_item&, const media_item&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, media_item& x) {
  return f(caf::meta::type_name("media_item"), x.url, x.kind, x.mime, x.filename, x.caption, x.size);
}

/// The message that an event replies to, as far as the connector told.
struct replied_message {
  std::string text, author;
  bool is_own = false, present = false;
  friend bool operator==(const replied_message&, const replied_message&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, replied_message& x) {
  return f(caf::meta::type_name("replied_message"), x.text, x.author, x.is_own, x.present);
}

/// A press on an option of a prompt (protocol.md 6, prompt ids).
struct prompt_response {
  std::string prompt_id, option_id, label, prompt_message_id;
  bool present = false;
  friend bool operator==(const prompt_response&, const prompt_response&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, prompt_response& x) {
  return f(caf::meta::type_name("prompt_response"), x.prompt_id, x.option_id, x.label, x.prompt_message_id,
           x.present);
}

/// A chat event, decoded. Immutable once decoded; shared, never copied, on its way to an agent.
struct inbound_event {
  std::string text;
  message_type type = message_type::text;
  event_source source;
  std::string message_id, reply_to_message_id;
  replied_message reply_to;
  std::vector<std::string> media_urls;
  std::vector<media_item> media; ///< matched to `media_urls` by URL; entries without a URL are dropped
  prompt_response prompt;
  std::string channel_context; ///< `context` rendered for an agent (protocol.md 5), empty without one
  std::string context_error;
  /// The event object as JSON text, for peers that want it "as on the wire": every field that came, known or
  /// not, less those that only a gateway may set. Never empty on a decoded event.
  std::string raw;
  /// Set by the gateway for an event off the authenticated socket, never read from the wire.
  bool delivered_via_upstream_relay = false;
  /// Made here of a passed-through interaction, not of an event of the connector's own text queue (F26).
  bool interaction = false;
  /// No event at all but a line that nobody could read, on its way to the dead letters: `text` is its
  /// beginning, `context_error` says why it was refused. Set by the gateway, never read from the wire.
  bool unreadable = false;

  chat_key chat() const { return {source.platform, source.chat_id}; }
  /// The name to show: first present of user_display_name, user_name, user_handle; empty when none is.
  const std::string& display_name() const {
    return !source.user_display_name.empty() ? source.user_display_name
           : !source.user_name.empty()       ? source.user_name
                                             : source.user_handle;
  }
  friend bool operator==(const inbound_event&, const inbound_event&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, inbound_event& x) {
  return f(caf::meta::type_name("inbound_event"), x.text, x.type, x.source, x.message_id,
           x.reply_to_message_id, x.reply_to, x.media_urls, x.media, x.prompt, x.channel_context,
           x.context_error, x.raw, x.delivered_via_upstream_relay, x.interaction, x.unreadable);
}

/// A shared, immutable event inside messages: handing it on copies a pointer. Never null in a message.
struct event_ref {
  std::shared_ptr<const inbound_event> ptr = nothing();
  event_ref() = default;
  explicit event_ref(inbound_event x) : ptr(std::make_shared<const inbound_event>(std::move(x))) {}
  /// Of an event that was built in place; not null.
  explicit event_ref(std::shared_ptr<const inbound_event> x) : ptr(std::move(x)) {}
  const inbound_event& operator*() const noexcept { return *ptr; }
  const inbound_event* operator->() const noexcept { return ptr.get(); }
  friend bool operator==(const event_ref& a, const event_ref& b) { return *a == *b; }

private:
  /// An empty event that all share: messages are made empty before they are filled.
  static const std::shared_ptr<const inbound_event>& nothing() {
    static const auto empty = std::make_shared<const inbound_event>();
    return empty;
  }
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, event_ref& x) {
  if constexpr (Inspector::writes_state) {
    inbound_event copy;
    auto err = f(copy);
    x = event_ref{std::move(copy)};
    return err;
  } else {
    return f(
        const_cast<inbound_event&>(*x)); // inspectors that only read take a mutable reference all the same
  }
}

} // namespace relay
