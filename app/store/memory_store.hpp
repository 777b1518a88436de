// `--state-dir none`: the same port, and nothing outlives the process.
#pragma once

#include "relay_gateway/actors/ports.hpp"

#include <memory>

namespace relay {

/// Answers before its calls return. Keeps the newest 1,000 dead letters. Thread-safe.
std::shared_ptr<store_port> make_memory_store();

} // namespace relay
