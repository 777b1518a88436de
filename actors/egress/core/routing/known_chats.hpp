// What is known of very many chats (routes.hpp). Private to route_table.
#pragma once

#include "relay_gateway/actors/core/clock.hpp"
#include "relay_gateway/actors/core/packed_lru.hpp"
#include "relay_gateway/messages/contract/action.hpp"
#include "relay_gateway/messages/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relay::core {

struct known_chat {
  discriminators who;
  std::string parent, type, name;
  std::string latest; ///< the delivery that all this is from; empty when it is not known
};

/// In the order of their use. Times are kept as seconds.
class known_chats {
public:
  struct times {
    std::uint32_t used_s = 0, told_s = 0; ///< told: as a change
    std::uint32_t arrival = 0; ///< among the chats of one id the highest came in last; 0 = none did
    bool restored = false;     ///< nothing came since
  };
  using place = std::uint32_t;
  static constexpr place nowhere = packed_lru<times>::none;
  /// As known_chat, but without texts of its own: valid until the chat changes.
  struct facts_view {
    std::string_view scope_id, user_id, profile, parent, type, name, latest;
    bool is_of(const discriminators& who) const {
      return scope_id == who.scope_id && user_id == who.user_id && profile == who.profile;
    }
  };
  /// Where it is; nowhere when it is not known. Valid until it is forgotten.
  place place_of(const chat_key& key) const;
  facts_view facts(place at) const;
  /// All that was known of it is also from this delivery; used now.
  times& renew(place at, std::string_view latest, instant now);

  /// Unset when it is not known.
  std::optional<known_chat> find(const chat_key& key) const;
  bool contains(const chat_key& key) const { return place_of(key) != nowhere; }
  /// The most recently used one from now on. Its times are those that it had, or none.
  times& put(const chat_key& key, const known_chat& x, instant now);
  /// Null when it is not known.
  times* find_times(const chat_key& key);
  /// It was used: false when it is not known.
  bool use(const chat_key& key, instant now);
  /// An event of it came in, of a platform that has a name.
  void arrived(times& of_it, const std::string& platform);
  void arrived(const chat_key& key) {
    if (auto* known = find_times(key)) arrived(*known, key.platform);
  }
  /// The platform of the chat of this id that came in last; empty when none is known.
  std::string last_platform(const std::string& chat_id) const;

  /// The least recently used. Only while there is one.
  chat_key oldest() const;
  instant oldest_use() const { return at(all_.extra(all_.oldest()).used_s); }
  void forget_oldest() { all_.erase(all_.oldest()); }
  std::size_t size() const { return all_.size(); }
  std::size_t bytes() const { return all_.bytes(); }

  static std::uint32_t seconds(instant x);
  static instant at(std::uint32_t s) { return instant{std::chrono::seconds{s}}; }

private:
  using lru = packed_lru<times>;
  lru all_;
  std::uint32_t arrivals_ = 0;
  std::vector<std::string> platforms_; ///< of those that came in, the newest first
};

} // namespace relay::core
