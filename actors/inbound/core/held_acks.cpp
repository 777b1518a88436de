#include "relay_gateway/actors/inbound/core/held_acks.hpp"

#include <utility>

namespace relay::core {

bool held_acks::told(bool room, std::uint64_t number) {
  if (number < number_) return false;
  number_ = number;
  room_ = room;
  return true;
}

void held_acks::hold(std::vector<std::string> ids) {
  constexpr std::size_t most = 10'000;
  for (auto& id : ids)
    if (ids_.size() < most) ids_.insert(std::move(id));
}

void held_acks::withdraw(const std::string& id) {
  if (!ids_.empty()) ids_.erase(id);
}

std::vector<std::string> held_acks::release() {
  auto all = std::exchange(ids_, {});
  std::vector<std::string> out;
  out.reserve(all.size());
  while (!all.empty()) out.push_back(std::move(all.extract(all.begin()).value()));
  return out;
}

} // namespace relay::core
