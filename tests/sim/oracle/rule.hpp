// One promise of the gateway, judged from outside. A rule knows the contract and what was seen; it never
// looks into the gateway.
#pragma once

#include "relay_gateway/tests/sim/base/observer.hpp"
#include "relay_gateway/tests/sim/base/timeline.hpp"

#include <string>
#include <string_view>

namespace relay::sim {

class checker;

class rule : public observer {
public:
  rule(checker& at, std::string_view name) : checker_(at), name_(name) {}
  std::string_view name() const noexcept { return name_; }
  /// Inside the gateway nothing is left to be done at this moment.
  virtual void at_rest() {}
  /// What is not yet as it must become once nothing goes wrong any more; empty = all is.
  virtual std::string unsettled() { return {}; }
  /// The run is over, the last life has stopped in order.
  virtual void at_end() {}

protected:
  void fail(std::string what);
  usec now() const noexcept;
  checker& checker_;

private:
  std::string_view name_;
};

} // namespace relay::sim
