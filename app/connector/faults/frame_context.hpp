// One frame on its way through the rules. Private to faults.
#pragma once

#include "relay_gateway/app/connector/faults/injector.hpp"

namespace relay::connector::faults {

struct injector::frame_context {
  connection_id which = 0;
  way direction = way::out;
  std::string gateway;
  std::string line; ///< as the rules so far left it, without the line break
  frame_view view;  ///< of the line as it came
  bool gone = false, newline = true, binary = false, fragments = false;
  std::vector<std::size_t> cuts; ///< of the line with its break; ascending
  milliseconds pause{0};         ///< between pieces
  hold how;
  std::uint64_t copies = 0;
  milliseconds between{0};
  std::vector<hold> repeats; ///< when the copies leave
  texts before, after;       ///< inserted lines
  steps also;                ///< behind the frame
};

} // namespace relay::connector::faults
