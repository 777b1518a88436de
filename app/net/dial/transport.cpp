#include "relay_gateway/app/net/dial/transport.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <openssl/crypto.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <new>
#include <sys/mman.h>
#include <sys/socket.h>

namespace relay::net {

namespace {

constexpr std::chrono::seconds linger_limit{2};

#ifdef __linux__
/// What the kernel knows of a connection. glibc's structure ends before the counters.
struct connection_info {
  tcp_info basic{};
  std::uint64_t pacing_rate = 0, max_pacing_rate = 0, bytes_acked = 0, bytes_received = 0;
};

/// Whether `wanted`, a member of `to`, is known.
bool ask(int fd, connection_info& to, const void* wanted) {
  socklen_t size = sizeof to;
  const auto offset = static_cast<const char*>(wanted) - reinterpret_cast<const char*>(&to);
  return ::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &to, &size) == 0 && size > static_cast<socklen_t>(offset);
}
#endif

} // namespace

transport::transport(asio::io_context& io)
    : socket_(io.get_executor()), linger_(io), in_(fresh_block()), last_byte_(steady::now()) {}

void transport::unmap::operator()(char* x) const noexcept { ::munmap(x, block); }

std::unique_ptr<char[], transport::unmap> transport::fresh_block() {
  auto* found = ::mmap(nullptr, block, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (found == MAP_FAILED) throw std::bad_alloc{}; // NOLINT(performance-no-int-to-ptr)
  return std::unique_ptr<char[], unmap>{static_cast<char*>(found)};
}

transport::~transport() {
  // Bearers and provisioned secrets pass through here.
  OPENSSL_cleanse(in_.get(), touched_);
  out_.resize(out_.capacity());
  OPENSSL_cleanse(out_.data(), out_.size());
  flight_.resize(flight_.capacity());
  OPENSSL_cleanse(flight_.data(), flight_.size());
}

void transport::connected() {
  error_code ec;
  socket_.non_blocking(true, ec);                        // flush() must never wait
  socket_.set_option(asio::ip::tcp::no_delay(true), ec); // we gather ourselves
  last_byte_ = steady::now();
}

void transport::start_tls_client(std::shared_ptr<asio::ssl::context> context, const std::string& host,
                                 done then) {
  context_ = std::move(context);
  tls_.emplace(socket_, *context_);
  error_code ec;
  tls_->set_verify_mode(asio::ssl::verify_peer, ec);
  // OpenSSL's own check of the name, not Asio's call-back: it tells a wrong name from a wrong signature.
  auto* ssl = tls_->native_handle();
  error_code not_an_address;
  asio::ip::make_address(host, not_an_address);
  bool set = false;
  if (not_an_address) {
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    set = SSL_set1_host(ssl, host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
  } else {
    set = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1; // SNI carries names only
  }
  if (!ec && !set) ec = asio::error::invalid_argument;
  if (ec) return asio::post(socket_.get_executor(), [then = std::move(then), ec] { then(ec); });
  tls_->async_handshake(asio::ssl::stream_base::client,
                        [self = shared_from_this(), then = std::move(then)](error_code e) { then(e); });
}

void transport::start_tls_server(std::shared_ptr<asio::ssl::context> context, done then) {
  context_ = std::move(context);
  tls_.emplace(socket_, *context_);
  tls_->async_handshake(asio::ssl::stream_base::server,
                        [self = shared_from_this(), then = std::move(then)](error_code e) { then(e); });
}

std::string transport::verify_error() const {
  if (!tls_) return {};
  auto code = SSL_get_verify_result(const_cast<asio::ssl::stream<socket_type&>&>(*tls_).native_handle());
  return code == X509_V_OK ? ""
                           : std::string("certificate not accepted: ") + X509_verify_cert_error_string(code);
}

std::string transport::tls_text() const {
  if (!tls_) return {};
  auto* ssl = const_cast<asio::ssl::stream<socket_type&>&>(*tls_).native_handle();
  std::string out = SSL_get_version(ssl);
  const std::unique_ptr<X509, decltype(&X509_free)> peer{SSL_get1_peer_certificate(ssl), &X509_free};
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> text{BIO_new(BIO_s_mem()), &BIO_free_all};
  if (!peer || !text || ASN1_TIME_print(text.get(), X509_get0_notAfter(peer.get())) != 1) return out;
  char* data = nullptr;
  auto size = BIO_get_mem_data(text.get(), &data);
  return out + ", certificate valid until " + std::string{data, static_cast<std::size_t>(size)};
}

transport::certificate_ends transport::certificates() const {
  if (!tls_) return {};
  auto* ssl = const_cast<asio::ssl::stream<socket_type&>&>(*tls_).native_handle();
  const auto end_of = [](const X509* x) -> std::int64_t {
    std::tm when{};
    return x != nullptr && ASN1_TIME_to_tm(X509_get0_notAfter(x), &when) == 1 ? ::timegm(&when) : 0;
  };
  const std::unique_ptr<X509, decltype(&X509_free)> peer{SSL_get1_peer_certificate(ssl), &X509_free};
  return {end_of(peer.get()), end_of(SSL_get_certificate(ssl))};
}

// -- reading ----------------------------------------------------------------------------------------

void transport::fill(done then) {
  if (begin_ == end_) {
    begin_ = end_ = 0;
  } else if (end_ == block) {
    std::memmove(in_.get(), in_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  flush();
  filling_ = true;
  if (on_waiting) on_waiting();
  auto room = asio::buffer(in_.get() + end_, block - end_);
  auto handler = [self = shared_from_this(), then = std::move(then)](error_code ec, std::size_t n) {
    self->filled(ec, n, then);
  };
  if (tls_)
    tls_->async_read_some(room, std::move(handler));
  else
    socket_.async_read_some(room, std::move(handler));
}

void transport::filled(const error_code& ec, std::size_t n, const done& then) {
  filling_ = false;
  end_ += n;
  touched_ = std::max(touched_, end_);
  filled_ += n;
  if (n > 0) last_byte_ = steady::now();
  // A peer that ends a TLS stream without close_notify has ended it all the same; what was cut off shows
  // above.
  then(ec == asio::ssl::error::stream_truncated ? error_code(asio::error::eof) : ec);
}

std::chrono::milliseconds transport::silence() const {
  auto own = std::chrono::duration_cast<std::chrono::milliseconds>(steady::now() - last_byte_);
#ifdef __linux__
  connection_info info;
  auto fd = const_cast<socket_type&>(socket_).native_handle(); // a getter that Asio does not call const
  if (ask(fd, info, &info.basic.tcpi_last_data_recv))
    own = std::min(own, std::chrono::milliseconds(info.basic.tcpi_last_data_recv));
#endif
  return own;
}

std::uint64_t transport::received() const {
#ifdef __linux__
  connection_info info;
  auto fd = const_cast<socket_type&>(socket_).native_handle();
  if (ask(fd, info, &info.bytes_received)) return info.bytes_received;
#endif
  return filled_;
}

// -- writing ----------------------------------------------------------------------------------------

std::uint64_t transport::taken() const {
#ifdef __linux__
  // Not what was given to the kernel less what waits there: of TLS both stand still while a record goes on.
  connection_info info;
  auto fd = const_cast<socket_type&>(socket_).native_handle();
  if (ask(fd, info, &info.bytes_acked)) return info.bytes_acked;
#endif
  return departed_;
}

void transport::flush() {
  if (writing_ || held_ || aborted_ || out_.empty()) return;
  if (broken_) {
    out_.clear();
    return;
  }
  if (tls_)
    flush_tls();
  else
    flush_plain();
}

void transport::hold(bool on) {
  held_ = on;
  if (!on) flush();
}

void transport::flush_plain() {
  while (sent_ < out_.size()) {
    error_code ec;
    auto n = socket_.write_some(asio::buffer(out_.data() + sent_, out_.size() - sent_), ec);
    sent_ += n;
    departed_ += n;
    if (!ec) continue;
    if (ec != asio::error::would_block && ec != asio::error::try_again) return fail(ec);
    writing_ = true;
    socket_.async_wait(socket_type::wait_write,
                       [self = shared_from_this()](error_code e) { self->flushed(e); });
    return;
  }
  out_.clear();
  sent_ = 0;
}

void transport::flush_tls() {
  flight_.swap(out_);
  departed_ += flight_.size(); // once encrypted, which bytes have left is not known any more
  writing_ = true;
  asio::async_write(*tls_, asio::buffer(flight_), [self = shared_from_this()](error_code e, std::size_t) {
    self->flight_.clear();
    self->flushed(e);
  });
}

void transport::flushed(const error_code& ec) {
  writing_ = false;
  if (ec)
    fail(ec);
  else
    flush();
  if (finishing_) {
    if (!writing_ && !aborted_) say_goodbye();
  } else if (auto told = on_flushed) { // a copy: the listener may take itself off
    told();
  }
}

void transport::fail(const error_code& ec) {
  if (!broken_) broken_ = ec;
  out_.clear();
  sent_ = 0;
}

// -- the end ----------------------------------------------------------------------------------------

void transport::finish() {
  if (finishing_ || aborted_) return;
  finishing_ = true;
  on_waiting = on_flushed = nullptr;
  linger_.expires_after(linger_limit);
  linger_.async_wait([self = shared_from_this()](error_code ec) {
    if (!ec) self->abort();
  });
  flush();
  if (!writing_ && !held_) say_goodbye(); // a held one says nothing until the limit is over
}

void transport::say_goodbye() {
  if (!tls_ || broken_ || filling_) return discard(); // a TLS goodbye would read beside the pending read
  tls_->async_shutdown([self = shared_from_this()](error_code) { self->discard(); });
}

void transport::discard() {
  if (aborted_) return;
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  if (filling_) return; // that read ends with the peer's goodbye or with the limit
  socket_.async_read_some(asio::buffer(in_.get(), block),
                          [self = shared_from_this()](error_code ec, std::size_t) {
                            if (ec)
                              self->abort();
                            else
                              self->discard();
                          });
}

void transport::abort() {
  if (aborted_) return;
  aborted_ = true;
  on_waiting = on_flushed = nullptr;
  linger_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

void transport::reset() {
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  abort();
}

} // namespace relay::net
