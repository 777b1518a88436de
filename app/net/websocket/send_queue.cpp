#include "relay_gateway/app/net/websocket/send_queue.hpp"

#include <utility>

namespace relay::net {

bool arrival_queue::first() { return !std::exchange(posted_, true); }

bool arrival_queue::write(std::string text, bool raw) {
  std::lock_guard lock(mutex_);
  if (shut_ || closing_) return false;
  given_bytes_.fetch_add(text.size(), std::memory_order_relaxed);
  content_.frames.push_back({std::move(text), raw});
  given_.fetch_add(1, std::memory_order_relaxed);
  return first();
}

bool arrival_queue::read(bool on) {
  std::lock_guard lock(mutex_);
  if (shut_) return false;
  content_.read = on;
  return first();
}

bool arrival_queue::hold(bool on) {
  std::lock_guard lock(mutex_);
  if (shut_) return false;
  content_.hold = on;
  return first();
}

bool arrival_queue::close(closing how) {
  std::lock_guard lock(mutex_);
  if (shut_ || closing_) return false;
  closing_ = true;
  content_.close = std::move(how);
  return first();
}

bool arrival_queue::drop(std::string why, dropping how) {
  std::lock_guard lock(mutex_);
  if (shut_) return false;
  shut_ = true;
  content_.drop = std::move(why);
  content_.how = how;
  return first();
}

arrival_queue::content arrival_queue::take() {
  std::lock_guard lock(mutex_);
  posted_ = false;
  return std::exchange(content_, {});
}

void arrival_queue::shut() {
  std::lock_guard lock(mutex_);
  shut_ = true;
  content_ = {};
}

void written_frame_counter::departed(std::uint64_t position) {
  while (!starts_.empty() && starts_.front() < position) {
    starts_.pop_front();
    written_.fetch_add(1, std::memory_order_relaxed);
  }
}

} // namespace relay::net
