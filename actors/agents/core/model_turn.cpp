#include "relay_gateway/actors/agents/core/model_turn.hpp"

#include "relay_gateway/messages/wire/chat/chat_completion.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"

#include <utility>

namespace relay::core {

std::string complaint_of(answer_end how, int status, std::int64_t seconds) {
  const std::string sign = "\xE2\x9A\xA0\xEF\xB8\x8F ";
  switch (how) {
  case answer_end::refused:
    return sign + "The model refused the request (status " + std::to_string(status) + ").";
  case answer_end::busy:
    return sign + "The model is busy" +
           (seconds > 0
                ? ": try again in " + std::to_string(seconds) + (seconds == 1 ? " second." : " seconds.")
                : ". Please try again later.");
  case answer_end::unreachable: return sign + "The model cannot be reached. Please try again later.";
  case answer_end::broken: return sign + "The model's answer broke off.";
  case answer_end::no_token: return sign + "The model did not begin to answer in time.";
  case answer_end::silent: return sign + "The model stopped in the middle of its answer.";
  case answer_end::overdue: return sign + "The model did not finish its answer in time.";
  case answer_end::too_long: return sign + "The model's answer is too long; this is its beginning.";
  case answer_end::empty: return sign + "The model's answer is empty.";
  case answer_end::complete:
  case answer_end::pending: break;
  }
  return {};
}

model_turn::model_turn(turn_setup what, const open_question& question)
    : what_(std::move(what)), question_(question), content_(question.content),
      display_(what_.mode, what_.pace, what_.to, question.shown_id) {}

void model_turn::begin(instant now, turn_orders& out) {
  if (question_.decided) {
    using kind = display_action::kind;
    const auto how = question_.said_as == "draft"  ? kind::final_draft
                     : question_.said_as == "edit" ? kind::final_edit
                                                   : kind::final_send;
    finished_ = true;
    display_.resume({how, question_.answer, question_.shown_id}, out.say);
    return;
  }
  display_.begin(now, out.say);
  out.request = true;
}

void model_turn::requested(instant now) {
  answer_ = model_answer{what_.limits, now};
  asked_ = true;
}

void model_turn::bytes(std::string_view piece, instant now, turn_orders& out) {
  answer_.bytes(piece, now);
  advance(now, out);
}

void model_turn::ended(int status, const std::string& error, std::string_view body, milliseconds wait,
                       instant now, turn_orders& out) {
  answer_.ended(status, error, body);
  wait_ = wait;
  if (answer_.may_dislike_images() && !without_images_ && wire::has_images(content_)) {
    without_images_ = true;
    content_ = wire::content_without_images(content_, "[image: the model takes no images]");
    asked_ = false;
    out.request = true;
    return;
  }
  advance(now, out);
}

void model_turn::advance(instant now, turn_orders& out) {
  if (!answer_.over()) {
    display_.grow(answer_.text(), now, out.say);
  } else {
    finish(now, out);
  }
  if (display_.over() && !answer_.over()) out.cancel = true; // the chat takes nothing
}

void model_turn::finish(instant now, turn_orders& out) {
  if (std::exchange(finished_, true)) return;
  const auto how = answer_.how();
  out.cancel = true;
  auto text = answer_.text();
  if (how != answer_end::complete) {
    const auto seconds = (wait_.count() + 999) / 1000;
    const auto complaint = complaint_of(how, answer_.status(), seconds);
    text = wire::is_blank(text) ? complaint : text + "\n\n" + complaint;
  }
  display_.finish(text, now, out.say);
}

void model_turn::stop(const std::string& told, instant now, turn_orders& out) {
  if (std::exchange(finished_, true)) return; // its last word is on its way
  stopped_ = true;
  out.cancel = true;
  const auto& text = answer_.text();
  if (!wire::is_blank(text))
    display_.finish(text, now, out.say);
  else if (!told.empty())
    display_.finish(told, now, out.say);
  else
    display_.give_up(out.say);
}

void model_turn::outcome_of(const action_result& x, instant now, turn_orders& out) {
  display_.outcome_of(x, now, out.say);
  if (display_.over() && asked_ && !answer_.over()) out.cancel = true;
}

void model_turn::timer(instant now, turn_orders& out) {
  if (asked_ && !finished_) {
    answer_.timer(now);
    if (answer_.over()) advance(now, out);
  }
  display_.timer(now, out.say);
}

deadline model_turn::due() const {
  return earlier(asked_ && !finished_ ? answer_.due() : deadline{}, display_.due());
}

std::string model_turn::remembered() const {
  if (question_.decided) return question_.remembered;
  return wire::is_blank(answer_.text()) ? std::string{} : answer_.text();
}

} // namespace relay::core
