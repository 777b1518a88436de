// What a fault may do. Plain values: the injector decides with them, the edge (or a simulator) carries out
// their verdicts. app/connector/README.md has every action with an example.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace relay::connector::faults {

using std::chrono::milliseconds;

/// A number that is fixed (low == high) or drawn anew at each use, both ends included.
struct range {
  std::int64_t low = 0, high = 0;
};

// -- on one frame ------------------------------------------------------------------------------------
struct drop {};
struct delay { ///< also on calls, upgrades, pokes and answers
  range ms;
  bool in_order = false; ///< what follows in the same direction waits, too
};
struct duplicate { ///< also on pokes and answers
  range copies{1, 1};
  range after_ms{}; ///< between one copy and the next
};
struct reorder {
  range by{1, 1};               ///< so many later frames go first
  milliseconds within{1'000};   ///< and at most so long it waits for them
  bool keep_chat_order = false; ///< a frame of the same chat does not overtake it
};
struct truncate {          ///< also on the answer to a call
  std::int64_t bytes = -1; ///< what is kept; negative = by percent
  std::int64_t percent = 50;
  bool newline = true; ///< frames out: the line break stays, so that the rest of the stream is fine
};
struct corrupt { ///< also on the answer to a call
  range bytes{1, 1};
  bool utf8 = false; ///< with bytes that no UTF-8 text has, instead of any
};
struct rewrite {
  /// JSON pointer and the value to put there (JSON text).
  std::vector<std::pair<std::string, std::string>> members;
};
struct split { ///< frames out
  range into{2, 2};
  std::int64_t bytes = 0; ///< not 0: into pieces of so many bytes instead
  bool fragments = false; ///< of one WebSocket message, instead of messages
  range every_ms{};       ///< between one piece and the next
};
struct merge { ///< frames out: so many share one WebSocket message
  range frames{2, 2};
  milliseconds within{200};
};
struct binary {};      ///< frames out: a binary message
struct insert {        ///< an extra frame; on upgrades, times and by hand it goes to the gateway
  std::string text;    ///< without its line break
  bool before = false; ///< else behind the frame
};

// -- on a connection ---------------------------------------------------------------------------------
struct close {
  std::uint16_t code = 1001;
  std::string reason;
};
struct cut {};   ///< the end of the TCP stream, without a goodbye; on a call or upgrade instead of an answer
struct reset {}; ///< the same with a TCP reset
struct stall {
  bool reading = true; ///< else writing, pongs included
  range ms{};          ///< 0 = as long as the connection lives
};
struct resume {};           ///< ends stalls
struct half_open {          ///< the peer is gone and nobody says so: nothing is read, nothing written
  milliseconds ms{600'000}; ///< then it is forgotten
};
struct raw { ///< bytes as they are, below the WebSocket's framing
  std::string bytes;
};

// -- on a call or an upgrade -------------------------------------------------------------------------
/// Instead of the answer; also on answers. Headers come behind the usual ones.
struct answer {
  int status = 503;
  std::string body, content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
};
struct pad { ///< spaces behind the body, until it has so many bytes
  std::int64_t bytes = 0;
};
struct drip { ///< the body goes out so many bytes at a time
  std::int64_t bytes = 1;
  range every_ms{100, 100};
};
struct silence {}; ///< no answer, and the connection stays; also on answers
struct processed { ///< whether the connector sees the call at all
  bool on = true;
};

// -- on an answer of the connector: what it says instead of the usual ----------------------------------
struct result { ///< to an outbound
  std::string json;
};
struct descriptor { ///< to a hello
  std::string json;
};
struct idle_anyway {}; ///< to a going_idle beside `silence`: it buffers although it does not say so

// -- on the connector --------------------------------------------------------------------------------
struct expire_tokens { ///< sockets are closed with 4401 and this reason; a fresh token is fine
  std::string reason = "expired";
};
struct revoke_tokens { ///< the secrets are forgotten, and sockets closed with 4401
  std::string reason = "revoked";
  bool close = true;
};
struct shift_clock { ///< tokens are judged as if it were so much later
  std::int64_t seconds = 0;
  milliseconds ms{0}; ///< for so long; 0 = for good
};
struct replay { ///< a storm of buffered events
  std::int64_t events = 100, chats = 1;
  std::int64_t repeat = 0; ///< each is buffered so many times more under ids of its own
  std::string platform = "discord", chat_id = "storm", text = "replayed {n}";
};
struct poke { ///< the wake URL is called
  std::int64_t times = 1;
  milliseconds every_ms{0};
};
struct outage { ///< as a process that died; it comes back on the same port
  range ms{1'000, 1'000};
};

using action = std::variant<drop, delay, duplicate, reorder, truncate, corrupt, rewrite, split, merge, binary,
                            insert, close, cut, reset, stall, resume, half_open, raw, answer, pad, drip,
                            silence, processed, result, descriptor, idle_anyway, expire_tokens, revoke_tokens,
                            shift_clock, replay, poke, outage>;

} // namespace relay::connector::faults
