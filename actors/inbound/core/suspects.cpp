#include "relay_gateway/actors/inbound/core/suspects.hpp"

namespace relay::core {

void suspects::add(std::uint64_t id, std::uint32_t counted) {
  if (auto it = counted_.find(id); it != counted_.end()) order_.erase({rank_of(it->second), id});
  counted_[id] = counted;
  order_.emplace(rank_of(counted), id);
}

void suspects::clear(std::uint64_t id) {
  back(id);
  auto it = counted_.find(id);
  if (it == counted_.end()) return;
  order_.erase({rank_of(it->second), id});
  counted_.erase(it);
}

std::uint64_t suspects::blamed(const std::vector<std::uint64_t>& with_it) const {
  if (with_it.size() == 1) return with_it.front();
  std::uint64_t only = 0;
  for (auto id : with_it) {
    if (!contains(id)) continue;
    if (only != 0) return 0;
    only = id;
  }
  return only;
}

} // namespace relay::core
