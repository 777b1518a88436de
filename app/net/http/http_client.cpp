#include "relay_gateway/app/net/http/http_client.hpp"

#include "relay_gateway/app/net/http/http_call.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace relay::net {

namespace {

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
