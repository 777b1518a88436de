// What waits while the store has hardly any room: events that must not be accepted yet, in order, each once
// however often the connector replays it, and acks.
#pragma once

#include "relay_gateway/actors/inbound/core/dedupe_index.hpp"
#include "relay_gateway/messages/control.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace relay::core {

/// How much of what waits may go to a store that has `room` for so many bytes, while `unstored` bytes are on
/// their way to it and its first event has `first`. What the store says of its room is older than what was
/// given to it since, so it gets a quarter at a time; 0: nothing now. A larger event goes alone; one for
/// which there is no room at all waits until nothing else could make some (`last`), for only the store can
/// say so.
inline std::size_t admissible(std::uint64_t room, std::size_t unstored, std::size_t first, bool last) {
  constexpr auto all = std::numeric_limits<std::size_t>::max();
  if (room == std::numeric_limits<std::uint64_t>::max()) return all;
  const auto at_once = static_cast<std::size_t>(room / 4);
  if (unstored == 0 && (first <= room || last)) return first > at_once ? first : at_once;
  return at_once > unstored && first <= at_once - unstored ? at_once - unstored : 0;
}

class admission_queue {
public:
  struct admitted {
    inbound_batch batch;
    std::vector<bool> id_reused; ///< of each item: the connector gave its buffer id to another event since
  };
  /// Puts the batch behind the others. Returns those of its items that wait there already, under the same
  /// buffer id, and were left out: each reconnect brings all that is not acked again.
  /// An item whose id names another event by now is marked: the connector would take its ack for that one's.
  std::vector<inbound_item> add(inbound_batch batch);
  /// The oldest batch, or its first part of at most `most` bytes, but never less than one event. Only while
  /// it is not empty().
  admitted take(std::size_t most = std::numeric_limits<std::size_t>::max());
  bool empty() const { return batches_.empty(); }
  /// Bytes of the oldest event. Only while it is not empty().
  std::size_t first_bytes() const;
  /// Events in all batches.
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return bytes_; }

private:
  struct waiting_item {
    inbound_item what;
    bool id_reused = false;
  };
  struct waiting_batch {
    std::uint64_t epoch = 0;
    std::string origin;
    std::vector<waiting_item> items;
  };
  void withdraw(const buffered_id& id);
  std::deque<waiting_batch> batches_;
  std::unordered_set<std::string> buffered_;
  std::unordered_map<buffered_id, std::string, buffered_id_hash> named_; ///< id -> the key that it is part of
  std::size_t size_ = 0, bytes_ = 0;
};

/// Acks while the store has no room: whoever was told that the disk is full sees no event acknowledged until
/// it has room again, also none that was on its way to the disk and still found its place there.
class held_acks {
public:
  /// The store's word on its room, by a receipt or by its health; `number` orders them. False: it is older
  /// than what is known.
  bool told(bool room, std::uint64_t number);
  bool holding() const { return !room_; }

  /// These wait. Beyond a number of them further ones are dropped: the connector brings their events again.
  void hold(std::vector<std::string> ids);
  /// The id comes again: whatever it names by now is acknowledged by itself.
  void withdraw(const std::string& id);
  /// A new connection: the connector brings again what was not acknowledged.
  void clear() { (void)release(); }
  /// All that wait, in their order. Only while not holding().
  std::vector<std::string> release();
  std::size_t size() const { return ids_.size(); }

private:
  bool room_ = true;
  std::uint64_t number_ = 0;
  std::unordered_set<std::string> ids_;
  std::vector<std::string> order_; ///< also of some that were withdrawn
};

} // namespace relay::core
