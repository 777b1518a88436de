// Which of its events a gateway has put into the queue for workers. What inbound hands out is published as
// far as there are workers for it; the rest waits here. An event that inbound hands out again is published
// under a further message id, unless nobody can have missed it. The first message of an event has the same id
// in each process, so that what the queue still has does not come twice; further ones are a process's own,
// for what it repeats is known to be gone.
#pragma once

#include "relay_gateway/actors/core/bounded_map.hpp"
#include "relay_gateway/actors/core/clock.hpp"
#include "relay_gateway/actors/core/deadline_queue.hpp"
#include "relay_gateway/messages/flow.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace relay::core {

/// One event that has to be published under this id.
struct due_delivery {
  std::string message_id; ///< `<delivery id>#1`, then `<delivery id>#<attempt>.<life>`
  delivery what;
};

struct delivery_step {
  std::vector<due_delivery> publish;
  /// Nobody has seen these: give them back to inbound, which hands them out again; their time then begins
  /// anew.
  std::vector<std::string> renew;
};

class published_deliveries {
public:
  /// `patience`: how long inbound waits for an ack. `life`: no other process of this gateway has it.
  explicit published_deliveries(milliseconds patience = milliseconds{60'000}, std::string life = {})
      : patience_(patience), life_(std::move(life)) {}
  /// So many may be out at a time.
  void credit(std::uint64_t most, delivery_step& out);
  /// Inbound hands it out.
  void handed(delivery x, instant now, delivery_step& out);
  /// A worker's agent has it. False when it was not open here.
  bool acked(const std::string& id, delivery_step& out);
  /// A worker's agent gave it back, or never had it; inbound hands it out again. False when it is not out: an
  /// earlier process had published it, and its message is gone.
  bool returned(const std::string& id, delivery_step& out);
  /// Nobody waits for it any more.
  void withdrawn(const std::string& id, delivery_step& out);
  /// Inbound was started anew and hands out everything again: what is out has not been missed.
  void new_host();
  /// Renews what has waited here for so long that inbound would count it as missed.
  void timer(instant now, delivery_step& out);
  deadline due() const { return renewals_.due(); }
  /// Inbound has handed it out, and nobody was heard to have it.
  bool knows(const std::string& id) const { return entries_.contains(id); }
  std::size_t out() const { return out_; }
  std::size_t waiting() const { return waiting_.size(); }

private:
  enum class place : std::uint8_t { waiting, out, returned };
  struct entry {
    place where = place::waiting;
    std::uint64_t attempts = 0;
    bool expected = false; ///< inbound hands it out once more, which is no missed ack
    delivery what{};       ///< while it waits
  };
  void pump(delivery_step& out);
  void erase(const std::string& id);

  milliseconds patience_;
  std::string life_;
  std::uint64_t credit_ = 0;
  std::size_t out_ = 0;
  std::unordered_map<std::string, entry> entries_;
  std::deque<std::string> waiting_;      ///< in the order of their turn
  recent_set<std::string> gone_{10'000}; ///< given back before they were handed out here
  deadline_queue<std::string> renewals_;
};

} // namespace relay::core
