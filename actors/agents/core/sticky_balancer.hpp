// Which of several attached agents gets a session (agent-link.md): spread evenly, and sticky while the agent
// is there. Sessions are named by their session key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace relay::core {

class sticky_balancer {
public:
  explicit sticky_balancer(std::size_t max_chats) : max_(max_chats < 1 ? 1 : max_chats) {}
  void join(std::uint64_t peer) { load_.try_emplace(peer, 0); }
  /// Its sessions go to others when they are next asked for.
  void leave(std::uint64_t peer) {
    load_.erase(peer);
    late_.erase(peer);
  }
  /// It missed an ack: until it takes something again, it gets sessions only when nobody else can have them.
  /// The sessions that it has stay.
  void late(std::uint64_t peer) {
    if (load_.count(peer) > 0) late_.insert(peer);
  }
  void in_time(std::uint64_t peer) { late_.erase(peer); }
  /// Gives the session to an agent that is none of these; 0 when there is none, and then it stays where it
  /// is.
  std::uint64_t move(const std::string& session, const std::set<std::uint64_t>& except);
  /// The agent of this session; 0 when none is attached.
  std::uint64_t pick(const std::string& session);
  std::size_t peers() const { return load_.size(); }

private:
  struct entry {
    std::uint64_t peer = 0;
    std::list<std::string>::iterator age;
  };
  std::uint64_t least(const std::set<std::uint64_t>& except) const;
  void assign(const std::string& session, std::uint64_t peer);
  std::size_t max_;
  std::set<std::uint64_t> late_;
  std::map<std::uint64_t, std::size_t> load_; ///< sessions per agent
  std::unordered_map<std::string, entry> chats_;
  std::list<std::string> ages_; ///< least recently used first
};

} // namespace relay::core
