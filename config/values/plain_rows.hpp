// Reads settings of a plain kind (keys/setting_row.hpp).
#pragma once

#include "relay_gateway/config/keys/setting_row.hpp"
#include "relay_gateway/config/values/reading.hpp"
#include "relay_gateway/config/values/scalars.hpp"
#include "relay_gateway/config/values/units.hpp"

#include <string>

namespace relay::config {

/// In their order, which is that of the listing.
template <class Rows, class Settings>
void read_rows(reading& in, const Rows& rows, Settings& into) {
  const auto number = [](std::uint64_t n) { return std::to_string(n); };
  for (const setting_row<Settings>& row : rows) {
    if (row.duration != nullptr)
      into.*row.duration = in.value(*row.key, into.*row.duration, parse_positive, duration_text);
    else if (row.size != nullptr)
      into.*row.size = in.value(*row.key, into.*row.size, parse_size, size_text);
    else if (row.count != nullptr)
      into.*row.count = in.value(*row.key, into.*row.count, parse_count, number);
    else
      into.*row.flag = in.boolean(*row.key, into.*row.flag, into.*row.flag);
  }
}

} // namespace relay::config
