// One chat's way out: strict order, one piece on the wire at a time (agent-link.md, Promises).
//
// The first piece of an action that is recorded as `not_written` waits until a write intent is on disk, so
// that after a crash it is known which frames may have been written:
//
//   not_written -> intent stated -> intent committed -> on the wire -> outcome
//        ^---------------- never written ----------------'
#pragma once

#include "relay_gateway/actors/core/clock.hpp"
#include "relay_gateway/actors/core/short_list.hpp"
#include "relay_gateway/actors/core/waits.hpp"
#include "relay_gateway/actors/egress/core/action_shape.hpp"
#include "relay_gateway/actors/egress/core/chat_action.hpp"
#include "relay_gateway/actors/egress/core/chat_memory.hpp"
#include "relay_gateway/actors/egress/core/text/text_frames.hpp"
#include "relay_gateway/messages/control.hpp"
#include "relay_gateway/messages/flow.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace relay::core {

/// A file that must be in the connector's store before its action can go out; answered by queue::uploaded().
struct upload {
  std::uint64_t number = 0;
  local_file file;
  std::uint64_t chat = 0; ///< number of the queue
};
/// One frame of an action leaves now; one of these for each caller of collapsed edits.
struct sent_piece {
  std::uint64_t token = 0;
  std::size_t piece = 1, pieces = 1; ///< counted from 1
};
/// A prompt leaves now.
struct shown_prompt {
  std::uint64_t token = 0; ///< of its action
  prompt_face how = prompt_face::buttons;
  friend bool operator==(const shown_prompt&, const shown_prompt&) = default;
};
/// What there is to do for the chat now, in order.
struct chat_queue_step {
  std::vector<transmit> out;
  std::vector<sent_piece> sent; ///< whose frames `out` are
  std::vector<chat_outcome> done;
  std::vector<shown_prompt> shown;   ///< of prompts in `out`; to be told before these leave
  std::vector<upload> uploads;       ///< to be done before what waits behind them goes on
  std::vector<write_intent> intents; ///< those that say `maybe_written` are answered by intent_committed()
  milliseconds waits{0};             ///< the chat was told just now to wait for this long
};

class chat_queue {
public:
  /// Takes one action. `edit`s of a message that wait collapse into the newest, in its place; all callers get
  /// its outcome. A `typing` that would have to wait is dropped as done; one that clears the status waits.
  /// `draft`s of one draft collapse like edits; a turn has one open draft at a time. On Slack a seal whose
  /// outcome is lost is sent once more, and then, or when it fails, its content goes out as a plain text: a
  /// final is worth more than its form. Elsewhere it is a plain text from the start. The seal of a draft that
  /// its agent left is a seal everywhere, and never a text. A `react` is sent in its turn and holds nothing
  /// up: old connectors never answer one. What is longer than its platform takes leaves in several frames
  /// (text_frames.hpp); the messages that an edit went on in are remembered for its next one, of the last 200
  /// messages.
  void push(chat_action&& x, chat_queue_step& out);
  /// The write intent of this number is on disk: its action may go out. Unknown numbers are ignored.
  void intent_committed(std::uint64_t number, chat_queue_step& out);
  /// The connection to use (its descriptors), or null for none. A piece that is out on the old one keeps
  /// waiting for its result; when a new connection comes first, its outcome is reported as unknown.
  void link(descriptors_ptr what, chat_queue_step& out);
  /// The connection's actor died: the outcome of the piece that is out stays unknown. Before link().
  void abandon(chat_queue_step& out);
  /// The same connection told more descriptors; ignored while there is no link.
  void describe(descriptors_ptr what) {
    if (link_) link_ = std::move(what);
  }
  /// What became of the piece on the wire; others are ignored. One that was never written waits for the next
  /// link(). One whose outcome is unknown goes out again when its agent wants that: three times in all.
  /// A failure that names a wait (`retry_after_ms`) was not done: the chat holds and the same piece goes out
  /// again after it, up to `longest_wait` beyond its hold; a longer one is a definite failure. Typings that
  /// may be skipped do not wait.
  void settled(transmitted&& x, chat_queue_step& out, instant now = instant::min());
  /// Where an action's file is now, or why it is nowhere: then the action fails, and nothing was sent.
  /// A store that names a wait is asked again, as settled() does it.
  void uploaded(std::uint64_t number, const media_reference& x, chat_queue_step& out,
                instant now = instant::min());
  /// Whoever uploads is gone: the action that waits for it fails.
  void upload_lost(chat_queue_step& out);
  /// Ends a wait that is over. Fails what waited too long, without a link or because the disk does not take
  /// its write intent (definite: nothing was written). At instant::max() what waits fails, too.
  void expire(instant now, chat_queue_step& out);
  /// When expire() wants to be called; none while nothing is held.
  deadline due() const;
  /// Whether an action that is pushed now can go out at once.
  bool ready() const { return link_ && !resume_at_ && waiting_.empty(); }
  std::size_t size() const { return waiting_.size() + aside_.size(); }
  bool busy() const { return size() > 0; }
  /// Bytes of what is remembered of actions that are done, about.
  std::size_t remembered_bytes() const { return memory_.bytes(); }
  /// Forgets that: a further edit begins a message of its own, and a turn may open another draft.
  void forget() { memory_.forget(); }

private:
  struct caller {
    std::uint64_t token = 0;
    instant hold_until{};
    instant wait_until{}; ///< a wait that ends later is too long
  };
  // Where an action is; only the first one has a stage of its own, but for reactions.
  //
  //   queued      its turn, with a file           uploading
  //   queued      its turn, recorded not_written  committing
  //   queued      its turn                        on_wire
  //   uploading   uploaded()                      queued, or gone without a file
  //   committing  intent_committed()              queued, recorded maybe_written
  //   on_wire     settled()                       gone; queued when it goes on, waits, or was never written
  struct queued {};
  struct uploading {
    std::uint64_t number = 0;
  };
  struct committing {
    std::uint64_t number = 0;
  };
  struct on_wire {
    std::uint64_t piece = 0;
  };
  using item_stage = std::variant<queued, uploading, committing, on_wire>;
  struct draft_state {
    std::string id;         ///< empty: it is no draft
    bool seals = false;     ///< its final state
    bool abandoned = false; ///< that of an agent that is gone
    bool seal_lost = false; ///< its seal was sent once, and the outcome lost
  };
  struct item {
    short_list<caller> callers; ///< several once edits have collapsed
    action act;
    route where;
    text_frame_list pieces; ///< made when the first one goes out
    std::size_t next_piece = 0;
    bool as_text = false;           ///< a prompt that began as a text
    std::optional<action> numbered; ///< that text's action, without the text
    std::vector<std::string> message_ids;
    std::string turn; ///< of a draft
    draft_state draft;
    item_stage stage;
    action_record record = action_record::none;
    bool resend = false;
    std::uint8_t lost = 0;        ///< how often its current piece went out without an answer
    std::uint8_t lost_before = 0; ///< the same of all pieces, from before it was cut into these
    bool back = false;            ///< a reaction that was out and never left

    template <class Stage>
    const Stage* in() const {
      return std::get_if<Stage>(&stage);
    }
    /// Nothing may come before it any more.
    bool has_turn() const { return in<committing>() || in<on_wire>(); }
  };
  bool admit_draft(const draft_fields& what, item& fresh, chat_queue_step& out);
  static bool becomes_text(const item& x, const descriptor& to);
  bool settle_seal(const action_result& result);
  void pump(chat_queue_step& out);
  bool begin_wait(item& x, milliseconds asked, instant now, chat_queue_step& out);
  void told_to_wait(item& x, action_result& said, instant now, chat_queue_step& out);
  void end_wait(instant now, chat_queue_step& out);
  void behind_returned();
  bool settled_aside(transmitted& x, chat_queue_step& out, instant now);
  /// One line when it cannot be sent there.
  std::string cut(item& x, const descriptor& to);
  void refuse(op missing, const descriptor& to, chat_queue_step& out);
  action_result piece_done(action_result result);
  static action_result after_all(const item& x, action_result of_last);
  static bool lost_once_more(item& x, const action_result& result);
  void state_intent(chat_queue_step& out);
  static void take_back_intent(item& x, chat_queue_step& out);
  void finish(action_result&& result, chat_queue_step& out);
  action_result whole(action_result of_piece) const;
  static action_result too_long(const item& x, bool disconnected);
  void collapse(item& newest);

  /// Whether the first one is in this stage.
  template <class Stage>
  bool first_is() const {
    return !waiting_.empty() && waiting_.front().in<Stage>();
  }
  bool first_has_turn() const { return !waiting_.empty() && waiting_.front().has_turn(); }

  // Items are large and most chats have none: an empty list holds no memory, and none is ever moved.
  std::list<item> waiting_;   ///< the first one may be on the wire
  std::list<item> aside_;     ///< reactions on the wire
  descriptors_ptr link_;      ///< null = down
  bool stopping_ = false;     ///< nothing can be waited for any more
  deadline resume_at_;        ///< the chat was told to wait: nothing leaves before
  std::uint64_t intents_ = 0; ///< names intents
  std::uint64_t pieces_ = 0;  ///< names pieces
  std::uint64_t uploads_ = 0; ///< names uploads
  chat_memory memory_;
};

} // namespace relay::core
