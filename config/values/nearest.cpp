#include "relay_gateway/config/values/nearest.hpp"

#include "relay_gateway/config/values/text.hpp"

#include <algorithm>
#include <numeric>

namespace relay::config {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      auto replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

nearest_key nearest(std::string_view word, const std::vector<std::string>& known) {
  // No key is that long; the cut keeps a hostile file from costing time.
  auto lower = lowered(word.substr(0, 64));
  nearest_key best;
  for (const auto& key : known) {
    auto distance = edit_distance(lower, lowered(key));
    if (best.key.empty() || distance < best.distance) best = {key, distance};
  }
  return best;
}

} // namespace relay::config
