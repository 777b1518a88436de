#include "relay_gateway/app/net/dial/dialler.hpp"

#include "relay_gateway/actors/metrics.hpp"
#include "relay_gateway/app/net/dial/tls.hpp"
#include "relay_gateway/app/net/http/http_text.hpp"

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <algorithm>
#include <utility>

namespace relay::net {

namespace {

/// Between two looks at a load of TLS files, at most.
constexpr std::chrono::milliseconds files_pause{20};

} // namespace

std::shared_ptr<const dial_context> make_dial_context(asio::io_context& io, const client_options& what,
                                                      std::string& error) {
  if (!header_safe(what.user_agent)) {
    error = "the user agent cannot stand in a header";
    return nullptr;
  }
  auto proxies = proxy_rules::make(what.proxy, error);
  if (!proxies) return nullptr;
  return std::make_shared<const dial_context>(dial_context{
      io, std::make_shared<client_tls>(what.tls), std::move(*proxies), what.user_agent, what.certificates});
}

std::string authority(const wire::endpoint& where, bool always_with_port) {
  auto host = where.host.find(':') == std::string::npos ? where.host : "[" + where.host + "]";
  auto usual = where.tls ? "443" : "80";
  return always_with_port || where.port != usual ? host + ":" + where.port : host;
}

dialler::dialler(std::shared_ptr<const dial_context> context, wire::endpoint where, bool tunnel,
                 std::chrono::milliseconds limit, done then)
    : context_(std::move(context)), where_(std::move(where)), proxy_(context_->proxies.find(where_)),
      tunnel_(tunnel || where_.tls), deadline_(steady::now() + limit), then_(std::move(then)),
      peer_host_(proxy_ ? proxy_->host : where_.host), peer_port_(proxy_ ? proxy_->port : where_.port),
      resolver_(context_->io), attempt_(context_->io) {}

void dialler::start() {
  error_code ec;
  auto address = asio::ip::make_address(peer_host_, ec);
  if (ec) return resolve();
  auto port = std::strtoul(peer_port_.c_str(), nullptr, 10);
  addresses_.emplace_back(address, static_cast<std::uint16_t>(port));
  passed(peer_host_ + " is an address");
  next_address();
}

std::string dialler::peer_name() const { return (proxy_ ? "the proxy " : "") + peer_host_; }

void dialler::resolve() {
  phase_ = "looking up " + peer_name();
  // Asio asks getaddrinfo on a thread of its own. It cannot be interrupted: after a cancel() its answer is
  // ignored.
  resolver_.async_resolve(
      peer_host_, peer_port_, asio::ip::resolver_base::numeric_service,
      [self = shared_from_this()](error_code ec, const asio::ip::tcp::resolver::results_type& found) {
        if (!self->then_) return;
        if (ec) return self->finish(nullptr, "cannot look up " + self->peer_name() + ": " + ec.message());
        std::string names;
        for (const auto& entry : found) {
          self->addresses_.push_back(entry.endpoint());
          names += (names.empty() ? "" : ", ") + entry.endpoint().address().to_string();
        }
        self->passed(self->peer_host_ + " is " + names);
        self->next_address();
      });
}

void dialler::next_address() {
  auto peer = peer_name() + ":" + peer_port_;
  if (next_ == addresses_.size())
    return finish(nullptr, "cannot connect to " + peer + ": " + last_.message());
  phase_ = "connecting to " + peer;
  step_ = dial_step::address;
  auto index = next_++;
  below_ = std::make_shared<transport>(context_->io); // a socket that failed once is not used again
  below_->socket().async_connect(addresses_[index], [self = shared_from_this(), index](error_code ec) {
    if (!self->then_ || index + 1 != self->next_) return;
    self->attempt_.cancel();
    if (!ec) return self->connected();
    self->last_ = ec;
    self->next_address();
  });
  auto left = addresses_.size() - index;
  if (left == 1) return;
  // An address that swallows packets must not use up the time of those behind it.
  auto share = std::max<steady::duration>((deadline_ - steady::now()) / static_cast<int>(left),
                                          std::chrono::milliseconds(1));
  attempt_.expires_after(share);
  attempt_.async_wait([self = shared_from_this(), index](error_code ec) {
    if (ec || !self->then_ || index + 1 != self->next_) return;
    self->below_->abort();
    self->last_ = asio::error::timed_out;
    self->next_address();
  });
}

void dialler::connected() {
  below_->connected();
  if (on_passed) {
    error_code ec;
    auto end = below_->socket().remote_endpoint(ec);
    passed("connected to " + (ec ? peer_host_ : end.address().to_string()) + " port " + peer_port_);
  }
  if (proxy_ && tunnel_)
    ask_proxy();
  else if (where_.tls)
    start_tls();
  else
    finish(std::move(below_), {});
}

void dialler::ask_proxy() {
  phase_ = "asking the proxy " + proxy_->name();
  step_ = dial_step::proxy;
  auto target = authority(where_, true);
  below_->append("CONNECT " + target + " HTTP/1.1\r\nHost: " + target +
                 "\r\nUser-Agent: " + context_->user_agent + "\r\n");
  if (proxy_->authorization)
    below_->append("Proxy-Authorization: " + proxy_->authorization.reveal() + "\r\n");
  below_->append("\r\n");
  read_proxy();
}

void dialler::read_proxy() {
  below_->fill([self = shared_from_this()](error_code ec) {
    if (!self->then_) return;
    auto name = "the proxy " + self->proxy_->name();
    if (ec) return self->finish(nullptr, name + " ended the connection: " + ec.message());
    // The head is parsed anew with each packet: it nearly always comes in one.
    boost::beast::http::response_parser<boost::beast::http::empty_body> parser;
    parser.skip(true); // an accepted CONNECT has no body, a refusal's is not looked at
    auto text = self->below_->unread();
    auto used = parser.put(asio::buffer(text.data(), text.size()), ec);
    if (ec == boost::beast::http::error::need_more && !self->below_->full()) return self->read_proxy();
    if (ec) return self->finish(nullptr, name + " answered no HTTP: " + ec.message());
    auto status = parser.get().result_int();
    if (status < 200 || status > 299)
      return self->finish(nullptr, name + " refused the tunnel with HTTP status " + std::to_string(status));
    self->below_->consume(used);
    // The far end speaks only when spoken to; what is here already is not its word.
    if (!self->below_->unread().empty()) return self->finish(nullptr, name + " sent more than its answer");
    self->passed("a tunnel through " + self->proxy_->name());
    if (self->where_.tls)
      self->start_tls();
    else
      self->finish(std::move(self->below_), {});
  });
}

void dialler::start_tls() {
  phase_ = "reading the TLS files";
  step_ = dial_step::tls;
  files_until_ = steady::now() + client_tls::patience;
  await_files(context_->tls->load(), std::chrono::milliseconds(1));
}

/// Looks again and again: the thread that reads may hang for good, so that it must not know of this one.
void dialler::await_files(std::shared_ptr<tls_load> load, std::chrono::milliseconds pause) {
  if (load->ended() || steady::now() >= files_until_) {
    std::string error;
    auto tls = load->take(error);
    return tls ? shake_hands(std::move(tls)) : finish(nullptr, std::move(error));
  }
  attempt_.expires_after(pause);
  attempt_.async_wait([self = shared_from_this(), load = std::move(load), pause](error_code ec) mutable {
    if (!ec && self->then_) self->await_files(std::move(load), std::min(2 * pause, files_pause));
  });
}

void dialler::shake_hands(std::shared_ptr<asio::ssl::context> tls) {
  phase_ = "the TLS handshake with " + where_.host;
  below_->start_tls_client(std::move(tls), where_.host, [self = shared_from_this()](error_code ec) {
    if (!self->then_) return;
    self->tell_certificates();
    if (!ec) {
      if (self->on_passed) self->passed(self->below_->tls_text());
      return self->finish(std::move(self->below_), {});
    }
    auto why = self->below_->verify_error();
    if (why.empty()) why = handshake_fault(ec);
    self->finish(nullptr, "TLS with " + self->where_.host + " failed: " + why);
  });
}

void dialler::tell_certificates() {
  if (!context_->certificates) return;
  const auto until = below_->certificates();
  if (until.peer != 0) context_->certificates->set(gauge::connector_cert, until.peer);
  context_->certificates->set(gauge::client_cert, until.own);
}

void dialler::finish(std::shared_ptr<transport> result, std::string error) {
  attempt_.cancel();
  if (!result && below_) below_->abort();
  below_.reset();
  if (auto then = std::exchange(then_, nullptr)) then(std::move(result), std::move(error));
}

void dialler::cancel() {
  then_ = nullptr;
  resolver_.cancel();
  attempt_.cancel();
  if (below_) below_->abort();
}

} // namespace relay::net
