#include "relay_gateway/actors/inbound/core/spill.hpp"

#include <algorithm>

namespace relay::core {

namespace {
/// What a recall brings at least when there is that much, and seldom more (store_port::recall).
constexpr std::size_t bytes_of_recall = 1UL << 20;
} // namespace

bool spill::take(const std::string& session, std::uint64_t seq, std::size_t bytes) {
  if (!rules_.allowed) return false;
  largest_ = std::max(largest_, bytes);
  auto it = backlogs_.find(session);
  if (it == backlogs_.end()) {
    if (unlisted_ ||
        backlogs_.size() >= rules_.max_session_queues) { // it may have events on disk that nobody counted
      if (!unlisted_) cursor_ = seq - 1;
      unlisted_ = unlisted_since_scan_ = true;
      return true;
    }
    it = backlogs_.emplace(session, session_backlog{}).first;
  }
  auto& x = it->second;
  if (x.on_disk == 0 && !x.recalling && x.in_memory < rules_.chat_in_memory &&
      in_memory() < rules_.max_in_memory && (in_memory_ == 0 || bytes_ + bytes <= rules_.max_bytes)) {
    ++x.in_memory;
    ++in_memory_;
    bytes_ += bytes;
    return false;
  }
  put_on_disk(x, x.on_disk + 1);
  ++x.since_recall;
  want(session, x);
  return true;
}

bool spill::may_be_on_disk(const std::string& session) const {
  auto it = backlogs_.find(session);
  if (it == backlogs_.end()) return unlisted_;
  return it->second.on_disk > 0 || it->second.recalling;
}

void spill::put_on_disk(session_backlog& x, std::uint64_t n) {
  if ((x.on_disk > 0) != (n > 0)) on_disk_backlogs_ += n > 0 ? 1 : std::size_t(-1);
  x.on_disk = n;
}

/// Half empty before it asks, so that each recall brings many.
void spill::want(const std::string& session, session_backlog& x) {
  if (x.on_disk == 0 || x.recalling || x.hungry || x.in_memory > rules_.chat_in_memory / 2) return;
  x.hungry = true;
  hungry_.push_back(session);
}

void spill::gone(const std::string& session, std::size_t bytes) {
  if (!rules_.allowed) return;
  auto it = backlogs_.find(session);
  if (it == backlogs_.end()) return;
  if (it->second.in_memory > 0) {
    --it->second.in_memory;
    --in_memory_;
    bytes_ -= std::min(bytes, bytes_);
  }
  want(session, it->second);
  drop_if_done(session);
}

void spill::drop_if_done(const std::string& session) {
  auto it = backlogs_.find(session);
  auto& x = it->second;
  if (x.in_memory == 0 && x.on_disk == 0 && !x.recalling && !x.hungry) backlogs_.erase(it);
}

void spill::restored(const std::string& session, std::size_t bytes) {
  if (!rules_.allowed) return;
  auto& x = backlogs_[session];
  ++x.in_memory;
  ++in_memory_;
  bytes_ += bytes;
  if (unlisted_ && x.on_disk == 0) { // a guess, until it is asked for
    put_on_disk(x, 1);
    want(session, x);
  }
}

void spill::recalled(const std::string& session, std::size_t got, std::uint64_t left, std::size_t bytes) {
  auto it = backlogs_.find(session);
  if (it == backlogs_.end() || !it->second.recalling) return;
  auto& x = it->second;
  reserved_ -= x.asked;
  x.asked = 0;
  x.recalling = false;
  x.in_memory += got;
  in_memory_ += got;
  bytes_ += bytes;
  if (got == 1) largest_ = std::max(largest_, bytes);
  if (recalls_ > 0) --recalls_;
  put_on_disk(x, left + x.since_recall);
  x.since_recall = 0;
  want(session, x);
  drop_if_done(session);
}

void spill::scanned(const std::vector<std::pair<std::uint64_t, std::string>>& page, bool end) {
  scanning_ = false;
  for (auto& [seq, session] : page) {
    if (backlogs_.count(session) == 0) {
      if (backlogs_.size() >= rules_.max_session_queues) return;
      auto& x = backlogs_[session];
      put_on_disk(x, 1);
      want(session, x);
    }
    cursor_ = std::max(cursor_, seq);
  }
  if (end && !unlisted_since_scan_) unlisted_ = false;
}

bool spill::may_recall() const {
  if (in_memory() >= rules_.max_in_memory) return false;
  return in_memory_ + recalls_ == 0 ||
         bytes_ + (recalls_ + 1) * (bytes_of_recall + largest_) <= rules_.max_bytes;
}

void spill::wishes(spill_wishes& out) {
  while (!hungry_.empty() && may_recall()) {
    auto session = std::move(hungry_.front());
    hungry_.pop_front();
    auto& x = backlogs_.at(session);
    x.hungry = false;
    if (x.recalling) continue;
    if (x.on_disk == 0) {
      drop_if_done(session);
      continue;
    }
    auto room = std::min(rules_.chat_in_memory - std::min(x.in_memory, rules_.chat_in_memory),
                         rules_.max_in_memory - in_memory());
    if (room == 0) continue; // gone() asks again
    x.recalling = true;
    ++recalls_;
    x.asked = room;
    x.since_recall = 0;
    reserved_ += room;
    out.recalls.emplace_back(std::move(session), room);
  }
  // Only with room for what it finds: a queue that cannot be served is no use.
  if (unlisted_ && !scanning_ && hungry_.empty() &&
      backlogs_.size() < rules_.max_session_queues - rules_.max_session_queues / 4 &&
      in_memory() < rules_.max_in_memory - rules_.max_in_memory / 4) {
    scanning_ = true;
    unlisted_since_scan_ = false;
    out.scan = cursor_;
  }
}

} // namespace relay::core
