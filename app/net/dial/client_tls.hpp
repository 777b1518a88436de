// The TLS contexts of outgoing connections: made when a TLS URL is dialled for the first time, and one per
// distinct setting in the process, for a store of certificates takes long to load and much memory.
#pragma once

#include "relay_gateway/config/settings.hpp"

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <mutex>
#include <string>

namespace relay::net {

/// What one port dials with. Thread-safe.
class client_tls {
public:
  explicit client_tls(config::tls_settings what) : what_(std::move(what)) {}
  /// The context for the next handshake. Files that changed since the last one are read again. Null and one
  /// line in `error` when a file cannot be used; the next call tries again.
  std::shared_ptr<boost::asio::ssl::context> get(std::string& error);

private:
  const config::tls_settings what_;
  std::mutex lock_;
  std::shared_ptr<boost::asio::ssl::context> last_; ///< keeps it for the other ports of this process, too
};

} // namespace relay::net
