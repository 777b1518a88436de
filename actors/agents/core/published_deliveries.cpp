#include "relay_gateway/actors/agents/core/published_deliveries.hpp"

#include <algorithm>
#include <utility>

namespace relay::core {

void published_deliveries::credit(std::uint64_t most, delivery_step& out) {
  credit_ = most;
  pump(out);
}

void published_deliveries::handed(delivery x, instant now, delivery_step& out) {
  const auto id = x.id;
  auto& one = entries_[id];
  const bool known = one.attempts > 0;
  if (one.where == place::out && std::exchange(one.expected, false)) return;
  one.expected = false;
  if (one.where == place::waiting && !one.what.id.empty()) { // still in line, with what is newer about it
    one.what = std::move(x);
    renewals_.set(id, now + patience_ / 2);
    return;
  }
  if (one.where == place::out) { // its ack was missed
    --out_;
    one.where = place::waiting;
  } else if (one.where == place::returned) {
    one.where = place::waiting;
  }
  x.redelivered = x.redelivered || known;
  one.what = std::move(x);
  waiting_.push_back(id);
  renewals_.set(id, now + patience_ / 2);
  pump(out);
}

bool published_deliveries::acked(const std::string& id, delivery_step& out) {
  if (entries_.count(id) == 0) return false;
  erase(id);
  pump(out);
  return true;
}

bool published_deliveries::returned(const std::string& id, delivery_step& out) {
  const auto it = entries_.find(id);
  if (it == entries_.end() || it->second.where == place::waiting) {
    gone_.insert(id);
    return false;
  }
  if (it->second.where != place::out) return false;
  it->second.where = place::returned;
  it->second.expected = false;
  --out_;
  pump(out);
  return true;
}

void published_deliveries::withdrawn(const std::string& id, delivery_step& out) {
  erase(id);
  pump(out);
}

void published_deliveries::new_host() {
  for (auto it = entries_.begin(); it != entries_.end();) {
    it->second.expected = it->second.where == place::out;
    it = it->second.where == place::returned ? entries_.erase(it) : std::next(it);
  }
}

void published_deliveries::timer(instant now, delivery_step& out) {
  while (auto id = renewals_.pop(now)) {
    entries_.at(*id).expected = true; // until it is handed out again
    out.renew.push_back(std::move(*id));
  }
}

void published_deliveries::pump(delivery_step& out) {
  while (!waiting_.empty() && out_ < credit_) {
    auto& x = entries_.at(waiting_.front());
    renewals_.set(waiting_.front(), {});
    waiting_.pop_front();
    x.where = place::out; // one that is being renewed stays expected
    ++out_;
    ++x.attempts;
    if (gone_.erase(x.what.id) && x.attempts == 1) ++x.attempts;
    auto id = x.what.id + "#" + std::to_string(x.attempts);
    if (x.attempts > 1) id += "." + life_;
    out.publish.push_back({std::move(id), std::exchange(x.what, {})});
  }
}

void published_deliveries::erase(const std::string& id) {
  const auto it = entries_.find(id);
  if (it == entries_.end()) return;
  if (it->second.where == place::out) --out_;
  if (it->second.where == place::waiting) std::erase(waiting_, id);
  renewals_.set(id, {});
  entries_.erase(it);
}

} // namespace relay::core
