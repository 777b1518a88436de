// Where events wait that must not be accepted yet: in order, each once however often the connector replays
// it.
#pragma once

#include "relay_gateway/actors/inbound/core/dedupe_index.hpp"
#include "relay_gateway/messages/control.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace relay::core {

class admission_queue {
public:
  /// Puts the batch behind the others. Returns those of its items that wait there already, under the same
  /// buffer id, and were left out: each reconnect brings all that is not acked again.
  /// An item whose id names another event by now loses it: the connector would take its ack for that one's.
  std::vector<inbound_item> add(inbound_batch batch);
  /// The oldest batch. Only while it is not empty().
  inbound_batch take();
  bool empty() const { return batches_.empty(); }
  /// Events in all batches.
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return bytes_; }

private:
  void withdraw(const buffered_id& id);
  std::deque<inbound_batch> batches_;
  std::unordered_set<std::string> buffered_;
  std::unordered_map<buffered_id, std::string, buffered_id_hash> named_; ///< id -> the key that it is part of
  std::size_t size_ = 0, bytes_ = 0;
};

} // namespace relay::core
