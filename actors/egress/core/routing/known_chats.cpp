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

std::string_view take(std::string_view& from) {
  const auto size = static_cast<std::size_t>(static_cast<unsigned char>(from[0])) |
                    static_cast<std::size_t>(static_cast<unsigned char>(from[1])) << 8;
  const auto out = from.substr(2, size);
  from.remove_prefix(2 + size);
  return out;
}

/// A chat as one text. It is made for each look at the table, so a short one takes no memory.
class packed_key {
public:
  packed_key(std::string_view platform, std::string_view chat_id) {
    const auto size = std::min<std::size_t>(platform.size(), 0xFFFF);
    char* to = room_.data();
    if (size + chat_id.size() + 2 > room_.size()) {
      long_.resize(size + chat_id.size() + 2);
      to = long_.data();
    }
    text_ = {to, size + chat_id.size() + 2};
    *to++ = static_cast<char>(size & 0xFF);
    *to++ = static_cast<char>(size >> 8);
    to = std::copy_n(platform.begin(), size, to);
    std::copy(chat_id.begin(), chat_id.end(), to);
  }
  explicit packed_key(const chat_key& x) : packed_key(x.platform, x.chat_id) {}
  packed_key(const packed_key&) = delete;
  packed_key& operator=(const packed_key&) = delete;
  std::string_view text() const { return text_; }

private:
  std::array<char, 128> room_;
  std::string long_;
  std::string_view text_;
};

} // namespace

std::uint32_t known_chats::seconds(instant x) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(x.time_since_epoch()).count());
}

known_chats::place known_chats::place_of(const chat_key& key) const {
  return all_.find(packed_key{key}.text());
}

known_chats::facts_view known_chats::facts(place at) const {
  auto text = all_.value_of(at);
  facts_view out;
  for (auto* field :
       {&out.scope_id, &out.user_id, &out.profile, &out.parent, &out.type, &out.name, &out.latest})
    *field = take(text);
  return out;
}

known_chats::times& known_chats::renew(place at, std::string_view latest, instant now) {
  const auto before = facts(at).latest;
  if (before.size() == latest.size() && before != latest) {
    all_.overwrite_end(at, latest);
  } else if (before != latest) {
    const auto value = all_.value_of(at);
    std::string text{value.substr(0, value.size() - before.size() - 2)};
    append(text, latest);
    all_.replace(at, text);
  }
  all_.touch(at);
  auto& out = all_.extra(at);
  out.used_s = seconds(now);
  return out;
}

std::optional<known_chat> known_chats::find(const chat_key& key) const {
  const auto at = place_of(key);
  if (at == nowhere) return std::nullopt;
  const auto x = facts(at);
  const auto own = [](std::string_view text) { return std::string{text}; };
  return known_chat{{own(x.scope_id), own(x.user_id), own(x.profile)},
                    own(x.parent),
                    own(x.type),
                    own(x.name),
                    own(x.latest)};
}

known_chats::times& known_chats::put(const chat_key& key, const known_chat& x, instant now) {
  std::string text;
  for (const auto* field :
       {&x.who.scope_id, &x.who.user_id, &x.who.profile, &x.parent, &x.type, &x.name, &x.latest})
    append(text, *field);
  auto& out = all_.extra(all_.put(packed_key{key}.text(), text));
  out.used_s = seconds(now);
  return out;
}

known_chats::times* known_chats::find_times(const chat_key& key) {
  const auto at = place_of(key);
  return at == nowhere ? nullptr : &all_.extra(at);
}

bool known_chats::use(const chat_key& key, instant now) {
  const auto at = place_of(key);
  if (at == nowhere) return false;
  all_.touch(at);
  all_.extra(at).used_s = seconds(now);
  return true;
}

void known_chats::arrived(times& of_it, const std::string& platform) {
  of_it.arrival = ++arrivals_;
  const auto it = std::find(platforms_.begin(), platforms_.end(), platform);
  if (it == platforms_.begin() && it != platforms_.end()) return;
  if (it != platforms_.end())
    platforms_.erase(it);
  else if (platforms_.size() == most_platforms)
    platforms_.pop_back();
  platforms_.insert(platforms_.begin(), platform);
}

std::string known_chats::last_platform(const std::string& chat_id) const {
  std::string out;
  std::uint32_t best = 0;
  for (const auto& platform : platforms_) {
    const auto slot = all_.find(packed_key{platform, chat_id}.text());
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
