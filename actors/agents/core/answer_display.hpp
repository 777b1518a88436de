// How an answer that grows is shown in its chat: as drafts where the platform has them, else as edits of one
// message, else whole. One action is out at a time; the final text is said in any case.
#pragma once

#include "relay_gateway/actors/core/clock.hpp"
#include "relay_gateway/messages/contract/descriptor.hpp"
#include "relay_gateway/messages/contract/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relay::core {

enum class display_mode : std::uint8_t {
  drafts,
  edits,
  whole ///< nothing is shown before the end
};
/// What the platform takes. `stream` false: whole answers are wanted.
display_mode display_mode_of(const descriptor& to, bool stream);

/// How often a platform likes to see a message change, measured from one outcome to the next change.
struct display_pace {
  milliseconds first{700}; ///< from the first text to its first show: short answers need no change
  milliseconds change{2'000};
  milliseconds typing{4'000}; ///< a typing status is said again after this
};
display_pace pace_of(std::string_view platform, display_mode mode);

/// Something to be said in the chat.
struct display_action {
  enum class kind : std::uint8_t {
    typing,
    clear_typing,
    draft,       ///< a state of the answer
    first,       ///< a message with the answer so far, to be edited later
    change,      ///< an edit of it
    final_draft, ///< the whole answer as the draft's end
    final_edit,
    final_send
  };
  kind what = kind::typing;
  std::string text{};
  std::string message_id{}; ///< of an edit
};

class answer_display {
public:
  answer_display() = default;
  /// `shown_id`: the message of an earlier process that shows the answer already; empty: none.
  answer_display(display_mode mode, const display_pace& pace, descriptor to, std::string shown_id);

  /// Shows that the answer is being worked on.
  void begin(instant now, std::vector<display_action>& out);
  /// The answer so far.
  void grow(const std::string& text, instant now, std::vector<display_action>& out);
  /// The whole answer: it is said once what is under way has its outcome.
  void finish(const std::string& text, instant now, std::vector<display_action>& out);
  /// An earlier process has decided on this final action; the same action again gets its recorded outcome.
  void resume(const display_action& final, std::vector<display_action>& out);
  /// The answer is given up and nothing is said.
  void give_up(std::vector<display_action>& out);
  /// What became of the action that was out (all but typing).
  void outcome_of(const action_result& x, instant now, std::vector<display_action>& out);
  void timer(instant now, std::vector<display_action>& out);
  deadline due() const;

  /// Everything is said, or cannot be.
  bool over() const { return over_; }
  /// What became of the final text, when over() and not given up.
  const action_result& result() const { return result_; }
  /// Something of the answer can be seen.
  bool shows_something() const { return drafted_ || !shown_id_.empty() || lost_first_; }
  /// The message that shows the answer so far; empty: none, or its id is not known.
  const std::string& shown_id() const { return shown_id_; }

private:
  using kind = display_action::kind;
  void put(kind what, std::string text, std::vector<display_action>& out);
  void show(instant now, std::vector<display_action>& out);
  void say_final(std::vector<display_action>& out);
  void final_outcome(kind said, const action_result& x, std::vector<display_action>& out);
  descriptor without_drafts() const;
  milliseconds pause() const;

  display_mode mode_ = display_mode::whole;
  display_pace pace_;
  descriptor to_;
  std::string text_, shown_, shown_id_; // the newest text, the text that is shown, its message
  std::optional<kind> out_;             // under way
  std::string out_text_;
  deadline show_at_, typing_at_;
  bool finishing_ = false, over_ = false, drafted_ = false;
  bool lost_first_ = false; // a message with the answer so far may be in the chat, its id is unknown
  bool typing_shown_ = false;
  action_result result_;
};

} // namespace relay::core
