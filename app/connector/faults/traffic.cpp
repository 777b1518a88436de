#include "relay_gateway/app/connector/faults/traffic.hpp"

#include <algorithm>
#include <iterator>

namespace relay::connector::faults {

namespace {

constexpr std::size_t most_held = 100'000;

} // namespace

void traffic::at(milliseconds when, appointment x) {
  if (!std::holds_alternative<look_again>(x.what)) ++held_;
  agenda_.emplace(std::pair{when, ++last_}, std::move(x));
}

std::optional<milliseconds> traffic::next() const {
  return agenda_.empty() ? std::nullopt : std::optional{agenda_.begin()->first.first};
}

bool traffic::clear(connection_id which, way direction, milliseconds now) const {
  auto it = directions_.find({which, direction});
  if (it == directions_.end()) return true;
  const auto& on = it->second;
  return std::max(on.gate, on.busy) <= now && on.overtaken.empty() && on.gathering == 0;
}

void traffic::send(connection_id which, way direction, parcel x, const hold& how, milliseconds now,
                   steps& out) {
  place from{which, direction};
  auto& on = directions_[from];
  if (held_ >= most_held) return leave(from, std::move(x), now, out);
  auto when = std::max({now + how.delay, on.gate, on.busy});
  if (how.in_order) on.gate = when;
  if (when > now) {
    auto rest = how;
    rest.delay = milliseconds{0};
    rest.in_order = false;
    return at(when, {from, departure{std::move(x), rest}});
  }
  proceed(from, std::move(x), how, now, out);
}

void traffic::proceed(const place& from, parcel x, const hold& how, milliseconds now, steps& out) {
  auto& on = directions_[from];
  if (how.overtaken_by > 0) {
    on.overtaken.push_back({std::move(x), how.overtaken_by, now + how.at_most, how.keep_chat_order});
    ++held_;
    return at(now + how.at_most, {from, look_again{}});
  }
  if (how.merge > 0 && on.gathering == 0) {
    on.gathering = how.merge;
    on.merge_until = now + how.merge_within;
    at(on.merge_until, {from, look_again{}});
  }
  leave(from, std::move(x), now, out);
}

void traffic::leave(const place& from, parcel x, milliseconds now, steps& out) {
  auto& waiting_there = directions_[from].overtaken;
  std::vector<parcel> before, after;
  for (auto it = waiting_there.begin(); it != waiting_there.end();) {
    bool minds = it->keep_chat_order && !x.chat.empty() && it->what.chat == x.chat;
    bool over = minds || --it->left == 0;
    if (!over) {
      ++it;
      continue;
    }
    (minds ? before : after).push_back(std::move(it->what));
    it = waiting_there.erase(it);
    --held_;
  }
  for (auto& one : before) hand_out(from, std::move(one), now, out);
  hand_out(from, std::move(x), now, out);
  for (auto& one : after) hand_out(from, std::move(one), now, out);
}

void traffic::hand_out(const place& from, parcel x, milliseconds now, steps& out) {
  auto& on = directions_[from];
  if (on.gathering > 0) {
    for (auto& [offset, one] : x.messages) on.gathered += one.text;
    if (--on.gathering == 0) flush_gathered(from, on, now, out);
    return;
  }
  if (on.busy > now) return at(on.busy, {from, departure{std::move(x), {}, true}});
  // One moment behind the last piece: at the same one, what already waits would come first.
  if (auto last = x.messages.back().first; last.count() > 0) on.busy = now + last + milliseconds{1};
  for (auto& [offset, one] : x.messages) {
    if (offset.count() == 0)
      out.emplace_back(deliver{from.first, from.second, std::move(one)});
    else
      at(now + offset, {from, std::move(one)});
  }
}

void traffic::flush_gathered(const place& from, direction_state& on, milliseconds now, steps& out) {
  on.gathering = 0;
  if (on.gathered.empty()) return;
  parcel all;
  all.messages.emplace_back(milliseconds{0}, message{std::exchange(on.gathered, {})});
  hand_out(from, std::move(all), now, out);
}

void traffic::look(const place& from, milliseconds now, steps& out) {
  auto& on = directions_[from];
  if (on.gathering > 0 && on.merge_until <= now) flush_gathered(from, on, now, out);
  std::vector<parcel> over;
  for (auto it = on.overtaken.begin(); it != on.overtaken.end();) {
    if (it->until > now) {
      ++it;
      continue;
    }
    over.push_back(std::move(it->what));
    it = on.overtaken.erase(it);
    --held_;
  }
  for (auto& one : over) hand_out(from, std::move(one), now, out);
}

void traffic::due(milliseconds now, steps& out) {
  while (!agenda_.empty() && agenda_.begin()->first.first <= now) {
    auto when = agenda_.begin()->first.first;
    auto one = std::move(agenda_.begin()->second);
    agenda_.erase(agenda_.begin());
    if (std::holds_alternative<look_again>(one.what)) {
      look(one.at, when, out);
      continue;
    }
    --held_;
    if (auto* piece = std::get_if<message>(&one.what)) {
      out.emplace_back(deliver{one.at.first, one.at.second, std::move(*piece)});
    } else {
      auto& x = std::get<departure>(one.what);
      if (x.passed)
        hand_out(one.at, std::move(x.what), when, out);
      else
        proceed(one.at, std::move(x.what), x.how, when, out);
    }
  }
}

void traffic::forget(connection_id which) {
  for (auto it = agenda_.begin(); it != agenda_.end();) {
    if (it->second.at.first != which) {
      ++it;
      continue;
    }
    if (!std::holds_alternative<look_again>(it->second.what)) --held_;
    it = agenda_.erase(it);
  }
  for (auto direction : {way::in, way::out}) {
    auto it = directions_.find({which, direction});
    if (it == directions_.end()) continue;
    held_ -= it->second.overtaken.size();
    directions_.erase(it);
  }
}

} // namespace relay::connector::faults
