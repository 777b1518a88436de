// The TLS contexts of outgoing connections: made when a TLS URL is dialled for the first time, and one per
// distinct setting in the process, for a store of certificates takes long to load and much memory.
#pragma once

#include "relay_gateway/config/settings.hpp"

#include <boost/asio/ssl/context.hpp>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace relay::net {

/// A context that is being made by a thread of its own: files may lie on a file system that hangs.
/// Thread-safe.
class tls_load {
public:
  using result = std::shared_ptr<boost::asio::ssl::context>;
  /// Whether it has ended; waits for that, but not longer than `limit`.
  bool ended(std::chrono::milliseconds limit = {}) const;
  /// Null and one line in `error` when a file cannot be used, or when it has not ended yet.
  result take(std::string& error) const;
  /// For the thread that makes it.
  void end(result made, std::string error);

private:
  mutable std::mutex lock_;
  mutable std::condition_variable changed_;
  result made_;
  std::string error_;
  bool ended_ = false;
};

/// What one port dials with. Thread-safe.
class client_tls {
public:
  /// As make_client_tls() (tls.hpp); may block for ever.
  using maker = std::function<tls_load::result(const config::tls_settings&, std::string& error)>;
  /// Whoever waits longer for a load gives up; its result is there for the next one.
  static constexpr std::chrono::milliseconds patience{2'000};

  explicit client_tls(config::tls_settings what);
  client_tls(config::tls_settings what, maker make) : what_(std::move(what)), make_(std::move(make)) {}

  /// The context for the next handshake. Files that changed since the last one are read again, never on the
  /// calling thread: look again until it has ended. While they are read already, that load is joined.
  std::shared_ptr<tls_load> load();
  /// The same for those who may wait (blocking, `patience` at most).
  tls_load::result get(std::string& error);

private:
  const config::tls_settings what_;
  const maker make_;
  std::mutex lock_;
  std::shared_ptr<tls_load> newest_;
  tls_load::result last_; ///< keeps it for the other ports of this process, too, until there is a newer one
};

} // namespace relay::net
