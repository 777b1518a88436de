// The frames between a gateway and a worker at the other end of a queue. A worker is a remote host of agents,
// so these are the frames of the agent link (agent-link.md) and a few of the worker's own: `hello` with a
// name and room, `returned`, `acks`, `bye`. Thread-safe, never throws.
#pragma once

#include "relay_gateway/messages/control.hpp"
#include "relay_gateway/messages/flow.hpp"
#include "relay_gateway/messages/wire/frames/agent_link.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace relay::wire {

/// What a worker says of itself, again and again: it is there.
struct worker_hello {
  std::string worker;     ///< its name: also the last part of the subject of its results
  std::uint32_t room = 0; ///< events that it works on at a time; 0 = its agent takes none for now
  std::vector<command_spec> commands;
};
/// A worker ends in order.
struct worker_bye {
  std::string worker;
};
/// A worker's agent went away with these, or never had them (delivery_returned).
struct worker_returned {
  delivery_returned what;
};
/// What `ack` says, of several events at once (`acks`: only to a gateway whose `ready` says that it takes
/// them), or of one with its actions.
struct worker_acks {
  std::vector<std::string> delivery_ids;
  /// What the agent did for these and has no outcome of: each was said before in a message of its own, which
  /// a queue may lose although it said that it is stored. A gateway that does not know the member ignores it.
  std::vector<action_request> actions;
};
/// A gateway asks whether its own queue takes messages.
struct queue_probe {};
using worker_frame = std::variant<bad_agent_frame, agent_ack, agent_action, agent_interrupt, worker_hello,
                                  worker_bye, worker_returned, worker_acks, queue_probe>;

/// What a worker said.
worker_frame decode_worker_frame(std::string_view line);

// Each appends one frame, without a `\n`: on a queue the end of the message ends it.
void encode(std::string& out, const worker_hello& x);
void encode(std::string& out, const worker_bye& x);
void encode(std::string& out, const worker_returned& x);
void encode(std::string& out, const queue_probe& x);
/// `actions`: as encode_worker_action() makes them.
void encode_worker_ack(std::string& out, std::string_view delivery_id,
                       const std::vector<std::string>& actions = {});
void encode_worker_acks(std::string& out, const std::vector<std::string>& delivery_ids,
                        const std::vector<std::string>& actions = {});
void encode_worker_action(std::string& out, const action_request& x);
void encode_worker_interrupt(std::string& out, const session_interrupt& x);

/// What a gateway said to a worker; the gateway is named by the message that holds the frame.
struct worker_draining {};
struct gateway_ready {
  gateway_announcement who;
  bool takes_acks = false; ///< `acks` as well as `ack`
};
using gateway_frame = std::variant<bad_agent_frame, delivery, action_outcome, turn_interrupt, gateway_ready,
                                   delivery_withdrawn, worker_draining>;
gateway_frame decode_gateway_frame(std::string_view line);
void encode_withdrawn(std::string& out, const std::vector<std::string>& delivery_ids);

} // namespace relay::wire
