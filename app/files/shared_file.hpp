// Files that this process shares with other programs of the machine, under their lock (actors/ports.hpp).
#pragma once

#include "relay_gateway/actors/ports.hpp"

#include <memory>

namespace boost::asio {
class io_context;
}

namespace relay {

/// Waits for locks on `io` and does the file work on a thread of its own, which starts with the first call.
/// `io` must outlive it.
std::shared_ptr<file_port> make_file_port(boost::asio::io_context& io);

} // namespace relay
