#include "app/net/outbox.hpp"

#include <utility>

namespace relay::net {

bool socket_inbox::first() { return !std::exchange(posted_, true); }

bool socket_inbox::write(std::string text, bool raw) {
  std::lock_guard lock(mutex_);
  if (shut_ || closing_) return false;
  content_.frames.push_back({std::move(text), raw});
  given_.fetch_add(1, std::memory_order_relaxed);
  return first();
}

bool socket_inbox::read(bool on) {
  std::lock_guard lock(mutex_);
  if (shut_) return false;
  content_.read = on;
  return first();
}

bool socket_inbox::hold(bool on) {
  std::lock_guard lock(mutex_);
  if (shut_) return false;
  content_.hold = on;
  return first();
}

bool socket_inbox::close(closing how) {
  std::lock_guard lock(mutex_);
  if (shut_ || closing_) return false;
  closing_ = true;
  content_.close = std::move(how);
  return first();
}

bool socket_inbox::drop(std::string why, dropping how) {
  std::lock_guard lock(mutex_);
  if (shut_) return false;
  shut_ = true;
  content_.drop = std::move(why);
  content_.how = how;
  return first();
}

socket_inbox::content socket_inbox::take() {
  std::lock_guard lock(mutex_);
  posted_ = false;
  return std::exchange(content_, {});
}

void socket_inbox::shut() {
  std::lock_guard lock(mutex_);
  shut_ = true;
  content_ = {};
}

void frame_ledger::departed(std::uint64_t position) {
  while (!starts_.empty() && starts_.front() < position) {
    starts_.pop_front();
    written_.fetch_add(1, std::memory_order_relaxed);
  }
}

} // namespace relay::net
