// The people in the chats: they write, answer prompts, and press buttons twice.
#pragma once

#include "relay_gateway/tests/sim/models/connector/connector.hpp"
#include "relay_gateway/tests/sim/models/facts.hpp"
#include "relay_gateway/tests/sim/models/plan.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace relay::sim {

class workload {
public:
  workload(stage on, const plan& p, connector& to);
  /// Plans the whole first phase.
  void begin();
  /// One says something now.
  void speak(const place& where);
  void poison();
  /// The connector forwards a request that is nobody's business.
  void useless();
  std::uint64_t count() const { return numbers_; }

private:
  void see(const carried_out& x);
  void press(const carried_out& prompt, usec after);
  told_event from(const place& where);
  std::uint64_t next_order(const told_event& x);
  void edit(const told_event& first, const place& where);
  void widen(told_event& x);

  stage on_;
  const plan& plan_;
  connector& connector_;
  seeded_rng rng_, more_, behaviour_rng_;
  std::uint64_t numbers_ = 0;
  std::map<std::string, std::uint64_t> orders_;
};

} // namespace relay::sim
