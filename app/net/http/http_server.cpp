#include "relay_gateway/app/net/http/http_server.hpp"

#include "relay_gateway/app/net/dial/tls.hpp"
#include "relay_gateway/app/net/http/http_connection.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <sys/resource.h>
#include <sys/socket.h>
#include <utility>

namespace relay::net {

namespace {

using tcp = asio::ip::tcp;
using acceptor_type = asio::basic_socket_acceptor<tcp, transport::executor_type>;

constexpr std::chrono::milliseconds accept_pause{100};
/// Files of the process that are none of this server's: store, link and redials, children, metrics listener.
constexpr std::size_t other_files = 160;
/// Also where the limit is lower than makes sense.
constexpr std::size_t fewest_connections = 16;

/// Accepts; shared, because an accept may be under way when the server's owner lets go.
class listener : public std::enable_shared_from_this<listener> {
public:
  explicit listener(std::shared_ptr<server_state> state)
      : state_(std::move(state)), acceptor_(state_->io.get_executor()), pause_(state_->io) {}

  bool open(std::string& error) {
    const auto& what = state_->what;
    auto failed = [&](const error_code& ec) {
      error = "cannot listen on " + what.host + ":" + std::to_string(what.port) + ": " + ec.message();
      return false;
    };
    error_code ec;
    auto address = asio::ip::make_address(what.host == "localhost" ? "127.0.0.1" : what.host, ec);
    if (ec) return failed(ec);
    tcp::endpoint where(address, what.port);
    if (acceptor_.open(where.protocol(), ec); ec) return failed(ec);
    if (acceptor_.set_option(asio::socket_base::reuse_address(true), ec); ec) return failed(ec);
    if (acceptor_.bind(where, ec); ec) return failed(ec);
    if (acceptor_.listen(asio::socket_base::max_listen_connections, ec); ec) return failed(ec);
    port_ = acceptor_.local_endpoint(ec).port();
    return ec ? failed(ec) : true;
  }

  void accept_next() {
    auto below = std::make_shared<transport>(state_->io);
    acceptor_.async_accept(below->socket(),
                           [self = shared_from_this(), below](error_code ec) { self->accepted(below, ec); });
  }

  void stop() {
    if (std::exchange(state_->stopped, true)) return;
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    // Each of these erases itself from the map.
    for (auto live = state_->live; auto& [id, end] : live) end();
  }

  std::uint16_t port() const noexcept { return port_; }

private:
  void accepted(const std::shared_ptr<transport>& below, const error_code& ec) {
    if (state_->stopped) return;
    if (ec) {
      // Out of descriptors, most likely: asking again at once would only spin until somebody lets go of one.
      pause_.expires_after(accept_pause);
      return pause_.async_wait([self = shared_from_this()](error_code stopped) {
        if (!stopped) self->accept_next();
      });
    }
    // Whoever has been waited for longest goes first: slow connections lock nobody out.
    if (state_->live.size() >= state_->what.max_connections && !state_->awaiting_peer.empty())
      if (auto oldest = state_->live.find(state_->awaiting_peer.begin()->second);
          oldest != state_->live.end())
        std::function<void()>{oldest->second}(); // a copy: it erases itself
    const auto vital_only = state_->live.size() >= state_->what.max_connections;
    if (state_->live.size() < state_->what.max_connections + state_->what.reserved_connections) {
      error_code gone;
      auto from = below->socket().remote_endpoint(gone);
      auto peer =
          gone ? std::string("unknown") : from.address().to_string() + ":" + std::to_string(from.port());
      std::make_shared<http_connection>(state_, below, std::move(peer), vital_only)->start();
    } else {
      below->abort();
    }
    accept_next();
  }

  std::shared_ptr<server_state> state_;
  acceptor_type acceptor_;
  asio::steady_timer pause_;
  std::uint16_t port_ = 0;
};

class server final : public http_server {
public:
  explicit server(std::shared_ptr<listener> inner) : inner_(std::move(inner)) {}
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  ~server() override { inner_->stop(); }
  std::uint16_t port() const override { return inner_->port(); }
  void stop() override { inner_->stop(); }

private:
  std::shared_ptr<listener> inner_;
};

} // namespace

std::size_t connections_within_limits(std::size_t wanted) {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) return wanted;
  const auto all = static_cast<std::size_t>(files.rlim_cur);
  const auto kept = other_files + server_options{}.reserved_connections;
  return std::min(wanted, std::max(all > kept ? all - kept : 0, fewest_connections));
}

std::unique_ptr<http_server> listen(asio::io_context& io, server_options what, server_handlers who,
                                    std::string& error) {
  auto state = std::make_shared<server_state>(io, std::move(what), std::move(who));
  if (state->what.tls_cert_file.empty() != state->what.tls_key_file.empty()) {
    error = "TLS needs both a certificate and a key file";
    return nullptr;
  }
  if (!state->what.tls_cert_file.empty()) {
    state->tls = make_server_tls(state->what.tls_cert_file, state->what.tls_key_file, error,
                                 state->what.tls_client_ca_file);
    if (!state->tls) return nullptr;
  }
  auto inner = std::make_shared<listener>(std::move(state));
  if (!inner->open(error)) return nullptr;
  // Not here: listen() may be called on another thread than the io_context's.
  asio::post(io, [inner] { inner->accept_next(); });
  return std::make_unique<server>(std::move(inner));
}

} // namespace relay::net
