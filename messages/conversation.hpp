// What an agent that asks a model keeps of one session: what was said, and what is still to be answered.
#pragma once

#include <string>
#include <vector>

namespace relay {

/// One question with its answer, as the model is told of them later.
struct chat_exchange {
  std::string asked, answered;
  friend bool operator==(const chat_exchange&, const chat_exchange&) = default;
};

/// An event that the agent has taken and not answered yet.
struct open_question {
  std::string delivery_id, platform, chat_id, user_id;
  std::string asked;   ///< its text, as the history keeps it
  std::string content; ///< what the model gets of it now: JSON text, a string or a list of parts
  /// The message that shows the answer so far; empty: there is none, or nobody knows its id.
  std::string shown_id{};
  /// The answer, once it is decided; after a restart it is said again instead of asking the model again.
  std::string answer{};
  bool decided = false;     ///< `answer` is, and how it goes out:
  std::string said_as{};    ///< `send`, `edit` (of `shown_id`) or `draft`
  std::string remembered{}; ///< what the history keeps of the answer; empty = the question is forgotten, too
  friend bool operator==(const open_question&, const open_question&) = default;
};

/// A session.
struct conversation {
  std::vector<chat_exchange> past; ///< oldest first
  std::vector<open_question> open; ///< in order
  bool empty() const { return past.empty() && open.empty(); }
  friend bool operator==(const conversation&, const conversation&) = default;
};

} // namespace relay
