#include "relay_gateway/actors/boot/core/policy_plan.hpp"

#include <algorithm>
#include <utility>

namespace relay::core {

policy_plan::entry policy_plan::next_entry(const relevance_policy& what, std::map<std::string, entry>& old,
                                           bool same) {
  entry fresh;
  if (auto it = old.find(what.platform); same && it != old.end()) {
    fresh.call = it->second.call;
    fresh.in_force = std::move(it->second.in_force);
    fresh.sent = std::move(it->second.sent);
    fresh.busy = it->second.busy;
    fresh.not_before = it->second.not_before;
    old.erase(it);
  }
  fresh.what = what.is_unset() ? relevance_policy::quiet_default(what.platform) : what;
  fresh.pause = backoff{backoff_min_, backoff_max_};
  if (what.is_unset()) {
    // A declaration is withdrawn once; without one there is nothing to withdraw.
    auto& before = wish_.declared_before;
    auto withdrawn = !fresh.busy && fresh.in_force == fresh.what;
    auto told = fresh.sent || std::find(before.begin(), before.end(), what.platform) != before.end();
    if (withdrawn || !told) fresh.at = withdrawn ? platform_step::done : platform_step::skipped;
  }
  return fresh;
}

policy_plan::step policy_plan::obey(policy_wish wish, instant now) {
  step out;
  // Another connector, or another account: what is on its way there changes nothing here.
  auto same = wish.url == wish_.url && (!wish.usable || wish.account == account_);
  wish_ = std::move(wish);
  if (wish_.usable) account_ = wish_.account;
  auto old = std::exchange(platforms_, {});
  for (auto& what : wish_.policies) {
    auto fresh = next_entry(what, old, same);
    tell(fresh, {}, out);
    auto& mine = platforms_.emplace(what.platform, std::move(fresh)).first->second;
    if (mine.at == platform_step::pending) declare(mine, now, out);
  }
  for (auto& [platform, rest] : old) {
    if (!same || !rest.busy) continue;
    rest.dropped = true;
    rest.again = false;
    platforms_.emplace(platform, std::move(rest));
  }
  return out;
}

void policy_plan::declare(entry& x, instant now, step& out) {
  if (!wish_.usable) return;
  x.at = platform_step::pending;
  if (quiet_) return;
  if (x.busy) {
    x.again = x.sent != x.what; // the answer to the same declaration is as good
    return;
  }
  x.call = ++calls_;
  if (x.not_before && now < *x.not_before) {
    out.later.push_back({x.what.platform, x.call, *x.not_before});
    return;
  }
  x.busy = true;
  x.sent = x.what;
  x.in_force.reset();
  out.declare.push_back({x.call, x.what});
}

policy_plan::step policy_plan::speak(instant now) {
  step out;
  quiet_ = false;
  for (auto& [platform, x] : platforms_)
    if (x.at == platform_step::pending) declare(x, now, out);
  return out;
}

policy_plan::step policy_plan::provisioned(const std::string& platform, instant now) {
  step out;
  auto it = platforms_.find(platform);
  if (it != platforms_.end() && it->second.at == platform_step::failed) declare(it->second, now, out);
  return out;
}

policy_plan::step policy_plan::answered(std::uint64_t call, const policy_answer& x, instant now,
                                        std::uint64_t random) {
  step out;
  auto it = std::find_if(platforms_.begin(), platforms_.end(),
                         [&](auto& y) { return y.second.busy && y.second.call == call; });
  if (it == platforms_.end()) return out;
  auto& [platform, mine] = *it;
  mine.busy = false;
  mine.not_before.reset();
  if (x.wait.count() > 0) mine.not_before = now + x.wait;
  if (mine.dropped) {
    platforms_.erase(it);
    return out;
  }
  if (std::exchange(mine.again, false)) {
    declare(mine, now, out);
    return out;
  }
  if (x.accepted) {
    mine.at = platform_step::done;
    mine.in_force = mine.sent;
    mine.pause.reset();
    out.accepted = platform;
    tell(mine, {}, out);
    return out;
  }
  mine.at = platform_step::failed;
  out.failed = platform;
  tell(mine, x.error, out);
  mine.call = ++calls_;
  out.later.push_back(
      {platform, mine.call, std::max(now + mine.pause.next(random), mine.not_before.value_or(now))});
  return out;
}

policy_plan::step policy_plan::due(const std::string& platform, std::uint64_t call, instant now) {
  step out;
  auto it = platforms_.find(platform);
  if (it == platforms_.end() || it->second.call != call || it->second.busy) return out;
  // Pending: a pause that the connector asked for is over.
  if (it->second.at == platform_step::pending || it->second.at == platform_step::failed)
    declare(it->second, now, out);
  return out;
}

} // namespace relay::core
