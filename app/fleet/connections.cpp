#include "relay_gateway/app/fleet/connections.hpp"

#include "relay_gateway/config/catalogue.hpp"

#include <algorithm>

namespace relay::fleet {

std::string connection_of(const config::settings& x) {
  if (x.relay.url.empty() || x.relay.vetoed) return {};
  return x.relay.url + " " + (x.relay.gateway_id.empty() ? x.relay.default_gateway_id : x.relay.gateway_id);
}

config::problem connection_taken(const config::resolution& x, const std::string& other) {
  return {config::keys::relay_id.key,
          x.config_path,
          "is the one of " + other + ": each gateway needs an id of its own",
          {},
          true};
}

void connection_registry::begin(const std::string& name, std::uint64_t life) {
  const std::lock_guard held{lock_};
  entries_[name].life = life;
}

std::string connection_registry::reserve(const std::string& name, std::uint64_t life,
                                         const std::string& connection) {
  const std::lock_guard held{lock_};
  const auto it = entries_.find(name);
  if (connection.empty() || it == entries_.end() || it->second.life != life) return {};
  const auto [owner, fresh] = owners_.emplace(connection, name);
  if (!fresh && owner->second != name) {
    waiting_[connection].insert(name);
    return owner->second;
  }
  it->second.connections.insert(connection);
  return {};
}

std::vector<std::string> connection_registry::keep_only(const std::string& name, std::uint64_t life,
                                                        const std::string& connection) {
  const std::lock_guard held{lock_};
  const auto it = entries_.find(name);
  if (it == entries_.end() || it->second.life != life) return {};
  return release(it->second, connection);
}

std::vector<std::string> connection_registry::end(const std::string& name, std::uint64_t life) {
  const std::lock_guard held{lock_};
  const auto it = entries_.find(name);
  if (it == entries_.end() || it->second.life != life) return {};
  auto out = release(it->second, {});
  entries_.erase(it);
  return out;
}

std::vector<std::string> connection_registry::release(entry& x, const std::string& but) {
  std::set<std::string> told;
  std::erase_if(x.connections, [&](const std::string& one) {
    if (one == but) return false;
    owners_.erase(one);
    if (auto found = waiting_.extract(one); !found.empty()) told.merge(found.mapped());
    return true;
  });
  return {told.begin(), told.end()};
}

} // namespace relay::fleet
