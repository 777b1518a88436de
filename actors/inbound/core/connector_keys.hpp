// Session keys as older connectors make them (protocol.md 5.1): Slack keys without the workspace, or without
// the top-level message that is a session of its own. An interrupt may name such a key.
#pragma once

#include "relay_gateway/actors/core/packed_lru.hpp"
#include "relay_gateway/messages/contract/event.hpp"
#include "relay_gateway/messages/wire/session_key.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace relay::core {

/// Which session a key of a connector means. Only Slack keys changed, so nothing else is remembered. Bounded
/// by number and bytes: the least recently used goes first.
class connector_keys {
public:
  explicit connector_keys(std::size_t max) : max_(max < 1 ? 1 : max) {}

  /// An event of this session goes to an agent.
  void learn(const inbound_event& x, const wire::session_rules& rules, const std::string& session_key);
  /// The session that is meant: the newest one that an older connector would give this key. A key that is a
  /// session's own, or that nobody knows, stays as it is.
  std::string session_of(const std::string& key) const;
  std::size_t size() const { return sessions_.size(); }

private:
  struct nothing {};
  static constexpr std::size_t max_bytes = 16UL << 20;
  void put(const std::string& key, const std::string& session_key);

  std::size_t max_;
  packed_lru<nothing> sessions_; ///< by key
};

} // namespace relay::core
