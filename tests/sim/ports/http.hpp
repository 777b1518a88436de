// http_port and media_port of the simulated world.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/tests/sim/base/observer.hpp"
#include "relay_gateway/tests/sim/ports/process.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace relay::sim {

/// An answer of this status and body.
http_response reply(int status, std::string body);

/// How an answer comes.
struct served {
  http_response what;  ///< status 0 = the connection ends without one
  usec delay{0};       ///< so much later than it would
  bool silent = false; ///< never
};

/// Whoever answers HTTP calls: the connector, the identity provider.
class http_server {
public:
  virtual ~http_server() = default;
  /// Status 0 = nobody is there.
  virtual http_response answer(const http_request& what) = 0;
  /// The same, on a bad day.
  virtual served serve(const http_request& what) { return {answer(what)}; }
};

/// Calls of one life. Counts the calls of a run through `calls`.
std::shared_ptr<http_port> make_http_port(std::shared_ptr<process> host, http_server& server, observer& who,
                                          std::uint64_t& calls, usec latency);

/// Files exist by name only.
struct sim_media_files {
  std::set<std::string> files;               ///< made or found by fetch() and not removed
  std::map<std::string, std::string> pinned; ///< by pin and URL; those outlive their process
  std::uint64_t fetched = 0, uploaded = 0;
};
/// Fetches and uploads of one life; a fetch of `http_server` is a GET, an upload a POST.
std::shared_ptr<media_port> make_media_port(std::shared_ptr<process> host, http_server& server, observer& who,
                                            std::uint64_t& calls, sim_media_files& media_files, usec latency);

} // namespace relay::sim
