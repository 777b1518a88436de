#include "relay_gateway/app/net/websocket/ws_stream.hpp"

#include "relay_gateway/app/net/http/http_text.hpp"
#include "relay_gateway/app/net/websocket/ws_layer.hpp"

#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <ctime>

namespace beast = boost::beast;
namespace websocket = beast::websocket;

namespace relay::net {
namespace {

/// Our own buffer sequence: one buffer, told apart from everybody else's by its type (see below).
struct unchecked_buffer {
  using value_type = boost::asio::mutable_buffer;
  using const_iterator = const value_type*;
  value_type whole;
  const_iterator begin() const noexcept { return &whole; }
  const_iterator end() const noexcept { return &whole + 1; }
};
static_assert(boost::asio::is_mutable_buffer_sequence<unchecked_buffer>::value);

/// Where a client's frames are masked, piece by piece. Most links of a process never write a long one.
constexpr std::size_t small_mask = 2UL * 1024, large_mask = 16UL * 1024;

/// What Beast passes to its UTF-8 checker when it reads into an unchecked_buffer.
using unchecked_text = beast::buffers_prefix_view<beast::buffers_suffix<unchecked_buffer>>;

} // namespace
} // namespace relay::net

// F14: one bad byte in one text message must not end the connection, but Beast fails the whole stream, and
// has no option against it. Its checker is a member template over the buffer sequence it reads into, so a
// specialisation for our own sequence type switches the check off for our reads and for nothing else. (The
// other ways were to rewrite the opcode of every frame in the transport, which needs a second frame parser,
// or to copy Beast's reader.) With another Beast this either does not compile or is not chosen;
// tests/net/ws_test.cpp would tell.
namespace boost::beast::websocket::detail {
template <>
bool utf8_checker::write<relay::net::unchecked_text>(const relay::net::unchecked_text&) {
  return true; // finish() then finds nothing half read and is content
}
} // namespace boost::beast::websocket::detail

namespace relay::net {

struct ws_stream::impl {
  impl(std::shared_ptr<transport> below, bool client) : ws(std::move(below), client) {}
  websocket::stream<ws_layer, false> ws; // false: permessage-deflate is not compiled in
  websocket::response_type answer;
  std::uint64_t controls = 0;
};

ws_stream::ws_stream(std::shared_ptr<transport> below, bool client, std::uint64_t max_message)
    : impl_(std::make_unique<impl>(std::move(below), client)) {
  auto& ws = impl_->ws;
  ws.read_message_max(static_cast<std::size_t>(max_message));
  ws.auto_fragment(false); // the transport gathers; fragments would only cost
  ws.write_buffer_bytes(small_mask);
  ws.text(true);
  ws.control_callback([&count = impl_->controls](websocket::frame_type, beast::string_view) { ++count; });
}

ws_stream::~ws_stream() = default;

void ws_stream::upgrade(const upgrade_target& where, std::shared_ptr<ws_owner> owner) {
  auto& ws = impl_->ws;
  ws.set_option(
      websocket::stream_base::decorator([&headers = where.headers](websocket::request_type& request) {
        for (const auto& [name, value] : headers) request.set(name, value);
      }));
  ws.async_handshake(impl_->answer, where.host, where.target,
                     [this, owner = std::move(owner)](error_code ec) {
                       upgrade_answer said{impl_->ws.next_layer().http_status(), {}, {}};
                       if (const auto* gate = impl_->ws.next_layer().gate()) {
                         said.retry_after = gate->retry_after();
                         said.date = gate->date();
                       }
                       impl_->ws.next_layer().opened();
                       impl_->answer = {};
                       owner->upgraded(ec, said);
                     });
  // The decorator refers to `where`; Beast has used it by now and must not keep it.
  ws.set_option(websocket::stream_base::decorator([](websocket::request_type&) {}));
}

void ws_stream::accept(const beast::http::request<beast::http::empty_body>& what,
                       std::shared_ptr<ws_owner> owner) {
  impl_->ws.set_option(websocket::stream_base::decorator([](websocket::response_type& response) {
    response.set(beast::http::field::date, http_date(std::time(nullptr)));
  }));
  impl_->ws.async_accept(what, [owner = std::move(owner)](error_code ec) { owner->upgraded(ec, {}); });
}

void ws_stream::read_some(char* to, std::size_t room, std::shared_ptr<ws_owner> owner) {
  impl_->ws.async_read_some(unchecked_buffer{boost::asio::buffer(to, room)},
                            [this, owner = std::move(owner)](error_code ec, std::size_t n) {
                              owner->piece(ec, n, !ec && impl_->ws.is_message_done());
                            });
}

void ws_stream::close(std::uint16_t code, std::string_view reason, std::shared_ptr<ws_owner> owner) {
  websocket::close_reason why(static_cast<websocket::close_code>(code));
  // A close frame has room for 123 bytes; cut before a UTF-8 sequence, the peer may check.
  auto fits = std::min(reason.size(), why.reason.max_size());
  while (fits > 0 && fits < reason.size() && (static_cast<unsigned char>(reason[fits]) & 0xC0) == 0x80)
    --fits;
  why.reason.assign(reason.data(), fits);
  impl_->ws.async_close(why, [owner = std::move(owner)](error_code ec) { owner->close_done(ec); });
}

bool ws_stream::open() const { return impl_->ws.is_open(); }

void ws_stream::write(std::string_view text, error_code& ec) {
  if (text.size() > small_mask) impl_->ws.write_buffer_bytes(large_mask);
  impl_->ws.write(boost::asio::buffer(text.data(), text.size()), ec);
}

void ws_stream::ping(error_code& ec) { impl_->ws.ping({}, ec); }

std::uint64_t ws_stream::controls() const { return impl_->controls; }

ws_goodbye ws_stream::goodbye() const {
  const auto& why = impl_->ws.reason();
  return {why.code, std::string(why.reason.data(), why.reason.size())};
}

bool ws_stream::said_goodbye(const error_code& ec) { return ec == websocket::error::closed; }

bool ws_stream::too_big(const error_code& ec) { return ec == websocket::error::message_too_big; }

} // namespace relay::net
