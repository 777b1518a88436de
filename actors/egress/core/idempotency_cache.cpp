#include "relay_gateway/actors/egress/core/idempotency_cache.hpp"

namespace relay::core {

std::size_t idempotency_cache::cost_of(const std::string& id, const action_result& x) {
  constexpr std::size_t around = 384; // the record itself, and the nodes that it is in
  auto out = around + 2 * id.size() + x.message_id.size() + x.error.size() + x.code.size() + x.raw.size() +
             x.prompt_id.size();
  for (const auto& one : x.message_ids) out += sizeof one + one.size();
  return out;
}

idempotency_cache::verdict idempotency_cache::open(const std::string& id, instant now, std::uint64_t digest) {
  trim(now);
  auto [it, fresh] = entries_.try_emplace(id);
  if (fresh) {
    it->second.age = settled_.end();
    it->second.digest = digest;
    return verdict::fresh;
  }
  if (digest != 0 && it->second.digest != 0 && digest != it->second.digest) return verdict::conflict;
  return it->second.settled ? verdict::settled : verdict::pending;
}

void idempotency_cache::settle(const std::string& id, const action_result& result, instant now) {
  auto it = entries_.find(id);
  if (it == entries_.end() || it->second.settled) return;
  it->second.result = result;
  it->second.settled = true;
  it->second.at = now;
  it->second.age = settled_.insert(settled_.end(), id);
  bytes_ += cost_of(id, it->second.result);
  trim(now);
}

void idempotency_cache::restore(const std::string& id, action_result result, instant now, milliseconds age,
                                std::uint64_t digest) {
  auto [it, fresh] = entries_.try_emplace(id);
  if (!fresh) return;
  it->second.result = std::move(result);
  it->second.settled = true;
  it->second.digest = digest;
  it->second.at = now - age;
  it->second.age = settled_.insert(settled_.end(), id);
  bytes_ += cost_of(id, it->second.result);
  trim(now);
}

const action_result* idempotency_cache::recorded(const std::string& id) const {
  auto it = entries_.find(id);
  return it != entries_.end() && it->second.settled ? &it->second.result : nullptr;
}

void idempotency_cache::forget(const std::string& id) {
  auto it = entries_.find(id);
  if (it == entries_.end()) return;
  if (it->second.settled) {
    bytes_ -= cost_of(id, it->second.result);
    settled_.erase(it->second.age);
  }
  entries_.erase(it);
}

void idempotency_cache::trim(instant now) {
  while (!settled_.empty()) {
    auto it = entries_.find(settled_.front());
    const bool large = bytes_ > max_bytes_ && settled_.size() > 1; // whoever asked last may ask again
    if (settled_.size() <= max_ && !large && now - it->second.at < window_) break;
    bytes_ -= cost_of(it->first, it->second.result);
    entries_.erase(it);
    settled_.pop_front();
  }
}

} // namespace relay::core
