// JSON objects with one name twice: parsers do not agree on which of the members counts, so such a text would
// say one thing here and another thing where it is passed on to.
#pragma once

#include "relay_gateway/messages/wire/json/json_read.hpp"

#include <string>
#include <string_view>

namespace relay::wire::json {

/// Whether an object anywhere in `x` has a name twice. Names are compared as they are meant, not as escaped.
bool has_repeated_names(const value& x);
/// Appends `x` with the first member of each name only, which is the one that json_read.hpp finds. `source`:
/// the text that it was parsed from.
void append_unique(std::string& out, const value& x, std::string_view source);

} // namespace relay::wire::json
