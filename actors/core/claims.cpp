#include "actors/core/claims.hpp"

#include <functional>

namespace relay::core {

namespace {

std::string message_key(const inbound_event& x) {
  auto& s = x.source;
  std::string key;
  key.reserve(s.platform.size() + s.chat_id.size() + x.message_id.size() + 12);
  // Every edit of a message comes under the message's own id; the text tells them apart.
  if (s.message_is_edit)
    key.append("e").append(std::to_string(std::hash<std::string>{}(x.text))).append(":");
  else
    key.append("m");
  key.append(std::to_string(s.platform.size())).append(":").append(s.platform);
  key.append(std::to_string(s.chat_id.size())).append(":").append(s.chat_id);
  key.append(":").append(x.message_id);
  return key;
}

} // namespace

std::vector<std::string> keys_of(const inbound_event& event, const std::string& buffer_id) {
  std::vector<std::string> keys;
  if (!buffer_id.empty()) keys.push_back("b" + buffer_id);
  if (!event.message_id.empty()) keys.push_back(message_key(event));
  return keys;
}

claims::finding claims::find(const std::vector<std::string>& keys, instant now) {
  trim(now);
  for (auto& key : keys)
    if (auto it = keys_.find(key); it != keys_.end())
      return it->second.open != 0 ? finding{verdict::open, it->second.open} : finding{verdict::settled, 0};
  return {};
}

std::vector<std::string> claims::claim(const std::vector<std::string>& keys, std::uint64_t seq) {
  std::vector<std::string> fresh;
  for (auto& key : keys)
    if (keys_.try_emplace(key, state{seq, settled_.end()}).second) fresh.push_back(key);
  return fresh;
}

void claims::take_over(const std::vector<std::string>& keys, std::uint64_t seq) {
  for (auto& key : keys)
    if (auto& x = keys_.try_emplace(key, state{seq, settled_.end()}).first->second; x.open != 0) x.open = seq;
}

void claims::settle(const std::vector<std::string>& keys, instant at, instant now) {
  for (auto& key : keys) {
    auto& x = keys_.try_emplace(key, state{1, settled_.end()}).first->second;
    if (x.open == 0) continue;
    x.open = 0;
    x.age = settled_.insert(settled_.end(), {at, key});
  }
  trim(now);
}

void claims::release(const std::vector<std::string>& keys, std::uint64_t seq) {
  for (auto& key : keys)
    if (auto it = keys_.find(key); it != keys_.end() && it->second.open == seq) keys_.erase(it);
}

void claims::trim(instant now) {
  while (!settled_.empty() && (settled_.size() > max_ || now - settled_.front().first >= window_)) {
    keys_.erase(settled_.front().second);
    settled_.pop_front();
  }
}

} // namespace relay::core
