#include "relay_gateway/app/net/dial/reloading_port.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <mutex>
#include <string>
#include <utility>

namespace relay::net {

namespace {

/// Makes the real port when it can; asked again at every use until then.
template <class Port, class Maker>
class late {
public:
  late(boost::asio::io_context& context, client_options what, Maker make)
      : io(context), what_(std::move(what)), make_(make) {}
  std::shared_ptr<Port> get(std::string& error) {
    std::lock_guard guard{lock_};
    if (!port_) port_ = make_(io, what_, error);
    return port_;
  }
  boost::asio::io_context& io;

private:
  client_options what_;
  Maker make_;
  std::mutex lock_;
  std::shared_ptr<Port> port_;
};

/// What a failed dial leaves: nothing can be done with it.
class no_socket final : public line_socket {
public:
  void write(std::string) override {}
  std::size_t queued() const override { return 0; }
  void close(std::uint16_t, std::string, milliseconds) override {}
  void drop(std::string) override {}
  void read(bool) override {}
};

class reloading_link final : public link_port {
public:
  reloading_link(boost::asio::io_context& io, client_options what)
      : port_(io, std::move(what), &make_link_port) {}
  std::shared_ptr<line_socket> dial(dial_request what, std::shared_ptr<socket_listener> who) override {
    std::string error;
    if (auto port = port_.get(error)) return port->dial(std::move(what), std::move(who));
    socket_end why;
    why.error = error;
    boost::asio::post(port_.io, [who = std::move(who), why = std::move(why)] { who->on_end(why); });
    return std::make_shared<no_socket>();
  }

private:
  late<link_port, decltype(&make_link_port)> port_;
};

class reloading_http final : public http_port {
public:
  reloading_http(boost::asio::io_context& io, client_options what)
      : port_(io, std::move(what), &make_http_port) {}
  void call(http_request what, std::function<void(http_response)> done) override {
    std::string error;
    if (auto port = port_.get(error)) {
      port->call(std::move(what), std::move(done));
      return;
    }
    http_response failed;
    failed.error = error;
    boost::asio::post(port_.io, [done = std::move(done), failed = std::move(failed)]() mutable {
      done(std::move(failed));
    });
  }

private:
  late<http_port, decltype(&make_http_port)> port_;
};

} // namespace

std::shared_ptr<link_port> make_reloading_link_port(boost::asio::io_context& io, client_options what) {
  return std::make_shared<reloading_link>(io, std::move(what));
}
std::shared_ptr<http_port> make_reloading_http_port(boost::asio::io_context& io, client_options what) {
  return std::make_shared<reloading_http>(io, std::move(what));
}

} // namespace relay::net
