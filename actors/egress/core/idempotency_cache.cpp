#include "relay_gateway/actors/egress/core/idempotency_cache.hpp"

#include <utility>

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
  bool fresh = false;
  auto& x = entries_.put(id, fresh).value;
  if (fresh) {
    x.digest = digest;
    return verdict::fresh;
  }
  if (digest != 0 && x.digest != 0 && digest != x.digest) return verdict::conflict;
  return x.settled ? verdict::settled : verdict::pending;
}

void idempotency_cache::record(entries::entry& x, action_result result, instant at, instant now) {
  x.value.result = std::move(result);
  x.value.settled = true;
  x.value.at = at;
  entries_.touch(x);
  bytes_ += cost_of(x.key(), x.value.result);
  trim(now);
}

void idempotency_cache::settle(const std::string& id, const action_result& result, instant now) {
  auto* x = entries_.find(id);
  if (!x || x->value.settled) return;
  record(*x, result, now, now);
}

void idempotency_cache::restore(const std::string& id, action_result result, instant now, milliseconds age,
                                std::uint64_t digest) {
  bool fresh = false;
  auto& x = entries_.put(id, fresh);
  if (!fresh) return;
  x.value.digest = digest;
  record(x, std::move(result), now - age, now);
}

const action_result* idempotency_cache::recorded(const std::string& id) const {
  const auto* x = entries_.find(id);
  return x && x->value.settled ? &x->value.result : nullptr;
}

void idempotency_cache::forget(const std::string& id) {
  auto* x = entries_.find(id);
  if (!x) return;
  if (x->value.settled) bytes_ -= cost_of(x->key(), x->value.result);
  entries_.erase(*x);
}

void idempotency_cache::trim(instant now) {
  while (auto* x = entries_.oldest()) {
    const bool large = bytes_ > max_bytes_ && entries_.aged() > 1; // whoever asked last may ask again
    if (entries_.aged() <= max_ && !large && now - x->value.at < window_) break;
    bytes_ -= cost_of(x->key(), x->value.result);
    entries_.erase(*x);
  }
}

} // namespace relay::core
