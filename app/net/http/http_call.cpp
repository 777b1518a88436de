#include "relay_gateway/app/net/http/http_call.hpp"

#include "relay_gateway/app/net/http/http_text.hpp"
#include "relay_gateway/messages/secret_text.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <utility>

namespace relay::net {

namespace http = boost::beast::http;

namespace {
constexpr std::uint32_t max_answer_head = 32 * 1024;
}

http_call::http_call(std::shared_ptr<const dial_context> context, http_request what,
                     std::function<void(http_response)> done, http_stream stream)
    : context_(std::move(context)), what_(std::move(what)), done_(std::move(done)),
      stream_(std::move(stream)), limit_(context_->io) {}

void http_call::start() {
  auto where = wire::parse_url(what_.url);
  if (!where.valid) return fail("not a URL that can be called: " + what_.url);
  std::string head;
  if (auto why = make_head(where, head); !why.empty()) return fail(why);
  limit_.expires_after(what_.timeout);
  limit_.async_wait([self = shared_from_this()](error_code ec) {
    if (!ec)
      self->fail("timed out while " + (self->below_ ? "waiting for the answer" : self->dial_->phase()));
  });
  // Weakly, because the call holds the dialler; the limit's handler holds the call.
  dial_ = std::make_shared<dialler>(context_, std::move(where), false, what_.timeout,
                                    [weak = weak_from_this(), text = secret(std::move(head))](
                                        std::shared_ptr<transport> below, const std::string& error) {
                                      auto self = weak.lock();
                                      if (!self || !self->done_) return;
                                      if (below)
                                        self->send(std::move(below), text);
                                      else
                                        self->fail(error);
                                    });
  dial_->start();
}

/// Returns what is wrong with the request; empty: nothing.
std::string http_call::make_head(const wire::endpoint& where, std::string& head) const {
  if (!header_name_safe(what_.method)) return "not an HTTP method";
  // Through a proxy, a request without TLS names its whole target and is answered by the proxy.
  const auto* proxy = where.tls ? nullptr : context_->proxies.find(where);
  auto host = authority(where, false);
  head = what_.method + ' ' + (proxy ? "http://" + host + where.target : where.target) +
         " HTTP/1.1\r\nHost: " + host + "\r\n";
  auto add = [&head](std::string_view name, std::string_view value) {
    if (!header_name_safe(name) || !header_safe(value)) return false;
    head.append(name).append(": ").append(value).append("\r\n");
    return true;
  };
  add("User-Agent", context_->user_agent);
  add("Connection", "close");
  if (!what_.body.empty() || what_.method == "POST" || what_.method == "PUT" || what_.method == "PATCH")
    add("Content-Length", std::to_string(stream_.give ? stream_.length : what_.body.reveal().size()));
  if (what_.bearer && !add("Authorization", "Bearer " + what_.bearer.reveal()))
    return "the bearer cannot stand in a header";
  if (proxy && proxy->authorization) add("Proxy-Authorization", proxy->authorization.reveal());
  for (const auto& [name, value] : what_.headers)
    if (!add(name, value))
      return "a header that cannot be sent: " + (header_name_safe(name) ? name : "its name");
  for (const auto& [name, value] : what_.secret_headers)
    if (!add(name, value.reveal())) return "a header that cannot be sent: " + name;
  head += "\r\n";
  return {};
}

void http_call::send(std::shared_ptr<transport> below, const secret& head) {
  below_ = std::move(below);
  below_->append(head.reveal());
  below_->append(what_.body.reveal());
  what_.body = {};
  next_head();
  read_more(); // which flushes; a refusal may come long before all has been sent
  if (!stream_.give) return;
  // Weakly: the call holds the transport.
  below_->on_flushed = [weak = weak_from_this()] {
    auto alive = weak.lock();
    if (!alive || !alive->done_ || !alive->held_up_) return;
    alive->held_up_ = alive->below_->unsent() > 0 && !alive->below_->broken();
    if (!alive->held_up_) alive->send_more();
  };
  send_more();
}

void http_call::send_more() {
  if (!done_ || given_ == stream_.length || below_->broken()) return; // the reader finds out why
  stream_.give([self = shared_from_this()](std::string piece, std::string error) {
    if (!self->done_) return;
    if (error.empty() && piece.empty()) error = "the file became shorter while it was sent";
    if (!error.empty()) return self->fail(std::move(error));
    piece.resize(std::min<std::uint64_t>(piece.size(), self->stream_.length - self->given_));
    self->given_ += piece.size();
    auto& below = *self->below_;
    below.append(piece);
    below.flush();
    self->held_up_ = below.unsent() > 0;
    if (!self->held_up_) self->send_more();
  });
}

void http_call::next_head() {
  parser_.emplace();
  parser_->header_limit(max_answer_head);
  parser_->body_limit(boost::none); // bounded here, by status
  parser_->eager(false);
  if (what_.method == "HEAD") parser_->skip(true);
  header_done_ = false;
}

void http_call::read_more() {
  below_->fill([self = shared_from_this()](error_code ec) {
    if (!self->done_) return;
    if (ec) return self->cut_off(ec);
    self->parse();
  });
}

/// An answer without a length ends with its connection; any other is not complete.
void http_call::cut_off(error_code why) {
  if (header_done_ && parser_->need_eof()) {
    error_code ec;
    parser_->put_eof(ec);
    if (!ec) return finish();
  }
  fail(why == asio::error::eof ? "the connection ended before the answer did"
                               : "the connection was lost: " + why.message());
}

void http_call::parse() {
  while (!parser_->is_done()) {
    auto text = below_->unread();
    if (text.empty()) return read_more();
    auto& body = parser_->get().body();
    body.data = chunk_.data();
    body.size = chunk_.size();
    error_code ec;
    below_->consume(parser_->put(asio::buffer(text.data(), text.size()), ec));
    if (header_done_ && !keep(chunk_.size() - body.size)) return;
    if (ec == http::error::need_more) {
      if (below_->full()) return fail("the answer's header is too large");
      return read_more();
    }
    if (ec && ec != http::error::need_buffer) return fail("the answer is no HTTP: " + ec.message());
    if (!header_done_ && parser_->is_header_done()) {
      auto status = parser_->get().result_int();
      if (status >= 100 && status < 200 && status != 101) { // interim: the answer itself comes later
        next_head();
        continue;
      }
      header_done_ = true;
      parser_->eager(true);
      if (stream_.head && status >= 200 && status < 300) {
        const auto type = parser_->get()[http::field::content_type];
        stream_.head({type.data(), type.size()});
        if (!done_) return;
      }
    }
  }
  finish();
}

/// Takes in a piece of the body; false when that was the end of it.
bool http_call::keep(std::size_t size) {
  auto status = parser_->get().result_int();
  auto good = status >= 200 && status < 300;
  if (good && stream_.keep) return hand_on(size);
  auto limit = good ? what_.max_body : what_.max_error_body;
  auto fits = std::min<std::uint64_t>(size, limit - body_.size());
  body_.append(chunk_.data(), static_cast<std::size_t>(fits));
  if (fits == size) return true;
  if (good) // half an answer would be taken for a whole one
    fail("the answer's body is larger than " + std::to_string(limit) + " bytes");
  else // the status is what matters; its explanation may be cut
    finish();
  return false;
}

/// The same for a body that somebody else takes: reading goes on when that is done.
bool http_call::hand_on(std::size_t size) {
  if (size == 0) return true;
  kept_ += size;
  auto told = parser_->content_length();
  if (kept_ > what_.max_body || (told && *told > what_.max_body)) {
    fail("it is larger than " + std::to_string(what_.max_body) + " bytes");
    return false;
  }
  stream_.keep(std::string(chunk_.data(), size), [self = shared_from_this()](std::string error) {
    if (!self->done_) return;
    if (!error.empty()) return self->fail(std::move(error));
    self->parse();
  });
  return false;
}

void http_call::finish() {
  http_response x;
  x.status = static_cast<int>(parser_->get().result_int());
  // An error's text is told; it must not tell the token that it is about.
  if (x.status >= 300) body_ = without(std::move(body_), what_.bearer);
  x.body = secret(std::move(body_));
  const auto date = parser_->get()[http::field::date];
  x.date.assign(date.data(), date.size());
  const auto wait = parser_->get()[http::field::retry_after];
  x.retry_after.assign(wait.data(), wait.size());
  below_->finish();
  end(std::move(x));
}

void http_call::fail(std::string why) {
  http_response x;
  x.sent = below_ != nullptr;
  if (below_) below_->abort();
  x.error = std::move(why);
  end(std::move(x));
}

void http_call::abandon() {
  if (!std::exchange(done_, nullptr)) return;
  limit_.cancel();
  if (dial_) dial_->cancel();
  if (below_) below_->abort();
}

void http_call::end(http_response x) {
  auto done = std::exchange(done_, nullptr);
  if (!done) return;
  limit_.cancel();
  if (dial_) dial_->cancel();
  secret wiped(std::move(body_));
  OPENSSL_cleanse(chunk_.data(), chunk_.size());
  done(std::move(x));
}

} // namespace relay::net
