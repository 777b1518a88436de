#include "relay_gateway/messages/contract/descriptor.hpp"

#include <algorithm>

namespace relay {

bool descriptor::supports(op x) const {
  if (supported_ops.empty()) return x == op::send || x == op::edit || x == op::typing || x == op::follow_up;
  return std::find(supported_ops.begin(), supported_ops.end(), to_string(x)) != supported_ops.end();
}

} // namespace relay
