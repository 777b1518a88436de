// What the injector wants done, in order. The edge does it to real sockets, a simulator to its own.
#pragma once

#include "relay_gateway/app/connector/faults/language/script.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace relay::connector::faults {

/// The caller's name for one open WebSocket; never used twice.
using connection_id = std::uint64_t;

/// To the gateway: one WebSocket frame; a whole text message is first and last. From the gateway: one line,
/// without its line break.
struct message {
  std::string text;
  bool binary = false;
  bool first = true, last = true; ///< of its WebSocket message
  bool plain() const { return !binary && first && last; }
};
/// Bring this to its receiver: to the gateway for way::out, to the connector for way::in.
struct deliver {
  connection_id which = 0;
  way direction = way::out;
  message what;
};
struct close_connection { ///< with a close handshake
  connection_id which = 0;
  std::uint16_t code = 1000;
  std::string reason;
};
struct end_connection { ///< without
  connection_id which = 0;
  bool reset = false; ///< TCP RST instead of FIN
};
struct hold_connection { ///< stop (on) or resume reading or writing
  connection_id which = 0;
  bool reading = true;
  bool on = true;
};
struct abandon_connection { ///< half-open: it stays, silent, until forget_connection
  connection_id which = 0;
};
struct forget_connection {
  connection_id which = 0;
};
struct raw_bytes {
  connection_id which = 0;
  std::string bytes;
};
// About the connector itself. `gateway`: whose, with a `*` at the end for any rest; empty = of all.
struct expire_credentials {
  std::string gateway, reason;
};
struct revoke_credentials {
  std::string gateway, reason;
  bool close = true;
};
struct set_clock { ///< seconds to add to the clock by which tokens are judged
  std::int64_t seconds = 0;
};
struct replay_events {
  std::string gateway;
  replay how;
};
struct call_wake_url {
  std::string gateway;
};
struct set_outage {
  bool on = true;
};
using step = std::variant<deliver, close_connection, end_connection, hold_connection, abandon_connection,
                          forget_connection, raw_bytes, expire_credentials, revoke_credentials, set_clock,
                          replay_events, call_wake_url, set_outage>;
using steps = std::vector<step>;

} // namespace relay::connector::faults
