#include "relay_gateway/app/net/dial/tls.hpp"

#include "relay_gateway/app/net/io/regular_file.hpp"

#include <boost/asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <chrono>

namespace relay::net {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

namespace {

std::shared_ptr<ssl::context> make(ssl::context::method method) {
  auto context = std::make_shared<ssl::context>(method);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  return context;
}

/// OpenSSL opens whatever there is, and would wait for the other end of a pipe.
bool is_readable(const std::string& path, std::string& error) {
  constexpr std::size_t first_bytes = 4'096;
  constexpr std::chrono::seconds patience{2};
  auto found = net::read_regular_file(path, first_bytes, patience);
  if (!found.text) error = "cannot use " + found.why;
  return found.text.has_value();
}

bool show(ssl::context& context, const std::string& cert_file, const std::string& key_file,
          std::string& error) {
  if (!is_readable(cert_file, error) || !is_readable(key_file, error)) return false;
  error_code ec;
  context.use_certificate_chain_file(cert_file, ec);
  if (ec) {
    error = "cannot use certificate " + cert_file + ": " + ec.message();
    return false;
  }
  context.use_private_key_file(key_file, ssl::context::pem, ec); // also refuses a key of another certificate
  if (ec) {
    error = "cannot use private key " + key_file + ": " + ec.message();
    return false;
  }
  return true;
}

} // namespace

std::shared_ptr<ssl::context> make_client_tls(const config::tls_settings& what, std::string& error) {
  auto context = make(ssl::context::tls_client);
  if (!what.ca_file.empty() && !is_readable(what.ca_file, error)) return nullptr;
  error_code ec;
  if (what.ca_file.empty())
    context->set_default_verify_paths(ec);
  else
    context->load_verify_file(what.ca_file, ec);
  if (ec) {
    error =
        "cannot use CA file " + (what.ca_file.empty() ? "of the system" : what.ca_file) + ": " + ec.message();
    return nullptr;
  }
  context->set_verify_mode(ssl::verify_peer, ec);
  if (what.cert_file.empty() != what.key_file.empty()) {
    error = "a client certificate needs both a certificate and a key file";
    return nullptr;
  }
  if (!what.cert_file.empty() && !show(*context, what.cert_file, what.key_file, error)) return nullptr;
  return context;
}

std::shared_ptr<ssl::context> make_server_tls(const std::string& cert_file, const std::string& key_file,
                                              std::string& error, const std::string& client_ca_file) {
  auto context = make(ssl::context::tls_server);
  if (!show(*context, cert_file, key_file, error)) return nullptr;
  if (client_ca_file.empty()) return context;
  error_code ec;
  context->load_verify_file(client_ca_file, ec);
  if (!ec) context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, ec);
  if (ec) {
    error = "cannot use CA file " + client_ca_file + ": " + ec.message();
    return nullptr;
  }
  // A session that is resumed would skip the check of the certificate.
  SSL_CTX_set_session_cache_mode(context->native_handle(), SSL_SESS_CACHE_OFF);
  return context;
}

std::string handshake_fault(const error_code& why) {
  if (why == boost::asio::ssl::error::stream_truncated || why == boost::asio::error::eof)
    return "the peer closed the connection instead of answering in TLS";
  if (why.category() != boost::asio::error::get_ssl_category()) return why.message();
  switch (ERR_GET_REASON(static_cast<unsigned long>(why.value()))) {
  // What OpenSSL calls the first bytes of an HTTP answer.
  case SSL_R_WRONG_VERSION_NUMBER:
  case SSL_R_HTTP_REQUEST:
  case SSL_R_PACKET_LENGTH_TOO_LONG:
  case SSL_R_UNEXPECTED_MESSAGE: return "the peer does not speak TLS there (plain text behind an https URL)";
  default: return why.message();
  }
}

} // namespace relay::net
