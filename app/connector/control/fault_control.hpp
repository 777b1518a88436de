// Where fault rules are changed while the stand-in runs: what the control API needs of the engine.
#pragma once

#include "relay_gateway/app/connector/faults/language/script.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace relay::connector {

/// On the io_context's thread.
class fault_control {
public:
  virtual ~fault_control() = default;
  virtual std::string faults_status() const = 0;                       ///< JSON (faults::injector::status)
  virtual std::vector<std::uint64_t> add_faults(faults::script x) = 0; ///< the numbers of its rules
  virtual bool remove_fault(std::uint64_t number) = 0;
  virtual void clear_faults() = 0;
  virtual std::vector<std::string> fire_fault(const faults::one_off& x) = 0; ///< what was done
};

} // namespace relay::connector
