#include "relay_gateway/app/net/http/http_connection.hpp"

#include "relay_gateway/app/net/http/http_text.hpp"

#include <boost/asio/post.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <ctime>
#include <utility>

namespace relay::net {

namespace http = boost::beast::http;

namespace {

constexpr std::uint32_t max_request_head = 16 * 1024;
/// A body or answer of this size is taken however much the others hold: their number is bounded.
constexpr std::uint64_t always_fits = 64 * 1024;
/// One connection in so many is never a WebSocket's, which may stay for ever: whoever operates the gateway
/// gets in.
constexpr std::size_t places_for_requests = 16;

/// Why the length of a request cannot be agreed on by everybody on its way (RFC 9112, 6.1, 6.3); null = it
/// can.
const char* framing_fault(const http::request_header<>& head, unsigned version) {
  auto codings = head.equal_range(http::field::transfer_encoding);
  for (auto it = codings.first; it != codings.second; ++it)
    if (it != codings.first || version != 11 ||
        !equal_ignoring_case(std::string_view(it->value()), "chunked"))
      return "the only transfer coding is chunked";
  if (codings.first != codings.second && head.find(http::field::content_length) != head.end())
    return "a chunked request has no Content-Length";
  auto accepted = head.equal_range(http::field::te);
  for (auto it = accepted.first; it != accepted.second; ++it)
    if (const std::string_view x(it->value());
        !x.empty() && !equal_ignoring_case(x, "chunked") && !equal_ignoring_case(x, "trailers"))
      return "the only transfer coding is chunked";
  return nullptr;
}

class taken_over final : public raw_answer {
public:
  explicit taken_over(std::shared_ptr<http_connection> to) : to_(std::move(to)) {}
  taken_over(const taken_over&) = delete;
  taken_over& operator=(const taken_over&) = delete;
  ~taken_over() override { to_->end_raw(false); }
  bool write(std::string_view bytes) override { return to_->write_raw(bytes); }
  void end(bool reset) override { to_->end_raw(reset); }

private:
  std::shared_ptr<http_connection> to_;
};

std::shared_ptr<raw_answer> take(std::atomic<bool>& used, const std::shared_ptr<http_connection>& to) {
  if (used.exchange(true) || !to->take_over()) return nullptr;
  return std::make_shared<taken_over>(to);
}

class pending_answer final : public responder {
public:
  explicit pending_answer(std::shared_ptr<http_connection> to) : to_(std::move(to)) {}
  pending_answer(const pending_answer&) = delete;
  pending_answer& operator=(const pending_answer&) = delete;
  ~pending_answer() override { answer(plain_error(500, "no answer")); }
  void answer(server_response x) override {
    if (!used_.exchange(true)) to_->answer(std::move(x));
  }
  std::shared_ptr<raw_answer> take_over() override { return take(used_, to_); }

private:
  std::shared_ptr<http_connection> to_;
  std::atomic<bool> used_ = false;
};

class pending_upgrade final : public upgrade {
public:
  explicit pending_upgrade(std::shared_ptr<http_connection> to) : to_(std::move(to)) {}
  pending_upgrade(const pending_upgrade&) = delete;
  pending_upgrade& operator=(const pending_upgrade&) = delete;
  ~pending_upgrade() override { refuse(plain_error(403, "refused")); }
  std::shared_ptr<server_socket> accept(std::shared_ptr<socket_listener> who) override {
    const auto& what = to_->options();
    auto session = std::make_shared<ws_session>(
        to_->io(), std::move(who),
        ws_session::options{what.ping_interval, what.ping_timeout, what.max_message, what.message_ends_line});
    auto handle = session->make_handle();
    if (used_.exchange(true)) // decided before: the socket that was asked for ends at once
      asio::post(to_->io(), [session] { session->fail("the upgrade was decided before"); });
    else
      to_->become_socket(std::move(session));
    return handle;
  }
  void refuse(server_response x) override {
    if (!used_.exchange(true)) to_->answer(std::move(x));
  }
  std::shared_ptr<raw_answer> take_over() override { return take(used_, to_); }

private:
  std::shared_ptr<http_connection> to_;
  std::atomic<bool> used_ = false;
};

} // namespace

http_connection::http_connection(std::shared_ptr<server_state> server, std::shared_ptr<transport> below,
                                 std::string peer, bool vital_only)
    : server_(std::move(server)), below_(std::move(below)), peer_(std::move(peer)), id_(server_->next_id++),
      deadline_(server_->io), vital_only_(vital_only) {}

void http_connection::start() {
  server_->live.emplace(id_, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->close(false);
  });
  below_->connected();
  wait_for_peer();
  begun_ = true; // the time for the first head begins with the connect
  if (!server_->tls) return next_request();
  expire_in(server_->what.header_timeout);
  below_->start_tls_server(server_->tls, [self = shared_from_this()](error_code ec) {
    if (ec)
      self->close(false);
    else
      self->next_request();
  });
}

// -- reading a request ------------------------------------------------------------------------------

void http_connection::next_request() {
  if (closed_) return;
  parser_.emplace();
  parser_->header_limit(max_request_head);
  parser_->body_limit(server_->what.max_body);
  parser_->eager(false); // stop behind the header, where the body is decided on
  header_done_ = head_only_ = keep_alive_ = false;
  charge(0);
  wait_for_peer();
  // One limit for the whole head, so that a byte now and then does not hold the connection for ever.
  expire_in(begun_ ? server_->what.header_timeout : server_->what.read_timeout);
  parse();
}

void http_connection::wait_for_peer() {
  if (wait_ == 0) server_->awaiting_peer.emplace(wait_ = ++server_->next_wait, id_);
}

void http_connection::peer_done() { server_->awaiting_peer.erase(std::exchange(wait_, 0)); }

/// It was one, or asked to be, and is none any more.
void http_connection::release_socket() {
  if (std::exchange(is_socket_, false)) --server_->sockets;
}

/// What it holds in memory now, instead of before. False when there is no room for it.
bool http_connection::charge(std::uint64_t bytes) {
  const auto others = server_->bytes - charged_;
  const auto fits = bytes <= always_fits || others + bytes <= server_->what.max_bytes;
  charged_ = fits ? bytes : 0;
  server_->bytes = others + charged_;
  return fits;
}

void http_connection::read_more() {
  below_->fill([self = shared_from_this()](error_code ec) {
    if (self->closed_) return;
    if (ec)
      self->close(false); // the peer is gone; half a request is dropped
    else
      self->parse();
  });
}

void http_connection::parse() {
  while (!parser_->is_done()) {
    auto text = below_->unread();
    if (text.empty()) return read_more();
    if (!header_done_ && !std::exchange(begun_, true)) expire_in(server_->what.header_timeout);
    error_code ec;
    below_->consume(parser_->put(asio::buffer(text.data(), text.size()), ec));
    if (ec == http::error::need_more) {
      if (below_->full()) return refuse(431, "header too large");
      return read_more();
    }
    if (ec == http::error::body_limit) return refuse(413, "body too large");
    if (ec == http::error::header_limit) return refuse(431, "header too large");
    if (ec) return refuse(400, "bad request");
    if (parser_->is_header_done() && !std::exchange(header_done_, true) && !header_done()) return;
  }
  handle();
}

/// False when it was refused.
bool http_connection::header_done() {
  begun_ = false;
  parser_->eager(true);
  const auto& head = parser_->get();
  if (const auto* fault = framing_fault(head, head.version())) return refuse(400, fault), false;
  const auto length = parser_->content_length();
  if (!parser_->is_done() && !charge(length ? *length : server_->what.max_body))
    return refuse(503, "too many requests at a time"), false;
  expire_in(server_->what.read_timeout);
  if (!parser_->is_done() &&
      equal_ignoring_case(std::string_view(head[http::field::expect]), "100-continue")) {
    below_->append("HTTP/1.1 100 Continue\r\n\r\n");
    below_->flush();
  }
  return true;
}

void http_connection::refuse(int status, std::string_view why) {
  // What follows in the stream has no known beginning, so the connection ends with the answer.
  send(plain_error(status, why), false);
}

void http_connection::handle() {
  deadline_.cancel();
  peer_done();
  const auto& message = parser_->get();
  server_request x;
  auto text = [](auto view) { return std::string(view.data(), view.size()); };
  x.method = text(message.method_string());
  x.target = text(message.target());
  x.peer = peer_;
  for (const auto& field : message) x.headers.emplace_back(text(field.name_string()), text(field.value()));
  take_target_apart(x);
  keep_alive_ = message.keep_alive();
  head_only_ = message.method() == http::verb::head;
  if (message.version() != 11 && message.version() != 10) return refuse(505, "HTTP version not supported");
  if (vital_only_ && !(server_->handlers.vital && server_->handlers.vital(x.path)))
    return refuse(503, "too many connections");
  waiting_ = true;
  if (boost::beast::websocket::is_upgrade(message)) {
    keep_alive_ = false;
    if (message[http::field::sec_websocket_version] != "13" ||
        message[http::field::sec_websocket_key].empty())
      return answer(plain_error(400, "bad WebSocket upgrade"));
    if (!server_->handlers.on_upgrade) return answer(plain_error(404, "not found"));
    const auto most = server_->what.max_connections;
    if (server_->sockets >= most - most / places_for_requests)
      return answer(plain_error(503, "too many WebSockets"));
    ++server_->sockets;
    is_socket_ = true;
    return server_->handlers.on_upgrade(std::move(x), std::make_shared<pending_upgrade>(shared_from_this()));
  }
  x.body = std::move(parser_->get().body());
  if (!server_->handlers.on_request) return answer(plain_error(404, "not found"));
  server_->handlers.on_request(std::move(x), std::make_shared<pending_answer>(shared_from_this()));
}

// -- answering --------------------------------------------------------------------------------------

void http_connection::answer(server_response x) {
  // Always by a handler of its own: many requests in one packet would else recurse.
  asio::post(server_->io, [self = shared_from_this(), x = std::move(x)] {
    if (self->closed_ || !std::exchange(self->waiting_, false)) return;
    if (self->charge(x.body.size()))
      self->send(x, self->keep_alive_ && !self->server_->stopped && !self->vital_only_);
    else
      self->send(plain_error(503, "too many requests at a time"), false);
  });
}

void http_connection::send(const server_response& x, bool keep_alive) {
  keep_alive_ = keep_alive;
  sending_ = true;
  release_socket();
  wait_for_peer();
  auto dated = x;
  dated.headers.emplace_back("Date", http_date(std::time(nullptr)));
  below_->append(answer_text(dated, keep_alive, head_only_));
  expire_in(server_->what.read_timeout); // now for the peer's taking it
  below_->on_flushed = [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->sent();
  };
  below_->flush();
  sent();
}

void http_connection::sent() {
  if (!sending_ || closed_) return;
  if (below_->broken()) return close(false);
  if (below_->unsent() > 0) return;
  sending_ = false;
  peer_done();
  below_->on_flushed = nullptr;
  if (keep_alive_)
    next_request();
  else
    close(true);
}

void http_connection::become_socket(std::shared_ptr<ws_session> session) {
  asio::post(server_->io, [self = shared_from_this(), session = std::move(session)] {
    if (self->closed_ || !std::exchange(self->waiting_, false))
      return session->fail("the connection ended before the upgrade was accepted");
    auto server = self->server_;
    auto id = self->id_;
    self->closed_ = true; // as an HTTP connection
    self->charge(0);
    self->deadline_.cancel();
    server->live[id] = [weak = std::weak_ptr(session)] {
      if (auto socket = weak.lock()) socket->drop("the server stops");
    };
    self->is_socket_ = false; // the session is it now
    session->on_ended = [server, id] {
      server->live.erase(id);
      --server->sockets;
    };
    session->open_within(server->what.read_timeout, [] { return std::string("answering the upgrade"); });
    http::request<http::empty_body> head;
    head.base() = std::move(self->parser_->get().base());
    session->accept(std::move(self->below_), head);
  });
}

// -- misbehaving on purpose -------------------------------------------------------------------------

bool http_connection::take_over() { return !closed_ && std::exchange(waiting_, false); }

bool http_connection::write_raw(std::string_view bytes) {
  if (closed_ || below_->broken()) return false;
  below_->append(bytes);
  below_->flush();
  return !below_->broken();
}

void http_connection::end_raw(bool reset) {
  if (reset && !closed_) below_->reset();
  close(!reset);
}

// -- the end ----------------------------------------------------------------------------------------

void http_connection::expire_in(milliseconds limit) {
  deadline_.expires_after(limit);
  deadline_.async_wait([self = shared_from_this()](error_code ec) {
    if (!ec) self->close(false);
  });
}

void http_connection::close(bool politely) {
  if (std::exchange(closed_, true)) return;
  peer_done();
  release_socket();
  charge(0);
  deadline_.cancel();
  below_->on_flushed = nullptr;
  if (politely)
    below_->finish();
  else
    below_->abort();
  server_->live.erase(id_);
}

} // namespace relay::net
