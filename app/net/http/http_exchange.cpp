#include "relay_gateway/app/net/http/http_exchange.hpp"

#include "relay_gateway/app/net/http/http_call.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

#include <memory>
#include <mutex>
#include <utility>

namespace relay::net {

namespace {

/// Between the handle, which any thread may hold and drop, and the call, which lives on the io_context.
class streaming final : public std::enable_shared_from_this<streaming> {
public:
  streaming(asio::io_context& io, std::shared_ptr<http_exchange_listener> who)
      : io_(io), who_(std::move(who)) {}

  void start(const std::shared_ptr<const dial_context>& context, http_request what) {
    http_stream stream;
    // Weakly: this holds the call, and the handle holds this.
    auto weak = weak_from_this();
    stream.head = [weak](std::string content_type) {
      if (auto self = weak.lock(); self && self->who_) self->who_->on_head(std::move(content_type));
    };
    stream.keep = [weak](std::string piece, http_stream::keep_done then) {
      auto self = weak.lock();
      if (!self || !self->who_) return then("nobody wants it any more");
      self->then_ = std::move(then);
      self->who_->on_piece(std::move(piece));
    };
    auto done = [weak](http_response x) {
      if (auto self = weak.lock()) self->end(std::move(x));
    };
    call_ = std::make_shared<http_call>(context, std::move(what), std::move(done), std::move(stream));
    asio::post(io_, [self = shared_from_this()] {
      if (self->call_) self->call_->start();
    });
  }
  void fail(std::string error) {
    asio::post(io_, [self = shared_from_this(), error = std::move(error)]() mutable {
      http_response x;
      x.error = std::move(error);
      self->end(std::move(x));
    });
  }
  void more() {
    asio::post(io_, [self = shared_from_this()] {
      if (auto then = std::exchange(self->then_, nullptr)) then({});
    });
  }
  /// The handle is gone: closes the connection and calls the listener no more.
  void drop() {
    asio::post(io_, [self = shared_from_this()] {
      self->who_ = nullptr;
      self->then_ = nullptr;
      if (auto call = std::exchange(self->call_, nullptr)) call->abandon();
    });
  }

private:
  void end(http_response x) {
    call_ = nullptr;
    then_ = nullptr;
    if (auto who = std::exchange(who_, nullptr)) who->on_end(std::move(x));
  }

  asio::io_context& io_;
  // The io_context's thread only, once it has been started.
  std::shared_ptr<http_exchange_listener> who_;
  std::shared_ptr<http_call> call_;
  http_stream::keep_done then_;
};

class handle final : public http_exchange {
public:
  explicit handle(std::shared_ptr<streaming> x) : x_(std::move(x)) {}
  handle(const handle&) = delete;
  handle& operator=(const handle&) = delete;
  ~handle() override { x_->drop(); }
  void more() override { x_->more(); }

private:
  std::shared_ptr<streaming> x_;
};

class beast_stream_port final : public http_stream_port {
public:
  beast_stream_port(asio::io_context& io, client_options how) : io_(io), how_(std::move(how)) {}

  std::shared_ptr<http_exchange> open(http_request what,
                                      std::shared_ptr<http_exchange_listener> who) override {
    auto one = std::make_shared<streaming>(io_, std::move(who));
    std::string error;
    if (auto context = dial(error))
      one->start(context, std::move(what));
    else
      one->fail(std::move(error));
    return std::make_shared<handle>(std::move(one));
  }

private:
  /// Made when it can be; asked again at every use until then.
  std::shared_ptr<const dial_context> dial(std::string& error) {
    std::lock_guard guard{lock_};
    if (!context_) context_ = make_dial_context(io_, how_, error);
    return context_;
  }
  asio::io_context& io_;
  client_options how_;
  std::mutex lock_;
  std::shared_ptr<const dial_context> context_;
};

} // namespace

std::shared_ptr<http_stream_port> make_stream_port(asio::io_context& io, client_options what) {
  return std::make_shared<beast_stream_port>(io, std::move(what));
}

} // namespace relay::net
