// The real clock, randomness and secret files behind their ports.
#pragma once

#include "relay_gateway/actors/ports.hpp"

#include <memory>

namespace relay {

/// The system's wall clock, its random device, and files on its disks. Each is thread-safe.
std::shared_ptr<clock_port> make_system_clock();
std::shared_ptr<random_port> make_system_random();
std::shared_ptr<secret_file_port> make_secret_files();

} // namespace relay
