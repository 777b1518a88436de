// One connection of the server: requests one after the other, or the upgrade to a WebSocket. Private to
// app/net.
#pragma once

#include "relay_gateway/app/net/dial/transport.hpp"
#include "relay_gateway/app/net/http/http_server.hpp"
#include "relay_gateway/app/net/websocket/ws_session.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace relay::net {

/// What all connections of one server share. Only the io_context's thread touches it.
struct server_state {
  server_state(asio::io_context& context, server_options options, server_handlers who)
      : io(context), what(std::move(options)), handlers(std::move(who)) {}

  asio::io_context& io;
  server_options what;
  server_handlers handlers;
  std::shared_ptr<asio::ssl::context> tls; ///< null: plain
  /// How to end each live connection, WebSockets included; its size is what max_connections bounds.
  std::unordered_map<std::uint64_t, std::function<void()>> live;
  /// Those that wait for their peer to send a request or to take its answer, oldest first.
  std::map<std::uint64_t, std::uint64_t> awaiting_peer;
  std::uint64_t next_wait = 0;
  std::size_t sockets = 0; ///< of `live`: WebSockets, and upgrades that are not decided yet
  std::uint64_t bytes = 0; ///< of bodies and answers
  std::uint64_t next_id = 0;
  bool stopped = false;
};

class http_connection final : public std::enable_shared_from_this<http_connection> {
public:
  /// `vital_only`: it came when there was no place any more.
  http_connection(std::shared_ptr<server_state> server, std::shared_ptr<transport> below, std::string peer,
                  bool vital_only);
  http_connection(const http_connection&) = delete;
  http_connection& operator=(const http_connection&) = delete;

  void start();

  // -- by the handlers' responder and upgrade, any thread -------------------------------------------
  void answer(server_response x);
  void become_socket(std::shared_ptr<ws_session> session);
  // -- by a raw_answer, the io_context's thread -----------------------------------------------------
  bool take_over();
  bool write_raw(std::string_view bytes);
  void end_raw(bool reset);
  asio::io_context& io() const noexcept { return server_->io; }
  const server_options& options() const noexcept { return server_->what; }

private:
  using parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  void next_request();
  void read_more();
  void parse();
  bool header_done();
  void refuse(int status, std::string_view why);
  void handle();
  bool charge(std::uint64_t bytes);
  void wait_for_peer();
  void peer_done();
  void release_socket();
  void send(const server_response& x, bool keep_alive);
  void sent();
  void expire_in(milliseconds limit);
  void close(bool politely);

  std::shared_ptr<server_state> server_;
  std::shared_ptr<transport> below_;
  std::string peer_;
  std::uint64_t id_;
  asio::steady_timer deadline_;
  std::optional<parser> parser_;
  const bool vital_only_;
  std::uint64_t wait_ = 0;    // its place among those that wait for their peer; 0 = none
  std::uint64_t charged_ = 0; // of server_state::bytes
  bool begun_ = false, header_done_ = false, waiting_ = false; // waiting_: for the handler's answer
  bool is_socket_ = false;                                     // counted in server_state::sockets
  bool keep_alive_ = false, head_only_ = false, sending_ = false, closed_ = false;
};

} // namespace relay::net
