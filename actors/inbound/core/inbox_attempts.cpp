// Who has an event, how often it was tried, what of that is on disk, and how long it waits.
#include "relay_gateway/actors/inbound/core/inbox.hpp"

#include <algorithm>

namespace relay::core {

/// What a process that died had is given out once this attempt is on disk: whatever kills at once, every
/// process the same, would else never be found.
void inbox::give(entry& of, instant now, inbox_step& out) {
  const auto id = of.key();
  auto& x = of.value;
  if (!rules_.durable || !x.resumed || x.marked || stopping_) return hand_out(of, now, out);
  x.stage = being_written{};
  x.marked = true;
  out.records.emplace_back(event_tried{id, with_suspicion(x.attempts + 1, suspects_.contains(id)) | out_bit});
  suspects_.given(id); // nobody else's turn meanwhile
  out.upto = unstored_.add(id, 0, true);
}

void inbox::marked(std::uint64_t id, instant now, inbox_step& out) {
  auto* x = events_.find(id);
  if (x == nullptr) return; // it was taken meanwhile
  take_back(*x);
  advance(x->value.session, now, out);
}

/// What is on disk about its attempts from now on.
void inbox::note_attempts(entry& x, bool is_out, inbox_step& out) const {
  x.value.marked = is_out;
  const auto attempts = with_suspicion(x.value.attempts, suspects_.contains(x.key()));
  record(event_tried{x.key(), attempts | (is_out ? out_bit : 0)}, out);
}

void inbox::stopping(inbox_step& out) {
  stopping_ = true;
  events_.for_each([&](entry& of) {
    auto& x = of.value;
    if (!x.marked) return;
    x.marked = false;
    const auto before = x.is_out() ? x.attempts - 1 : x.attempts;
    record(event_tried{of.key(), with_suspicion(before, suspects_.contains(of.key()))}, out);
  });
}

void inbox::returned(std::uint64_t id, instant now, inbox_step& out, bool unseen) {
  if (!unseen) return died({id}, now, out);
  auto* x = events_.find(id);
  if (x == nullptr || !x->value.is_out()) return;
  take_back(*x);
  if (x->value.attempts > 0) --x->value.attempts;
  if (x->value.marked) note_attempts(*x, false, out);
  advance(x->value.session, now, out);
}

void inbox::all_returned(instant now, inbox_step& out, bool dead) {
  auto ids = given_out();
  if (dead) return died(ids, now, out);
  for (auto id : ids) {
    events_.find(id)->value.seen = true;
    returned(id, now, out, true);
  }
}

template <class Which>
std::vector<std::uint64_t> inbox::ids_of(const Which& which) const {
  std::vector<std::uint64_t> ids;
  events_.for_each([&](const entry& x) {
    if (which(x.value)) ids.push_back(x.key());
  });
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::vector<std::uint64_t> inbox::given_out() const {
  return ids_of([](const open_event& x) { return x.is_out(); });
}

std::vector<std::uint64_t> inbox::known_to_agents() const {
  return ids_of([](const open_event& x) { return x.is_out() || x.given != instant{} || x.seen; });
}

std::vector<std::uint64_t> inbox::waiting_for_files() const {
  return ids_of([](const open_event& x) { return x.held == file_wait::awaited; });
}

std::vector<std::uint64_t> inbox::hold(const std::function<bool(const inbound_event&)>& which) {
  auto ids = ids_of([&](const open_event& x) {
    return !x.is_out() && x.held == file_wait::none && x.once_stored == after_store::stays && which(*x.event);
  });
  for (auto id : ids) events_.find(id)->value.held = file_wait::awaited;
  return ids;
}

void inbox::ready(std::uint64_t id, std::vector<media_file> files, instant now, inbox_step& out) {
  auto* x = events_.find(id);
  if (x == nullptr || x->value.held != file_wait::awaited) return;
  x->value.held = file_wait::over;
  x->value.files = std::move(files);
  advance(x->value.session, now, out);
}

void inbox::all_ready(instant now, inbox_step& out) {
  for (auto id : waiting_for_files()) ready(id, {}, now, out);
}

void inbox::hand_out(entry& of, instant now, inbox_step& out) {
  auto& x = of.value;
  x.stage = with_agent{now + rules_.ack_timeout};
  x.given = now;
  events_.touch(of);
  out.deliver.push_back({of.key(), x.event, x.attempts > 0 || x.seen, x.files, x.session, x.attempts + 1});
  if (x.since != instant{}) out.deliver.back().waited = now - x.since;
  ++x.attempts;
  x.resumed = false;
  suspects_.given(of.key());
  if (!x.marked && !stopping_) note_attempts(of, true, out);
}

/// No agent has it any more; it stays in its place in its session.
void inbox::take_back(entry& x) {
  x.value.stage = waiting{};
  events_.leave(x);
  suspects_.back(x.key());
}

std::chrono::nanoseconds inbox::oldest_age(instant now) const {
  std::uint64_t oldest = 0;
  events_.for_each([&](const entry& x) {
    const bool older = oldest == 0 || x.key() < oldest;
    if (older && x.value.once_stored != after_store::ends) oldest = x.key();
  });
  return oldest == 0 ? std::chrono::nanoseconds{0} : now - arrivals_.of(oldest, now);
}

} // namespace relay::core
