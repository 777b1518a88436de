#include "relay_gateway/actors/core/publish_queue.hpp"

#include <algorithm>
#include <utility>

namespace relay::core {

namespace {
std::size_t weight(const queue_publication& x) {
  constexpr std::size_t around = 256;
  return around + x.subject.size() + x.id.size() + x.session.size() + x.body.size();
}
} // namespace

std::uint64_t publish_queue::put(const std::string& key, queue_publication x, instant now,
                                 publish_step& out) {
  const auto size = weight(x);
  if (entries_.size() >= rules_.max_entries || bytes_ + size > rules_.max_bytes) return 0;
  const auto number = next_++;
  x.number = number;
  bytes_ += size;
  auto& line = keys_[key];
  line.push_back(number);
  if (line.front() == number) ready_.emplace(number, true);
  entries_.emplace(number, entry{key, std::move(x)});
  pump(now, out);
  return number;
}

bool publish_queue::withdraw(std::uint64_t number, instant now, publish_step& out) {
  const auto it = entries_.find(number);
  if (it == entries_.end() || it->second.sent) return false;
  remove(it);
  pump(now, out);
  return true;
}

void publish_queue::usable(bool x, instant now, publish_step& out) {
  usable_ = x;
  if (!x) return;
  pause_ = milliseconds{0};
  retry_at_ = now;
  pump(now, out);
}

void publish_queue::receipt(const queue_receipt& x, instant now, publish_step& out) {
  const auto it = entries_.find(x.number);
  // A late one that tells of success is as good.
  if (it == entries_.end() || (!it->second.flying && !x.stored)) return;
  if (std::exchange(it->second.flying, false)) --flying_;
  if (x.stored) {
    failing_ = false;
    pause_ = milliseconds{0};
    out.stored.push_back({x.number, x.duplicate && !it->second.sent});
    remove(it);
  } else if (x.refused) {
    out.refused.push_back(x.number);
    remove(it);
  } else {
    failed(x.number, it->second, now);
  }
  pump(now, out);
}

void publish_queue::failed(std::uint64_t number, entry& x, instant now) {
  x.sent = true;
  ready_.emplace(number, true);
  if (!failing_ || now >= retry_at_) {
    pause_ = pause_.count() == 0 ? rules_.backoff_min : std::min(pause_ * 2, rules_.backoff_max);
    retry_at_ = now + pause_;
  }
  failing_ = true;
}

/// A receipt that never comes must hold nothing up.
void publish_queue::timer(instant now, publish_step& out) {
  for (; !flights_.empty() && flights_.front().first + rules_.flight_limit <= now; flights_.pop_front()) {
    const auto it = entries_.find(flights_.front().second);
    if (it == entries_.end() || !it->second.flying || it->second.sent_at != flights_.front().first) continue;
    it->second.flying = false;
    --flying_;
    failed(it->first, it->second, now);
  }
  pump(now, out);
}

deadline publish_queue::due() const {
  deadline at;
  if (!flights_.empty()) at = flights_.front().first + rules_.flight_limit;
  if (usable_ && failing_ && flying_ == 0 && !ready_.empty()) at = earlier(at, retry_at_);
  return at;
}

/// While publications fail only one at a time is tried: it is the probe.
void publish_queue::pump(instant now, publish_step& out) {
  for (; !flights_.empty(); flights_.pop_front()) {
    const auto it = entries_.find(flights_.front().second);
    if (it != entries_.end() && it->second.flying && it->second.sent_at == flights_.front().first) break;
  }
  while (usable_ && !ready_.empty()) {
    if (failing_ && (flying_ > 0 || now < retry_at_)) return;
    if (flying_ >= rules_.window) return;
    const auto number = ready_.begin()->first;
    ready_.erase(ready_.begin());
    auto& x = entries_.at(number);
    x.flying = true;
    x.sent_at = now;
    flights_.emplace_back(now, number);
    ++flying_;
    out.publish.push_back(x.what);
  }
}

void publish_queue::remove(std::map<std::uint64_t, entry>::iterator it) {
  bytes_ -= weight(it->second.what);
  ready_.erase(it->first);
  const auto line = keys_.find(it->second.key);
  const bool was_head = line->second.front() == it->first;
  std::erase(line->second, it->first);
  if (line->second.empty())
    keys_.erase(line);
  else if (was_head)
    ready_.emplace(line->second.front(), true);
  entries_.erase(it);
}

} // namespace relay::core
