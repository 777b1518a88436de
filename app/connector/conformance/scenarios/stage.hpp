// What a scenario is given.
#pragma once

#include "relay_gateway/app/connector/conformance/trial.hpp"

#include <string>

namespace relay::connector::conformance {

struct stage {
  const description& what;
  report& told;
  const std::string& work_dir;
};

} // namespace relay::connector::conformance
