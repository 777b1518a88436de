// The names of what is read of an event object (protocol.md 5). Private to its readers.
#pragma once

#include "relay_gateway/messages/contract/event.hpp"
#include "relay_gateway/messages/wire/json/name_table.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace relay::wire {

struct event_names {
  enum name : std::uint8_t {
    text,
    source,
    type,
    message_id,
    reply_to_message_id,
    reply_to,
    prompt_response,
    media_urls,
    media,
    context,
    context_error,
    first_gateway_only // these three only a gateway may set: a peer's are dropped
  };
  static constexpr std::size_t count = 14;
  static constexpr json::name_table names{std::array<std::string_view, count>{
      "text", "source", "message_type", "message_id", "reply_to_message_id", "reply_to", "prompt_response",
      "media_urls", "media", "context", "context_error", "delivered_via_upstream_relay", "channel_context",
      "display_name"}};
};

/// `image` is a photo; what is not known is a text.
message_type type_of(std::string_view name);

struct source_field {
  std::string_view name;
  std::string event_source::*id = nullptr;
  bool event_source::*flag = nullptr;
};
inline constexpr std::array source_fields{
    source_field{"chat_name", &event_source::chat_name},
    source_field{"user_id", &event_source::user_id},
    source_field{"user_name", &event_source::user_name},
    source_field{"thread_id", &event_source::thread_id},
    source_field{"chat_topic", &event_source::chat_topic},
    source_field{"user_display_name", &event_source::user_display_name},
    source_field{"user_handle", &event_source::user_handle},
    source_field{"user_id_alt", &event_source::user_id_alt},
    source_field{"chat_id_alt", &event_source::chat_id_alt},
    source_field{"parent_chat_id", &event_source::parent_chat_id},
    source_field{"message_id", &event_source::message_id},
    source_field{"profile", &event_source::profile},
    source_field{"auto_thread_initial_name", &event_source::auto_thread_initial_name},
    source_field{"prospective_thread_id", &event_source::prospective_thread_id},
    source_field{"scope_id", &event_source::scope_id},
    source_field{"is_bot", nullptr, &event_source::is_bot},
    source_field{"message_is_edit", nullptr, &event_source::message_is_edit},
    source_field{"one_to_one_verified", nullptr, &event_source::one_to_one_verified},
    source_field{"auto_thread_created", nullptr, &event_source::auto_thread_created},
    source_field{"chat_id"}, // these four are read apart
    source_field{"platform"},
    source_field{"chat_type"},
    source_field{"guild_id"}};
inline constexpr std::size_t chat_id_field = 19, platform_field = 20, chat_type_field = 21,
                             guild_id_field = 22;
inline constexpr json::name_table source_names{[] {
  std::array<std::string_view, source_fields.size()> out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = source_fields[i].name;
  return out;
}()};

} // namespace relay::wire
