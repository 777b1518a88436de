// Which gateway of a fleet uses which connection: a connector knows one gateway of an id, so two of them
// would displace each other there.
#pragma once

#include "relay_gateway/config/resolve.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace relay::fleet {

/// The connector and the gateway id of these settings; empty when they make no connection.
std::string connection_of(const config::settings& x);

/// Why these settings are not taken: `other` uses their connection.
config::problem connection_taken(const config::resolution& x, const std::string& other);

/// Thread-safe: settings are resolved by several threads at once. `life` is one start of a gateway; what is
/// asked for an earlier one has no effect.
class connection_registry {
public:
  /// From now on connections are reserved for this start of `name`; it has none yet.
  void begin(const std::string& name, std::uint64_t life);
  /// Reserves it, beside those that `name` has already. Otherwise the name of the gateway that has it.
  std::string reserve(const std::string& name, std::uint64_t life, const std::string& connection);
  /// It keeps this one alone. The gateways that were refused what became free; each is told once.
  std::vector<std::string> keep_only(const std::string& name, std::uint64_t life,
                                     const std::string& connection);
  /// It ended; the same answer.
  std::vector<std::string> end(const std::string& name, std::uint64_t life);

private:
  struct entry {
    std::uint64_t life = 0;
    std::set<std::string> connections;
  };
  std::vector<std::string> release(entry& x, const std::string& but);

  std::mutex lock_;
  std::map<std::string, entry> entries_;                 ///< gateway -> what it has
  std::map<std::string, std::string> owners_;            ///< connection -> gateway
  std::map<std::string, std::set<std::string>> waiting_; ///< connection -> gateways that were refused it
};

} // namespace relay::fleet
