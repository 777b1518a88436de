// The sessions of an agent that asks a model: what was said, which questions wait, and which may be asked
// now.
#pragma once

#include "relay_gateway/actors/core/bounded_map.hpp"
#include "relay_gateway/messages/conversation.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

namespace relay::core {

struct conversation_bounds {
  std::size_t exchanges = 20;    ///< that the model is told of; 0 = none
  std::size_t bytes = 64U << 10; ///< of these
  std::size_t waiting = 8;       ///< questions of a session behind the one that is asked
  std::size_t running = 16;      ///< questions that are asked at a time
  std::size_t sessions = 10'000; ///< in memory without a question
  std::size_t total = 32U << 20; ///< bytes of these
};

/// One question of a session is asked at a time, in order; sessions take turns.
class conversations {
public:
  explicit conversations(const conversation_bounds& bounds = {}) : bounds_(bounds) {}

  /// Whether the session may have one more question.
  bool has_room(const std::string& session) const;
  /// Whether this event is one of its questions already.
  bool has(const std::string& session, const std::string& delivery_id) const;
  /// One more question.
  void add(const std::string& session, open_question x);
  /// Whether what the store has of it is to be loaded first.
  bool is_known(const std::string& session) const;
  /// What the store has of it; its questions come before those in memory.
  void loaded(const std::string& session, conversation stored);

  /// Sessions whose first question is to be asked now; they run from now on.
  std::vector<std::string> start();
  /// The first question is answered, or given up: with what the history keeps of the answer (empty: nothing).
  void finished(const std::string& session, const std::string& remembered);
  /// The questions behind the one that is asked are given up.
  void drop_waiting(const std::string& session);
  /// What was said is forgotten. True when there was something.
  bool forget(const std::string& session);

  /// Null when nothing is known of it.
  conversation* find(const std::string& session);
  bool runs(const std::string& session) const;
  std::size_t running() const { return running_; }
  std::size_t questions() const { return questions_; }
  std::size_t sessions() const { return all_.size(); }

private:
  struct session_state {
    conversation what;
    bool known = false, running = false, queued = false;
    std::size_t idle_bytes = 0; ///< while nothing is to be answered; else 0
  };
  using session_table = aged_map<std::string, session_state>; ///< those that are idle have an age
  using entry = session_table::entry;
  void enqueue(entry& x);
  void rest(entry& x);
  void unrest(entry& x);
  void trim(conversation& x) const;
  static std::size_t cost_of(const conversation& x);

  conversation_bounds bounds_;
  session_table all_;
  std::deque<std::string> ready_;
  std::size_t running_ = 0, questions_ = 0, idle_bytes_ = 0;
};

} // namespace relay::core
