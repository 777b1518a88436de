#include "relay_gateway/actors/inbound/core/inbox.hpp"

#include "relay_gateway/actors/inbound/core/event_bytes.hpp"
#include "relay_gateway/messages/wire/session_key.hpp"

#include <algorithm>

namespace relay::core {

namespace {

constexpr std::uint64_t most_dead_in_memory = 1'000; // as many as a store without a disk keeps

} // namespace

inbox::inbox(const inbox_rules& rules)
    : rules_(rules), dedupe_(rules.dedupe_entries, rules.dedupe_window, rules.dedupe_bytes, rules.secret),
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
    open_event y;
    if (x.session.empty()) x.session = session_of(*x.event); // of a version that kept none
    y.session = x.session;
    y.seen = true;
    y.recalled = true; // it may have been: giving the keys once more is harmless
    y.attempts = without_suspicion(x.attempts);
    y.resumed = true;
    if (is_suspect(x.attempts)) suspects_.add(x.seq, y.attempts);
    if (is_out(x.attempts)) {
      y.stage = with_agent{};
      out_then.push_back(x.seq);
    }
    if (held(*x.event)) y.held = file_wait::awaited;
    dedupe_.claim(x.keys, x.seq);
    y.keys = std::move(x.keys);
    y.event = std::move(x.event);
    next_id_ = std::max(next_id_, x.seq);
    y.bytes = bytes_of(*y.event);
    spill_.restored(x.session, y.bytes);
    insert(x.seq, std::move(y));
    queues_.put(print(x.session)).value.push_back(x.seq);
  }
  // The process that died may have died of one of these, as an agent does.
  died(out_then, now, out);
  for (auto& x : image.open)
    if (events_.contains(x.seq)) advance(x.session, now, out);
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
  open_event x;
  x.keys = std::move(keys);
  x.once_stored = after_store::ends;
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
    open_event x;
    x.keys = std::move(keys);
    x.once_stored = after_store::ends;
    name(id, x, buffered);
    admit(id, std::move(x), out);
  } else {
    dedupe_.settle(keys, id, now, now);
    ack(buffered, out);
  }
  while (unreadable_.size() > rules_.max_unreadable) drop_dead_letter(unreadable_.front(), out);
  return true;
}

bool inbox::nothing_waits(const std::string& session) const {
  const auto* queue = queues_.find(print(session));
  return queue == nullptr || queue->value.empty();
}

/// It waits for the disk from now on.
inbox::entry& inbox::admit(std::uint64_t id, open_event&& x, inbox_step& out) {
  x.stage = being_written{};
  out.upto = unstored_.add(id, x.bytes, false);
  return insert(id, std::move(x));
}

inbox::entry& inbox::insert(std::uint64_t id, open_event&& x) {
  bytes_ += x.bytes;
  auto& out = events_.put(id);
  out.value = std::move(x);
  return out;
}

void inbox::erase(entry& x) {
  bytes_ -= x.value.bytes;
  events_.erase(x);
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
    (void)dedupe_.claim(keys.front(), id);
  open_event x;
  x.bytes = bytes;
  x.since = now;
  // It will be given out as soon as it is on disk: one record says both.
  x.marked = rules_.durable && !out.spilled && !held && anybody_ && !stopping_ && nothing_waits(session);
  if (rules_.durable)
    out.records.emplace_back(event_taken{{id, event, keys, x.marked ? 1 | out_bit : 0, session},
                                         out.spilled,
                                         repeat_of,
                                         differs_from,
                                         !out.spilled && spill_.backlog()});
  x.event = event;
  x.session = std::move(session);
  x.keys = std::move(keys);
  if (out.spilled)
    x.once_stored = after_store::leaves_memory;
  else if (held)
    x.held = file_wait::awaited;
  name(id, x, buffered);
  if (rules_.durable) {
    const auto& placed = admit(id, std::move(x), out);
    if (!out.spilled) queues_.put(print(placed.value.session)).value.push_back(id);
    wish(out);
  } else {
    const auto& placed = insert(id, std::move(x));
    line_up(id, placed.value.session, now, out);
  }
  return arrival::fresh;
}

repeat_reason inbox::why_refused(std::uint64_t id) const {
  const auto* x = events_.find(id);
  if (x == nullptr || x->value.event->message_id.empty()) return repeat_reason::buffer_id;
  return x->value.event->source.message_is_edit ? repeat_reason::version : repeat_reason::message_id;
}

void inbox::repeat(std::uint64_t open, std::vector<std::string> keys, const buffered_id& buffered,
                   inbox_step& out) {
  auto& x = events_.find(open)->value;
  std::erase_if(keys, [&](const std::string& key) { return !dedupe_.claim(key, open); });
  if (!keys.empty()) {
    x.keys.insert(x.keys.end(), std::make_move_iterator(keys.begin()), std::make_move_iterator(keys.end()));
    record(event_keyed{open, x.keys}, out);
  }
  if (rules_.durable && x.is_stored())
    ack(buffered, out); // the first one is safe already
  else
    name(open, x, buffered);
}

/// Its ack waits for this event. A connector that began to count anew drops what it names now, so that no
/// earlier event of that id may acknowledge it.
void inbox::name(std::uint64_t id, open_event& x, const buffered_id& buffered) {
  if (buffered.empty() || buffered.reused) return;
  auto [it, first] = named_.try_emplace(buffered, id);
  if (!first && it->second == id) return;
  if (auto* old = events_.find(it->second); !first && old != nullptr)
    std::erase(old->value.buffer_ids, buffered);
  it->second = id;
  x.buffer_ids.push_back(buffered);
}

void inbox::ack_all(entry& of, instant now, inbox_step& out) {
  auto& x = of.value;
  if (!x.buffer_ids.empty() && x.since != instant{}) out.receive_to_ack.push_back(now - x.since);
  for (auto& buffered : x.buffer_ids) {
    ack(buffered, out);
    if (auto it = named_.find(buffered); it != named_.end() && it->second == of.key()) named_.erase(it);
  }
  x.buffer_ids.clear();
}

void inbox::stored(std::uint64_t upto, instant now, inbox_step& out, std::span<const std::uint64_t> refused) {
  while (const auto done = unstored_.take(upto)) {
    if (done->of_attempt) {
      marked(done->id, now, out);
      continue;
    }
    auto* of = events_.find(done->id);
    if (of == nullptr) continue;
    auto& x = of->value;
    ack_all(*of, now, out);
    switch (x.once_stored) {
    case after_store::ends:
      dedupe_.settle(x.keys, of->key(), now, now);
      erase(*of);
      break;
    case after_store::leaves_memory: // the store guards its keys; a refused one is a repeat of what is there
      dedupe_.release(x.keys, of->key());
      erase(*of);
      break;
    case after_store::stays:
      if (std::find(refused.begin(), refused.end(), done->id) != refused.end()) {
        dedupe_.release(x.keys, of->key());
        leave(*of, now, out);
        break;
      }
      x.stage = waiting{};
      advance(x.session, now, out);
      break;
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
    open_event y;
    y.recalled = true;
    y.attempts = without_suspicion(e.attempts);
    if (is_suspect(e.attempts)) suspects_.add(e.seq, y.attempts);
    if (held(*e.event)) y.held = file_wait::awaited;
    y.session = x.session;
    // A repeat that came while only the store knew it may have claimed them; the store refuses that one.
    dedupe_.take_over(e.keys, e.seq);
    y.keys = std::move(e.keys);
    y.event = std::move(e.event);
    y.bytes = bytes_of(*y.event);
    insert(e.seq, std::move(y));
    queues_.put(print(x.session)).value.push_back(e.seq);
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
  open_event y;
  y.event = x.event;
  y.bytes = bytes;
  y.session = session;
  y.seen = true;
  if (out.spilled)
    y.once_stored = after_store::leaves_memory;
  else if (held)
    y.held = file_wait::awaited;
  if (rules_.durable) {
    admit(id, std::move(y), out);
    if (!out.spilled) queues_.put(print(session)).value.push_back(id);
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
  auto& queue = queues_.put(print(session));
  queue.value.push_back(id);
  advance(queue, now, out);
}

void inbox::advance(const std::string& session, instant now, inbox_step& out) {
  if (auto* queue = queues_.find(print(session))) advance(*queue, now, out);
}

void inbox::advance(queues::entry& queue, instant now, inbox_step& out) {
  if (queue.value.empty()) {
    queues_.erase(queue);
    return;
  }
  auto id = queue.value.front();
  auto& x = *events_.find(id);
  if (suspects_.contains(id))
    probe(now, out);
  else if (x.value.can_go() && anybody_)
    give(x, now, out);
}

/// Gives out the next suspect if none is out.
void inbox::probe(instant now, inbox_step& out) {
  if (!anybody_) return;
  if (auto id = suspects_.next([this](auto x) { return may_go(x); })) give(*events_.find(id), now, out);
}

bool inbox::may_go(std::uint64_t id) const {
  const auto* x = events_.find(id);
  if (x == nullptr || !x->value.can_go()) return false;
  const auto* queue = queues_.find(print(x->value.session));
  return queue != nullptr && !queue->value.empty() && queue->value.front() == id;
}

bool inbox::acked(std::uint64_t id, instant now, inbox_step& out) {
  auto* x = events_.find(id);
  if (x == nullptr || !x->value.ackable()) return false;
  if (x->value.given != instant{}) out.delivery_to_ack.push_back(now - x->value.given);
  settle(*x, now, out);
  return true;
}

void inbox::settle(entry& of, instant now, inbox_step& out, bool dead) {
  const auto id = of.key();
  auto& x = of.value;
  ack_all(of, now, out);
  dedupe_.settle(x.keys, id, now, now);
  suspects_.clear(id);
  auto guarded = x.recalled ? std::move(x.keys) : std::vector<std::string>{};
  if (dead) {
    if (rules_.durable || dead_ < most_dead_in_memory) ++dead_;
    out.dead.emplace_back(id, x.event);
    out.records.emplace_back(event_dead{id, x.event, x.attempts, std::move(guarded)});
  } else {
    record(event_settled{id, std::move(guarded)}, out);
  }
  leave(of, now, out);
  probe(now, out);
  wish(out);
}

/// Out of memory and of its session's queue, where the next one comes up.
void inbox::leave(entry& of, instant now, inbox_step& out) {
  const auto id = of.key();
  if (of.value.held != file_wait::none) out.released.push_back(id);
  const auto session = std::move(of.value.session);
  const auto bytes = of.value.bytes;
  erase(of);
  auto& queue = *queues_.find(print(session)); // it has one as long as it is open
  queue.value.erase(id);                       // mostly the first one: only that is ever given out
  spill_.gone(session, bytes);
  advance(queue, now, out);
}

/// Its delivery counts: nobody took it in time.
void inbox::give_again(entry& x, instant now, inbox_step& out) {
  const auto id = x.key();
  take_back(x);
  if (x.value.attempts >= rules_.max_deliveries) { // it blocks its chat no longer; a terminal decision (F32)
    settle(x, now, out, true);
    return;
  }
  auto suspect = suspects_.contains(id);
  if (suspect) { // the others need not wait for one that hangs
    note_attempts(x, false, out);
    suspects_.add(id, x.value.attempts);
    probe(now, out);
  } else if (anybody_) {
    x.value.marked = false; // the next attempt is one more
    hand_out(x, now, out);
  } else {
    note_attempts(x, false, out);
  }
}

void inbox::died(const std::vector<std::uint64_t>& with_it, instant now, inbox_step& out) {
  std::vector<std::uint64_t> ids;
  bool had_more = false; // whose acks it missed and which nobody else has got yet: it may be one of those
  for (auto id : with_it) {
    auto* x = events_.find(id);
    if (x == nullptr) continue;
    if (!x->value.is_out()) {
      had_more = true;
      continue;
    }
    take_back(*x);
    ids.push_back(id);
  }
  auto blamed = suspects_.blamed(ids);
  if (had_more) blamed = 0;
  for (auto id : ids) {
    auto& of = *events_.find(id);
    auto& x = of.value;
    x.seen = true;
    if (id != blamed && x.attempts > 0) --x.attempts;
    suspects_.add(id, x.attempts);
    note_attempts(of, false, out);
  }
  auto* guilty = events_.find(blamed);
  if (guilty != nullptr && guilty->value.attempts >= rules_.max_deliveries) settle(*guilty, now, out, true);
  probe(now, out);
}

void inbox::presence(bool anybody, instant now, inbox_step& out) {
  if (anybody_ == anybody) return;
  anybody_ = anybody;
  if (!anybody_) return;
  std::vector<std::uint64_t> heads;
  queues_.for_each([&](const queues::entry& queue) {
    if (queue.value.empty()) return;
    const auto first = queue.value.front();
    if (events_.find(first)->value.can_go() && !suspects_.contains(first)) heads.push_back(first);
  });
  std::sort(heads.begin(), heads.end()); // oldest first over all chats
  for (auto id : heads) give(*events_.find(id), now, out);
  probe(now, out);
}

void inbox::timer(instant now, inbox_step& out) {
  for (auto at = due(); at && *at <= now; at = due()) give_again(*events_.oldest(), now, out);
}

deadline inbox::due() const {
  const auto* next = events_.oldest();
  if (!anybody_ || next == nullptr) return {}; // nobody there to be late
  return std::get<with_agent>(next->value.stage).overdue;
}

backpressure inbox::room(std::size_t awaiting, std::size_t awaiting_bytes) const {
  // With a disk only its own slowness stops the reader: what the agent does not take goes there.
  const auto events = awaiting + (rules_.durable ? unstored_.size() : events_.size());
  const auto bytes = awaiting_bytes + (rules_.durable ? unstored_.bytes() : bytes_);
  if (events >= 2 * rules_.max_pending) return backpressure::hard;
  if (bytes >= 2 * rules_.max_pending_bytes) return backpressure::hard;
  if (events >= rules_.max_pending || bytes >= rules_.max_pending_bytes) return backpressure::soft;
  return backpressure::none;
}

} // namespace relay::core
