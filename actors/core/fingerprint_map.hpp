// A flat_map by texts that others choose: it holds their fingerprints.
#pragma once

#include "relay_gateway/actors/core/fingerprint.hpp"
#include "relay_gateway/actors/core/flat_map.hpp"

namespace relay::core {

inline std::uint32_t home_of(const fingerprint& key) { return static_cast<std::uint32_t>(key.low); }

template <class Value>
using fingerprint_map = flat_map<fingerprint, Value>;

} // namespace relay::core
