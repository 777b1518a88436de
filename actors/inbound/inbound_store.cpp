// What INBOUND keeps in the store and takes from it: open events over a restart, those that memory has no
// room for, prompts, dead letters.
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/inbound/core/attachment_cache.hpp"
#include "relay_gateway/actors/inbound/event_log.hpp"
#include "relay_gateway/actors/inbound/inbound.hpp"
#include "relay_gateway/actors/metrics.hpp"
#include "relay_gateway/messages/wire/frames/frames.hpp"

#include <limits>
#include <utility>

namespace relay {

namespace {

/// A call-back of the store port that posts its answer, unless the actor is gone by then.
template <class Answer>
auto answer_to(const inbound_actor& self) {
  return [to = weak_handle<inbound_actor>{self}](Answer x) { to.post(std::move(x)); };
}

} // namespace

void inbound_state::load() {
  if (!setup.rules.durable) { // nothing is there, and nobody has to wait for it
    ready = true;
    return;
  }
  prompts.track();
  env.store->load_inbound(answer_to<inbound_image>(inbound_actor{self}));
}

void inbound_state::loaded(inbound_image& image) {
  auto now = now_of(self);
  setup.instance = image.instance;
  for (auto& x : image.prompts) prompts.restore(std::move(x), now);
  (void)prompts.changes(now); // they are there already
  core::inbox_step step;
  auto open = image.open.size();
  inbox.presence(false, now, step); // what is acknowledged already must not be given again
  inbox.restore(image, now, step, [this](auto& x) { return wants_files(x); });
  ready = true;
  if (open + image.spilled > 0)
    env.log->write(severity::info, "store.resumed",
                   {{"open", open + image.spilled},
                    {"settled", image.settled.size()},
                    {"next", "given to the agent, marked as redelivered where one may have had them"}});
  execute(step);
  acked(std::exchange(early_acks, {}));
  core::inbox_step then;
  inbox.presence(agents > 0 && agent, now_of(self), then);
  execute(then);
  fetch_held(inbox.waiting_for_files());
  admit_waiting();
}

/// Without room what comes waits for admission, not acknowledged: the rest of the disk is for what makes
/// room.
void inbound_state::store_room(const store_health& x) {
  constexpr auto last = std::numeric_limits<std::uint64_t>::max();
  if (!held_acks.told(x.room || draining, draining ? last : x.number)) return; // a receipt knows better
  scarce = held_acks.holding();
  room_bytes = draining ? store_health{}.room_bytes : x.room_bytes;
  if (!scarce && held_acks.size() > 0) acknowledge(held_acks.release());
  admit_waiting();
}

/// What the store has told, too, but by way of the supervisor.
void inbound_state::heed_receipt(const store_receipt& x) {
  if (draining || x.room || !held_acks.told(false, x.number)) return;
  scarce = true;
}

void inbound_state::acknowledge(std::vector<std::string> ids) {
  if (held_acks.holding()) return held_acks.hold(std::move(ids));
  if (event_log::wanted(*env.log)) event_log::buffer_acked(*env.log, link.epoch, ids);
  tell(self, link.connection, buffer_acks{std::move(ids)});
}

std::size_t inbound_state::admissible_now() const {
  return core::admissible(room_bytes, inbox.unstored_bytes(), awaiting_admission.first_bytes(),
                          inbox.pending() == 0 && !inbox.backlog());
}

/// Records first, then what depends on them being there.
void inbound_state::ask_store(core::inbox_step& step) {
  if (!step.records.empty()) {
    std::function<void(store_receipt)> done;
    if (step.upto > 0)
      done = [to = weak_handle<inbound_actor>{self}, upto = step.upto](store_receipt x) {
        to.post(inbound_stored{upto, std::move(x)});
      };
    env.store->commit(std::move(step.records), std::move(done));
  }
  for (auto& [session, limit] : step.wishes.recalls)
    env.store->recall(std::move(session), limit, answer_to<recalled_events>(inbound_actor{self}));
  if (step.wishes.scan) env.store->scan(*step.wishes.scan, 256, answer_to<spill_page>(inbound_actor{self}));
}

void inbound_state::stored(const inbound_stored& x) {
  heed_receipt(x.receipt);
  core::inbox_step step;
  for (auto id : x.receipt.refused)
    if (auto* event = inbox.find(id)) repeated(*event, {}, inbox.why_refused(id));
  inbox.stored(x.upto, now_of(self), step, x.receipt.refused);
  execute(step);
  admit_waiting();
}

void inbound_state::recalled(recalled_events& x) {
  core::inbox_step step;
  std::vector<std::uint64_t> held;
  for (auto& e : x.events)
    if (wants_files(*e.event)) held.push_back(e.seq);
  inbox.recalled(x, now_of(self), step, [this](auto& e) { return wants_files(e); });
  execute(step);
  fetch_held(held);
}

void inbound_state::scanned(const spill_page& x) {
  core::inbox_step step;
  inbox.scanned(x, step);
  execute(step);
}

void inbound_state::opened(prompt_opened&& x) {
  auto id = x.prompt_id;
  auto chat = x.chat;
  if (!prompts.open(std::move(x), now_of(self)))
    env.log->write(severity::warn, "prompt.asker_forgotten",
                   {{"prompt", id},
                    {"platform", chat.platform},
                    {"chat", chat.chat_id},
                    {"next", "in a group nobody can decide this approval: let the agent ask in a new turn"}});
  keep_prompts();
}

void inbound_state::resumed(prompt_opened&& x) {
  prompts.resume(std::move(x), now_of(self));
  keep_prompts();
}

void inbound_state::keep_prompts(core::inbox_step& step) {
  if (!setup.rules.durable) return;
  auto changes = prompts.changes(now_of(self));
  step.records.insert(step.records.end(), std::make_move_iterator(changes.begin()),
                      std::make_move_iterator(changes.end()));
}

void inbound_state::keep_prompts() {
  core::inbox_step step;
  keep_prompts(step);
  ask_store(step);
}

caf::result<dead_letter_answer> inbound_state::dead_letters(const dead_letter_ask& x) {
  auto later = self->make_response_promise<dead_letter_answer>();
  auto listing = x.what == dead_letter_ask::wish::list;
  auto after = listing ? x.seq : x.seq - 1;
  weak_handle<inbound_actor> to{self};
  // The answer passes through this actor: promises are not for other threads.
  auto number = ++dead_letter_asks;
  open_dead_letter_asks.emplace(number, std::make_pair(x, later));
  env.store->dead_letters(after, listing ? x.limit : 1, [to, number](std::vector<dead_letter> found) {
    to.post(dead_letters_found{number, std::move(found)});
  });
  return later;
}

void inbound_state::on_dead_letters(dead_letters_found& x) {
  auto it = open_dead_letter_asks.find(x.ask);
  if (it == open_dead_letter_asks.end()) return;
  auto [ask, later] = std::move(it->second);
  open_dead_letter_asks.erase(it);
  for (auto& dead : x.found) dead.delivery_id = name_of(dead.seq);
  auto listing = ask.what == dead_letter_ask::wish::list;
  auto found = listing || (!x.found.empty() && x.found.front().seq == ask.seq);
  auto refused = found && ask.what == dead_letter_ask::wish::retry && !made_readable(x.found.front());
  if (found && !listing && !refused) decide(ask, x.found.front());
  if (!found) x.found.clear();
  later.deliver(dead_letter_answer{found, std::move(x.found), refused});
}

/// A line that nobody could read may be readable now: bytes that were no text have become U+FFFD, and this
/// may be a newer version.
bool inbound_state::made_readable(dead_letter& x) {
  if (!x.event->unreadable) return true;
  auto what = wire::decode(x.event->text, true);
  auto* event = std::get_if<wire::inbound>(&what);
  if (event) x.event = std::move(event->event);
  return event != nullptr;
}

void inbound_state::decide(const dead_letter_ask& x, const dead_letter& dead) {
  core::inbox_step step;
  auto again = x.what == dead_letter_ask::wish::retry;
  auto files = again && wants_files(*dead.event);
  if (again)
    inbox.retry_dead_letter(dead, now_of(self), step, files);
  else
    inbox.drop_dead_letter(dead.seq, step);
  env.log->write(severity::info, again ? "dead_letter.retried" : "dead_letter.dropped",
                 {{"delivery", dead.delivery_id},
                  {"next", again ? "given out as " + name_of(step.fresh) : "nothing of it is left"}});
  // The files that it had are still there.
  if (files)
    dead_letter_of.emplace(step.fresh, dead.delivery_id);
  else if (auto urls = core::media_urls(*dead.event); media && !urls.empty())
    tell(self, media, media_forgotten{dead.delivery_id, std::move(urls)});
  execute(step);
  if (files && !step.spilled) fetch_held({step.fresh});
}

} // namespace relay
