#include "relay_gateway/app/net/dial/tls.hpp"

#include "relay_gateway/app/net/io/regular_file.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/error.hpp>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace relay::net {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

namespace {

std::shared_ptr<ssl::context> make(ssl::context::method method) {
  auto context = std::make_shared<ssl::context>(method);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  return context;
}

/// A file of certificates or keys: OpenSSL itself would open whatever there is, and wait for the other end of
/// a pipe. Keys are in it, so it is overwritten at the end.
class pem_file {
public:
  pem_file(const std::string& path, std::string& error) {
    constexpr std::size_t most = 16UL << 20;
    constexpr std::chrono::seconds patience{2};
    auto found = net::read_regular_file(path, most, patience);
    if (!found.text) error = "cannot use " + path + ": " + found.why;
    text_ = std::move(found.text);
  }
  pem_file(const pem_file&) = delete;
  pem_file& operator=(const pem_file&) = delete;
  ~pem_file() {
    if (text_) OPENSSL_cleanse(text_->data(), text_->size());
  }
  explicit operator bool() const { return text_.has_value(); }
  boost::asio::const_buffer bytes() const { return boost::asio::buffer(*text_); }

private:
  std::optional<std::string> text_;
};

/// Certificates that are trusted, and lists of revoked ones.
bool trust(ssl::context& context, const std::string& ca_file, std::string& error) {
  const pem_file file{ca_file, error};
  if (!file) return false;
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> from{
      BIO_new_mem_buf(file.bytes().data(), static_cast<int>(file.bytes().size())), &BIO_free_all};
  const auto free_all = [](STACK_OF(X509_INFO) * x) { sk_X509_INFO_pop_free(x, X509_INFO_free); };
  ERR_clear_error();
  const std::unique_ptr<STACK_OF(X509_INFO), decltype(free_all)> all{
      from ? PEM_X509_INFO_read_bio(from.get(), nullptr, nullptr, nullptr) : nullptr, free_all};
  auto* store = SSL_CTX_get_cert_store(context.native_handle());
  int used = 0;
  for (int n = 0; all && n < sk_X509_INFO_num(all.get()); ++n) {
    const auto* x = sk_X509_INFO_value(all.get(), n);
    used += x->x509 != nullptr && X509_STORE_add_cert(store, x->x509) == 1 ? 1 : 0;
    used += x->crl != nullptr && X509_STORE_add_crl(store, x->crl) == 1 ? 1 : 0;
  }
  if (used > 0) return true;
  const auto code = ERR_get_error();
  const auto why = code == 0
                       ? std::string{"there is no certificate in it"}
                       : error_code{static_cast<int>(code), boost::asio::error::get_ssl_category()}.message();
  error = "cannot use CA file " + ca_file + ": " + why;
  return false;
}

bool show(ssl::context& context, const std::string& cert_file, const std::string& key_file,
          std::string& error) {
  const pem_file cert{cert_file, error};
  if (!cert) return false;
  const pem_file key{key_file, error};
  if (!key) return false;
  error_code ec;
  context.use_certificate_chain(cert.bytes(), ec);
  if (ec) {
    error = "cannot use certificate " + cert_file + ": " + ec.message();
    return false;
  }
  context.use_private_key(key.bytes(), ssl::context::pem, ec); // also refuses a key of another certificate
  if (ec) {
    error = "cannot use private key " + key_file + ": " + ec.message();
    return false;
  }
  return true;
}

} // namespace

std::shared_ptr<ssl::context> make_client_tls(const config::tls_settings& what, std::string& error) {
  auto context = make(ssl::context::tls_client);
  error_code ec;
  if (what.ca_file.empty()) context->set_default_verify_paths(ec);
  if (ec) {
    error = "cannot use the CA files of the system: " + ec.message();
    return nullptr;
  }
  if (!what.ca_file.empty() && !trust(*context, what.ca_file, error)) return nullptr;
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
  if (!trust(*context, client_ca_file, error)) return nullptr;
  error_code ec;
  context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, ec);
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
