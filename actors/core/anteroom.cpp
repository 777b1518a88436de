#include "actors/core/anteroom.hpp"

#include <utility>

namespace relay::core {

/// Empty for one that the connector does not replay: it is never taken for another one.
std::string anteroom::name_of(const inbound_item& x) {
  if (x.buffer_id.empty()) return {};
  auto& from = x.event->source;
  auto name = x.buffer_id + '\n' + from.platform + '\n' + from.chat_id + '\n' + x.event->message_id;
  if (x.event->unreadable) name += '\n' + x.event->text; // nothing else tells two of them apart
  return name;
}

std::size_t anteroom::add(inbound_batch batch) {
  auto repeats = std::erase_if(batch.items, [this](const inbound_item& x) {
    auto name = name_of(x);
    return !name.empty() && !buffered_.insert(std::move(name)).second;
  });
  size_ += batch.items.size();
  if (!batch.items.empty()) batches_.push_back(std::move(batch));
  return repeats;
}

inbound_batch anteroom::take() {
  auto out = std::move(batches_.front());
  batches_.pop_front();
  size_ -= out.items.size();
  for (auto& x : out.items) buffered_.erase(name_of(x));
  return out;
}

} // namespace relay::core
