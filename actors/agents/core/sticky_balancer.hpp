// Which of several attached agents gets a session (agent-link.md): spread evenly, and sticky while the agent
// is there. Sessions are named by their session key.
#pragma once

#include "relay_gateway/actors/core/packed_lru.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
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
  /// Who got the session last, also when that one has left; 0 = nobody that is remembered.
  std::uint64_t last(const std::string& session) const;
  std::size_t peers() const { return load_.size(); }
  std::size_t sessions() const { return sessions_.size(); }
  std::size_t bytes() const { return sessions_.bytes(); }

private:
  /// Sessions are known by a digest, so that very many cost little: two of one digest would share an agent.
  struct digest {
    explicit digest(const std::string& session);
    char text[16];
    operator std::string_view() const { return {text, sizeof text}; }
  };
  std::uint64_t least(const std::set<std::uint64_t>& except) const;
  void assign(const std::string& session, std::uint64_t peer);
  std::size_t max_;
  std::set<std::uint64_t> late_;
  std::map<std::uint64_t, std::size_t> load_; ///< sessions per agent
  packed_lru<std::uint64_t> sessions_;        ///< the agent of each
};

} // namespace relay::core
