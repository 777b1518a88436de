#include "relay_gateway/actors/inbound/core/admission_queue.hpp"

#include "relay_gateway/actors/inbound/core/dedupe_index.hpp"
#include "relay_gateway/actors/inbound/core/event_bytes.hpp"

#include <utility>

namespace relay::core {

std::vector<inbound_item> admission_queue::add(inbound_batch batch) {
  std::vector<inbound_item> repeats;
  auto waits = [&](const inbound_item& x) {
    // Without a key the connector does not replay it: it is never taken for another one.
    auto key = buffer_key(*x.event, {x.buffer_id, batch.origin});
    return !key.empty() && !buffered_.insert(std::move(key)).second;
  };
  std::vector<inbound_item> fresh;
  fresh.reserve(batch.items.size());
  for (auto& x : batch.items) (waits(x) ? repeats : fresh).push_back(std::move(x));
  batch.items = std::move(fresh);
  size_ += batch.items.size();
  for (const auto& x : batch.items) bytes_ += bytes_of(*x.event);
  if (!batch.items.empty()) batches_.push_back(std::move(batch));
  return repeats;
}

inbound_batch admission_queue::take() {
  auto out = std::move(batches_.front());
  batches_.pop_front();
  size_ -= out.items.size();
  for (const auto& x : out.items) bytes_ -= bytes_of(*x.event);
  for (auto& x : out.items) buffered_.erase(buffer_key(*x.event, {x.buffer_id, out.origin}));
  return out;
}

} // namespace relay::core
