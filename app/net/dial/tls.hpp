// TLS contexts: what is trusted, what is shown, and nothing older than 1.2. Private to app/net.
#pragma once

#include "relay_gateway/config/settings.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>

#include <memory>
#include <string>

namespace relay::net {

/// Verifies peers against the CA file alone, or the system's store without one. There is no way to verify
/// less. Null and one line in `error` when a file cannot be used.
std::shared_ptr<boost::asio::ssl::context> make_client_tls(const config::tls_settings& what,
                                                           std::string& error);

/// Shows a certificate chain. With `client_ca_file` a peer must show a certificate of that CA (mutual TLS),
/// without it none is asked for. Null and one line in `error` when a file cannot be used.
std::shared_ptr<boost::asio::ssl::context> make_server_tls(const std::string& cert_file,
                                                           const std::string& key_file, std::string& error,
                                                           const std::string& client_ca_file = {});

/// Why a handshake failed, in words for a person: a peer that speaks plain text is named as such.
std::string handshake_fault(const boost::system::error_code& why);

} // namespace relay::net
