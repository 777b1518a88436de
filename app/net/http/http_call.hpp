// One HTTP request and its answer on a connection of its own: what http_port and media_port are made of.
// Private to app/net.
#pragma once

#include "relay_gateway/app/net/dial/dialler.hpp"

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace relay::net {

/// Bodies that are too large for memory. All calls on the io_context's thread; the answers to them too, and
/// never from inside the call.
struct http_stream {
  using piece_done = std::function<void(std::string piece, std::string error)>;
  using keep_done = std::function<void(std::string error)>;
  std::uint64_t length = 0; ///< of the request's body; used with `give`
  /// Gives the next piece of the request's body; called until `length` bytes came. Unset: it is in the
  /// request.
  std::function<void(piece_done)> give;
  /// Told of a 2xx answer's head. May be unset.
  std::function<void(std::string content_type)> head;
  /// Takes a piece of a 2xx answer's body. Unset: it is gathered for the answer.
  std::function<void(std::string piece, keep_done)> keep;
};

/// Keeps itself alive by what is under way. The io_context's thread only.
class http_call final : public std::enable_shared_from_this<http_call> {
public:
  http_call(std::shared_ptr<const dial_context> context, http_request what,
            std::function<void(http_response)> done, http_stream stream = {});

  void start();
  /// Ends it; nobody is called any more.
  void abandon();

private:
  using parser = boost::beast::http::response_parser<boost::beast::http::buffer_body>;

  std::string make_head(const wire::endpoint& where, std::string& head) const;
  void send(std::shared_ptr<transport> below, const secret& head);
  void send_more();
  void next_head();
  void read_more();
  void cut_off(error_code why);
  void parse();
  bool keep(std::size_t size);
  bool hand_on(std::size_t size);
  void finish();
  void fail(std::string why);
  void end(http_response x);

  std::shared_ptr<const dial_context> context_;
  http_request what_;
  std::function<void(http_response)> done_; // empty once called
  http_stream stream_;
  asio::steady_timer limit_;
  std::shared_ptr<dialler> dial_;
  std::shared_ptr<transport> below_;
  std::optional<parser> parser_;
  std::array<char, 16UL * 1024> chunk_;
  std::string body_;
  std::uint64_t given_ = 0, kept_ = 0; // of the streams
  bool header_done_ = false;
  bool held_up_ = false; // a piece waits for the peer to take it
};

} // namespace relay::net
