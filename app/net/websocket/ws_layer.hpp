// What websocket::stream sees of a transport. Included by ws_stream.cpp only.
#pragma once

#include "relay_gateway/app/net/dial/transport.hpp"
#include "relay_gateway/app/net/http/upgrade_gate.hpp"

#include <boost/asio/post.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/role.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace relay::net {

/// Writing always takes everything at once: it only appends to the transport's buffer. That is what allows
/// ws_stream to use Beast's synchronous write() between its asynchronous reads: every frame, and every pong
/// that Beast sends by itself, goes into the buffer as a whole, so they cannot be torn, and a frame costs no
/// handler.
class ws_layer {
public:
  using executor_type = transport::executor_type;

  ws_layer(std::shared_ptr<transport> below, bool client) : below_(std::move(below)) {
    if (client) gate_ = std::make_unique<upgrade_gate>();
  }
  executor_type get_executor() noexcept { return below_->get_executor(); }

  /// Of the answer to the upgrade; 0 when none was seen.
  int http_status() const noexcept { return gate_ ? gate_->status() : 0; }
  const upgrade_gate* gate() const noexcept { return gate_.get(); }
  /// The upgrade is over: what follows are frames.
  void opened() noexcept { gate_.reset(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& to, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, const Buffers& buffers) {
          namespace beast = boost::beast;
          if (gate_ && gate_->refused())
            return asio::post(
                get_executor(),
                beast::bind_front_handler(std::move(handler), error_code(asio::error::eof), std::size_t{0}));
          if (!below_->unread().empty())
            return asio::post(get_executor(),
                              beast::bind_front_handler(std::move(handler), error_code{}, take(buffers)));
          // transport::done is copyable and Beast's operations are not, hence the box. It is made only to
          // wait.
          auto box = std::make_shared<decltype(handler)>(std::move(handler));
          // `this` outlives the wait: the innermost handler, ws_stream's, keeps the owner of everything.
          below_->fill([this, buffers, box](error_code ec) {
            auto n = ec ? 0 : take(buffers);
            (*box)(ec, n);
          });
        },
        token, to);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& from, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, const Buffers& buffers) {
          error_code ec;
          auto n = write_some(buffers, ec);
          below_->flush(); // handshakes, pongs and close frames: rare, and nobody else flushes after them
          asio::post(get_executor(), boost::beast::bind_front_handler(std::move(handler), ec, n));
        },
        token, from);
  }

  template <class Buffers>
  std::size_t write_some(const Buffers& from, error_code& ec) {
    ec = below_->broken();
    if (ec) return 0;
    std::size_t n = 0;
    for (auto it = asio::buffer_sequence_begin(from); it != asio::buffer_sequence_end(from); ++it) {
      asio::const_buffer piece(*it);
      below_->append(piece.data(), piece.size());
      n += piece.size();
    }
    return n;
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& from) {
    error_code ec;
    auto n = write_some(from, ec);
    if (ec) throw boost::system::system_error(ec);
    return n;
  }

  // Synchronous reading is asked for by Beast's concept of a stream and never called.
  template <class Buffers>
  std::size_t read_some(const Buffers&, error_code& ec) {
    ec = asio::error::operation_not_supported;
    return 0;
  }
  template <class Buffers>
  std::size_t read_some(const Buffers&) {
    throw boost::system::system_error(asio::error::operation_not_supported);
  }

  // -- found by Beast through argument-dependent lookup ---------------------------------------------

  friend void beast_close_socket(ws_layer& x) { x.below_->abort(); }
  friend void teardown(boost::beast::role_type, ws_layer& x, error_code& ec) {
    ec = {};
    x.below_->finish();
  }
  /// The goodbye goes on in the transport; nobody needs to wait for it.
  template <class Handler>
  friend void async_teardown(boost::beast::role_type, ws_layer& x, Handler&& handler) {
    x.below_->finish();
    asio::post(x.get_executor(),
               boost::beast::bind_front_handler(std::forward<Handler>(handler), error_code{}));
  }

private:
  template <class Buffers>
  std::size_t take(const Buffers& to) {
    auto have = below_->unread();
    if (gate_) have = have.substr(0, std::min(have.size(), asio::buffer_size(to)));
    // Only what is really copied may count as seen by the gate, so it looks at no more than fits.
    if (gate_) have = have.substr(0, gate_->pass(have));
    auto n = asio::buffer_copy(to, asio::buffer(have.data(), have.size()));
    below_->consume(n);
    return n;
  }

  std::shared_ptr<transport> below_;
  std::unique_ptr<upgrade_gate> gate_; // a client's, until it is open
};

} // namespace relay::net
