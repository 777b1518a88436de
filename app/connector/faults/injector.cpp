// What happens to frames, calls, upgrades and pokes. Rules and time are in injector_rules.cpp, actions in
// injector_apply.cpp.
#include "relay_gateway/app/connector/faults/injector.hpp"

#include "relay_gateway/app/connector/faults/frame_context.hpp"
#include "relay_gateway/app/connector/faults/mangle.hpp"

#include <algorithm>

namespace relay::connector::faults {

bool call_verdict::plain() const {
  return delay.count() == 0 && processed && !instead && how == ending::answered && pad == 0 && !cut_after &&
         !mangled && !dripped;
}

std::string injector::gateway_of(connection_id which) const {
  auto it = open_.find(which);
  return it == open_.end() ? std::string{} : it->second;
}

steps injector::on_open(connection_id which, std::string_view gateway, const std::vector<action>& when_open,
                        milliseconds now) {
  steps out;
  for (auto& x : rules_)
    if (!x.zero) start_clock(x, now);
  due_into(now, out);
  open_[which] = gateway;
  std::vector<std::string> did;
  for (const auto& what : when_open)
    if (!to_connection(what, which, hand_, now, out, did)) say(what, which, now, out, did);
  return out;
}

void injector::on_end(connection_id which) {
  open_.erase(which);
  traffic_.forget(which);
  for (auto& x : rules_) x.matched_on.erase(which);
  auto about = [which](const step& x) {
    if (const auto* hold = std::get_if<hold_connection>(&x)) return hold->which == which;
    const auto* forget = std::get_if<forget_connection>(&x);
    return forget && forget->which == which;
  };
  for (auto it = agenda_.begin(); it != agenda_.end();)
    it = about(it->second) ? agenda_.erase(it) : std::next(it);
}

// -- frames ---------------------------------------------------------------------------------------------

steps injector::on_frame(connection_id which, way direction, std::string_view line, milliseconds now) {
  steps out;
  due_into(now, out);
  frame_context x;
  x.which = which;
  x.direction = direction;
  x.gateway = gateway_of(which);
  x.line = line;
  x.view = read_frame(line);
  memory_.complete(x.gateway, x.view);
  for (auto& one : rules_) {
    if (one.what.when.on == trigger::frame) run_frame(one, x, now);
    if (x.gone) break;
  }
  auto extras = [&](const texts& which_ones) {
    for (const auto& text : which_ones) send_extra(which, direction, text, now, out);
  };
  extras(x.before);
  if (!x.gone) {
    auto made = pack(x);
    for (std::uint64_t i = 0; i < x.copies; ++i) {
      auto later_one = x.how;
      later_one.delay += x.between * static_cast<std::int64_t>(i + 1);
      x.repeats.push_back(later_one);
    }
    auto copy = x.repeats.empty() ? parcel{} : made;
    traffic_.send(which, direction, std::move(made), x.how, now, out);
    for (const auto& how : x.repeats) traffic_.send(which, direction, copy, how, now, out);
  }
  extras(x.after);
  for (auto& one : x.also) out.push_back(std::move(one));
  return out;
}

void injector::run_frame(entry& x, frame_context& on, milliseconds now) {
  const auto& when = x.what.when;
  if (when.direction && *when.direction != on.direction) return;
  const auto& view = on.view;
  if (!matches(when.type, view.type) || !matches(when.platform, view.platform) ||
      !matches(when.chat, view.chat) || !matches(when.op, view.op) || !matches(when.gateway, on.gateway))
    return;
  if (!when.contains.empty() && on.line.find(when.contains) == std::string::npos) return;
  if (!counts(x, on.which, now)) return;
  std::vector<std::string> did;
  for (const auto& what : x.what.then) {
    if (to_connection(what, on.which, x.rng, now, on.also, did)) continue;
    if (to_connector(what, on.gateway, x.rng, now, on.also, did)) continue;
    alter(what, x.rng, on, did);
  }
  auto& seen = write(x.title(), trigger::frame, clock_of(x, now));
  seen.direction = on.direction;
  seen.connection = on.which;
  seen.gateway = on.gateway;
  seen.type = view.type;
  seen.platform = view.platform;
  seen.chat = view.chat;
  seen.op = view.op;
  seen.did = std::move(did);
}

parcel injector::pack(frame_context& x) {
  parcel out;
  if (!x.view.chat.empty()) out.chat = x.view.platform + '\n' + x.view.chat;
  auto text = std::move(x.line);
  if (x.direction == way::out && x.newline) text += '\n';
  if (x.cuts.empty()) {
    out.messages.emplace_back(milliseconds{0}, message{std::move(text), x.binary});
    return out;
  }
  std::size_t from = 0;
  milliseconds offset{0};
  x.cuts.push_back(text.size());
  for (auto to : x.cuts) {
    if (to > text.size() || to < from) continue;
    bool last = to == text.size();
    message piece{text.substr(from, to - from), x.binary};
    if (x.fragments) {
      piece.first = from == 0;
      piece.last = last;
    }
    out.messages.emplace_back(offset, std::move(piece));
    offset += x.pause;
    from = to;
    if (last) break;
  }
  return out;
}

void injector::send_extra(connection_id which, way direction, const std::string& text, milliseconds now,
                          steps& out) {
  parcel extra;
  extra.messages.emplace_back(milliseconds{0}, message{direction == way::out ? text + "\n" : text});
  traffic_.send(which, direction, std::move(extra), {}, now, out);
}

void injector::say(const action& what, connection_id which, milliseconds now, steps& out,
                   std::vector<std::string>& did) {
  const auto* extra = std::get_if<insert>(&what);
  if (!extra) return;
  send_extra(which, way::out, extra->text, now, out);
  did.emplace_back("insert");
}

// -- calls, upgrades, pokes -----------------------------------------------------------------------------

call_verdict injector::on_call(const call_view& x, milliseconds now) {
  call_verdict out;
  due_into(now, out.also);
  for (auto& one : rules_) {
    const auto& when = one.what.when;
    if (when.on != trigger::call || !matches(when.path, x.path) || !matches(when.method, x.method) ||
        !matches(when.platform, x.platform) || !matches(when.gateway, x.gateway) ||
        (!when.contains.empty() && x.body.find(when.contains) == std::string_view::npos) ||
        !counts(one, 0, now))
      continue;
    std::vector<std::string> did;
    for (const auto& what : one.what.then)
      if (!to_connector(what, x.gateway, one.rng, now, out.also, did)) to_call(what, one.rng, out, did);
    auto& seen = write(one.title(), trigger::call, clock_of(one, now));
    seen.gateway = x.gateway;
    seen.platform = x.platform;
    seen.path = x.path;
    seen.did = std::move(did);
  }
  return out;
}

upgrade_verdict injector::on_upgrade(const call_view& x, milliseconds now) {
  upgrade_verdict out;
  due_into(now, out.also);
  for (auto& one : rules_) {
    const auto& when = one.what.when;
    if (when.on != trigger::upgrade || !matches(when.path, x.path) || !matches(when.gateway, x.gateway) ||
        !counts(one, 0, now))
      continue;
    std::vector<std::string> did;
    for (const auto& what : one.what.then)
      if (!to_connector(what, x.gateway, one.rng, now, out.also, did)) to_upgrade(what, one, out, did);
    auto& seen = write(one.title(), trigger::upgrade, clock_of(one, now));
    seen.gateway = x.gateway;
    seen.path = x.path;
    seen.did = std::move(did);
  }
  return out;
}

poke_verdict injector::on_poke(std::string_view gateway, milliseconds now) {
  poke_verdict out;
  due_into(now, out.also);
  for (auto& one : rules_) {
    if (one.what.when.on != trigger::poke || !matches(one.what.when.gateway, gateway) || !counts(one, 0, now))
      continue;
    std::vector<std::string> did;
    for (const auto& what : one.what.then) {
      if (to_connector(what, gateway, one.rng, now, out.also, did)) continue;
      if (std::get_if<drop>(&what)) {
        out.drop = true;
        did.emplace_back("drop");
      } else if (const auto* wait = std::get_if<delay>(&what)) {
        out.delay += milliseconds{one.rng.in(wait->ms)};
        did.push_back("delay " + std::to_string(out.delay.count()) + " ms");
      } else if (const auto* twice = std::get_if<duplicate>(&what)) {
        out.copies += static_cast<std::uint64_t>(one.rng.in(twice->copies));
        out.between = milliseconds{one.rng.in(twice->after_ms)};
        did.push_back("duplicate " + std::to_string(out.copies));
      }
    }
    auto& seen = write(one.title(), trigger::poke, clock_of(one, now));
    seen.gateway = gateway;
    seen.did = std::move(did);
  }
  return out;
}

// -- answers --------------------------------------------------------------------------------------------

answer_verdict injector::on_answer(const answer_view& x, milliseconds now) {
  const auto counting = std::find_if(rules_.begin(), rules_.end(), [&](entry& one) {
    const auto& when = one.what.when;
    return when.on == trigger::answer && matches(when.to, x.to) && matches(when.platform, x.platform) &&
           matches(when.gateway, x.gateway) && matches(when.op, x.op) && matches(when.chat, x.chat) &&
           (when.contains.empty() || x.text.find(when.contains) != std::string_view::npos) &&
           counts(one, 0, now);
  });
  answer_verdict out;
  if (counting == rules_.end()) return out;
  out.decided = true;
  std::vector<std::string> did;
  for (const auto& what : counting->what.then) to_answer(what, counting->rng, out, did);
  auto& seen = write(counting->title(), trigger::answer, clock_of(*counting, now));
  seen.gateway = x.gateway;
  seen.platform = x.platform;
  seen.type = x.to;
  seen.chat = x.chat;
  seen.op = x.op;
  seen.did = std::move(did);
  if (counting->what.times && counting->used >= *counting->what.times) rules_.erase(counting);
  return out;
}

} // namespace relay::connector::faults
