// What EGRESS ROUTER keeps in the store and takes from it (agent-link.md, Promises): accepted actions, before
// anything of them can reach the wire; outcomes by request id; how chats are answered.
//
//   accepted -> action_taken written -> its chat's queue -> [marked as sending, written] -> wire ->
//   action_settled
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/egress/core/action_digest.hpp"
#include "relay_gateway/actors/egress/core/chat_queue.hpp"
#include "relay_gateway/actors/egress/egress_router.hpp"
#include "relay_gateway/actors/metrics.hpp"
#include "relay_gateway/actors/store_bridge.hpp"
#include "relay_gateway/messages/errors.hpp"
#include "relay_gateway/messages/wire/actions/drafts.hpp"
#include "relay_gateway/messages/wire/actions/prompts.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace relay {

namespace {

/// While this many commits are on their way, records gather: a disk that hangs must not make the queue grow.
constexpr std::uint64_t most_commits = 64;

/// A typing is over at once, a question can be asked again: neither is worth a write.
bool is_recorded(op x) { return x != op::typing && x != op::get_chat_info; }

/// The message, or draft, of which an action is a state; empty = it is none.
std::string state_of(const stored_action& x) {
  auto& act = x.what.act;
  wire::draft_state draft;
  auto what = act.kind == op::edit           ? "m" + act.message_id
              : wire::read_draft(act, draft) ? "d" + draft.id
                                             : "";
  return what.empty() ? what : x.where.platform + "\n" + act.chat_id + "\n" + what;
}

/// Tokens of states that a newer one took the frame of: sent again by themselves they would undo it.
std::set<std::uint64_t> overtaken(const std::vector<stored_action>& open) {
  std::map<std::string, std::uint64_t> newest; // of those whose frame may be out
  for (auto& x : open)
    if (auto state = state_of(x); x.sending && !state.empty())
      newest[state] = std::max(newest[state], x.token);
  std::set<std::uint64_t> out;
  for (auto& x : open)
    if (auto it = newest.find(state_of(x)); it != newest.end() && x.token < it->second) out.insert(x.token);
  return out;
}

} // namespace

void egress_state::load() {
  durable = env.store->durable();
  if (!durable) return; // nothing is there, nobody has to wait for it, and nothing is written
  ready = false;
  routes.track();
  env.store->load_outbound(posts_to(egress_router_actor{self}));
}

void egress_state::loaded(outbound_image& image) {
  if (ready) return;
  ready = true;
  auto now = now_of(self);
  tokens = std::max(tokens, image.last_token);
  for (auto& x : image.settled) {
    auto [id, digest] = core::without_digest(x.request_id);
    idempotency_cache.restore(id, std::move(x.result), now, milliseconds{x.age_ms}, digest);
  }
  for (auto& x : image.chats) routes.restore(x, now);
  for (auto& x : image.turns) routes.restore(x, now);
  auto unsure = std::count_if(image.open.begin(), image.open.end(),
                              [](auto& x) { return x.sending && !x.what.resend_unknown; });
  if (!image.open.empty())
    env.log->write(severity::info, "outbox.resumed",
                   {{"to_send", std::to_string(image.open.size() - static_cast<std::size_t>(unsure))},
                    {"unknown", std::to_string(unsure)},
                    {"next", "the former are sent, the latter reported and not sent again"}});
  auto replaced = overtaken(image.open);
  for (auto& x : image.open) {
    if (replaced.count(x.token) > 0) x.what.resend_unknown = false;
    resume(x);
  }
  for (auto& x : std::exchange(early, {})) begin(x.what, x.asker);
  measure();
}

/// An action that had no outcome when the process, or this actor, ended.
void egress_state::resume(stored_action& x) {
  auto now = now_of(self);
  auto& asked = x.what;
  chat_key key{x.where.platform, asked.act.chat_id.empty() ? asked.act.session_key : asked.act.chat_id};
  auto answers = asked.act.kind != op::react;
  open_action as;
  std::tie(as.request_id, as.digest) = core::without_digest(asked.request_id);
  as.turn = answers ? asked.delivery_id : std::string{};
  as.recorded = true;
  wire::prompt_ask ask;
  if (asked.act.kind == op::prompt && wire::read_prompt(asked.act, ask)) as.prompt_id = ask.id;
  as.chat = key;
  if (!as.request_id.empty()) (void)idempotency_cache.open(as.request_id, now, as.digest);
  as.resend = asked.resend_unknown;
  auto& entry = open.emplace(x.token, std::move(as)).first->second;
  if (x.sending && !asked.resend_unknown) {
    env.metrics->add(counter::actions_resumed, "unknown");
    settle(x.token, action_result::ambiguous("the gateway was restarted while this was being sent; nobody "
                                             "knows whether it arrived"));
    return;
  }
  if (!routes.serves(x.where.platform)) {
    env.metrics->add(counter::actions_resumed, "refused");
    settle(x.token, action_result::failed(to_string(ec::unknown_platform),
                                          "platform '" + x.where.platform +
                                              "' is not fronted by this gateway any more; nothing was sent"));
    return;
  }
  env.metrics->add(counter::actions_resumed, "sent");
  // Whoever was told by then that it was not sent was told the truth.
  auto left = setup.egress_hold;
  if (x.until_ms != 0) left = std::min(left, milliseconds{x.until_ms - env.clock->wall_ms()});
  if (left.count() <= 0 && x.sending) {
    env.metrics->add(counter::actions_resumed, "unknown");
    settle(x.token, action_result::ambiguous("the gateway was restarted while this was being sent, and it is "
                                             "too late to send it again"));
    return;
  }
  if (left.count() <= 0) {
    env.metrics->add(counter::actions_resumed, "refused");
    settle(x.token,
           action_result::failed("not_connected", "not connected to the connector in time, also before "
                                                  "a restart of the gateway; nothing was sent"));
    return;
  }
  entry.until = now + left;
  if (!entry.prompt_id.empty()) { // its answers are still ours
    auto said = opened(std::move(ask), key, x.where, asked.delivery_id);
    if (registry.prompts)
      tell(self, registry.prompts, std::move(said));
    else
      unannounced.push_back(std::move(said));
  }
  chats.activate(key, now);
  chat_action out;
  out.token = x.token;
  out.act = std::move(asked.act);
  out.where = std::move(x.where);
  out.hold_until =
      std::chrono::duration_cast<std::chrono::nanoseconds>(entry.until.time_since_epoch()).count();
  out.turn = std::move(asked.delivery_id);
  out.record = x.sending ? action_record::sending : action_record::held;
  out.resend = asked.resend_unknown;
  out.abandons = asked.abandons;
  out.lost = x.sending ? 1 : 0;
  hand_over(out);
}

/// Decides what the disk must know before the chat may have the action.
void egress_state::keep(chat_action& x, open_action& as, const chat_key& chat, const action_request& asked) {
  if (!is_recorded(asked.act.kind)) {
    as.unstored = chats.holds(chat); // behind what was given before it
    return;
  }
  // When it can go out at once, one write says both: that it is there, and that it may be out.
  auto at_once = chats.ready(chat) && asked.act.file.empty();
  x.record = at_once ? action_record::sending : action_record::held;
  as.recorded = as.unstored = true;
  stored_action what{x.token, asked, x.where, at_once, env.clock->wall_ms() + setup.egress_hold.count()};
  what.what.request_id = core::with_digest(asked.request_id, as.digest);
  record(action_taken{std::move(what)});
}

void egress_state::record(store_record x) {
  batch.push_back(std::move(x));
  schedule_commit();
}

void egress_state::schedule_commit() {
  if (commit_scheduled) return;
  commit_scheduled = true;
  tell(self, egress_router_actor{self}, atom::start_v);
}

void egress_state::flush() {
  if (commits - commits_done >= most_commits) return; // stored() comes back to it
  for (auto& x : routes.changes(now_of(self))) batch.push_back(chat_routed{std::move(x)});
  if (batch.empty()) return;
  commit_records(env, egress_router_actor{self}, std::exchange(batch, {}), ++commits);
}

void egress_state::stored(const store_done& x) {
  commits_done = std::max(commits_done, x.number);
  for (; !unstored.empty() && unstored.front().commit <= commits_done; unstored.pop_front()) {
    if (failed > 0)
      --failed;
    else
      hand_over(unstored.front().what);
  }
  env.metrics->set(gauge::actions_unstored, static_cast<std::int64_t>(unstored.size()));
  for (; !unstored_marks.empty() && unstored_marks.front().commit <= commits_done;
       unstored_marks.pop_front()) {
    core::chat_table_step step;
    chats.intent_committed(unstored_marks.front().what, step);
    execute(step);
  }
  conclude_kept(core::instant::min());
  if (!commit_scheduled) flush();
  drained_yet();
}

/// Whether an outcome may only be told once the disk has it. What was not sent might be sent after a restart:
/// as long as it may, nobody is told that it was not. What was sent never is sent again, unless its agent
/// wants that, so all other outcomes are told at once: the record in memory keeps them from being done again
/// (F29).
bool egress_state::must_be_kept(const open_action& x, const action_result& result) const {
  return x.recorded && result.how == outcome::definite && (x.resend || result.raw.empty()) &&
         now_of(self) < x.until;
}

void egress_state::conclude_kept(core::instant now) {
  std::vector<std::uint64_t> due;
  std::erase_if(deferred_outcomes, [&](auto& x) {
    auto told = x.commit <= commits_done || x.until <= now;
    if (told) due.push_back(x.token);
    return told;
  });
  for (auto token : due)
    if (auto it = open.find(token); it != open.end()) deliver_outcome(token, std::move(it->second.result));
}

void egress_state::marked(write_intent& x) {
  for (auto token : x.tokens)
    if (open.count(token) > 0) record(action_marked{token, x.sending});
  if (x.sending) unstored_marks.push_back({commits + 1, std::move(x)});
}

void egress_state::await_store(chat_action x, const chat_key& chat, core::instant now) {
  chats.hold(chat);
  unstored.push_back({batch.empty() ? commits : commits + 1, now + setup.egress_hold, std::move(x)});
  env.metrics->set(gauge::actions_unstored, static_cast<std::int64_t>(unstored.size()));
  arm();
}

/// Nothing of these is on disk, so nothing of them was sent. What was given to the store may still get there:
/// the outcome follows it.
void egress_state::fail_late(core::instant now) {
  for (; !early.empty() && early.front().until <= now; early.pop_front())
    early.front().asker.deliver(action_outcome{std::move(early.front().what.request_id), core::not_stored()});
  for (; failed < unstored.size() && unstored[failed].until <= now; ++failed) {
    auto& x = unstored[failed].what;
    auto it = open.find(x.token);
    auto held = it != open.end() && std::exchange(it->second.unstored, false);
    auto chat = held ? it->second.chat : chat_key{};
    settle(x.token, core::not_stored());
    if (held) chats.release(chat);
    x.act = {};
  }
  conclude_kept(now);
}

} // namespace relay
