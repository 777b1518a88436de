#include "app/connector/engine.hpp"

#include "app/connector/console_page.hpp"
#include "app/net/client.hpp"
#include "messages/wire/framing.hpp"

#include <boost/algorithm/string/predicate.hpp>
#include <boost/asio/post.hpp>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace relay::connector {

namespace asio = boost::asio;

namespace {

constexpr std::size_t max_line = 8ULL << 20;
constexpr milliseconds close_limit{2'000}, poke_limit{5'000}, save_pause{20};

std::int64_t unix_ms() {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(now).count();
}

/// 128 random bits as hex.
std::string random_text() {
  std::array<unsigned char, 16> bytes{};
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  static constexpr char hex[] = "0123456789abcdef";
  std::string out;
  for (auto x : bytes) {
    out += hex[x >> 4U];
    out += hex[x & 15U];
  }
  return out;
}

gateway_call as_call(net::server_request x) {
  gateway_call out;
  out.method = std::move(x.method);
  out.path = std::move(x.path);
  out.authorization = x.header("authorization");
  out.content_type = x.header("content-type");
  out.filename = x.header("x-media-filename");
  for (auto& [name, text] : x.headers)
    if (!boost::algorithm::iequals(name, "authorization"))
      out.headers.emplace_back(std::move(name), std::move(text));
  out.body = std::move(x.body);
  return out;
}

net::server_response as_response(http_answer x) {
  net::server_response out;
  out.status = x.status;
  out.content_type = std::move(x.content_type);
  out.body = std::move(x.body);
  return out;
}

} // namespace

/// One accepted WebSocket. The server's session owns it until on_end(), the engine knows it while it is open.
class engine::peer final : public socket_listener {
public:
  peer(std::weak_ptr<engine> owner, upgrade_answer verdict)
      : owner_(std::move(owner)), verdict_(std::move(verdict)) {}
  void hold(std::shared_ptr<line_socket> socket) { socket_ = std::move(socket); }
  line_socket* socket() { return socket_.get(); }
  /// Ends the socket without a close handshake and lets go of it. Needed: the session owns this listener
  /// until on_end(), which never comes when the io_context is stopped first, and a handle kept here would own
  /// it back.
  void let_go() {
    if (auto last = std::move(socket_)) last->drop("connector goes down");
  }

  void on_open() override {
    auto owner = owner_.lock();
    if (!owner || owner->stopped_) return;
    id_ = owner->core_.opened(verdict_);
    auto self = std::find_if(owner->opening_.begin(), owner->opening_.end(),
                             [this](const auto& x) { return x.get() == this; });
    if (self == owner->opening_.end()) return;
    owner->peers_[id_] = *self;
    owner->opening_.erase(self);
    owner->settle();
  }
  void on_bytes(std::string_view piece) override {
    auto owner = owner_.lock();
    if (!owner || id_ == 0) return;
    bool fine = lines_.feed(piece, [&](std::string_view line) { owner->line_in(id_, line); });
    if (!fine && !broken_) {
      broken_ = true;
      owner->core_.line_too_long(id_);
    }
  }
  void on_batch_end() override {
    if (auto owner = owner_.lock()) owner->settle();
  }
  void on_end(const socket_end& why) override {
    auto keep = std::move(socket_); // the last handle goes at the end of this call
    auto owner = owner_.lock();
    if (!owner) return;
    if (id_ == 0) {
      owner->opening_.remove_if([this](const auto& x) { return x.get() == this; });
      return;
    }
    owner->core_.ended(id_, why);
    owner->peers_.erase(id_);
    owner->settle();
  }

private:
  std::weak_ptr<engine> owner_;
  upgrade_answer verdict_;
  std::shared_ptr<line_socket> socket_;
  wire::line_splitter lines_{max_line};
  socket_id id_ = 0;
  bool broken_ = false;
};

engine::engine(asio::io_context& io, options what)
    : io_(io), what_(std::move(what)), core_(what_, {unix_ms, random_text, {}}), control_(io, core_, what_),
      file_(what_.state_dir) {}

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
  port_ = what_.port;
  // Appends happen on this thread only, but the wake-up is posted all the same: it must not run inside the
  // core.
  core_.records().on_append([this] {
    if (wake_posted_.exchange(true)) return;
    asio::post(io_, [weak = weak_from_this()] {
      auto self = weak.lock();
      if (!self) return;
      self->wake_posted_ = false;
      self->control_.wake();
    });
  });
  return listen(error);
}

bool engine::listen(std::string& error) {
  net::server_options how;
  how.host = what_.host;
  how.port = port_;
  how.max_body = media_store::max_one;
  how.max_connections = 16'384;
  how.tls_cert_file = what_.tls_cert_file;
  how.tls_key_file = what_.tls_key_file;
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
  withheld_.clear();
}

void engine::stop() {
  if (std::exchange(stopped_, true)) return;
  control_.stop();
  go_down();
  for (auto& x : timers_) x->cancel();
  timers_.clear();
  if (core_.changes() != saved_) save();
}

// -- the seam ----------------------------------------------------------------

void engine::frame_out(socket_id to, std::string text) {
  auto it = peers_.find(to);
  if (it != peers_.end() && it->second->socket()) it->second->socket()->write(std::move(text));
}

void engine::line_in(socket_id from, std::string_view text) { core_.line(from, text); }

void engine::answer(const std::shared_ptr<net::responder>& to, http_answer x) {
  if (x.hang) {
    withheld_.push_back(to);
    return;
  }
  auto delay = x.delay;
  after(delay, [to, response = as_response(std::move(x))] { to->answer(response); });
}

// -- calls -------------------------------------------------------------------

void engine::on_request(net::server_request x, const std::shared_ptr<net::responder>& to) {
  auto starts = [&](std::string_view prefix) { return x.path.compare(0, prefix.size(), prefix) == 0; };
  if (starts("/relay")) {
    answer(to, core_.call(as_call(std::move(x))));
    return settle();
  }
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

void engine::on_upgrade(net::server_request x, const std::shared_ptr<net::upgrade>& to) {
  if (x.path != "/relay") return to->refuse({404, "application/json", R"({"error":"no such path"})", {}});
  auto verdict = core_.upgrade(as_call(std::move(x)));
  if (verdict.hang)
    withheld_.push_back(to);
  else
    after(verdict.delay, [this, verdict, to] { decide(verdict, to); });
  settle();
}

void engine::decide(const upgrade_answer& verdict, const std::shared_ptr<net::upgrade>& to) {
  if (verdict.status != 0) return to->refuse({verdict.status, "application/json", verdict.body, {}});
  auto made = std::make_shared<peer>(weak_from_this(), verdict);
  opening_.push_back(made);
  made->hold(to->accept(made));
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
  auto socket = [this](socket_id id) -> line_socket* {
    auto it = peers_.find(id);
    return it == peers_.end() ? nullptr : it->second->socket();
  };
  if (auto* frame = std::get_if<send_frame>(&x)) {
    frame_out(frame->to, std::move(frame->text));
  } else if (auto* close = std::get_if<close_socket>(&x)) {
    if (auto* to = socket(close->which)) to->close(close->code, close->reason, close_limit);
  } else if (auto* drop = std::get_if<drop_socket>(&x)) {
    if (auto* to = socket(drop->which)) to->drop("dropped");
  } else if (auto* read = std::get_if<read_socket>(&x)) {
    if (auto* to = socket(read->which)) to->read(read->on);
  } else if (auto* poke = std::get_if<poke_gateway>(&x)) {
    call_wake_url(*poke);
  } else if (auto* call = std::get_if<call_later>(&x)) {
    after(call->delay, [this, token = call->token] { core_.due(token); });
  }
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
