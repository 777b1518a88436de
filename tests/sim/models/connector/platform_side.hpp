// The chat platforms behind the connector: they do what an action says, exactly as it arrived.
#pragma once

#include "relay_gateway/tests/sim/base/json.hpp"
#include "relay_gateway/tests/sim/models/facts.hpp"
#include "relay_gateway/tests/sim/models/plan.hpp"
#include "relay_gateway/tests/sim/ports/process.hpp"

#include <cstdint>
#include <string>

namespace relay::sim {

/// What the connector says about an action, if anything.
struct answer_plan {
  std::string result; ///< JSON text; empty = it says nothing
  bool twice = false;
  bool next_link = false; ///< it says so on the next connection
  usec delay{0};
};

class platform_side {
public:
  explicit platform_side(stage on) : on_(on), rng_(on.seed, "platforms") {}

  /// Reads an outbound frame.
  static carried_out read(const json& frame);
  /// Does it, or not; fills in what became of it.
  answer_plan carry_out(carried_out& x, milliseconds patience);
  std::string fresh_message_id() { return "m" + std::to_string(++messages_); }

private:
  stage on_;
  seeded_rng rng_;
  std::uint64_t messages_ = 0;
};

} // namespace relay::sim
