// Whoever hears of everything that can be seen from outside the gateway. Override what you need: the rules of
// the oracle are witnesses, and a test of your own may be one.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/tests/sim/base/json.hpp"
#include "relay_gateway/tests/sim/base/seeded_rng.hpp"

#include <cstdint>
#include <string_view>

namespace relay {
struct gateway_report;
enum class command : std::uint8_t;
} // namespace relay
namespace relay::config {
struct settings;
}

namespace relay::sim {

struct told_event;
struct carried_out;

/// How a life of the process ended.
enum class ending : std::uint8_t { killed, stopped };

/// A frame that somebody wrote or read: the text and what it parses to (null when it does not).
struct frame_view {
  std::string_view text;
  const json& root;
};

class observer {
public:
  virtual ~observer() = default;

  // -- the process
  virtual void life_begins(std::uint64_t /*life*/) {}
  virtual void life_ends(std::uint64_t /*life*/, ending) {}
  virtual void suspended(usec /*until*/) {}
  /// An actor of this name was killed.
  virtual void actor_killed(const std::string& /*name*/) {}
  /// A step of the queue of this chat threw. The platform is empty where the gateway knows none.
  virtual void chat_failed(const std::string& /*platform*/, const std::string& /*chat*/) {}
  /// The operator's settings count from now on; the first ones at the begin of each life.
  /// The actor that makes the provisioning calls of one platform dies.
  virtual void provisioner_killed(const std::string& /*platform*/) {}
  virtual void settings_changed(const config::settings&) {}
  virtual void commanded(command) {}

  // -- the link to the connector; `socket` counts the dials of a run
  virtual void dialled(std::uint64_t /*socket*/, const dial_request&) {}
  virtual void link_opened(std::uint64_t /*socket*/) {}
  /// The gateway gave a frame to its socket.
  virtual void link_wrote(std::uint64_t /*socket*/, const frame_view&) {}
  /// The gateway was given a whole line.
  virtual void link_read(std::uint64_t /*socket*/, const frame_view&) {}
  /// The gateway was given a whole line that the peer never said so: a script changed it, or made it up.
  virtual void altered_read(std::uint64_t /*socket*/, const frame_view&) {}
  /// The gateway was told that it is over.
  virtual void link_ended(std::uint64_t /*socket*/, const socket_end&) {}
  /// The gateway hung up, or let the socket go.
  virtual void link_dropped(std::uint64_t /*socket*/) {}

  // -- the links of agents; `peer` counts the agents' connections of a run
  virtual void agent_attached(std::uint64_t /*peer*/) {}
  virtual void agent_wrote(std::uint64_t /*peer*/, const frame_view&) {} ///< the gateway, to the agent
  virtual void agent_read(std::uint64_t /*peer*/, const frame_view&) {}  ///< the gateway, from the agent
  virtual void agent_ended(std::uint64_t /*peer*/) {}
  /// An action outside any agent, and its outcome; `mark` as in the action's member `q`.
  virtual void one_shot_asked(const std::string& /*mark*/, const frame_view&) {}
  virtual void one_shot_answered(const std::string& /*mark*/, const frame_view&) {}

  // -- HTTP
  virtual void called(std::uint64_t /*call*/, const http_request&) {}
  virtual void answered(std::uint64_t /*call*/, const http_response&) {} ///< as the gateway got it
  /// What it is told of this call is not what the connector says of it: a script has a hand in it.
  virtual void answer_altered(const http_request&) {}

  /// A file of an attachment is there for the gateway, or it removed it.
  virtual void attachment(const std::string& /*path*/, bool /*there*/) {}

  /// An operator wants an event that was set aside given out again, or dropped; `done`: the gateway says that
  /// it is so.
  virtual void dead_letter_decided(std::uint64_t /*event*/, bool /*again*/, bool /*done*/) {}

  // -- the store
  /// It has hardly any room for further events, or has some again.
  virtual void store_scarce(bool) {}
  /// The gateway wants this kept.
  virtual void store_given(const store_record&) {}

  // -- files that programs of this machine share
  /// The gateway got the lock of a file; false: nobody has it any more.
  virtual void lock_held(const std::string& /*path*/, bool) {}
  /// A file has a new content. `ours`: the gateway put it there, not another program.
  virtual void file_written(const std::string& /*path*/, std::string_view /*text*/, bool /*ours*/) {}

  // -- the connector (parties/facts.hpp)
  /// Somebody did something on a platform: the connector has it.
  virtual void happened(const told_event&) {}
  /// The connector wants an ack for it under this id.
  virtual void buffered(std::uint64_t /*event*/, const std::string& /*buffer_id*/) {}
  /// The whole line of an event was given to the gateway; the id is empty when it came without.
  virtual void event_read(std::uint64_t /*event*/, const std::string& /*buffer_id*/,
                          std::uint64_t /*socket*/) {}
  /// The connector heard this id acknowledged.
  virtual void ack_heard(const std::string& /*buffer_id*/) {}
  virtual void was_carried_out(const carried_out&) {}
  /// All secrets of this gateway ended.
  virtual void was_revoked() {}

  // -- what people can see
  virtual void noted(severity, std::string_view /*id*/, std::string_view /*fields*/) {}
  virtual void reported(const gateway_report&) {}
};

} // namespace relay::sim
