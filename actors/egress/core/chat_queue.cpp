#include "relay_gateway/actors/egress/core/chat_queue.hpp"

#include "relay_gateway/actors/egress/core/action_shape.hpp"
#include "relay_gateway/messages/contract/op_traits.hpp"
#include "relay_gateway/messages/errors.hpp"
#include "relay_gateway/messages/wire/actions/action_forms.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace relay::core {

namespace {

/// A connector that asks for no time at all must not make the chat spin.
constexpr milliseconds least_wait{250};
/// Beyond a wait, for the disk to take the write intent and for a connection that was lost meanwhile.
constexpr milliseconds grace_after_wait{10'000};

constexpr std::uint8_t most_sends = 3; ///< of one frame, when its agent wants unknown outcomes sent again

/// A failure that names a time after which the same frame may go again.
bool wants_wait(const action_result& x) { return x.how == outcome::definite && x.retry_after_ms > 0; }

/// What becomes of a wait that is too long: the connector's own word, as of any failure.
void refuse_wait(action_result& said) {
  said.retry_after_ms = 0;
  if (said.code.empty()) said.code = "rate_limited";
}

} // namespace

void chat_queue::push(chat_action&& x, chat_queue_step& out) {
  const bool late = !waiting_.empty() || !link_ || resume_at_;
  if (may_skip(x.act) && late) {
    out.done.push_back({x.token, action_result::success()});
    return;
  }
  std::list<item> one(1); // where it stays: an item is large
  auto& fresh = one.front();
  const instant hold_until{std::chrono::nanoseconds{x.hold_until}};
  fresh.callers.push_back({x.token, hold_until, hold_until + longest_wait});
  fresh.act = std::move(x.act);
  fresh.where = std::move(x.where);
  fresh.turn = std::move(x.turn);
  fresh.record = x.record;
  fresh.resend = x.resend;
  fresh.lost = x.lost;
  fresh.draft.abandoned = x.abandons;
  if (late) take_back_intent(fresh, out); // meant to go at once, and it will not
  if (const auto* draft = draft_of(fresh.act); draft != nullptr && !admit_draft(*draft, fresh, out)) return;
  if (traits_of(fresh.act.kind).replaces) collapse(fresh);
  waiting_.splice(waiting_.end(), one);
  pump(out);
}

/// The older edit goes, its callers wait for the newest: nothing overtakes what was pushed in between.
void chat_queue::collapse(item& newest) {
  // From the newest backwards, up to whatever else touches the same message or is on the wire.
  const auto first = first_has_turn() ? std::next(waiting_.begin()) : waiting_.begin();
  for (auto at = waiting_.end(); at != first;) {
    auto& y = *--at;
    if (y.act.message_id != newest.act.message_id || y.draft.id != newest.draft.id) continue;
    if (y.act.kind != newest.act.kind || y.draft.seals || !(y.where == newest.where)) return;
    if (y.lost > 0 || y.next_piece > 0) return; // it may have arrived, which its callers must be told
    // Its content may go out for as long as anybody waits, so it must not be told earlier that it did not.
    auto& hold = newest.callers.back().hold_until;
    for (auto& who : y.callers) hold = std::max(hold, who.hold_until);
    auto callers = std::move(y.callers);
    for (const auto& who : newest.callers) callers.push_back(who);
    newest.callers = std::move(callers);
    waiting_.erase(at);
    return;
  }
}

void chat_queue::link(descriptors_ptr what, chat_queue_step& out) {
  link_.reset(); // nothing more goes to the old connection
  // While that one is closing, results may still come, and its end tells the fate of the rest. A new
  // connection while a piece is out means that the old one died without a word: then nobody knows.
  if (what) abandon(out);
  link_ = std::move(what);
  pump(out);
}

void chat_queue::abandon(chat_queue_step& out) {
  if (!first_is<on_wire>() && aside_.empty()) return;
  link_.reset();
  const auto lost = action_result::ambiguous("the connection was lost before the result came");
  while (!aside_.empty()) settled({aside_.front().in<on_wire>()->piece, lost, true}, out);
  if (first_is<on_wire>()) settled({waiting_.front().in<on_wire>()->piece, lost, true}, out);
}

void chat_queue::pump(chat_queue_step& out) {
  while (link_ && !resume_at_ && first_is<queued>()) { // the chat's order holds, others go on
    auto& x = waiting_.front();
    const auto& to = destination(link_.get(), x.where.platform);
    const bool begun = x.next_piece > 0;
    if (x.draft.seals && !begun && becomes_text(x, to)) {
      x.act = wire::draft_as_text(x.act);
      x.draft.seals = false;
    }
    const auto as = shape_of(x.act, to, begun ? std::optional{x.as_text} : std::nullopt);
    x.as_text = as.as_text;
    // Until a piece has left, the connection that takes the first one decides the limit.
    if (const auto fault = begun ? std::string{} : cut(x, to); !fault.empty()) {
      finish(after_all(x, action_result::failed(to_string(ec::bad_action), fault)), out);
      continue;
    }
    const auto& said = x.numbered ? *x.numbered : x.act;
    if (const auto lacks = missing_op(to, x.act, x.pieces, x.next_piece)) {
      refuse(*lacks, to, out);
      continue;
    }
    if (const auto* file =
            file_of(x.act)) { // only now: for a platform that takes it, and when its turn has come
      x.stage = uploading{++uploads_};
      out.uploads.push_back({uploads_, *file});
      return;
    }
    if (x.record == action_record::not_written) {
      state_intent(out);
      return;
    }
    auto& piece = x.pieces[x.next_piece];
    const bool is_text = traits_of(piece.kind).overflow == text_overflow::repeated;
    if (is_text && wire::is_blank(piece.content)) { // white space of more than a message, or a draft's final
      finish(after_all(x, nothing_said()), out);
      continue;
    }
    if (as.prompt != nullptr && !as.prompt->id.empty() && (as.as_text || piece.kind == x.act.kind))
      out.shown.push_back(
          {x.callers.front().token, as.as_text ? prompt_face::numbers : prompt_face::buttons});
    auto& frame = out.out.emplace_back();
    frame.piece = ++pieces_;
    // An only piece is cut anew before it leaves again, so its text may go with the frame.
    frame.act = frame_of(said, x.pieces.size() == 1 ? std::move(piece) : piece, !begun);
    frame.where = x.where;
    for (auto& who : x.callers) out.sent.push_back({who.token, x.next_piece + 1, x.pieces.size()});
    x.stage = on_wire{pieces_};
    if (!traits_of(as.kind).holds_chat) {
      x.back = false;
      aside_.splice(aside_.end(), waiting_, waiting_.begin());
    }
  }
}

/// The first action cannot go on here.
void chat_queue::refuse(op missing, const descriptor& to, chat_queue_step& out) {
  auto& x = waiting_.front();
  // These two are best_effort_sends: a platform without them is not an error (protocol.md 6, routing 3).
  if (traits_of(missing).best_effort) {
    finish(action_result::success(), out);
    return;
  }
  auto error = std::string{to_string(missing)} + " is not supported by platform '" +
               (x.where.platform.empty() ? to.platform : x.where.platform) + "'";
  auto result = after_all(x, action_result::failed(to_string(ec::unsupported), std::move(error)));
  if (x.next_piece > 0) {
    ++x.next_piece;
    result = whole(std::move(result));
  }
  finish(std::move(result), out);
}

void chat_queue::state_intent(chat_queue_step& out) {
  waiting_.front().stage = committing{++intents_};
  write_intent x{intents_, {}, true};
  for (auto& who : waiting_.front().callers) x.tokens.push_back(who.token);
  out.intents.push_back(std::move(x));
}

/// It waits after all, and nothing of it was ever written: after a crash it is to be sent.
void chat_queue::take_back_intent(item& x, chat_queue_step& out) {
  if (x.record != action_record::maybe_written || x.next_piece > 0 || x.lost > 0) return;
  x.record = action_record::not_written;
  write_intent back{0, {}, false};
  for (auto& who : x.callers) back.tokens.push_back(who.token);
  out.intents.push_back(std::move(back));
}

void chat_queue::intent_committed(std::uint64_t number, chat_queue_step& out) {
  if (!first_is<committing>() || waiting_.front().in<committing>()->number != number)
    return; // it was given up
  auto& top = waiting_.front();
  top.stage = queued{};
  top.record = action_record::maybe_written;
  const auto second = std::next(waiting_.begin());
  const bool overtakes = !top.back && second != waiting_.end() && second->back;
  // The connection went meanwhile, or it must wait, or what stood before it came back.
  if (!link_ || resume_at_ || overtakes) take_back_intent(top, out);
  behind_returned();
  pump(out);
}

/// The first one had its turn while reactions that stood before it were out; they came back. One of them
/// keeps its place among them, or two would give way to each other for ever.
void chat_queue::behind_returned() {
  if (waiting_.front().back) return;
  const auto behind =
      std::find_if(std::next(waiting_.begin()), waiting_.end(), [](auto& y) { return !y.back; });
  waiting_.splice(behind, waiting_, waiting_.begin());
}

void chat_queue::upload_lost(chat_queue_step& out) {
  auto it = std::find_if(waiting_.begin(), waiting_.end(), [](const item& y) { return y.in<uploading>(); });
  if (it != waiting_.end())
    uploaded(it->in<uploading>()->number,
             {{}, "media_refused", "the upload was interrupted; nothing was sent"}, out);
}

void chat_queue::uploaded(std::uint64_t number, const media_reference& x, chat_queue_step& out, instant now) {
  // Mostly the first one, but for reactions that came back.
  auto it = std::find_if(waiting_.begin(), waiting_.end(), [&](const item& y) {
    return y.in<uploading>() && y.in<uploading>()->number == number;
  });
  if (it == waiting_.end()) return; // it was given up
  it->stage = queued{};
  const milliseconds asked{x.retry_after_ms};
  if (x.url.empty() && asked.count() > 0 && begin_wait(*it, asked, now, out)) return;
  if (x.url.empty()) {
    for (auto& who : it->callers) out.done.push_back({who.token, action_result::failed(x.code, x.error)});
    waiting_.erase(it);
  } else {
    wire::with_source(it->act, x.url);
  }
  pump(out);
}

/// False when it is none of the reactions that are out.
bool chat_queue::settled_aside(transmitted& x, chat_queue_step& out, instant now) {
  auto it = std::find_if(aside_.begin(), aside_.end(),
                         [&](const item& y) { return y.in<on_wire>()->piece == x.piece; });
  if (it == aside_.end()) return false;
  auto one = std::move(*it);
  aside_.erase(it);
  one.stage = queued{};
  if (!x.written) link_.reset();
  auto& said = x.result;
  if (x.written) told_to_wait(one, said, now, out);
  if (x.written && !wants_wait(said) && !lost_once_more(one, said)) {
    const auto result = after_all(one, std::move(said));
    for (auto& who : one.callers) out.done.push_back({who.token, result});
    return true;
  }
  // Before all that waits, behind those that came back before it.
  if (!x.written) take_back_intent(one, out);
  one.back = true;
  auto at = first_has_turn() ? std::next(waiting_.begin()) : waiting_.begin();
  while (at != waiting_.end() && at->back) ++at;
  waiting_.insert(at, std::move(one));
  pump(out);
  return true;
}

/// True when `x` waits, and the whole chat with it: nothing of it was done, so it goes out again.
bool chat_queue::begin_wait(item& x, milliseconds asked, instant now, chat_queue_step& out) {
  const auto wait = std::max(asked, least_wait);
  const auto until = now + wait;
  const auto in_time = [&](const caller& who) { return until <= who.wait_until; };
  if (stopping_ || !std::any_of(x.callers.begin(), x.callers.end(), in_time)) return false;
  for (auto& who : x.callers) who.hold_until = std::max(who.hold_until, until + grace_after_wait);
  resume_at_ = resume_at_ ? std::max(*resume_at_, until) : until;
  out.waits = wait;
  take_back_intent(x, out); // it was certainly not done, which holds after a crash, too
  return true;
}

/// Afterwards it is the result to go on with: still a wish to wait when the action waits, else one that names
/// none.
void chat_queue::told_to_wait(item& x, action_result& said, instant now, chat_queue_step& out) {
  if (!wants_wait(said)) return;
  const milliseconds asked{said.retry_after_ms};
  if (!may_skip(x.act) && begin_wait(x, asked, now, out)) return;
  refuse_wait(said);
}

/// `now` at its maximum: nothing can be waited for any more.
void chat_queue::end_wait(instant now, chat_queue_step& out) {
  stopping_ = stopping_ || now == instant::max();
  if (!resume_at_ || now < *resume_at_) return;
  resume_at_.reset();
  if (now != instant::max() || !link_ || !first_is<queued>()) return;
  const auto stopped = action_result::failed(
      "rate_limited",
      "the gateway stopped while the connector had asked it to wait; nothing of this was done");
  finish(after_all(waiting_.front(), stopped), out);
}

void chat_queue::settled(transmitted&& x, chat_queue_step& out, instant now) {
  if (settled_aside(x, out, now) || !first_is<on_wire>()) return;
  auto& top = waiting_.front();
  if (top.in<on_wire>()->piece != x.piece) return;
  top.stage = queued{};
  auto& said = x.result;
  if (x.written) told_to_wait(top, said, now, out);
  if (x.written && wants_wait(said)) return;
  if (!x.written) { // it never left: it goes first on the next connection, as long as it may be held
    link_.reset();
    if (may_skip(top.act)) {
      finish(action_result::success(), out);
      return;
    }
    take_back_intent(top, out);
    behind_returned();
    return;
  }
  if ((top.draft.seals && top.next_piece == 0 && settle_seal(said)) || lost_once_more(top, said)) {
    pump(out);
    return;
  }
  if (top.lost > 0) said = after_all(top, std::move(said));
  if (top.pieces.size() <= 1) {
    finish(std::move(said), out);
    pump(out);
    return;
  }
  auto result = piece_done(std::move(said));
  ++top.next_piece;
  top.lost = top.lost_before;
  if (result.how != outcome::done || top.next_piece == top.pieces.size()) finish(whole(result), out);
  pump(out);
}

/// Notes which messages the piece that was out has made or removed; what counts as its outcome.
action_result chat_queue::piece_done(action_result result) {
  auto& top = waiting_.front();
  const auto& piece = top.pieces[top.next_piece];
  const auto overflow = traits_of(top.act.kind).overflow;
  const bool done = result.how == outcome::done, edits = overflow == text_overflow::continued;
  const auto id = piece.message_id.empty() ? result.message_id : piece.message_id;
  const bool made = edits && piece.message_id.empty(), gone = piece.cleanup && piece.kind == op::remove;
  if (done && !id.empty() && (made || gone)) {
    const auto* known = memory_.further(top.act.message_id);
    auto further = known ? *known : std::vector<std::string>{};
    if (made)
      further.push_back(id);
    else
      std::erase(further, id);
    memory_.go_on(top.act.message_id, std::move(further));
  }
  if (piece.cleanup) {
    result = action_result::success();
    if (!top.message_ids.empty()) result.message_id = top.message_ids.back();
    return result;
  }
  if (done && edits) result.message_id = id;
  if (!result.message_id.empty() && overflow != text_overflow::removed)
    top.message_ids.push_back(result.message_id);
  return result;
}

/// One open draft per turn: a second one would be a second message that grows under the user's eyes (F60).
bool chat_queue::admit_draft(const draft_fields& what, item& fresh, chat_queue_step& out) {
  fresh.draft.id = what.id;
  fresh.draft.seals = what.final;
  if (fresh.turn.empty()) return true;
  const auto* open = memory_.open_draft(fresh.turn);
  if (open && *open != what.id) {
    out.done.push_back(
        {fresh.callers.front().token,
         action_result::failed(to_string(ec::bad_action),
                               "draft: draft_id " + *open + " of the same turn is not sealed yet")});
    return false;
  }
  if (what.final)
    memory_.seal(fresh.turn);
  else
    memory_.open(fresh.turn, what.id);
  return true;
}

/// That the last of several frames failed does not say that nothing was done: an earlier one may have arrived
/// (F3). Only a refusal is handed on as it came (F54).
action_result chat_queue::after_all(const item& x, action_result of_last) {
  if (x.lost == 0 || of_last.how != outcome::definite || of_last.code == "egress_declined") return of_last;
  auto out = action_result::ambiguous(
      "it was sent more than once; the first may have arrived, the last failed: " + of_last.error);
  out.message_ids = x.message_ids;
  return out;
}

/// Whether it goes out again although it may have arrived: its agent would rather have it twice, or it only
/// takes away what an edit has left over.
bool chat_queue::lost_once_more(item& x, const action_result& result) {
  const bool harmless = x.next_piece < x.pieces.size() && x.pieces[x.next_piece].cleanup;
  return (x.resend || harmless) && result.how == outcome::unknown && ++x.lost < most_sends;
}

/// Whether a final draft goes out as a text: on Slack the stream is the message; elsewhere a sealed draft
/// leaves none in the history (protocol.md 6).
bool chat_queue::becomes_text(const item& x, const descriptor& to) {
  const auto& platform = x.where.platform.empty() ? to.platform : x.where.platform;
  return platform != "slack" && !x.draft.abandoned && offers(to, x.act, x.act.kind) && to.supports(op::send);
}

/// True when the seal goes on, in this form or another, instead of being over.
bool chat_queue::settle_seal(const action_result& result) {
  auto& top = waiting_.front();
  if (result.how == outcome::done || result.code == "egress_declined")
    return false; // a refusal is final (F54)
  if (result.how == outcome::unknown) ++top.lost;
  if (result.how == outcome::unknown && !std::exchange(top.draft.seal_lost, true))
    return true; // idempotent (F61)
  if (top.draft.abandoned) return false;
  top.act = wire::draft_as_text(top.act);
  top.draft.seals = false;
  return true;
}

/// The overall outcome of a split send, given the result of the last piece that was tried.
action_result chat_queue::whole(action_result of_piece) const {
  auto& top = waiting_.front();
  auto result = std::move(of_piece);
  result.message_ids = top.message_ids;
  if (result.how == outcome::done) {
    result.raw.clear(); // the connector's own answer tells of the last piece only
  } else if (top.next_piece > 1) {
    result.raw.clear();
    // A refusal is handed on verbatim (F54).
    if (result.code != "egress_declined")
      result.error = "piece " + std::to_string(top.next_piece) + " of " + std::to_string(top.pieces.size()) +
                     " failed after the earlier ones were sent: " + result.error;
  }
  return result;
}

void chat_queue::finish(action_result&& result, chat_queue_step& out) {
  const auto& callers = waiting_.front().callers;
  for (std::size_t i = 0; i + 1 < callers.size(); ++i) out.done.push_back({callers[i].token, result});
  if (!callers.empty()) {
    auto& last = out.done.emplace_back();
    last.token = callers.back().token;
    last.result = std::move(result);
  }
  waiting_.pop_front();
}

/// What becomes of an action that was held too long.
action_result chat_queue::too_long(const item& x, bool disconnected) {
  if (x.lost > 0) {
    auto out = action_result::ambiguous(x.draft.seal_lost
                                            ? "the draft's seal was lost, and no connection came for another"
                                            : "the answer was lost, and no connection came to send it again");
    out.message_ids = x.message_ids;
    return out;
  }
  if (!disconnected) return not_stored();
  auto out = action_result::failed("not_connected", "not connected to the connector; nothing was sent");
  if (x.next_piece > 0) {
    out.error = "not connected to the connector; only the first " + std::to_string(x.next_piece) + " of " +
                std::to_string(x.pieces.size()) + " pieces were sent";
    out.message_ids = x.message_ids;
  }
  return out;
}

void chat_queue::expire(instant now, chat_queue_step& out) {
  end_wait(now, out);
  if (link_ && !first_is<committing>()) return pump(out);
  // What is still out on a closing connection is that one's to tell.
  for (auto at = first_is<on_wire>() ? std::next(waiting_.begin()) : waiting_.begin();
       at != waiting_.end();) {
    auto& x = *at;
    auto late = [&](const caller& who) { return who.hold_until <= now; };
    if (std::any_of(x.callers.begin(), x.callers.end(), late)) {
      const auto result = too_long(x, !link_);
      x.callers.erase_if([&](auto& who) {
        if (!late(who)) return false;
        out.done.push_back({who.token, result});
        return true;
      });
    }
    at = x.callers.empty() ? waiting_.erase(at) : std::next(at);
    if (link_) break; // then only the one that waits for the disk can be late
  }
  pump(out);
}

deadline chat_queue::due() const {
  deadline at = resume_at_;
  if (link_ && !first_is<committing>()) return at;
  for (auto x = first_is<on_wire>() ? std::next(waiting_.begin()) : waiting_.begin(); x != waiting_.end();
       ++x) {
    for (auto& who : x->callers) at = earlier(at, who.hold_until);
    if (link_) break;
  }
  return at;
}

} // namespace relay::core
