// Acks while the store has no room: whoever was told that the disk is full sees no event acknowledged until
// it has room again, also none that was on its way to the disk and still found its place there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

namespace relay::core {

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
  void clear() { ids_.clear(); }
  /// All that wait, in no order. Only while not holding().
  std::vector<std::string> release();
  std::size_t size() const { return ids_.size(); }

private:
  bool room_ = true;
  std::uint64_t number_ = 0;
  std::unordered_set<std::string> ids_;
};

} // namespace relay::core
