// The frames between gateway and agent (agent-link.md), JSON codec for the gateway's end and for test agents.
// Thread-safe, never throws.
#pragma once

#include "relay_gateway/messages/contract/commands.hpp"
#include "relay_gateway/messages/contract/descriptor.hpp"
#include "relay_gateway/messages/flow.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace relay::wire {

/// A frame that an agent sent and that is not one; answered with `error`, the link lives on.
struct bad_agent_frame {
  std::string what, request_id;
  bool long_id = false;  ///< an id, name or key is longer than messages/lengths.hpp allows
  bool too_many = false; ///< a list of an action has more entries than it allows
  /// What a refused action is counted under; empty: it is counted with the lines that are no frames alone.
  std::string_view counted_as() const { return long_id ? "long_id" : too_many ? "too_many" : ""; }
};
struct agent_ack {
  std::string delivery_id;
};
struct agent_action {
  action_request request;
};
struct agent_interrupt {
  std::string session_key, reason;
  bool has_reason = false;
};
/// What an agent says about itself: `{"type":"hello","name":...,"media":"path"|"url","commands":[...]}`,
/// first of all and whenever it changes.
struct agent_hello {
  std::string name;         ///< its request ids are its own under this name; empty = it has none
  bool media_paths = false; ///< attachments as files of this machine, where they can be fetched
  std::vector<command_spec> commands;
  std::vector<std::string> faults; ///< what is bad and was left out, one line each
};
using agent_frame = std::variant<bad_agent_frame, agent_ack, agent_action, agent_interrupt, agent_hello>;

/// The first id or name of an action that is longer than messages/lengths.hpp allows, by its name on the
/// wire; empty = there is none. Such an action is refused.
std::string_view overlong_field(const action& x);

/// Decodes one line from an agent. An action that fails validation is a bad_agent_frame with its request_id.
agent_frame decode_agent_frame(std::string_view line);
/// Whether a link's first line says what an agent_hello does, whatever its type is; `more` is then whether it
/// says something else besides, for decode_agent_frame().
bool decode_first_frame(std::string_view line, agent_hello& out, bool& more);

// Each appends one frame and its `\n`.
/// `takes_acks`: the acks of several events may come in one frame (worker_frames.hpp).
void encode_ready(std::string& out, std::string_view gateway_id, const std::vector<descriptor>& platforms,
                  bool takes_acks = false);
/// The event goes out as it came, plus `delivered_via_upstream_relay`, `channel_context` and `display_name`
/// where known. `paths`: each item of `media` also gets the `path` of its file, or `path_error`.
void encode_delivery(std::string& out, const delivery& x, bool paths = false);
void encode_outcome(std::string& out, const action_outcome& x);
void encode_interrupt(std::string& out, std::string_view session_key, std::string_view chat_id);
void encode_draining(std::string& out);
void encode_error(std::string& out, std::string_view message, std::string_view request_id = {});

} // namespace relay::wire
