// What faults do to bytes. Pure.
#pragma once

#include "relay_gateway/app/connector/faults/language/actions.hpp"
#include "relay_gateway/app/connector/faults/rng.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace relay::connector::faults {

/// The first part of `text`. A UTF-8 sequence may be torn: that is the point.
std::string truncated(std::string_view text, const truncate& how);
/// Some bytes changed for others; never into a line break, so that one bad frame stays one bad line.
std::string corrupted(std::string_view text, const corrupt& how, seeded_rng& rng);
/// With the members set; unchanged, and false in `fine`, when `line` is no JSON object.
std::string rewritten(std::string_view line, const rewrite& how, bool& fine);
/// Where pieces end, ascending, all inside `size`: cuts drawn, or every so many bytes. At most 10,000.
std::vector<std::size_t> cuts_of(std::size_t size, const split& how, seeded_rng& rng);

} // namespace relay::connector::faults
