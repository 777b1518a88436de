// Who has an event, how often it was tried, what of that is on disk, and how long it waits.
#include "relay_gateway/actors/inbound/core/inbox.hpp"

#include <algorithm>

namespace relay::core {

/// What a process that died had is given out once this attempt is on disk: whatever kills at once, every
/// process the same, would else never be found.
void inbox::give(std::uint64_t id, entry& x, instant now, inbox_step& out) {
  if (!rules_.durable || !x.resumed || x.marked || stopping_) return hand_out(id, x, now, out);
  x.stored = false;
  x.marked = true;
  out.records.emplace_back(event_tried{id, with_suspicion(x.attempts + 1, suspects_.contains(id)) | out_bit});
  suspects_.given(id); // nobody else's turn meanwhile
  out.upto = unstored_.add(id, 0, true);
}

void inbox::marked(std::uint64_t id, instant now, inbox_step& out) {
  auto it = entries_.find(id);
  if (it == entries_.end()) return; // it was taken meanwhile
  it->second.stored = true;
  suspects_.back(id);
  advance(it->second.session, now, out);
}

/// What is on disk about its attempts from now on.
void inbox::note_attempts(std::uint64_t id, entry& x, bool is_out, inbox_step& out) const {
  x.marked = is_out;
  record(event_tried{id, with_suspicion(x.attempts, suspects_.contains(id)) | (is_out ? out_bit : 0)}, out);
}

void inbox::stopping(inbox_step& out) {
  stopping_ = true;
  for (auto& [id, x] : entries_) {
    if (!x.marked) continue;
    x.marked = false;
    const auto before = x.out ? x.attempts - 1 : x.attempts;
    record(event_tried{id, with_suspicion(before, suspects_.contains(id))}, out);
  }
}

void inbox::returned(std::uint64_t id, instant now, inbox_step& out, bool unseen) {
  if (!unseen) return died({id}, now, out);
  auto it = entries_.find(id);
  if (it == entries_.end() || !it->second.out) return;
  auto& x = it->second;
  x.out = false;
  --in_flight_;
  if (x.attempts > 0) --x.attempts;
  suspects_.back(id);
  if (x.marked) note_attempts(id, x, false, out);
  advance(x.session, now, out);
}

void inbox::all_returned(instant now, inbox_step& out, bool dead) {
  auto ids = given_out();
  if (dead) return died(ids, now, out);
  for (auto id : ids) {
    entries_.at(id).from_previous_process = true;
    returned(id, now, out, true);
  }
}

std::vector<std::uint64_t> inbox::given_out() const {
  std::vector<std::uint64_t> ids;
  for (auto& [id, x] : entries_)
    if (x.out) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::vector<std::uint64_t> inbox::known_to_agents() const {
  std::vector<std::uint64_t> ids;
  for (auto& [id, x] : entries_)
    if (x.out || x.given != instant{} || x.from_previous_process) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::vector<std::uint64_t> inbox::hold(const std::function<bool(const inbound_event&)>& which) {
  std::vector<std::uint64_t> ids;
  for (auto& [id, x] : entries_) {
    if (x.out || x.was_held || x.consumed || x.spilled || !which(*x.event)) continue;
    x.held = x.was_held = true;
    ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

void inbox::ready(std::uint64_t id, std::vector<media_file> files, instant now, inbox_step& out) {
  auto it = entries_.find(id);
  if (it == entries_.end() || !it->second.held) return;
  it->second.held = false;
  it->second.files = std::move(files);
  advance(it->second.session, now, out);
}

std::vector<std::uint64_t> inbox::waiting_for_files() const {
  std::vector<std::uint64_t> ids;
  for (auto& [id, x] : entries_)
    if (x.held) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

void inbox::all_ready(instant now, inbox_step& out) {
  for (auto id : waiting_for_files()) ready(id, {}, now, out);
}

void inbox::hand_out(std::uint64_t id, entry& x, instant now, inbox_step& out) {
  x.out = true;
  x.given = now;
  x.overdue = now + rules_.ack_timeout;
  ++in_flight_;
  deadlines_.emplace_back(x.overdue, id);
  // One that is never acked must not keep the thousands behind it.
  if (deadlines_.size() > 2 * in_flight_ + 1'000)
    std::erase_if(deadlines_, [this](auto& y) {
      auto it = entries_.find(y.second);
      return it == entries_.end() || !it->second.out || it->second.overdue != y.first;
    });
  out.deliver.push_back(
      {id, x.event, x.attempts > 0 || x.from_previous_process, x.files, x.session, x.attempts + 1});
  if (x.since != instant{}) out.deliver.back().waited = now - x.since;
  ++x.attempts;
  x.resumed = false;
  suspects_.given(id);
  if (!x.marked && !stopping_) note_attempts(id, x, true, out);
}

std::chrono::nanoseconds inbox::oldest_age(instant now) const {
  std::uint64_t oldest = 0;
  for (const auto& [id, x] : entries_)
    if (!x.consumed && (oldest == 0 || id < oldest)) oldest = id;
  return oldest == 0 ? std::chrono::nanoseconds{0} : now - arrivals_.of(oldest, now);
}

} // namespace relay::core
