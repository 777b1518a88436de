#include "relay_gateway/actors/link/frame_listener.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace relay {

frame_listener::frame_listener(const connection_actor& to, std::uint64_t max_line)
    : to_(to), lines_(max_line) {}

void frame_listener::on_open() {
  {
    std::lock_guard guard{lock_};
    held_.opened = true;
  }
  wake();
}

void frame_listener::on_bytes(std::string_view piece) {
  if (too_long_) return;
  fresh_bytes_ += piece.size();
  if (fresh_.capacity() == 0) fresh_.reserve(expected_); // frames are large, so growing would cost much
  too_long_ =
      !lines_.feed(piece, [this](std::string_view line) { fresh_.push_back(wire::decode(line, true)); });
  if (too_long_) on_batch_end();
}

void frame_listener::on_batch_end() {
  const auto ends =
      too_long_ && !told_too_long_; // told once: the batch and the end of the socket come behind it
  if (fresh_.empty() && !ends) return;
  constexpr std::size_t most_expected = 64;
  expected_ = std::min(fresh_.size(), most_expected);
  auto token = inflow_->enter(std::exchange(fresh_bytes_, 0), fresh_.size());
  {
    std::lock_guard guard{lock_};
    held_.tokens.push_back(std::move(token));
    if (held_.frames.empty()) {
      held_.frames.swap(fresh_);
    } else {
      std::move(fresh_.begin(), fresh_.end(), std::back_inserter(held_.frames));
    }
    held_.oversized = held_.oversized || ends;
  }
  fresh_.clear();
  told_too_long_ = too_long_;
  wake();
}

void frame_listener::on_end(const socket_end& why) {
  on_batch_end();
  {
    std::lock_guard guard{lock_};
    held_.end = why;
  }
  wake();
}

arrivals frame_listener::fetch() {
  std::lock_guard guard{lock_};
  woken_ = false;
  return std::exchange(held_, {});
}

void frame_listener::wake() {
  {
    std::lock_guard guard{lock_};
    if (woken_) return;
    woken_ = true;
  }
  to_.post(atom::start_v);
}

} // namespace relay
