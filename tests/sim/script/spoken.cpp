#include "relay_gateway/tests/sim/script/spoken.hpp"

namespace relay::sim {

const spoken::event* spoken::event_of(std::string_view line) const {
  auto it = lines_.find(std::string{line});
  return it == lines_.end() || it->second.number == 0 ? nullptr : &it->second;
}

hearing spoken::hear(std::uint64_t socket, std::string_view line) {
  auto it = unheard_.find({socket, std::string{line}});
  if (it == unheard_.end()) return hearing::altered;
  if (it->second == 0) return hearing::again;
  --it->second;
  return hearing::as_said;
}

} // namespace relay::sim
