#include "relay_gateway/app/connector/engine/engine.hpp"

#include "relay_gateway/app/connector/console/console_page.hpp"
#include "relay_gateway/app/connector/engine/engine_peer.hpp"
#include "relay_gateway/app/net/client.hpp"
#include "relay_gateway/messages/wire/http/hex.hpp"

#include <boost/asio/post.hpp>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace relay::connector {

namespace asio = boost::asio;

namespace {

constexpr milliseconds poke_limit{5'000}, save_pause{20};

std::int64_t unix_ms() {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(now).count();
}

/// 128 random bits as hex.
std::string random_text() {
  std::array<unsigned char, 16> bytes{};
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  return wire::hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

} // namespace

engine::engine(asio::io_context& io, options what)
    : io_(io), what_(std::move(what)), core_(what_, {unix_ms, random_text, {}, [this] { return now(); }}),
      control_(io, core_, *this, what_), file_(what_.state_dir), faults_(core_.fault_rules()) {}

std::string engine::base_url() const {
  bool v6 = what_.host.find(':') != std::string::npos;
  auto host = what_.host == "0.0.0.0" ? "127.0.0.1"
              : what_.host == "::"    ? "[::1]"
              : v6                    ? "[" + what_.host + "]"
                                      : what_.host;
  return (what_.tls_cert_file.empty() ? "http://" : "https://") + host + ":" + std::to_string(port_.load());
}

bool engine::start(std::string& error) {
  auto memory = what_.initial_state;
  if (file_.present() && !file_.load(memory, error)) return false;
  if (!memory.empty() && !core_.restore(memory, error)) return false;
  http_ = net::make_http_port(io_, {}, error);
  if (!http_) return false;
  if (!what_.record_file.empty() && !record_file_.open(what_.record_file, error)) return false;
  port_ = what_.port;
  // Appends happen on this thread only, but the wake-up is posted all the same: it must not run inside the
  // core.
  core_.records().on_append([this] {
    if (wake_posted_.exchange(true)) return;
    asio::post(io_, [weak = weak_from_this()] {
      auto self = weak.lock();
      if (!self) return;
      self->wake_posted_ = false;
      self->write_records();
      self->control_.wake();
    });
  });
  if (!listen(error)) return false;
  watch_faults();
  return true;
}

bool engine::listen(std::string& error) {
  net::server_options how;
  how.host = what_.host;
  how.port = port_;
  how.max_body = media_store::max_one;
  how.max_connections = 16'384;
  how.max_bytes = 8 * how.max_body;
  how.tls_cert_file = what_.tls_cert_file;
  how.tls_key_file = what_.tls_key_file;
  how.tls_client_ca_file = what_.tls_client_ca_file;
  how.ping_interval = what_.ping_interval;
  how.ping_timeout = what_.ping_timeout;
  net::server_handlers who;
  who.on_request = [weak = weak_from_this()](net::server_request x,
                                             const std::shared_ptr<net::responder>& to) {
    if (auto self = weak.lock()) self->on_request(std::move(x), to);
  };
  who.on_upgrade = [weak = weak_from_this()](net::server_request x, const std::shared_ptr<net::upgrade>& to) {
    if (auto self = weak.lock()) self->on_upgrade(std::move(x), to);
  };
  server_ = net::listen(io_, std::move(how), std::move(who), error);
  if (!server_) return false;
  port_ = server_->port();
  core_.set_base_url(base_url());
  return true;
}

void engine::go_down() {
  for (auto& x : opening_) x->let_go();
  for (auto& [id, x] : peers_) x->let_go();
  if (server_) server_->stop();
  server_.reset();
  silent_calls_.clear();
  raw_answers_.clear();
}

void engine::stop() {
  if (std::exchange(stopped_, true)) return;
  control_.stop();
  go_down();
  for (auto& x : timers_) x->cancel();
  timers_.clear();
  if (fault_timer_) fault_timer_->cancel();
  if (core_.changes() != saved_) save();
  write_records();
}

// -- requests ----------------------------------------------------------------

void engine::on_request(net::server_request x, const std::shared_ptr<net::responder>& to) {
  auto starts = [&](std::string_view prefix) { return x.path.compare(0, prefix.size(), prefix) == 0; };
  if (starts("/relay")) return on_call(std::move(x), to);
  if (x.path == "/healthz") return to->answer({200, "application/json", R"({"ok":true})", {}});
  bool page = what_.console && what_.control && (x.path == "/" || x.path == "/console");
  if (!page && !(what_.control && starts("/control/"))) {
    return to->answer({404, "application/json", R"({"error":"no such path"})", {}});
  }
  std::string why;
  if (!control_.allowed(x, why))
    return to->answer({403, "application/json", json::fields{}.add("error", why).object(), {}});
  if (page) {
    auto nonce = random_text();
    net::server_response html{200, "text/html; charset=utf-8", console_page(nonce), {}};
    html.headers = {{"Content-Security-Policy", console_policy(nonce)},
                    {"X-Content-Type-Options", "nosniff"},
                    {"Referrer-Policy", "no-referrer"},
                    {"Cache-Control", "no-store"}};
    return to->answer(std::move(html));
  }
  control_.handle(x, to);
  settle();
}

// -- effects -----------------------------------------------------------------

void engine::after(milliseconds delay, std::function<void()> then) {
  if (delay.count() <= 0) return then();
  auto timer = std::make_shared<asio::steady_timer>(io_, delay);
  timers_.insert(timer);
  timer->async_wait(
      [weak = weak_from_this(), timer, then = std::move(then)](const boost::system::error_code& ec) {
        auto self = weak.lock();
        if (ec || !self || self->stopped_) return;
        self->timers_.erase(timer);
        then();
        self->settle();
      });
}

void engine::settle() {
  for (auto wanted = core_.take_effects(); !wanted.empty(); wanted = core_.take_effects())
    for (auto& x : wanted) carry_out(std::move(x));
  if (core_.changes() != saved_) save_soon();
}

void engine::carry_out(effect x) {
  // A half-open socket only seems to end: the core may think so, the peer must not hear of it.
  auto seems_to_end = [this](socket_id which) {
    if (half_open_.count(which) == 0) return false;
    socket_end unheard;
    unheard.error = "given up while half-open: the peer was not told";
    core_.ended(which, unheard);
    return true;
  };
  if (auto* frame = std::get_if<send_frame>(&x)) {
    frame_out(std::move(*frame));
  } else if (auto* close = std::get_if<close_socket>(&x)) {
    if (seems_to_end(close->which)) return;
    if (auto* to = socket_of(close->which)) to->close(close->code, close->reason, close_limit);
  } else if (auto* drop = std::get_if<drop_socket>(&x)) {
    if (seems_to_end(drop->which)) return;
    if (auto* to = socket_of(drop->which)) to->drop("dropped");
  } else if (auto* read = std::get_if<read_socket>(&x)) {
    if (half_open_.count(read->which) > 0) return;
    if (auto* to = socket_of(read->which)) to->read(read->on);
  } else if (auto* poke = std::get_if<poke_gateway>(&x)) {
    on_poke(*poke);
  } else if (auto* call = std::get_if<call_later>(&x)) {
    after(call->delay, [this, token = call->token] { core_.due(token); });
  }
}

net::server_socket* engine::socket_of(socket_id which) {
  auto it = peers_.find(which);
  return it == peers_.end() ? nullptr : it->second->socket();
}

void engine::write_records() {
  if (!record_file_.present()) return;
  std::string lines, error;
  for (const auto& x : core_.records().read(written_)) {
    lines += x.json;
    lines += '\n';
    written_ = x.index;
  }
  if (!record_file_.append(lines, error))
    core_.records().append(unix_ms(), "record_error", {}, {}, json::fields{}.add("error", error).inside());
}

void engine::call_wake_url(const poke_gateway& x) {
  http_request get;
  get.url = x.url;
  get.timeout = poke_limit;
  http_->call(std::move(get), [weak = weak_from_this(), id = x.gateway_id](const http_response& came) {
    auto self = weak.lock();
    if (!self || self->stopped_) return;
    self->core_.poked(id, came.status, came.error);
    self->settle();
  });
}

void engine::save_soon() {
  if (!file_.present() || save_waits_ || stopped_) {
    if (!file_.present()) saved_ = core_.changes();
    return;
  }
  save_waits_ = true; // many changes, one write
  after(save_pause, [this] {
    save_waits_ = false;
    save();
  });
}

void engine::save() {
  saved_ = core_.changes();
  std::string error;
  if (!file_.save(core_.state(), error))
    core_.records().append(unix_ms(), "state_error", {}, {}, json::fields{}.add("error", error).inside());
}

} // namespace relay::connector
