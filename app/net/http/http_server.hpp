// A small HTTP/1.1 and WebSocket server on one io_context: the admin listener and the connector stand-in.
// Everything runs on the io_context's thread unless said otherwise.
#pragma once

#include "relay_gateway/actors/ports.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace relay::net {

/// One request, read in full (bodies beyond `max_body` are answered 413 before any handler).
struct server_request {
  std::string method, target; ///< target as sent, with its query
  std::string path; ///< target without the query, percent-decoded, but for `%2F`: that is no separator
  std::vector<std::pair<std::string, std::string>> query; ///< percent-decoded
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string peer; ///< address:port
  /// First header of that name in any case; empty when absent.
  std::string_view header(std::string_view name) const;
  std::string_view parameter(std::string_view name) const;
};

struct server_response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

/// A connection whose answer is written byte by byte, for peers that misbehave on purpose. On the
/// io_context's thread; letting go of it ends the connection. Must not outlive the io_context.
class raw_answer {
public:
  virtual ~raw_answer() = default;
  /// False when the connection is over.
  virtual bool write(std::string_view bytes) = 0;
  /// After what was written, politely; or now, with a TCP reset.
  virtual void end(bool reset) = 0;
};

/// Answers once, now or later, from any thread; dropping it without an answer sends a 500. Must not outlive
/// the io_context.
class responder {
public:
  virtual ~responder() = default;
  virtual void answer(server_response x) = 0;
  /// Nobody answers: the connection itself. On the io_context's thread; null when it was answered before.
  virtual std::shared_ptr<raw_answer> take_over() = 0;
};

/// An accepted WebSocket: a line_socket, and what is needed to misbehave on purpose. Threads as there.
class server_socket : public line_socket {
public:
  /// Bytes for the stream as they are, in order with the frames.
  virtual void raw(std::string bytes) = 0;
  /// Nothing leaves any more, pongs and close frames included (on), or all of it does.
  virtual void hold(bool on) = 0;
  /// As drop(), after what was written has left as far as the kernel takes it, and maybe with a TCP reset.
  virtual void cut(std::string why, bool reset) = 0;
};

/// A WebSocket upgrade that waits for a decision, from any thread. Dropping it refuses with 403. Must not
/// outlive the io_context.
class upgrade {
public:
  virtual ~upgrade() = default;
  /// Accepts; `who` hears about the socket from now on (its on_open() included). Text messages out.
  virtual std::shared_ptr<server_socket> accept(std::shared_ptr<socket_listener> who) = 0;
  virtual void refuse(server_response x) = 0;
  /// As responder::take_over().
  virtual std::shared_ptr<raw_answer> take_over() = 0;
};

struct server_options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0; ///< 0 picks one
  std::uint64_t max_body = 1ULL << 20;
  std::uint64_t max_message = 8ULL << 20; ///< bytes of one WebSocket message
  bool message_ends_line = false;         ///< listeners of WebSockets get a `\n` behind each message
  /// Bodies and answers of all connections together; what would need more is answered 503.
  std::uint64_t max_bytes = 64ULL << 20;
  /// A further one takes the place of the one whose peer has been waited for longest, to send a request or to
  /// take its answer; where none is, `reserved_connections` more are let in for what `server_handlers::vital`
  /// names. WebSockets may have all places but one in sixteen.
  std::size_t max_connections = 1024, reserved_connections = 32;
  milliseconds header_timeout{5'000}; ///< for the head of a request, from its first byte or the connect
  milliseconds read_timeout{30'000};  ///< for the rest of one; idle keep-alive connections go after it too
  milliseconds ping_interval{10'000}, ping_timeout{25'000}; ///< of accepted WebSockets
  std::string tls_cert_file, tls_key_file;                  ///< both set: TLS
  std::string tls_client_ca_file; ///< with TLS: peers must show a certificate of this CA
};

struct server_handlers {
  std::function<void(server_request, std::shared_ptr<responder>)> on_request;
  std::function<void(server_request, std::shared_ptr<upgrade>)> on_upgrade; ///< unset: upgrades get 404
  std::function<bool(std::string_view path)> vital{}; ///< answered however busy the server is; unset: nothing
};

class http_server {
public:
  /// Stops. On the io_context's thread, or when nobody runs it any more.
  virtual ~http_server() = default;
  virtual std::uint16_t port() const = 0; ///< the bound port
  /// Stops accepting and ends every connection; idempotent. Call on the io_context's thread.
  virtual void stop() = 0;
};

/// At most `wanted`, and so many that files remain for the store, redials, children and health
/// (RLIMIT_NOFILE).
std::size_t connections_within_limits(std::size_t wanted);

/// Binds and starts, from any thread. `host` is an address or "localhost". On failure returns null and one
/// line in `error` (address in use, bad certificate, ...).
std::unique_ptr<http_server> listen(boost::asio::io_context& io, server_options what, server_handlers who,
                                    std::string& error);

} // namespace relay::net
