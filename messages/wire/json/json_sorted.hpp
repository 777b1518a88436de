// One text for all JSON texts that mean the same: what two senders, or one that starts again, write in
// another order or with other escapes is still one thing.
#pragma once

#include <string>
#include <string_view>

namespace relay::wire::json {

/// The same value, compact, with the members of each object by their names and every string escaped in one
/// way. Numbers stay as they came. A text that is no JSON is returned as it is.
std::string sorted(std::string_view text);

} // namespace relay::wire::json
