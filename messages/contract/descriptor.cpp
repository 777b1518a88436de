#include "relay_gateway/messages/contract/descriptor.hpp"

#include "relay_gateway/messages/contract/op_traits.hpp"

#include <algorithm>

namespace relay {

bool descriptor::supports(op x) const {
  if (supported_ops.empty()) return traits_of(x).assumed;
  return std::find(supported_ops.begin(), supported_ops.end(), to_string(x)) != supported_ops.end();
}

} // namespace relay
