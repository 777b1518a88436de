// Children behind child_port: processes of their own group, their pipes on an io_context.
#pragma once

#include "relay_gateway/actors/ports.hpp"

#include <memory>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace relay::child {

struct port_options {
  std::shared_ptr<log_port> log;        ///< hears `agent.started`, and what children say on standard error
  std::vector<std::string> environment; ///< NAME=value, all that children get
  std::vector<secret> hidden;           ///< replaced by *** in what they say
};

/// `io` must outlive the port and be run by one thread; all call-backs come on it, never from inside a call
/// on a socket. Destroying `io` kills and reaps the children that are left, which blocks until they are gone.
std::shared_ptr<child_port> make_child_port(boost::asio::io_context& io, port_options what);

} // namespace relay::child
