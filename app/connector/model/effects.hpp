// What the core wants done: the edge carries these out, in order.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace relay::connector {

/// The core's name for one accepted WebSocket; never used twice.
using socket_id = std::uint64_t;

struct send_frame {
  socket_id to = 0;
  std::string text;   ///< one WebSocket text message, exactly
  bool exact = false; ///< asked for byte by byte: no fault script changes it
};
struct close_socket {
  socket_id which = 0;
  std::uint16_t code = 1000;
  std::string reason;
};
struct drop_socket {
  socket_id which = 0;
};
struct read_socket {
  socket_id which = 0;
  bool on = true;
};
/// A bare GET; tell the core with poked() what became of it.
struct poke_gateway {
  std::string gateway_id, url;
};
/// Call core::due(token) after `delay`.
struct call_later {
  std::uint64_t token = 0;
  std::chrono::milliseconds delay{0};
};
using effect = std::variant<send_frame, close_socket, drop_socket, read_socket, poke_gateway, call_later>;

/// The answer to an HTTP call of a gateway.
struct http_answer {
  int status = 200;
  std::string body, content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers{};
  std::chrono::milliseconds delay{0};
  bool hang = false; ///< never answer
};

/// The decision on a WebSocket upgrade.
struct upgrade_answer {
  int status = 0; ///< not 0: refuse with it
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers{}; ///< of the refusal
  std::chrono::milliseconds delay{0};
  bool hang = false;  ///< never decide
  bool drop = false;  ///< accept and end it without a close handshake
  int close_code = 0; ///< not 0: accept and close with it
  std::string close_reason;
  std::string gateway_id; ///< whose socket it is
};

/// An HTTP call of a gateway as the core sees it.
struct gateway_call {
  std::string method, path, body;
  std::string authorization, content_type, filename;
  /// Every header except Authorization, for the record.
  std::vector<std::pair<std::string, std::string>> headers;
};

} // namespace relay::connector
