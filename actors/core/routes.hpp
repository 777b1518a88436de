// Where an action goes (protocol.md 6, routing 1 and 2): by the turn that it answers, else by its chat.
#pragma once

#include "messages/control.hpp"
#include "messages/flow.hpp"

#include <cstddef>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

namespace relay::core {

/// The route of an action, or why it has none.
struct routing {
  route where;
  std::string code, error; ///< set = refused: nothing is sent
  bool untagged = false;   ///< several platforms are fronted and none is known for this chat (F74)
  explicit operator bool() const { return error.empty(); }
};

/// Remembers how chats and open turns are answered. Bounded: the least recently used goes first.
class route_table {
public:
  route_table(std::size_t max_chats, std::size_t max_turns)
      : max_(max_chats < 1 ? 1 : max_chats), max_turns_(max_turns < 1 ? 1 : max_turns) {}

  void fronted(std::vector<identity> all) { identities_ = std::move(all); }
  /// An event came: its turn and its chat are answered like this from now on.
  void seen(const route_seen& x);
  /// Decides the tags of an action. Does not look at descriptors.
  routing resolve(const action_request& x);
  std::size_t chats() const { return chats_.size(); }
  std::size_t turns() const { return turns_.size(); }

private:
  struct chat_entry {
    discriminators who;
    std::string parent;
    std::list<chat_key>::iterator age;
  };
  struct turn_entry {
    chat_key chat;
    discriminators who;
    std::string parent;
    std::list<std::string>::iterator age;
  };
  const chat_entry* chat(const chat_key& key);
  const identity* fronts(const std::string& platform) const;
  bool generic() const;

  std::size_t max_, max_turns_;
  std::vector<identity> identities_;
  std::unordered_map<chat_key, chat_entry> chats_;
  std::list<chat_key> chat_ages_;                              ///< least recently used first
  std::unordered_map<std::string, std::string> last_platform_; ///< by chat id: the platform last seen inbound
  std::unordered_map<std::string, turn_entry> turns_;
  std::list<std::string> turn_ages_; ///< oldest first
};

} // namespace relay::core
