// From a URL to a connected transport: name, address, proxy, TLS. Private to app/net.
#pragma once

#include "relay_gateway/app/net/client.hpp"
#include "relay_gateway/app/net/dial/client_tls.hpp"
#include "relay_gateway/app/net/dial/proxy.hpp"
#include "relay_gateway/app/net/dial/transport.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace relay::net {

/// What every connection of one port has in common.
struct dial_context {
  asio::io_context& io;
  std::shared_ptr<client_tls> tls; ///< asked at each dial of a TLS URL
  proxy_rules proxies;
  std::string user_agent;
  std::shared_ptr<metrics_port> certificates; ///< may be null
};

/// Null and one line in `error` when a proxy cannot be used. TLS files are read when they are needed.
std::shared_ptr<const dial_context> make_dial_context(asio::io_context& io, const client_options& what,
                                                      std::string& error);

/// The parts of the way, in order.
enum class dial_step : std::uint8_t { name, address, proxy, tls };

/// One attempt. The io_context's thread only.
class dialler : public std::enable_shared_from_this<dialler> {
public:
  /// A connected transport, or null and one line that never holds a credential.
  using done = std::function<void(std::shared_ptr<transport>, std::string error)>;

  /// `tunnel`: go through a proxy by CONNECT even without TLS (a WebSocket must, a plain request need not).
  /// `limit` is the caller's whole time: it is only used to leave some of it for each of a host's addresses.
  dialler(std::shared_ptr<const dial_context> context, wire::endpoint where, bool tunnel,
          std::chrono::milliseconds limit, done then);

  void start();
  /// `done` is not called any more.
  void cancel();
  /// What it is doing, for the message of a time-out: "connecting to host:443".
  const std::string& phase() const noexcept { return phase_; }
  dial_step step() const noexcept { return step_; }
  /// Told of each part of the way that is behind it, with what was found, for a person.
  std::function<void(dial_step, const std::string&)> on_passed;
  /// The proxy that is used; null = none.
  const proxy_address* proxy() const noexcept { return proxy_; }

private:
  /// `host`, or `the proxy host`.
  std::string peer_name() const;
  void resolve();
  void next_address();
  void connected();
  void ask_proxy();
  void read_proxy();
  void start_tls();
  void tell_certificates();
  void await_files(std::shared_ptr<tls_load> load, std::chrono::milliseconds pause);
  void shake_hands(std::shared_ptr<asio::ssl::context> tls);
  void finish(std::shared_ptr<transport> result, std::string error);
  void passed(const std::string& what) const {
    if (on_passed) on_passed(step_, what);
  }

  std::shared_ptr<const dial_context> context_;
  wire::endpoint where_;
  const proxy_address* proxy_;
  bool tunnel_;
  asio::steady_timer::time_point deadline_;
  done then_;
  std::string phase_ = "starting";
  dial_step step_ = dial_step::name;
  std::string peer_host_, peer_port_; // of the TCP connection: the target's, or the proxy's
  asio::ip::basic_resolver<asio::ip::tcp, transport::executor_type> resolver_;
  asio::steady_timer attempt_;
  steady::time_point files_until_; ///< for TLS files that are being read
  std::shared_ptr<transport> below_;
  std::vector<asio::ip::tcp::endpoint> addresses_;
  std::size_t next_ = 0;
  error_code last_;
};

/// `host:port` as a Host header and a CONNECT line want it: an IPv6 address in brackets.
std::string authority(const wire::endpoint& where, bool always_with_port);

} // namespace relay::net
