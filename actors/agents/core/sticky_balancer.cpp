#include "relay_gateway/actors/agents/core/sticky_balancer.hpp"

#include "relay_gateway/messages/fnv.hpp"

#include <cstring>
#include <functional>
#include <limits>

namespace relay::core {

namespace {
/// Sessions that are forgotten go to any agent when they come again.
constexpr std::size_t most_bytes = 48UL << 20;
} // namespace

sticky_balancer::digest::digest(const std::string& session) {
  const auto one = static_cast<std::uint64_t>(std::hash<std::string>{}(session));
  const auto other = fnv1a(session);
  std::memcpy(text, &one, sizeof one);
  std::memcpy(text + sizeof one, &other, sizeof other);
}

std::uint64_t sticky_balancer::pick(const std::string& session) {
  if (load_.empty()) return 0;
  const auto at = sessions_.find(digest{session});
  if (at != decltype(sessions_)::none) {
    sessions_.touch(at);
    if (const auto peer = sessions_.extra(at); load_.count(peer) > 0) return peer;
  }
  auto peer = least({});
  assign(session, peer);
  return peer;
}

std::uint64_t sticky_balancer::last(const std::string& session) const {
  const auto at = sessions_.find(digest{session});
  return at == decltype(sessions_)::none ? 0 : sessions_.extra(at);
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
  const digest name{session};
  if (const auto at = sessions_.find(name); at != decltype(sessions_)::none) {
    less(sessions_.extra(at));
    sessions_.extra(at) = peer;
    return;
  }
  sessions_.extra(sessions_.put(name, {})) = peer;
  while (sessions_.size() > max_ || (sessions_.bytes() > most_bytes && sessions_.size() > 1)) {
    less(sessions_.extra(sessions_.oldest()));
    sessions_.erase(sessions_.oldest());
  }
}

} // namespace relay::core
