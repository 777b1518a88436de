// Identities: a chat on a platform, and the bot identity that this gateway fronts there.
#pragma once

#include <caf/meta/type_name.hpp>

#include <functional>
#include <string>

namespace relay {

/// A chat is only unique together with its platform: the same number may exist on two (F40).
struct chat_key {
  std::string platform;
  std::string chat_id;
  friend bool operator==(const chat_key&, const chat_key&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, chat_key& x) {
  return f(caf::meta::type_name("chat_key"), x.platform, x.chat_id);
}

/// One fronted identity, as in `hello` (protocol.md 3). `bot_id` may be empty.
struct identity {
  std::string platform;
  std::string bot_id;
  std::string username; ///< without a leading `@`; empty when unknown
  friend bool operator==(const identity&, const identity&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, identity& x) {
  return f(caf::meta::type_name("identity"), x.platform, x.bot_id, x.username);
}

/// The platform name of a peer that says none (protocol.md 5). Never used as an egress tag.
inline constexpr const char* generic_platform = "relay";

} // namespace relay

template <>
struct std::hash<relay::chat_key> {
  std::size_t operator()(const relay::chat_key& x) const noexcept {
    auto h = std::hash<std::string>{}(x.platform);
    return h ^ (std::hash<std::string>{}(x.chat_id) + 0x9e3779b97f4a7c15ULL + (h << 6) + (h >> 2));
  }
};
