#include "relay_gateway/actors/agents/core/sticky_balancer.hpp"

#include <limits>

namespace relay::core {

std::uint64_t sticky_balancer::pick(const std::string& session) {
  if (load_.empty()) return 0;
  auto it = chats_.find(session);
  if (it != chats_.end()) {
    ages_.splice(ages_.end(), ages_, it->second.age);
    if (load_.count(it->second.peer) > 0) return it->second.peer;
  }
  auto peer = least({});
  assign(session, peer);
  return peer;
}

std::uint64_t sticky_balancer::move(const std::string& session, const std::set<std::uint64_t>& except) {
  auto peer = least(except);
  if (peer != 0) assign(session, peer);
  return peer;
}

/// The one with the fewest chats, of those that keep up if there is one.
std::uint64_t sticky_balancer::least(const std::set<std::uint64_t>& except) const {
  std::uint64_t best = 0;
  auto best_load = std::make_pair(true, std::numeric_limits<std::size_t>::max());
  for (auto& [peer, chats] : load_) {
    if (except.count(peer) > 0) continue;
    auto load = std::make_pair(late_.count(peer) > 0, chats);
    if (best != 0 && load >= best_load) continue;
    best = peer;
    best_load = load;
  }
  return best;
}

void sticky_balancer::assign(const std::string& session, std::uint64_t peer) {
  auto less = [this](std::uint64_t of) {
    if (auto it = load_.find(of); it != load_.end() && it->second > 0) --it->second;
  };
  ++load_.at(peer);
  if (auto it = chats_.find(session); it != chats_.end()) {
    less(it->second.peer);
    it->second.peer = peer;
    return;
  }
  chats_.emplace(session, entry{peer, ages_.insert(ages_.end(), session)});
  if (chats_.size() <= max_) return;
  auto old = chats_.find(ages_.front());
  less(old->second.peer);
  chats_.erase(old);
  ages_.pop_front();
}

} // namespace relay::core
