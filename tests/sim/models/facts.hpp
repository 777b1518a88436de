// What the parties around the gateway did, as the oracle hears of it.
#pragma once

#include <cstdint>
#include <string>

namespace relay::sim {

enum class event_kind : std::uint8_t {
  message,     ///< for an agent
  interaction, ///< a forwarded Discord interaction, for an agent
  press,       ///< an answer to a prompt
  useless,     ///< a forwarded request that yields nothing; acked all the same
  poison       ///< a frame that cannot be read but for its bufferId; acked all the same
};

/// How a forwarded interaction looks.
enum class interaction_form : std::uint8_t {
  plain,     ///< a command, or a button that answers a prompt
  of_a_user, ///< without a member of a guild
  modal,     ///< a form
  button,    ///< one that answers no prompt
  rich       ///< a command with options of every kind
};

/// Something that a person did on a platform, as it truly was.
struct told_event {
  std::uint64_t number = 0;
  event_kind kind = event_kind::message;
  std::string platform, chat_id, chat_type, thread_id, parent_id, scope_id, profile, user_id, message_id;
  std::string text, raw;            ///< raw: the event object as JSON text; empty for a forwarded request
  std::string prompt_id, option_id; ///< of a press
  std::uint64_t order = 0;          ///< within its chat, from 1
  interaction_form form = interaction_form::plain;
  std::uint64_t more = 0;           ///< not 0: with members of every kind, drawn from it
  std::string user_alt, new_thread; ///< `user_id_alt`, `prospective_thread_id`
  std::uint64_t edit_of = 0;        ///< number of the event whose message this edits; 0 = it is no edit
};

/// An outbound frame as the connector read it, and what it did with it.
struct carried_out {
  std::uint64_t socket = 0;
  std::string request_id, platform_tag, bot_tag;
  std::string op, chat_id, content, message_id, reply_to, session_key, kind, prompt_id, draft_id, emoji;
  bool final = false;
  std::string scope_id, guild_id, user_id, profile; ///< of its metadata
  std::string mark;                                 ///< member `q`, which the simulated agents add
  std::string platform;                             ///< where it went: the tag, or the session's default
  bool applied = false;                             ///< somebody on the platform can see it
  std::string new_message_id;                       ///< if applied
  std::int64_t retry_after_s = 0; ///< not applied: the same frame is wanted again after it; 0 = it is not
};

} // namespace relay::sim
