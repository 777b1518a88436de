// Which of several attached agents gets a chat (agent-link.md): spread evenly, and sticky while the agent is
// there.
#pragma once

#include "messages/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

namespace relay::core {

class spread {
public:
  explicit spread(std::size_t max_chats) : max_(max_chats < 1 ? 1 : max_chats) {}
  void join(std::uint64_t peer) { load_.try_emplace(peer, 0); }
  /// Its chats go to others when they are next asked for.
  void leave(std::uint64_t peer) {
    load_.erase(peer);
    late_.erase(peer);
  }
  /// It missed an ack: until it takes something again, it gets chats only when nobody else can have them. The
  /// chats that it has stay.
  void late(std::uint64_t peer) {
    if (load_.count(peer) > 0) late_.insert(peer);
  }
  void in_time(std::uint64_t peer) { late_.erase(peer); }
  /// Gives the chat to an agent that is none of these; 0 when there is none, and then it stays where it is.
  std::uint64_t move(const chat_key& chat, const std::set<std::uint64_t>& except);
  /// The agent of this chat; 0 when none is attached.
  std::uint64_t pick(const chat_key& chat);
  std::size_t peers() const { return load_.size(); }

private:
  struct entry {
    std::uint64_t peer = 0;
    std::list<chat_key>::iterator age;
  };
  std::uint64_t least(const std::set<std::uint64_t>& except) const;
  void assign(const chat_key& chat, std::uint64_t peer);
  std::size_t max_;
  std::set<std::uint64_t> late_;
  std::map<std::uint64_t, std::size_t> load_; ///< chats per agent
  std::unordered_map<chat_key, entry> chats_;
  std::list<chat_key> ages_; ///< least recently used first
};

} // namespace relay::core
