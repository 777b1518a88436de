#include "relay_gateway/actors/inbound/core/inbox.hpp"

#include "relay_gateway/actors/inbound/core/event_bytes.hpp"
#include "relay_gateway/messages/wire/session_key.hpp"

#include <algorithm>

namespace relay::core {

namespace {

constexpr std::uint64_t most_dead_in_memory = 1'000; // as many as a store without a disk keeps

} // namespace

inbox::inbox(const inbox_rules& rules)
    : rules_(rules), dedupe_(rules.dedupe_entries, rules.dedupe_window, rules.dedupe_bytes),
      spill_({rules.durable, std::min(rules.max_in_memory, rules.max_pending), rules.max_bytes_in_memory,
              rules.chat_in_memory, rules.max_session_queues}) {}

std::string inbox::session_of(const inbound_event& x) const {
  return rules_.session_of ? rules_.session_of(x) : wire::session_key(x.source, {}, wire::session_message(x));
}

void inbox::restore(inbound_image& image, instant now, inbox_step& out,
                    const std::function<bool(const inbound_event&)>& held) {
  std::vector<std::uint64_t> out_then;
  next_id_ = image.last_seq;
  arrivals_.note(0, now);
  dead_ = image.dead;
  unreadable_.assign(image.unreadable.begin(), image.unreadable.end());
  if (image.spilled > 0) spill_.unknown_backlog();
  for (auto& x : image.settled) dedupe_.settle({x.key}, x.seq, now - milliseconds{x.age_ms}, now);
  for (auto& x : image.open) {
    entry y;
    if (x.session.empty()) x.session = session_of(*x.event); // of a version that kept none
    y.session = x.session;
    y.stored = y.from_previous_process = true;
    y.recalled = true; // it may have been: giving the keys once more is harmless
    y.attempts = without_suspicion(x.attempts);
    y.resumed = true;
    if (is_suspect(x.attempts)) suspects_.add(x.seq, y.attempts);
    if (is_out(x.attempts)) {
      y.out = true;
      ++in_flight_;
      out_then.push_back(x.seq);
    }
    y.held = y.was_held = held(*x.event);
    dedupe_.claim(x.keys, x.seq);
    y.keys = std::move(x.keys);
    y.event = std::move(x.event);
    next_id_ = std::max(next_id_, x.seq);
    y.bytes = bytes_of(*y.event);
    spill_.restored(x.session, y.bytes);
    insert(x.seq, std::move(y));
    queues_[x.session].push_back(x.seq);
  }
  // The process that died may have died of one of these, as an agent does.
  died(out_then, now, out);
  for (auto& x : image.open)
    if (entries_.count(x.seq) > 0) advance(x.session, now, out);
  wish(out);
}

bool inbox::known(const inbound_event& event, const buffered_id& buffered, instant now) {
  auto keys = keys_of(event, buffered);
  return dedupe_.find(keys, event.source.message_is_edit, now).what != dedupe_index::verdict::unknown;
}

void inbox::consume(const inbound_event& event, const buffered_id& buffered, instant now, inbox_step& out) {
  auto keys = keys_of(event, buffered);
  auto id = ++next_id_;
  if (!rules_.durable) {
    dedupe_.settle(keys, id, now, now);
    ack(buffered, out);
    return;
  }
  dedupe_.claim(keys, id);
  out.records.emplace_back(keys_settled{id, keys});
  entry x;
  x.keys = std::move(keys);
  x.consumed = true;
  name(id, x, buffered);
  admit(id, std::move(x), out);
}

bool inbox::set_aside(const event_ref& line, const buffered_id& buffered, instant now, inbox_step& out) {
  auto keys = keys_of(*line, buffered); // without a buffer id it never comes again
  const auto known = dedupe_.find(keys, false, now);
  if (known.what == dedupe_index::verdict::settled) ack(buffered, out);
  if (known.what == dedupe_index::verdict::open) repeat(known.seq, keys, buffered, out);
  if (known.what != dedupe_index::verdict::unknown) return false;
  const auto id = ++next_id_;
  if (rules_.durable || dead_ < most_dead_in_memory) ++dead_;
  unreadable_.push_back(id);
  if (rules_.durable) out.records.emplace_back(keys_settled{id, keys});
  out.records.emplace_back(event_dead{id, line, 0, {}});
  if (rules_.durable) {
    dedupe_.claim(keys, id);
    entry x;
    x.keys = std::move(keys);
    x.consumed = true;
    name(id, x, buffered);
    admit(id, std::move(x), out);
  } else {
    dedupe_.settle(keys, id, now, now);
    ack(buffered, out);
  }
  while (unreadable_.size() > rules_.max_unreadable) drop_dead_letter(unreadable_.front(), out);
  return true;
}

/// It waits for the disk from now on.
void inbox::admit(std::uint64_t id, entry x, inbox_step& out) {
  out.upto = unstored_.add(id, x.bytes, false);
  insert(id, std::move(x));
}

void inbox::insert(std::uint64_t id, entry x) {
  bytes_ += x.bytes;
  entries_.emplace(id, std::move(x));
}

void inbox::erase(entries::iterator it) {
  bytes_ -= it->second.bytes;
  entries_.erase(it);
}

arrival inbox::accept(const event_ref& event, const buffered_id& buffered, instant now, inbox_step& out,
                      bool held) {
  auto keys = keys_of(*event, buffered);
  auto session = session_of(*event);
  out.spilled = false;
  auto found = dedupe_.find(keys, event->source.message_is_edit, now);
  const auto differs_from = found.what == dedupe_index::verdict::unknown ? found.seq : 0;
  std::uint64_t repeat_of = 0;
  // A later version may be on disk only, where this one would be news again: the store decides.
  if (found.why == repeat_reason::version && found.what != dedupe_index::verdict::unknown &&
      spill_.may_be_on_disk(session)) {
    repeat_of = found.seq;
    found = {};
  }
  why_repeated_ = found.why;
  if (found.what == dedupe_index::verdict::settled) {
    ack(buffered, out);
    return arrival::repeat_settled;
  } else if (found.what == dedupe_index::verdict::open) {
    repeat(found.seq, std::move(keys), buffered, out);
    return arrival::repeat_open;
  }
  auto id = ++next_id_;
  arrivals_.note(id, now);
  out.fresh = id;
  const auto bytes = bytes_of(*event);
  out.spilled = spill_.take(session, id, bytes);
  if (repeat_of == 0)
    dedupe_.claim(keys, id);
  else if (!buffered.empty()) // whether the message is its own is not decided yet
    dedupe_.claim({keys.front()}, id);
  entry x;
  x.bytes = bytes;
  x.since = now;
  // It will be given out as soon as it is on disk: one record says both.
  const auto queue = queues_.find(session);
  x.marked = rules_.durable && !out.spilled && !held && anybody_ && !stopping_ &&
             (queue == queues_.end() || queue->second.empty());
  if (rules_.durable)
    out.records.emplace_back(event_taken{
        {id, event, keys, x.marked ? 1 | out_bit : 0, session}, out.spilled, repeat_of, differs_from});
  x.event = event;
  x.session = session;
  x.keys = std::move(keys);
  x.held = x.was_held = held && !out.spilled;
  x.spilled = out.spilled;
  x.stored = !rules_.durable;
  name(id, x, buffered);
  if (rules_.durable) {
    admit(id, std::move(x), out);
    if (!out.spilled) queues_[session].push_back(id);
    wish(out);
  } else {
    insert(id, std::move(x));
    line_up(id, session, now, out);
  }
  return arrival::fresh;
}

repeat_reason inbox::why_refused(std::uint64_t id) const {
  auto it = entries_.find(id);
  if (it == entries_.end() || it->second.event->message_id.empty()) return repeat_reason::buffer_id;
  return it->second.event->source.message_is_edit ? repeat_reason::version : repeat_reason::message_id;
}

void inbox::repeat(std::uint64_t open, std::vector<std::string> keys, const buffered_id& buffered,
                   inbox_step& out) {
  auto& x = entries_.at(open);
  auto more = dedupe_.claim(keys, open);
  if (!more.empty()) {
    x.keys.insert(x.keys.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    record(event_keyed{open, x.keys}, out);
  }
  if (rules_.durable && x.stored)
    ack(buffered, out); // the first one is safe already
  else
    name(open, x, buffered);
}

/// Its ack waits for this event. A connector that began to count anew drops what it names now, so that no
/// earlier event of that id may acknowledge it.
void inbox::name(std::uint64_t id, entry& x, const buffered_id& buffered) {
  if (buffered.empty()) return;
  auto [it, first] = named_.try_emplace(buffered, id);
  if (!first && it->second == id) return;
  if (auto old = entries_.find(it->second); !first && old != entries_.end())
    std::erase(old->second.buffer_ids, buffered);
  it->second = id;
  x.buffer_ids.push_back(buffered);
}

void inbox::ack_all(std::uint64_t id, entry& x, instant now, inbox_step& out) {
  if (!x.buffer_ids.empty() && x.since != instant{}) out.receive_to_ack.push_back(now - x.since);
  for (auto& buffered : x.buffer_ids) {
    ack(buffered, out);
    if (auto it = named_.find(buffered); it != named_.end() && it->second == id) named_.erase(it);
  }
  x.buffer_ids.clear();
}

void inbox::stored(std::uint64_t upto, instant now, inbox_step& out) {
  while (const auto done = unstored_.take(upto)) {
    if (done->of_attempt) {
      marked(done->id, now, out);
      continue;
    }
    auto it = entries_.find(done->id);
    if (it == entries_.end()) continue;
    auto& x = it->second;
    ack_all(it->first, x, now, out);
    x.stored = true;
    if (x.consumed) {
      dedupe_.settle(x.keys, it->first, now, now);
      erase(it);
    } else if (x.spilled) { // the store guards its keys; a refused one is a repeat of what is there
      dedupe_.release(x.keys, it->first);
      erase(it);
    } else {
      advance(x.session, now, out);
    }
  }
  wish(out);
}

void inbox::recalled(recalled_events& x, instant now, inbox_step& out,
                     const std::function<bool(const inbound_event&)>& held) {
  std::size_t bytes = 0;
  for (const auto& e : x.events) bytes += bytes_of(*e.event);
  spill_.recalled(x.session, x.events.size(), x.left, bytes);
  for (auto& e : x.events) {
    entry y;
    y.stored = y.recalled = true;
    y.attempts = without_suspicion(e.attempts);
    if (is_suspect(e.attempts)) suspects_.add(e.seq, y.attempts);
    y.held = y.was_held = held(*e.event);
    y.session = x.session;
    // A repeat that came while only the store knew it may have claimed them; the store refuses that one.
    dedupe_.take_over(e.keys, e.seq);
    y.keys = std::move(e.keys);
    y.event = std::move(e.event);
    y.bytes = bytes_of(*y.event);
    insert(e.seq, std::move(y));
    queues_[x.session].push_back(e.seq);
  }
  advance(x.session, now, out);
  wish(out);
}

void inbox::scanned(const spill_page& x, inbox_step& out) {
  std::vector<std::pair<std::uint64_t, std::string>> page;
  page.reserve(x.events.size());
  for (auto& e : x.events) page.emplace_back(e.seq, e.session);
  spill_.scanned(page, x.end);
  wish(out);
}

void inbox::retry_dead_letter(const dead_letter& x, instant now, inbox_step& out, bool held) {
  drop_dead_letter(x.seq, out);
  auto id = ++next_id_;
  auto session = session_of(*x.event);
  out.fresh = id;
  const auto bytes = bytes_of(*x.event);
  out.spilled = spill_.take(session, id, bytes);
  // Whoever takes it back from the disk can tell that an agent saw it by its attempts only.
  if (rules_.durable)
    out.records.emplace_back(event_taken{{id, x.event, {}, out.spilled ? 1U : 0U, session}, out.spilled});
  entry y;
  y.event = x.event;
  y.bytes = bytes;
  y.session = session;
  y.from_previous_process = true; // an agent saw it
  y.held = y.was_held = held && !out.spilled;
  y.spilled = out.spilled;
  y.stored = !rules_.durable;
  if (rules_.durable) {
    admit(id, std::move(y), out);
    if (!out.spilled) queues_[session].push_back(id);
  } else {
    insert(id, std::move(y));
    line_up(id, session, now, out);
  }
}

void inbox::drop_dead_letter(std::uint64_t seq, inbox_step& out) {
  out.records.emplace_back(dead_gone{seq});
  if (dead_ > 0) --dead_;
  std::erase(unreadable_, seq);
}

void inbox::line_up(std::uint64_t id, const std::string& session, instant now, inbox_step& out) {
  queues_[session].push_back(id);
  advance(session, now, out);
}

void inbox::advance(const std::string& session, instant now, inbox_step& out) {
  auto it = queues_.find(session);
  if (it == queues_.end()) return;
  if (it->second.empty()) {
    queues_.erase(it);
    return;
  }
  auto id = it->second.front();
  auto& x = entries_.at(id);
  if (suspects_.contains(id))
    probe(now, out);
  else if (!x.out && !x.held && x.stored && anybody_)
    give(id, x, now, out);
}

/// Gives out the next suspect if none is out.
void inbox::probe(instant now, inbox_step& out) {
  if (!anybody_) return;
  if (auto id = suspects_.next([this](auto x) { return may_go(x); })) give(id, entries_.at(id), now, out);
}

bool inbox::may_go(std::uint64_t id) const {
  auto it = entries_.find(id);
  if (it == entries_.end() || it->second.out || it->second.held || !it->second.stored) return false;
  auto queue = queues_.find(it->second.session);
  return queue != queues_.end() && !queue->second.empty() && queue->second.front() == id;
}

bool inbox::acked(std::uint64_t id, instant now, inbox_step& out) {
  auto it = entries_.find(id);
  if (it == entries_.end() || !ackable(it->second)) return false;
  if (it->second.given != instant{}) out.delivery_to_ack.push_back(now - it->second.given);
  settle(it, now, out);
  return true;
}

void inbox::settle(entries::iterator it, instant now, inbox_step& out, bool dead) {
  auto id = it->first;
  auto& x = it->second;
  if (x.out) --in_flight_;
  if (x.was_held) out.released.push_back(id);
  ack_all(id, x, now, out);
  dedupe_.settle(x.keys, id, now, now);
  suspects_.clear(id);
  auto session = std::move(x.session);
  auto guarded = x.recalled ? std::move(x.keys) : std::vector<std::string>{};
  if (dead) {
    if (rules_.durable || dead_ < most_dead_in_memory) ++dead_;
    out.dead.emplace_back(id, x.event);
    out.records.emplace_back(event_dead{id, x.event, x.attempts, std::move(guarded)});
  } else {
    record(event_settled{id, std::move(guarded)}, out);
  }
  const auto bytes = x.bytes;
  erase(it);
  auto& queue = queues_.at(session);
  if (queue.front() == id) // mostly: only the first of a session is ever given out
    queue.pop_front();
  else
    queue.erase(std::find(queue.begin(), queue.end(), id));
  spill_.gone(session, bytes);
  advance(session, now, out);
  probe(now, out);
  wish(out);
}

/// Its delivery counts: nobody took it in time.
void inbox::give_again(entries::iterator it, instant now, inbox_step& out) {
  auto id = it->first;
  auto& x = it->second;
  x.out = false;
  --in_flight_;
  suspects_.back(id);
  if (x.attempts >= rules_.max_deliveries) { // it blocks its chat no longer; a terminal decision (F32)
    settle(it, now, out, true);
    return;
  }
  auto suspect = suspects_.contains(id);
  if (suspect) { // the others need not wait for one that hangs
    note_attempts(id, x, false, out);
    suspects_.add(id, x.attempts);
    probe(now, out);
  } else if (anybody_) {
    x.marked = false; // the next attempt is one more
    hand_out(id, x, now, out);
  } else {
    note_attempts(id, x, false, out);
  }
}

void inbox::died(const std::vector<std::uint64_t>& with_it, instant now, inbox_step& out) {
  std::vector<std::uint64_t> ids;
  for (auto id : with_it) {
    auto it = entries_.find(id);
    if (it == entries_.end() || !it->second.out) continue;
    it->second.out = false;
    --in_flight_;
    ids.push_back(id);
  }
  auto blamed = suspects_.blamed(ids);
  for (auto id : ids) {
    auto& x = entries_.at(id);
    x.from_previous_process = true;
    if (id != blamed && x.attempts > 0) --x.attempts;
    suspects_.back(id);
    suspects_.add(id, x.attempts);
    note_attempts(id, x, false, out);
  }
  auto it = entries_.find(blamed);
  if (it != entries_.end() && it->second.attempts >= rules_.max_deliveries) settle(it, now, out, true);
  probe(now, out);
}

void inbox::presence(bool anybody, instant now, inbox_step& out) {
  if (anybody_ == anybody) return;
  anybody_ = anybody;
  if (!anybody_) return;
  std::vector<std::uint64_t> heads;
  for (auto& [session, ids] : queues_) {
    if (ids.empty()) continue;
    auto& x = entries_.at(ids.front());
    if (!x.out && !x.held && x.stored && !suspects_.contains(ids.front())) heads.push_back(ids.front());
  }
  std::sort(heads.begin(), heads.end()); // oldest first over all chats
  for (auto id : heads) give(id, entries_.at(id), now, out);
  probe(now, out);
}

void inbox::timer(instant now, inbox_step& out) {
  while (anybody_ && !deadlines_.empty() && deadlines_.front().first <= now) {
    auto [at, id] = deadlines_.front();
    deadlines_.pop_front();
    auto it = entries_.find(id);
    if (it != entries_.end() && it->second.out && it->second.overdue == at) give_again(it, now, out);
  }
}

deadline inbox::due() {
  if (!anybody_) return {}; // nobody there to be late
  while (!deadlines_.empty()) {
    auto [at, id] = deadlines_.front();
    auto it = entries_.find(id);
    if (it != entries_.end() && it->second.out && it->second.overdue == at) return at;
    deadlines_.pop_front();
  }
  return {};
}

backpressure inbox::room(std::size_t outside, std::size_t outside_bytes) const {
  // With a disk only its own slowness stops the reader: what the agent does not take goes there.
  auto waiting = outside + (rules_.durable ? unstored_.size() : entries_.size());
  const auto bytes = outside_bytes + (rules_.durable ? unstored_.bytes() : bytes_);
  if (waiting >= 2 * rules_.max_pending) return backpressure::hard;
  if (bytes >= 2 * rules_.max_pending_bytes) return backpressure::hard;
  if (waiting >= rules_.max_pending || bytes >= rules_.max_pending_bytes) return backpressure::full;
  return backpressure::open;
}

} // namespace relay::core
