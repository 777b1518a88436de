// Which known key was meant. Thread-safe, never throws.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace relay::config {

/// Edits (insert, delete, replace one letter) from one word to the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

struct nearest_key {
  std::string key;          ///< empty when `known` is
  std::size_t distance = 0; ///< edits away, case apart
};
/// The known key with the fewest edits; the first of several.
nearest_key nearest(std::string_view word, const std::vector<std::string>& known);

} // namespace relay::config
