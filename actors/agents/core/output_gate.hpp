// Which agents are not read from because too much of what they asked for has no outcome yet: an agent's
// output is bounded by not reading it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace relay::core {

struct output_bounds {
  std::size_t actions = 10'000, bytes = 16UL << 20; ///< of one agent
  std::size_t all_bytes = 64UL << 20;               ///< of all agents together
};

/// Counts the open actions of each agent. What is closed opens again at half of its bound.
class output_gate {
public:
  explicit output_gate(const output_bounds& bounds = {}) : bounds_(bounds) {}

  /// An agent asked for something of this size. True when it is not to be read from any more.
  bool asked(std::uint64_t peer, std::size_t bytes);
  /// One of those has its outcome. Returns whom to read from again.
  std::vector<std::uint64_t> settled(std::uint64_t peer, std::size_t bytes);
  /// It is gone; what it asked for goes on and counts until it is settled.
  void left(std::uint64_t peer);

  std::size_t actions() const { return actions_; }
  std::size_t bytes() const { return bytes_; }

private:
  struct load {
    std::size_t actions = 0, bytes = 0;
    bool closed = false, gone = false;
  };
  bool over(const load& x, std::size_t part) const {
    return x.actions > bounds_.actions / part || x.bytes > bounds_.bytes / part ||
           (x.actions > 0 && bytes_ > bounds_.all_bytes / part);
  }
  output_bounds bounds_;
  std::unordered_map<std::uint64_t, load> peers_;
  std::size_t actions_ = 0, bytes_ = 0, closed_ = 0;
};

} // namespace relay::core
