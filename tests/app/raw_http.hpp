// A client that sends exactly what it is told, so that no library of ours is tested against itself.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace relay::app_test {

struct raw_answer {
  int status = 0; ///< 0: no answer
  std::string head, body;
  /// The value of that header, as sent; empty without it.
  std::string header(const std::string& name) const;
};

using raw_headers = std::vector<std::pair<std::string, std::string>>;

/// One request on a connection of its own; blocks, 20 s at most. `Host` is set unless `headers` has one.
raw_answer raw_call(std::uint16_t port, const std::string& method, const std::string& path,
                    const raw_headers& headers = {}, const std::string& body = {});

/// The headers of a WebSocket upgrade.
raw_headers upgrade_headers(raw_headers more = {});

} // namespace relay::app_test
