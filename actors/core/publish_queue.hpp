// What is to be stored in a stream: each message until the stream has it, in order per key, under one id
// however often it is sent. The result of a publication tells the health of the stream: nothing else does.
#pragma once

#include "relay_gateway/actors/core/clock.hpp"
#include "relay_gateway/actors/queue_port.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace relay::core {

struct publish_rules {
  std::size_t window = 512; ///< on their way at a time
  milliseconds backoff_min{250}, backoff_max{5'000};
  milliseconds flight_limit{15'000}; ///< without a receipt by then, it counts as not stored
  std::size_t max_entries = 10'000, max_bytes = 64UL << 20;
};

struct stored_publication {
  std::uint64_t number = 0;
  bool duplicate = false; ///< the stream had the id before this queue first sent it
};

/// What an owner has to do.
struct publish_step {
  std::vector<queue_publication> publish;
  std::vector<stored_publication> stored;
  std::vector<std::uint64_t> refused; ///< can never be stored, and are gone
};

class publish_queue {
public:
  explicit publish_queue(publish_rules rules = {}) : rules_(rules) {}
  /// Messages of one key are stored one after the other. Returns its number; 0: there is no room.
  std::uint64_t put(const std::string& key, queue_publication x, instant now, publish_step& out);
  /// Takes it back unless it may be on its way or stored. False when it may.
  bool withdraw(std::uint64_t number, instant now, publish_step& out);
  /// Whether the queue can be used.
  void usable(bool x, instant now, publish_step& out);
  void receipt(const queue_receipt& x, instant now, publish_step& out);
  void timer(instant now, publish_step& out);
  /// When timer() has something to do.
  deadline due() const;
  /// The last publication was stored, as far as any was.
  bool healthy() const { return usable_ && !failing_; }
  std::size_t entries() const { return entries_.size(); }
  std::size_t bytes() const { return bytes_; }

private:
  struct entry {
    std::string key;
    queue_publication what;
    bool flying = false;
    bool sent = false; ///< before: a duplicate is then its own
    instant sent_at{};
  };
  void pump(instant now, publish_step& out);
  void failed(std::uint64_t number, entry& x, instant now);
  void remove(std::map<std::uint64_t, entry>::iterator it);

  publish_rules rules_;
  std::map<std::uint64_t, entry> entries_;
  std::unordered_map<std::string, std::deque<std::uint64_t>> keys_;
  std::map<std::uint64_t, bool> ready_; ///< heads of their keys that are not on their way, in order
  std::deque<std::pair<instant, std::uint64_t>> flights_; ///< in the order in which they left
  std::uint64_t next_ = 1;
  std::size_t flying_ = 0, bytes_ = 0;
  bool usable_ = false, failing_ = false;
  milliseconds pause_{0};
  instant retry_at_{};
};

} // namespace relay::core
