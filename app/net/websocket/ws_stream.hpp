// The one place that compiles Beast's websocket::stream (half a minute of compiler time), for both roles,
// behind a plain interface. Private to app/net. All members on the io_context's thread.
#pragma once

#include "relay_gateway/app/net/dial/transport.hpp"

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relay::net {

/// What the peer said to an upgrade.
struct upgrade_answer {
  int http_status = 0;           ///< 0 = nothing
  std::string retry_after, date; ///< its headers; empty without
};

/// Who a ws_stream reports to; kept alive by every operation that is under way.
class ws_owner {
public:
  virtual ~ws_owner() = default;
  /// The end of upgrade() or accept().
  virtual void upgraded(error_code ec, const upgrade_answer& what) = 0;
  /// The end of read_some().
  /// `last`: the message ends with it.
  virtual void piece(error_code ec, std::size_t size, bool last) = 0;
  /// The end of close().
  virtual void close_done(error_code ec) = 0;
};

struct upgrade_target {
  std::string host, target; ///< as in the Host header and the request line
  std::vector<std::pair<std::string, std::string>> headers;
};

/// What the peer said when it closed.
struct ws_goodbye {
  std::uint16_t code = 0; ///< 0 = no close frame was received
  std::string reason;
};

class ws_stream {
public:
  ws_stream(std::shared_ptr<transport> below, bool client, std::uint64_t max_message);
  ~ws_stream();

  /// Each calls `owner` back later, never before it returns; one read at a time.
  void upgrade(const upgrade_target& where, std::shared_ptr<ws_owner> owner);
  void accept(const boost::beast::http::request<boost::beast::http::empty_body>& what,
              std::shared_ptr<ws_owner> owner);
  /// A piece of a text or binary message, not necessarily a whole one. UTF-8 is not checked (F14).
  void read_some(char* to, std::size_t room, std::shared_ptr<ws_owner> owner);
  /// Close handshake; reads and drops the peer's data until it is done.
  void close(std::uint16_t code, std::string_view reason, std::shared_ptr<ws_owner> owner);

  /// Frames may be written: no close frame has gone either way.
  bool open() const;
  /// One text message, into the transport's buffer; flushing is the caller's business.
  void write(std::string_view text, error_code& ec);
  void ping(error_code& ec);
  /// Pings and pongs of the peer so far.
  std::uint64_t controls() const;
  ws_goodbye goodbye() const;
  /// Whether `ec` says that the peer has sent a close frame, which may be without a code (1005).
  static bool said_goodbye(const error_code& ec);
  /// Whether `ec` says that the peer's message was larger than `max_message`.
  static bool too_big(const error_code& ec);

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace relay::net
