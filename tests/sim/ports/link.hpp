// link_port of the simulated world: each dial finds, or does not find, whoever serves there.
#pragma once

#include "relay_gateway/tests/sim/base/observer.hpp"
#include "relay_gateway/tests/sim/ports/sim_socket.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace relay::sim {

/// What the other side says to an upgrade.
struct upgrade_answer {
  std::shared_ptr<far_end> far; ///< accepted when set
  int http_status = 0;          ///< else refused with this; 0 = nobody is there
  usec delay{0};                ///< it takes so long to say so
  bool silent = false;          ///< it says nothing at all
};

class link_server {
public:
  virtual ~link_server() = default;
  /// The upgrade of `socket` has reached it. What it says before the near end has heard waits.
  virtual upgrade_answer upgrade(std::uint64_t socket, const dial_request& what,
                                 const std::shared_ptr<sim_socket>& over) = 0;
  /// Whether it said this line so, which the gateway has read.
  virtual bool said(std::uint64_t /*socket*/, std::string_view /*line*/) { return true; }
  /// The gateway has read this line, and everybody has heard of it.
  virtual void line_read(std::uint64_t /*socket*/, std::string_view /*line*/) {}
};

/// Numbers the dials of a run over all lives, and keeps those that are not over.
class link_network {
public:
  link_network(link_server& server, observer& who) : server_(server), who_(who) {}
  link_network(const link_network&) = delete;
  link_network& operator=(const link_network&) = delete;
  ~link_network();
  /// The port of one life, whose lines from the peer may be as long as `max_line`.
  std::shared_ptr<link_port> port(std::shared_ptr<process> host, usec latency, std::uint64_t max_line);
  /// Those connections that one of the ends still believes in.
  std::map<std::uint64_t, std::shared_ptr<sim_socket>>& cables();

private:
  friend class sim_link_port;
  std::shared_ptr<line_socket> dial(const std::shared_ptr<process>& host, usec latency,
                                    std::uint64_t max_line, dial_request what,
                                    std::shared_ptr<socket_listener> who);
  link_server& server_;
  observer& who_;
  std::uint64_t sockets_ = 0;
  std::map<std::uint64_t, std::shared_ptr<sim_socket>> cables_;
};

} // namespace relay::sim
