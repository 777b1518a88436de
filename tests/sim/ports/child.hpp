// child_port of the simulated world: a child process that speaks lines, as a socket whose far end is the
// child.
#pragma once

#include "relay_gateway/tests/sim/ports/sim_socket.hpp"

#include <functional>
#include <memory>

namespace relay::sim {

/// Makes the socket that is a child's input and output; the hooks of `setup` see what is said.
using socket_maker = std::function<std::shared_ptr<sim_socket>(socket_setup setup)>;
/// Asked for each child that is started: makes its socket, once, and gives the child itself; null = it cannot
/// be started.
using child_maker = std::function<std::shared_ptr<far_end>(const socket_maker& make)>;

std::shared_ptr<child_port> make_child_port(std::shared_ptr<process> host, child_maker born);

} // namespace relay::sim
