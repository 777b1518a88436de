// What the router and the queue of a chat tell each other about one action.
#pragma once

#include "relay_gateway/messages/contract/action.hpp"
#include "relay_gateway/messages/contract/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace relay {

/// What the disk says about an action, and so what may happen to its frame.
enum class action_record : std::uint8_t {
  none,         ///< nothing, because nothing is kept: its frame may be written
  not_written,  ///< certainly not written: a write intent has to be on disk before its frame is written
  maybe_written ///< perhaps written: its frame may be written
};
/// One routed action. `token` is the router's name for it; `hold_until` is in nanoseconds of the actor clock:
/// unsent by then it fails as definite.
struct chat_action {
  std::uint64_t token = 0;
  action act;
  route where;
  std::int64_t hold_until = 0;
  std::string turn{}; ///< the delivery that it answers; empty = none
  action_record record = action_record::none;
  bool resend = false;   ///< an unknown outcome sends it again
  std::uint8_t lost = 0; ///< how often it may have been written without an answer
  bool abandons = false; ///< a draft that its agent left, as in action_request
};

/// To be recorded: the frame of these actions may be written from now on, or certainly was not. The former is
/// answered by intent_committed() once it is on disk; the frame must not be written before that.
struct write_intent {
  std::uint64_t number = 0;          ///< the queue's name for it
  std::vector<std::uint64_t> tokens; ///< several once edits have collapsed
  bool maybe_written = false;
  std::uint64_t chat = 0; ///< number of the queue
};

/// The outcome of a chat_action.
struct chat_outcome {
  std::uint64_t token = 0;
  action_result result;
};

namespace core {

/// What becomes of an action that the disk did not take in time.
inline action_result not_stored() {
  return action_result::failed("not_stored", "the state directory takes nothing; nothing was sent");
}

} // namespace core
} // namespace relay
