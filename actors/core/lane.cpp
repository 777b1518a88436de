#include "actors/core/lane.hpp"

#include "actors/core/splitter.hpp"
#include "messages/errors.hpp"
#include "messages/wire/actions.hpp"
#include "messages/wire/drafts.hpp"
#include "messages/wire/prompts.hpp"

#include <algorithm>
#include <utility>

namespace relay::core {

descriptor destination(const descriptor_set* known, const std::string& platform) {
  if (known)
    if (auto* x = known->find(platform)) return *x;
  descriptor defaults;
  defaults.platform = platform;
  return defaults;
}

namespace {

/// A `typing` that would come too late may be skipped. A clear (`content` "", which travels in `rest`) may
/// not: without it the status would stay (F65).
bool may_skip(const action& x) {
  return x.kind == op::typing && x.rest.find("\"content\"") == std::string::npos;
}

} // namespace

void lane::push(chat_action x, lane_step& out) {
  if (may_skip(x.act) && (busy() || !link_)) {
    out.done.push_back({x.token, action_result::success()});
    return;
  }
  item fresh;
  fresh.callers.push_back({x.token, instant{std::chrono::nanoseconds{x.hold_until}}});
  fresh.act = std::move(x.act);
  fresh.where = std::move(x.where);
  fresh.turn = std::move(x.turn);
  if (fresh.act.kind == op::draft && !admit_draft(fresh, out)) return;
  if (fresh.act.kind == op::edit || fresh.act.kind == op::draft) collapse(fresh);
  waiting_.push_back(std::move(fresh));
  pump(out);
}

/// The older edit goes, its callers wait for the newest: nothing overtakes what was pushed in between.
void lane::collapse(item& newest) {
  // From the newest backwards, up to whatever else touches the same message or is on the wire.
  for (std::size_t i = waiting_.size(); i > (on_wire_ ? 1U : 0U); --i) {
    auto& y = waiting_[i - 1];
    if (y.act.message_id != newest.act.message_id || y.draft != newest.draft) continue;
    if (y.act.kind != newest.act.kind || y.seals || !(y.where == newest.where)) return;
    // Its content may go out for as long as anybody waits, so it must not be told earlier that it did not.
    auto& hold = newest.callers.back().hold_until;
    for (auto& who : y.callers) hold = std::max(hold, who.hold_until);
    newest.callers.insert(newest.callers.begin(), y.callers.begin(), y.callers.end());
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i - 1));
    return;
  }
}

void lane::link(descriptors_ptr what, lane_step& out) {
  link_.reset(); // nothing more goes to the old connection
  // While that one is closing, results may still come, and its end tells the fate of the rest. A new
  // connection while a piece is out means that the old one died without a word: then nobody knows.
  if (what) abandon(out);
  link_ = std::move(what);
  pump(out);
}

void lane::abandon(lane_step& out) {
  if (!on_wire_) return;
  link_.reset();
  settled({piece_, action_result::ambiguous("the connection was lost before the result came"), true}, out);
}

void lane::pump(lane_step& out) {
  while (link_ && !on_wire_ && !waiting_.empty()) {
    auto& x = waiting_.front();
    if (x.upload != 0) return; // the chat's order holds, others go on
    auto to = destination(link_.get(), x.where.platform);
    auto act = x.act;
    if (act.kind == op::prompt) show_prompt(x, to, act, out);
    // A draft needs more than its name in the list (protocol.md 6).
    if (!to.supports(act.kind) || (act.kind == op::draft && !to.supports_draft_streaming)) {
      // These two are courtesies: a platform without them is not an error (protocol.md 6, routing 3).
      if (act.kind == op::react || act.kind == op::typing) {
        finish(action_result::success(), out);
      } else {
        finish(action_result::failed(to_string(ec::unsupported),
                                     std::string{to_string(x.act.kind)} + " is not supported by platform '" +
                                         (x.where.platform.empty() ? to.platform : x.where.platform) + "'"),
               out);
      }
      continue;
    }
    if (!x.act.file.empty()) { // only now: for a platform that takes it, and when its turn has come
      x.upload = ++uploads_;
      out.uploads.push_back({x.upload, x.act.file});
      return;
    }
    // Until a piece has left, the connection that takes the first one decides the limit.
    if (x.next_piece == 0) {
      x.pieces.clear(); // a prompt may have been a text on the connection before
      if (act.kind == op::send) x.pieces = split_text(act.content, to.max_message_length, to.len_unit);
    }
    on_wire_ = true;
    transmit t{++piece_, std::move(act), x.where};
    if (x.pieces.size() > 1) {
      t.act.content = x.pieces[x.next_piece];
      if (x.next_piece > 0) t.act.reply_to.clear(); // the first piece carries it
    }
    out.out.push_back(std::move(t));
  }
}

/// A prompt that its platform cannot draw goes out as a text with numbered options, if it takes texts. What
/// began as a text goes on as one, also when a new connection could draw it.
void lane::show_prompt(const item& x, const descriptor& to, action& act, lane_step& out) {
  const bool drawn = x.next_piece == 0 && to.supports(op::prompt);
  wire::prompt_ask ask;
  if ((!drawn && !to.supports(op::send)) || !wire::read_prompt(act, ask)) return;
  if (!drawn) act = wire::numbered_prompt(act, ask);
  out.shown.push_back({std::move(ask.id), drawn ? prompt_face::buttons : prompt_face::numbers});
}

void lane::upload_lost(lane_step& out) {
  if (!waiting_.empty())
    uploaded(waiting_.front().upload, {{}, "media_refused", "the upload was interrupted; nothing was sent"},
             out);
}

void lane::uploaded(std::uint64_t number, const media_reference& x, lane_step& out) {
  if (waiting_.empty() || number == 0 || waiting_.front().upload != number) return; // it was given up
  auto& top = waiting_.front();
  top.upload = 0;
  if (x.url.empty())
    finish(action_result::failed(x.code, x.error), out);
  else
    wire::with_source(top.act, x.url);
  pump(out);
}

void lane::settled(const transmitted& x, lane_step& out) {
  if (!on_wire_ || x.piece != piece_) return;
  on_wire_ = false;
  auto& top = waiting_.front();
  if (!x.written) { // it never left: it goes first on the next connection, as long as it may be held
    link_.reset();
    if (may_skip(top.act)) finish(action_result::success(), out);
    return;
  }
  if (top.seals && settle_seal(x.result)) {
    pump(out);
    return;
  }
  if (top.pieces.size() <= 1) {
    finish(x.result, out);
    pump(out);
    return;
  }
  if (!x.result.message_id.empty()) top.message_ids.push_back(x.result.message_id);
  ++top.next_piece;
  if (x.result.how != outcome::done || top.next_piece == top.pieces.size()) finish(whole(x.result), out);
  pump(out);
}

/// One open draft per turn: a second one would be a second message that grows under the user's eyes (F60).
bool lane::admit_draft(item& fresh, lane_step& out) {
  wire::draft_state what;
  if (!wire::read_draft(fresh.act, what)) return true; // the connector says what is wrong with it
  fresh.draft = what.id;
  fresh.seals = what.final;
  if (fresh.turn.empty()) return true;
  const auto* open = drafts_.find(fresh.turn);
  if (open && !open->empty() && *open != what.id) {
    out.done.push_back(
        {fresh.callers.front().token,
         action_result::failed(to_string(ec::bad_action),
                               "draft: draft_id " + *open + " of the same turn is not sealed yet")});
    return false;
  }
  drafts_.put(fresh.turn, what.final ? std::string{} : what.id);
  return true;
}

/// True when the seal goes on, in this form or another, instead of being over.
bool lane::settle_seal(const action_result& result) {
  auto& top = waiting_.front();
  if (result.how == outcome::done || result.code == "egress_declined")
    return false; // a refusal is final (F54)
  if (result.how == outcome::unknown && !std::exchange(top.sealed_twice, true))
    return true; // idempotent (F61)
  top.act = wire::draft_as_text(top.act);
  top.seals = false;
  return true;
}

/// The outcome of a split send whose last piece, as far as it came, had this one.
action_result lane::whole(action_result of_piece) const {
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

void lane::finish(const action_result& result, lane_step& out) {
  for (auto& x : waiting_.front().callers) out.done.push_back({x.token, result});
  waiting_.pop_front();
}

void lane::expire(instant now, lane_step& out) {
  if (link_) return;
  // What is still out on a closing connection is that one's to tell.
  for (std::size_t i = on_wire_ ? 1 : 0; i < waiting_.size();) {
    auto& x = waiting_[i];
    auto result = action_result::failed("not_connected", "not connected to the connector; nothing was sent");
    if (x.next_piece > 0) {
      result.error = "not connected to the connector; only the first " + std::to_string(x.next_piece) +
                     " of " + std::to_string(x.pieces.size()) + " pieces were sent";
      result.message_ids = x.message_ids;
    }
    if (x.sealed_twice)
      result = action_result::ambiguous("the draft's seal was lost, and no connection came for another");
    std::erase_if(x.callers, [&](auto& who) {
      if (who.hold_until > now) return false;
      out.done.push_back({who.token, result});
      return true;
    });
    if (x.callers.empty()) {
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
}

deadline lane::due() const {
  deadline at;
  if (link_) return at;
  for (std::size_t i = on_wire_ ? 1 : 0; i < waiting_.size(); ++i)
    for (auto& who : waiting_[i].callers) at = earlier(at, who.hold_until);
  return at;
}

} // namespace relay::core
