// How many messages a session has asked a consumer for: never more at a time than it may hold. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>

namespace relay::queue {

class pull_requests {
public:
  using instant = std::chrono::steady_clock::time_point;
  /// Asked of the server with each request: it forgets the request by itself.
  static constexpr std::chrono::seconds lifetime{20};
  static constexpr std::uint32_t largest = 256;
  struct request {
    std::uint64_t number = 0;
    std::uint32_t batch = 0;
  };

  void limit(std::uint32_t most) { limit_ = most; }
  /// A message has come; it is held until settled().
  void arrived() {
    ++held_;
    while (!open_.empty() && open_.front().left == 0) open_.pop_front();
    if (!open_.empty() && --open_.front().left == 0) open_.pop_front();
  }
  void settled() {
    if (held_ > 0) --held_;
  }
  /// The server says that this request has ended.
  void ended(std::uint64_t number) {
    std::erase_if(open_, [&](const auto& x) { return x.number == number; });
  }
  /// The connection is new: nothing is asked for.
  void reset() { open_.clear(); }
  /// The next request, when there is room for one; batch 0: there is none.
  request next(instant now) {
    std::erase_if(open_, [&](const auto& x) { return now >= x.ends; });
    std::uint64_t used = held_;
    for (const auto& x : open_) used += x.left;
    if (used >= limit_) return {};
    const auto room = static_cast<std::uint32_t>(limit_ - used);
    // Many requests of one message each would cost more than the messages.
    if (!open_.empty() && room < std::min(limit_, largest) / 4) return {};
    const auto batch = std::min(room, largest);
    open_.push_back({++last_, batch, now + lifetime + std::chrono::seconds{2}});
    return {last_, batch};
  }
  std::uint64_t held() const { return held_; }

private:
  struct open_request {
    std::uint64_t number;
    std::uint32_t left;
    instant ends;
  };
  std::uint32_t limit_ = 0;
  std::uint64_t held_ = 0, last_ = 0;
  std::deque<open_request> open_;
};

} // namespace relay::queue
