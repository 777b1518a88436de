#include "relay_gateway/app/commands/help/suggestion.hpp"

#include "relay_gateway/config/values/nearest.hpp"

namespace relay::commands::help {

std::string suggestion(const std::string& word, const std::vector<std::string>& known) {
  constexpr std::size_t farthest = 2;
  // A word of one or two letters is near to everything.
  if (word.size() <= farthest) return {};
  auto found = config::nearest(word, known);
  return found.distance <= farthest ? found.key : std::string{};
}

} // namespace relay::commands::help
