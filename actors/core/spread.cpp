#include "actors/core/spread.hpp"

#include <algorithm>

namespace relay::core {

std::uint64_t spread::pick(const chat_key& chat) {
  if (load_.empty()) return 0;
  auto it = chats_.find(chat);
  if (it != chats_.end()) {
    ages_.splice(ages_.end(), ages_, it->second.age);
    if (load_.count(it->second.peer) > 0) return it->second.peer;
  }
  auto least =
      std::min_element(load_.begin(), load_.end(), [](auto& a, auto& b) { return a.second < b.second; });
  ++least->second;
  if (it != chats_.end()) {
    it->second.peer = least->first;
  } else {
    chats_.emplace(chat, entry{least->first, ages_.insert(ages_.end(), chat)});
    if (chats_.size() > max_) {
      auto old = chats_.find(ages_.front());
      if (auto peer = load_.find(old->second.peer); peer != load_.end() && peer->second > 0) --peer->second;
      chats_.erase(old);
      ages_.pop_front();
    }
  }
  return least->first;
}

} // namespace relay::core
