// The chats as a person on the platform would see them: what users wrote, what the bot did. It is the console
// page's content and the memory that makes results plausible (message ids, thread names, who is in a chat).
#pragma once

#include "relay_gateway/messages/ids.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relay::connector {

/// One message in a chat, or what looks like one (a prompt, a live draft, a task card).
struct chat_entry {
  std::string id;
  std::uint64_t version = 0; ///< of the log when it last changed
  std::int64_t time_ms = 0;
  bool from_bot = false, edited = false, removed = false;
  std::string author, text, reply_to;
  std::string form = "text";          ///< text media prompt draft card
  std::string media_kind, media_name; ///< of media
  std::string prompt_id, chosen;      ///< of a prompt: its id, and the option that was pressed
  std::vector<std::pair<std::string, std::string>> choices; ///< of a prompt: option id and label
  std::vector<std::string> reactions;                       ///< the bot's, in order
};

struct chat {
  chat_key key;
  std::string type = "dm", name, scope_id, parent_chat_id, session_key;
  std::set<std::string> users;                ///< ids of those who wrote here
  bool connector_created = false;             ///< a thread that the connector opened itself
  std::map<std::int64_t, std::string> sealed; ///< draft id -> message id of the drafts that were sealed
  std::deque<chat_entry> entries;
  std::int64_t typing_until_ms = 0;
  std::uint64_t version = 0;
  std::uint64_t next_id = 0;
};

/// Bounded: old entries and the longest unused chats go. Not thread-safe.
class chat_log {
public:
  /// Ids count up from `first_id` in every chat; a restarted connector must start beyond the ids it gave
  /// before, or gateways take its new messages for old ones.
  explicit chat_log(std::uint64_t first_id) : first_id_(first_id) {}

  chat& at(const chat_key& key); ///< made when unknown
  chat* find(const chat_key& key);
  /// Remembers where a follow_up of that session goes: the chat of the event or interaction that made it.
  void bind_session(const std::string& session_key, const chat_key& where);
  /// The chat that the session was bound to last; null when it was never bound or the chat is forgotten.
  chat* find_session(const std::string& session_key);
  std::string new_id(chat& in);
  /// Adds an entry, or replaces nothing: ids that are taken are allowed to appear twice, as on the wire.
  chat_entry& add(chat& in, chat_entry x);
  chat_entry* entry(chat& in, std::string_view id);
  /// Whether a message of that id is, or may have been, in the chat (old entries are forgotten).
  bool plausible(const chat& in, std::string_view id) const;
  /// Marks a change, so that the feed shows it.
  void touch(chat& in);
  void touch(chat& in, chat_entry& x);

  std::uint64_t version() const { return version_; }
  /// Everything that changed after `since`, as the JSON array that the console page reads.
  std::string changes(std::uint64_t since, std::int64_t now_ms) const;

private:
  std::map<std::pair<std::string, std::string>, chat> chats_;
  std::map<std::string, chat_key> sessions_;
  std::uint64_t first_id_, version_ = 0;
};

} // namespace relay::connector
