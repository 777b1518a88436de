#include "relay_gateway/actors/agents/core/answer_display.hpp"

#include "relay_gateway/messages/wire/json/utf8.hpp"

#include <algorithm>
#include <utility>

namespace relay::core {

namespace {

bool is_final(display_action::kind x) { return x >= display_action::kind::final_draft; }
bool is_declined(const action_result& x) { return x.how == outcome::definite && x.code == "egress_declined"; }
/// The same request was carried out with another text: by a process before this one.
bool was_said_before(const action_result& x) {
  return x.how == outcome::definite && x.code == "request_id_conflict";
}

} // namespace

display_mode display_mode_of(const descriptor& to, bool stream) {
  if (!stream) return display_mode::whole;
  if (to.supports_draft_streaming && to.supports(op::draft)) return display_mode::drafts;
  return to.supports_edit && to.supports(op::edit) && to.supports(op::send) ? display_mode::edits
                                                                            : display_mode::whole;
}

display_pace pace_of(std::string_view platform, display_mode mode) {
  display_pace out;
  // What the platforms' own limits allow in the long run, with room for other messages of the chat.
  if (mode == display_mode::drafts)
    out.change = milliseconds{1'000};
  else if (platform == "discord")
    out.change = milliseconds{1'500};
  else if (platform == "telegram")
    out.change = milliseconds{3'000}; // 20 messages and edits a minute in a group
  return out;
}

answer_display::answer_display(display_mode mode, const display_pace& pace, descriptor to,
                               std::string shown_id)
    : mode_(mode), pace_(pace), to_(std::move(to)), shown_id_(std::move(shown_id)) {}

void answer_display::put(kind what, std::string text, std::vector<display_action>& out) {
  if (what != kind::typing && what != kind::clear_typing) {
    out_ = what;
    out_text_ = text;
    typing_at_.reset(); // a message takes the status away
    typing_shown_ = false;
  }
  out.push_back({what, std::move(text), what == kind::change || what == kind::final_edit ? shown_id_ : ""});
}

void answer_display::begin(instant now, std::vector<display_action>& out) {
  put(kind::typing, {}, out);
  typing_shown_ = true;
  typing_at_ = now + pace_.typing;
}

/// Longer texts are several frames each time.
milliseconds answer_display::pause() const {
  return pace_.change * static_cast<std::int64_t>(1 + text_.size() / std::max(1U, to_.max_message_length));
}

void answer_display::grow(const std::string& text, instant now, std::vector<display_action>& out) {
  if (over_ || finishing_ || mode_ == display_mode::whole) return;
  text_ = text;
  if (!show_at_ && !out_ && !wire::is_blank(text_)) show_at_ = now + pace_.first;
  if (show_at_ && *show_at_ <= now) show(now, out);
}

void answer_display::show(instant, std::vector<display_action>& out) {
  show_at_.reset();
  if (out_ || text_ == shown_) return;
  if (mode_ == display_mode::drafts)
    put(kind::draft, text_, out);
  else if (mode_ == display_mode::edits)
    put(shown_id_.empty() ? kind::first : kind::change, text_, out);
}

void answer_display::finish(const std::string& text, instant, std::vector<display_action>& out) {
  if (over_ || finishing_) return;
  text_ = text;
  finishing_ = true;
  show_at_.reset();
  say_final(out);
}

void answer_display::say_final(std::vector<display_action>& out) {
  if (out_ || over_) return; // its outcome decides how
  if (drafted_) {
    put(kind::final_draft, text_, out);
  } else if (shown_id_.empty()) {
    put(kind::final_send, text_, out);
  } else if (text_ == shown_) {
    over_ = true;
    result_ = action_result::success();
  } else {
    put(kind::final_edit, text_, out);
  }
}

void answer_display::resume(const display_action& final, std::vector<display_action>& out) {
  finishing_ = true;
  shown_id_ = final.message_id;
  text_ = final.text;
  put(final.what, final.text, out);
}

void answer_display::give_up(std::vector<display_action>& out) {
  if (over_) return;
  over_ = true;
  if (typing_shown_) put(kind::clear_typing, {}, out);
  show_at_.reset();
  typing_at_.reset();
}

void answer_display::final_outcome(kind said, const action_result& x, std::vector<display_action>& out) {
  const bool nothing_came = x.how != outcome::done && x.message_ids.empty();
  // After an edit with an unknown outcome the answer may be half shown: twice is better than not at all.
  const bool again = said == kind::final_edit || (said == kind::final_draft && x.how == outcome::definite);
  if (nothing_came && again && !is_declined(x) && !was_said_before(x)) {
    shown_id_.clear();
    put(kind::final_send, text_, out);
    return;
  }
  over_ = true;
  result_ = was_said_before(x) ? action_result::success() : x;
}

void answer_display::outcome_of(const action_result& x, instant now, std::vector<display_action>& out) {
  if (!out_ || over_) return;
  const auto said = *std::exchange(out_, std::nullopt);
  if (is_final(said)) return final_outcome(said, x, out);
  if (is_declined(x)) { // a refusal is final, and the rest goes to the same chat
    over_ = true;
    result_ = x;
    return;
  }
  const bool done = x.how == outcome::done;
  switch (said) {
  case kind::draft:
    drafted_ = drafted_ || x.how != outcome::definite;
    if (x.how == outcome::definite)
      mode_ = drafted_ ? display_mode::whole : display_mode_of(without_drafts(), true);
    break;
  case kind::first:
    shown_id_ = done ? x.message_id : std::string{};
    lost_first_ = shown_id_.empty() && (x.how != outcome::definite || was_said_before(x));
    if (shown_id_.empty()) mode_ = display_mode::whole;
    break;
  default: // an edit
    if (x.how == outcome::definite) mode_ = display_mode::whole;
    break;
  }
  if (done) shown_ = std::move(out_text_);
  if (finishing_)
    say_final(out);
  else if (mode_ != display_mode::whole)
    show_at_ = now + pause();
}

descriptor answer_display::without_drafts() const {
  auto out = to_;
  out.supports_draft_streaming = false;
  return out;
}

void answer_display::timer(instant now, std::vector<display_action>& out) {
  if (over_) return;
  if (show_at_ && *show_at_ <= now) show(now, out);
  if (typing_at_ && *typing_at_ <= now) begin(now, out);
}

deadline answer_display::due() const {
  if (over_) return {};
  const bool news = show_at_ && !out_ && text_ != shown_;
  return earlier(news ? show_at_ : deadline{}, typing_at_);
}

} // namespace relay::core
