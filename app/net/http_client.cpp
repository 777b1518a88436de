#include "app/net/client.hpp"
#include "app/net/dialler.hpp"
#include "app/net/http_text.hpp"

#include <boost/asio/post.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace relay::net {

namespace http = boost::beast::http;

namespace {

constexpr std::uint32_t max_head = 32 * 1024;

/// One request and its answer, on a connection of its own. Keeps itself alive by what is under way.
class http_call final : public std::enable_shared_from_this<http_call> {
public:
  http_call(std::shared_ptr<const dial_context> context, http_request what,
            std::function<void(http_response)> done)
      : context_(std::move(context)), what_(std::move(what)), done_(std::move(done)), limit_(context_->io) {}

  void start() {
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
                                        if (!self) return;
                                        if (below)
                                          self->send(std::move(below), text);
                                        else
                                          self->fail(error);
                                      });
    dial_->start();
  }

private:
  using parser = http::response_parser<http::buffer_body>;

  /// Returns what is wrong with the request; empty: nothing.
  std::string make_head(const wire::endpoint& where, std::string& head) const {
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
      add("Content-Length", std::to_string(what_.body.reveal().size()));
    if (what_.bearer && !add("Authorization", "Bearer " + what_.bearer.reveal()))
      return "the bearer cannot stand in a header";
    if (proxy && proxy->authorization) add("Proxy-Authorization", proxy->authorization.reveal());
    for (const auto& [name, value] : what_.headers)
      if (!add(name, value))
        return "a header that cannot be sent: " + (header_name_safe(name) ? name : "its name");
    head += "\r\n";
    return {};
  }

  void send(std::shared_ptr<transport> below, const secret& head) {
    below_ = std::move(below);
    below_->append(head.reveal());
    below_->append(what_.body.reveal());
    what_.body = {};
    next_head();
    read_more(); // which flushes
  }

  void next_head() {
    parser_.emplace();
    parser_->header_limit(max_head);
    parser_->body_limit(boost::none); // bounded here, by status
    parser_->eager(false);
    if (what_.method == "HEAD") parser_->skip(true);
    header_done_ = false;
  }

  void read_more() {
    below_->fill([self = shared_from_this()](error_code ec) {
      if (!self->done_) return;
      if (ec) return self->cut_off(ec);
      self->parse();
    });
  }

  /// An answer without a length ends with its connection; any other is not complete.
  void cut_off(error_code why) {
    if (header_done_ && parser_->need_eof()) {
      error_code ec;
      parser_->put_eof(ec);
      if (!ec) return finish();
    }
    fail(why == asio::error::eof ? "the connection ended before the answer did"
                                 : "the connection was lost: " + why.message());
  }

  void parse() {
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
      }
    }
    finish();
  }

  /// Takes in a piece of the body; false when that was the end of it.
  bool keep(std::size_t size) {
    auto status = parser_->get().result_int();
    auto good = status >= 200 && status < 300;
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

  void finish() {
    http_response x;
    x.status = static_cast<int>(parser_->get().result_int());
    x.body = secret(std::move(body_));
    below_->finish();
    end(std::move(x));
  }

  void fail(std::string why) {
    if (below_) below_->abort();
    http_response x;
    x.error = std::move(why);
    end(std::move(x));
  }

  void end(http_response x) {
    auto done = std::exchange(done_, nullptr);
    if (!done) return;
    limit_.cancel();
    if (dial_) dial_->cancel();
    secret wiped(std::move(body_));
    OPENSSL_cleanse(chunk_.data(), chunk_.size());
    done(std::move(x));
  }

  std::shared_ptr<const dial_context> context_;
  http_request what_;
  std::function<void(http_response)> done_; // empty once called
  asio::steady_timer limit_;
  std::shared_ptr<dialler> dial_;
  std::shared_ptr<transport> below_;
  std::optional<parser> parser_;
  std::array<char, 16 * 1024> chunk_;
  std::string body_;
  bool header_done_ = false;
};

class beast_http_port final : public http_port {
public:
  explicit beast_http_port(std::shared_ptr<const dial_context> context) : context_(std::move(context)) {}

  void call(http_request what, std::function<void(http_response)> done) override {
    auto one = std::make_shared<http_call>(context_, std::move(what), std::move(done));
    asio::post(context_->io, [one] { one->start(); });
  }

private:
  std::shared_ptr<const dial_context> context_;
};

} // namespace

std::shared_ptr<http_port> make_http_port(asio::io_context& io, const client_options& what,
                                          std::string& error) {
  auto context = make_dial_context(io, what, error);
  return context ? std::make_shared<beast_http_port>(std::move(context)) : nullptr;
}

} // namespace relay::net
