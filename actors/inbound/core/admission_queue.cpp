#include "relay_gateway/actors/inbound/core/admission_queue.hpp"

#include "relay_gateway/actors/inbound/core/event_bytes.hpp"

#include <utility>

namespace relay::core {

std::vector<inbound_item> admission_queue::add(inbound_batch batch) {
  std::vector<inbound_item> repeats;
  const auto origin = std::move(batch.origin);
  auto waits = [&](const inbound_item& x) {
    // Without a key the connector does not replay it: it is never taken for another one.
    const buffered_id id{x.buffer_id, origin};
    auto key = buffer_key(*x.event, id);
    if (key.empty()) return false;
    if (!buffered_.insert(key).second) return true;
    if (auto named = named_.find(id); named != named_.end() && named->second != key) withdraw(id);
    named_[id] = std::move(key);
    return false;
  };
  batches_.push_back({batch.epoch, origin, {}}); // so that a later item of the batch finds an earlier one
  auto& fresh = batches_.back().items;
  for (auto& x : batch.items) {
    if (waits(x))
      repeats.push_back(std::move(x));
    else
      fresh.push_back({std::move(x)});
  }
  size_ += fresh.size();
  for (const auto& x : fresh) bytes_ += bytes_of(*x.what.event);
  if (fresh.empty()) batches_.pop_back();
  return repeats;
}

/// Whoever waits under this id is not acknowledged by it. What he repeats is still known by it.
void admission_queue::withdraw(const buffered_id& id) {
  for (auto& batch : batches_) {
    if (batch.origin != id.origin) continue;
    for (auto& x : batch.items) {
      if (x.what.buffer_id != id.id || x.id_reused) continue;
      buffered_.erase(buffer_key(*x.what.event, id));
      x.id_reused = true;
    }
  }
}

std::size_t admission_queue::first_bytes() const {
  return bytes_of(*batches_.front().items.front().what.event);
}

admission_queue::admitted admission_queue::take(std::size_t most) {
  auto& oldest = batches_.front();
  auto end = oldest.items.begin();
  for (std::size_t bytes = 0; end != oldest.items.end(); ++end) {
    bytes += bytes_of(*end->what.event);
    if (bytes > most && end != oldest.items.begin()) break;
  }
  admitted out{{oldest.epoch, {}, oldest.origin}, {}};
  for (auto it = oldest.items.begin(); it != end; ++it) {
    out.id_reused.push_back(it->id_reused);
    auto& x = out.batch.items.emplace_back(std::move(it->what));
    bytes_ -= bytes_of(*x.event);
    if (it->id_reused) continue; // withdrawn already
    const buffered_id id{x.buffer_id, oldest.origin};
    auto key = buffer_key(*x.event, id);
    if (auto named = named_.find(id); named != named_.end() && named->second == key) named_.erase(named);
    buffered_.erase(key);
  }
  size_ -= out.batch.items.size();
  oldest.items.erase(oldest.items.begin(), end);
  if (oldest.items.empty()) batches_.pop_front();
  return out;
}

bool held_acks::told(bool room, std::uint64_t number) {
  if (number < number_) return false;
  number_ = number;
  room_ = room;
  return true;
}

void held_acks::hold(std::vector<std::string> ids) {
  constexpr std::size_t most = 10'000;
  for (auto& id : ids)
    if (order_.size() < most && ids_.insert(id).second) order_.push_back(std::move(id));
}

void held_acks::withdraw(const std::string& id) {
  if (!ids_.empty()) ids_.erase(id);
}

std::vector<std::string> held_acks::release() {
  auto out = std::exchange(order_, {});
  std::erase_if(out, [this](const std::string& id) { return ids_.erase(id) == 0; });
  return out;
}

} // namespace relay::core
