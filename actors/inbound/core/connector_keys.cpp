#include "relay_gateway/actors/inbound/core/connector_keys.hpp"

namespace relay::core {

void connector_keys::learn(const inbound_event& x, const wire::session_rules& rules,
                           const std::string& session_key) {
  if (x.source.platform != "slack") return;
  put(session_key, session_key);
  const auto& scoped = x.source;
  auto unscoped = scoped;
  unscoped.scope_id.clear();
  const auto message = rules.slack_message_threads ? wire::session_message(x) : std::string_view{};
  for (const event_source* from : {&scoped, static_cast<const event_source*>(&unscoped)})
    for (const auto top_level : {message, std::string_view{}}) {
      const auto key = wire::session_key(*from, rules, top_level);
      const auto known = sessions_.find(key);
      // A session of its own, of a chat whose events name no workspace, is not another one's alias.
      if (known == sessions_.none || sessions_.value_of(known) != key) put(key, session_key);
    }
}

void connector_keys::put(const std::string& key, const std::string& session_key) {
  sessions_.put(key, session_key);
  while (sessions_.size() > max_ || (sessions_.bytes() > max_bytes && sessions_.size() > 1))
    sessions_.erase(sessions_.oldest());
}

std::string connector_keys::session_of(const std::string& key) const {
  const auto at = sessions_.find(key);
  return at == sessions_.none ? key : std::string{sessions_.value_of(at)};
}

} // namespace relay::core
