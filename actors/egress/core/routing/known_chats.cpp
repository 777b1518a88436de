#include "relay_gateway/actors/egress/core/routing/known_chats.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace relay::core {

namespace {

/// Of more platforms than this it is not known which one a chat id came from last.
constexpr std::size_t most_platforms = 64;

/// Texts one behind the other, each with its size before it. Sizes fit: ids are bounded where they come in.
void append(std::string& out, std::string_view text) {
  const auto size = std::min<std::size_t>(text.size(), 0xFFFF);
  out += static_cast<char>(size & 0xFF);
  out += static_cast<char>(size >> 8);
  out.append(text.substr(0, size));
}

std::string take(std::string_view& from) {
  const auto size = static_cast<std::size_t>(static_cast<unsigned char>(from[0])) |
                    static_cast<std::size_t>(static_cast<unsigned char>(from[1])) << 8;
  std::string out{from.substr(2, size)};
  from.remove_prefix(2 + size);
  return out;
}

} // namespace

std::string known_chats::packed(const chat_key& key) {
  std::string out;
  append(out, key.platform);
  out += key.chat_id;
  return out;
}

std::uint32_t known_chats::seconds(instant x) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(x.time_since_epoch()).count());
}

std::optional<known_chat> known_chats::find(const chat_key& key) const {
  const auto slot = all_.find(packed(key));
  if (slot == lru::none) return std::nullopt;
  auto text = all_.value_of(slot);
  known_chat out;
  for (auto* field : {&out.who.scope_id, &out.who.user_id, &out.who.profile, &out.parent, &out.type,
                      &out.name, &out.latest})
    *field = take(text);
  return out;
}

known_chats::times& known_chats::put(const chat_key& key, const known_chat& x, instant now) {
  std::string text;
  for (const auto* field :
       {&x.who.scope_id, &x.who.user_id, &x.who.profile, &x.parent, &x.type, &x.name, &x.latest})
    append(text, *field);
  auto& out = all_.extra(all_.put(packed(key), text));
  out.used_s = seconds(now);
  return out;
}

known_chats::times* known_chats::find_times(const chat_key& key) {
  const auto slot = all_.find(packed(key));
  return slot == lru::none ? nullptr : &all_.extra(slot);
}

bool known_chats::use(const chat_key& key, instant now) {
  const auto slot = all_.find(packed(key));
  if (slot == lru::none) return false;
  all_.touch(slot);
  all_.extra(slot).used_s = seconds(now);
  return true;
}

void known_chats::arrived(const chat_key& key) {
  if (auto* of_it = find_times(key)) of_it->arrival = ++arrivals_;
  const auto it = std::find(platforms_.begin(), platforms_.end(), key.platform);
  if (it == platforms_.begin() && it != platforms_.end()) return;
  if (it != platforms_.end())
    platforms_.erase(it);
  else if (platforms_.size() == most_platforms)
    platforms_.pop_back();
  platforms_.insert(platforms_.begin(), key.platform);
}

std::string known_chats::last_platform(const std::string& chat_id) const {
  std::string out;
  std::uint32_t best = 0;
  for (const auto& platform : platforms_) {
    const auto slot = all_.find(packed({platform, chat_id}));
    if (slot == lru::none || all_.extra(slot).arrival <= best) continue;
    best = all_.extra(slot).arrival;
    out = platform;
  }
  return out;
}

chat_key known_chats::oldest() const {
  auto text = all_.key_of(all_.oldest());
  chat_key out;
  out.platform = take(text);
  out.chat_id = text;
  return out;
}

} // namespace relay::core
