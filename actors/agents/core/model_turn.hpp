// One question that a model is asked: from the first typing status to the last word in the chat.
#pragma once

#include "relay_gateway/actors/agents/core/answer_display.hpp"
#include "relay_gateway/actors/agents/core/model_answer.hpp"
#include "relay_gateway/messages/conversation.hpp"

#include <string>
#include <vector>

namespace relay::core {

struct turn_setup {
  answer_limits limits;
  display_mode mode = display_mode::whole;
  display_pace pace;
  descriptor to;
};

/// What is to be done for a turn.
struct turn_orders {
  std::vector<display_action> say;
  bool request = false; ///< ask the model, with content()
  bool cancel = false;  ///< end the request that is under way
};

class model_turn {
public:
  model_turn(turn_setup what, const open_question& question);

  void begin(instant now, turn_orders& out);
  /// The request has been sent: its time-outs run.
  void requested(instant now);
  void head(std::string_view content_type) { answer_.head(content_type); }
  void bytes(std::string_view piece, instant now, turn_orders& out);
  /// `wait`: of a busy server: when it may be asked again; 0 = it does not say.
  void ended(int status, const std::string& error, std::string_view body, milliseconds wait, instant now,
             turn_orders& out);
  /// Somebody stops it: what has come of the answer stays. `told`: said when nothing has.
  void stop(const std::string& told, instant now, turn_orders& out);
  /// What became of the action that was said last, typing aside.
  void outcome_of(const action_result& x, instant now, turn_orders& out);
  void timer(instant now, turn_orders& out);
  deadline due() const;

  bool over() const { return display_.over(); }
  const model_answer& answer() const { return answer_; }
  const answer_display& display() const { return display_; }
  /// What the model is asked: JSON text.
  const std::string& content() const { return content_; }
  /// It was asked again without the images, and answered.
  bool images_disliked() const { return without_images_ && answer_.how() == answer_end::complete; }
  bool stopped() const { return stopped_; }
  /// What the history keeps of the answer; empty: nothing.
  std::string remembered() const;

private:
  void advance(instant now, turn_orders& out);
  void finish(instant now, turn_orders& out);

  turn_setup what_;
  open_question question_;
  std::string content_;
  model_answer answer_;
  answer_display display_;
  milliseconds wait_{0};
  bool asked_ = false, without_images_ = false, stopped_ = false, finished_ = false;
};

/// What a chat is told of an answer that did not come whole. `seconds`: of a busy server; 0 = not said.
std::string complaint_of(answer_end how, int status, std::int64_t seconds);

} // namespace relay::core
