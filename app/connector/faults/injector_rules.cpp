// The rules of an injector and their clocks.
#include "relay_gateway/app/connector/faults/injector.hpp"
#include "relay_gateway/app/connector/json.hpp"

#include <algorithm>

namespace relay::connector::faults {

injector::injector(script what, milliseconds now, std::optional<std::uint64_t> seed)
    : seed_(seed.value_or(what.seed)), born_(now), hand_(seed_) {
  what.seed = seed_;
  add(std::move(what), now);
}

std::string injector::entry::title() const {
  return what.name.empty() ? "#" + std::to_string(number) : what.name;
}

std::vector<std::uint64_t> injector::add(script more, milliseconds now) {
  std::vector<std::uint64_t> out;
  for (auto& one : more.rules) {
    auto number = ++last_number_;
    // A stream of its own for each rule, so that one more rule does not change what the others draw.
    entry made{number, std::move(one), seeded_rng{more.seed ^ (number * 0xD1B54A32D192ED03ULL)}, {}, {}, 0, 0,
               {}};
    if (more.clock == clock_start::load) start_clock(made, now);
    rules_.push_back(std::move(made));
    out.push_back(number);
  }
  return out;
}

bool injector::remove(std::uint64_t number) {
  auto it = std::find_if(rules_.begin(), rules_.end(), [&](const entry& x) { return x.number == number; });
  if (it == rules_.end()) return false;
  rules_.erase(it);
  return true;
}

void injector::clear() {
  rules_.clear();
  memory_.clear();
}

void injector::clear(trigger on) {
  std::erase_if(rules_, [on](const entry& x) { return x.what.when.on == on; });
}

std::size_t injector::rules(trigger on) const {
  return static_cast<std::size_t>(
      std::count_if(rules_.begin(), rules_.end(), [on](const entry& x) { return x.what.when.on == on; }));
}

bool injector::idle() const { return rules(trigger::answer) == rules_.size() && next() == std::nullopt; }

void injector::start_clock(entry& x, milliseconds now) {
  x.zero = now;
  if (x.what.when.on == trigger::time) x.fires = now + milliseconds{x.rng.in(x.what.when.after_ms)};
}

bool injector::in_window(const entry& x, milliseconds now) const {
  const auto& when = x.what.when;
  if (when.after_ms.low == 0 && !when.before_ms) return true;
  if (!x.zero) return false;
  auto clock = now - *x.zero;
  return clock.count() >= when.after_ms.low && (!when.before_ms || clock < *when.before_ms);
}

bool injector::counts(entry& x, connection_id which, milliseconds now) {
  const auto& when = x.what.when;
  if ((x.what.times && x.used >= *x.what.times) || !in_window(x, now)) return false;
  ++x.matched;
  auto n = when.per_connection ? ++x.matched_on[which] : x.matched;
  if (n <= when.after_n) return false;
  if (!when.nth.empty() && std::find(when.nth.begin(), when.nth.end(), n) == when.nth.end()) return false;
  if (when.every_n > 0 && (n - when.after_n) % when.every_n != 0) return false;
  if (!x.rng.happens(when.probability)) return false;
  ++x.used;
  return true;
}

// -- time -----------------------------------------------------------------------------------------------

void injector::later(milliseconds when, step x) {
  agenda_.emplace(std::pair{when, ++last_step_}, std::move(x));
}

std::optional<milliseconds> injector::next() const {
  auto out = traffic_.next();
  auto sooner = [&](milliseconds x) {
    if (!out || x < *out) out = x;
  };
  if (!agenda_.empty()) sooner(agenda_.begin()->first.first);
  for (const auto& x : rules_)
    if (x.fires) sooner(*x.fires);
  return out;
}

steps injector::due(milliseconds now) {
  steps out;
  due_into(now, out);
  return out;
}

void injector::due_into(milliseconds now, steps& out) {
  // In the order of time, however late the caller is.
  for (auto when = next(); when && *when <= now; when = next()) {
    traffic_.due(*when, out);
    while (!agenda_.empty() && agenda_.begin()->first.first <= *when) {
      out.push_back(std::move(agenda_.begin()->second));
      agenda_.erase(agenda_.begin());
    }
    for (auto& x : rules_)
      if (x.fires && *x.fires <= *when) fire_time(x, now, out);
  }
}

void injector::fire_time(entry& x, milliseconds now, steps& out) {
  auto at = *x.fires;
  const auto& when = x.what.when;
  ++x.matched;
  bool done = x.what.times && x.used + 1 >= *x.what.times;
  x.fires.reset();
  if (when.every_ms && !done) {
    x.fires = at + milliseconds{x.rng.in(*when.every_ms)};
    if (*x.fires <= now && at < now)
      x.fires = now + milliseconds{x.rng.in(*when.every_ms)}; // missed ones are left out
  }
  if (!x.rng.happens(when.probability)) return;
  ++x.used;
  write(x.title(), trigger::time, at - *x.zero).did = at_all(x.what.then, when.gateway, x.rng, at, out);
}

steps injector::fire(const one_off& x, milliseconds now) {
  steps out;
  due_into(now, out);
  write({}, trigger::time, now - born_).did = at_all(x.then, x.gateway, hand_, now, out);
  return out;
}

std::vector<std::string> injector::at_all(const std::vector<action>& what, const texts& gateway,
                                          seeded_rng& rng, milliseconds now, steps& out) {
  std::vector<std::string> did;
  auto whose_all = gateway.empty() ? texts{""} : gateway;
  for (const auto& one : what) {
    bool connectors = false;
    for (const auto& whose : whose_all) connectors = to_connector(one, whose, rng, now, out, did);
    if (connectors) continue;
    for (const auto& [which, whose] : open_)
      if (matches(gateway, whose) && !to_connection(one, which, rng, now, out, did))
        say(one, which, now, out, did);
  }
  return did;
}

// -- to look at -----------------------------------------------------------------------------------------

note& injector::write(const std::string& rule, trigger on, milliseconds at) {
  auto& out = notes_.emplace_back();
  out.rule = rule;
  out.on = on;
  out.at = at;
  return out;
}

std::string note::json() const {
  json::fields out;
  out.add("at_ms", static_cast<std::int64_t>(at.count())).add("rule", rule.empty() ? "by hand" : rule);
  out.add("on", rule.empty() ? "hand" : to_string(on));
  if (on == trigger::frame) out.add("dir", to_string(direction)).add("socket", connection);
  out.maybe("type", type).maybe("chat", chat).maybe("op", op).maybe("path", path).add("did", did);
  return out.inside();
}

std::vector<std::uint64_t> injector::uses() const {
  std::vector<std::uint64_t> out;
  for (const auto& x : rules_) out.push_back(x.used);
  return out;
}

std::string injector::status() const {
  json::items list;
  for (const auto& x : rules_) {
    json::fields one;
    one.add("id", x.number).add("name", x.title()).add("matched", x.matched).add("used", x.used);
    list.raw(one.raw("rule", x.what.source.empty() ? "{}" : x.what.source).object());
  }
  json::fields out;
  out.add("seed", seed_).add("held", static_cast<std::uint64_t>(traffic_.held()));
  return out.raw("rules", list.array()).object();
}

} // namespace relay::connector::faults
