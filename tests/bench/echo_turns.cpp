// Echo turns through the real binary: a connector of a few lines keeps a window of events open and answers
// every reply. Reports turns/s, latency from event to reply and, with buffered events, to the connector's
// ack, and the gateway's CPU per turn and memory. With a state directory everything is on disk first; with a
// rate the events come at that rate, whatever the gateway does.
//
//   build/release/bin/relay-bench [--turns N] [--window N] [--chats N] [--bytes N] [--scheduler io|pool]
//                                 [--state-dir DIR] [--rate N] [--first-chat N] [--program gateway|bare]
//                                 [--tls DIR] [--memory-every N]
//                                 [--idle SECONDS] [--pin] [--json]
//
// --memory-every reports resident memory as the turns go by: of a bounded table it stops to grow.
// With --program bare the loop that does nothing but the wire's work is in the gateway's place
// (bare_loop.cpp). Connector and gateway share the machine, so compare figures of one run on one machine
// only.
#include "relay_gateway/app/net/http/http_server.hpp"
#include "relay_gateway/app/net/io/io_thread.hpp"
#include "relay_gateway/messages/wire/frames/framing.hpp"
#include "relay_gateway/tests/bench/measured_process.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;

struct plan {
  std::size_t turns = 200'000, window = 256, chats = 100, bytes = 200;
  std::string scheduler = "io", state_dir = "none";
  std::size_t rate = 0;       ///< events a second; 0 = as the window allows
  std::size_t first_chat = 0; ///< chats that an earlier run on this directory did not have
  std::string program = "gateway", tls_dir;
  std::size_t memory_every = 0; ///< turns between two samples of resident memory; 0 = none
  double idle_s = 0;            ///< no turns, but so long with nothing to do
  bool pin = false, json = false;
  bool durable() const { return state_dir != "none"; }
};

/// The value of a string member; enough for frames whose shape is known.
std::string_view member(std::string_view frame, std::string_view key) {
  auto name = std::string{"\""}.append(key).append("\":\"");
  auto at = frame.find(name);
  if (at == std::string_view::npos) return {};
  at += name.size();
  return frame.substr(at, frame.find('"', at) - at);
}

class load final : public relay::socket_listener {
public:
  explicit load(const plan& x) : plan_(x), text_(x.bytes, 'x'), begun_(x.turns) {
    latencies_.reserve(x.turns);
  }
  std::shared_ptr<relay::line_socket> socket;
  std::promise<void> started, finished;
  std::function<void(std::size_t done)>
      on_sample; ///< after each `memory_every` turns, on the socket's thread
  std::vector<double> latencies() const { return latencies_; }
  std::vector<double> acks() const { return acks_; }
  /// Events at the plan's rate, from `io`'s thread.
  void pace(boost::asio::io_context& io) {
    timer_ = std::make_unique<boost::asio::steady_timer>(io, clock_type::now());
    first_ = clock_type::now();
    tick();
  }
  void stop() { timer_.reset(); }
  std::size_t wrong() const { return wrong_; }
  std::size_t done() const { return done_; } ///< from any thread
  clock_type::time_point first_hello() const { return first_hello_; }

  void on_open() override {}
  void on_bytes(std::string_view piece) override {
    lines_.feed(piece, [this](std::string_view line) { on_line(line); });
  }
  void on_end(const relay::socket_end& why) override {
    if (latencies_.size() < plan_.turns) std::cerr << "the gateway's socket ended: " << why.error << "\n";
  }

private:
  void on_line(std::string_view line) {
    auto type = member(line, "type");
    if (type == "hello") {
      if (hellos_ == 0) first_hello_ = clock_type::now();
      std::string out = R"({"type":"descriptor","descriptor":{"contract_version":1,"platform":")";
      out.append(member(line, "platform"));
      out += "\",\"label\":\"x\",\"max_message_length\":100000,\"supports_edit\":true,\"markdown_dialect\":"
             "\"plain\",\"len_unit\":\"chars\"}}\n";
      socket->write(std::move(out));
      if (++hellos_ < 2) return;
      started.set_value();
      while (plan_.rate == 0 && plan_.idle_s == 0 && next_ < std::min(plan_.window, plan_.turns)) inject();
      return;
    }
    if (type == "inbound_ack") {
      auto number = std::strtoul(std::string{member(line, "bufferId")}.c_str() + 1, nullptr, 10);
      if (number < begun_.size()) acks_.push_back(since(number));
    }
    if (type != "outbound") return;
    std::string out = R"({"type":"outbound_result","requestId":")";
    out.append(member(line, "requestId"));
    out += "\",\"result\":{\"success\":true,\"message_id\":\"1\"}}\n";
    socket->write(std::move(out));
    auto content = member(line, "content");
    auto number = std::strtoul(std::string{content.substr(0, content.find(' '))}.c_str(), nullptr, 10);
    if (number >= begun_.size() || member(line, "platform") != platform_of(number)) {
      ++wrong_;
    } else {
      latencies_.push_back(since(number));
    }
    ++done_;
    if (plan_.memory_every > 0 && done_ % plan_.memory_every == 0 && on_sample) on_sample(done_);
    if (done_ == plan_.turns) {
      finished.set_value();
    } else if (plan_.rate == 0 && next_ < plan_.turns) {
      inject();
    }
  }
  double since(std::size_t n) const {
    return std::chrono::duration<double, std::micro>(clock_type::now() - begun_[n]).count();
  }
  void tick() {
    auto due = static_cast<std::size_t>(std::chrono::duration<double>(clock_type::now() - first_).count() *
                                        static_cast<double>(plan_.rate));
    while (next_ < std::min(due, plan_.turns)) inject();
    if (next_ == plan_.turns) return;
    timer_->expires_after(std::chrono::microseconds{500});
    timer_->async_wait([this](const boost::system::error_code& ec) {
      if (!ec) tick();
    });
  }
  static std::string_view platform_of(std::size_t n) { return n % 2 == 0 ? "discord" : "telegram"; }
  void inject() {
    auto n = next_++;
    std::string out = R"({"type":"inbound","event":{"text":")";
    out += std::to_string(n) + " " + text_ + R"(","message_type":"text","message_id":"m)" +
           std::to_string(n) + R"(","source":{"platform":")";
    out.append(platform_of(n));
    out += R"(","chat_id":")" + std::to_string(plan_.first_chat + n % plan_.chats) +
           R"(","chat_type":"dm","user_id":"u1","user_name":"ada"}})" +
           (plan_.durable() ? R"(,"bufferId":"b)" + std::to_string(n) + "\"" : std::string{}) + "}\n";
    begun_[n] = clock_type::now();
    socket->write(std::move(out));
  }

  plan plan_;
  std::string text_;
  relay::wire::line_splitter lines_{1 << 20};
  std::vector<clock_type::time_point> begun_;
  std::vector<double> latencies_, acks_;
  std::unique_ptr<boost::asio::steady_timer> timer_;
  clock_type::time_point first_{}, first_hello_{};
  std::size_t next_ = 0, hellos_ = 0, wrong_ = 0;
  std::atomic<std::size_t> done_ = 0;
};

std::unique_ptr<relay::net::http_server>
serve(relay::net::io_thread& io, const std::shared_ptr<load>& traffic, const plan& x, std::string& error) {
  relay::net::server_options options;
  if (!x.tls_dir.empty()) {
    options.tls_cert_file = x.tls_dir + "/cert.pem";
    options.tls_key_file = x.tls_dir + "/key.pem";
  }
  relay::net::server_handlers handlers;
  handlers.on_request = [](const relay::net::server_request&,
                           const std::shared_ptr<relay::net::responder>& r) {
    r->answer({404, "application/json", "{}", {}});
  };
  handlers.on_upgrade = [traffic](const relay::net::server_request&,
                                  const std::shared_ptr<relay::net::upgrade>& u) {
    traffic->socket = u->accept(traffic);
  };
  std::unique_ptr<relay::net::http_server> server;
  io.run([&] { server = relay::net::listen(io.context(), options, handlers, error); });
  return server;
}

/// The program that is measured; 0 when it cannot be started.
pid_t start_program(const std::string& self, const plan& x, std::uint16_t port) {
  relay::bench::program what;
  what.environment = {"GATEWAY_RELAY_URL=" + std::string{x.tls_dir.empty() ? "http" : "https"} +
                          "://127.0.0.1:" + std::to_string(port),
                      "GATEWAY_RELAY_PLATFORMS=discord,telegram",
                      "GATEWAY_RELAY_ID=gw-bench",
                      "GATEWAY_RELAY_SECRET=bench",
                      "GATEWAY_LISTEN=127.0.0.1:0",
                      "GATEWAY_STATE_DIR=" + x.state_dir,
                      "GATEWAY_LOG_LEVEL=warn",
                      "GATEWAY_SCHEDULER=" + x.scheduler};
  if (!x.tls_dir.empty()) what.environment.push_back("GATEWAY_TLS_CA_FILE=" + x.tls_dir + "/cert.pem");
  if (x.program == "bare")
    what.words = {relay::bench::beside(self, "relay-bench-bare")};
  else
    what.words = {relay::bench::beside(self, "relay-gateway"), "run", "--agent", "echo"};
  what.processor = x.pin ? 1 : -1;
  what.silent = true;
  return relay::bench::start(std::move(what));
}

struct measured {
  double seconds = 0, cpu_s = 0, hello_ms = 0;
  std::size_t rss_kib = 0;
};

/// Whether all turns came back; gives up when none does any more.
bool wait_for(load& traffic) {
  constexpr std::chrono::seconds patience{10};
  auto finished = traffic.finished.get_future();
  for (std::size_t before = 0;; before = traffic.done()) {
    if (finished.wait_for(patience) == std::future_status::ready) return true;
    if (traffic.done() == before) return false;
  }
}

void report(const plan& x, const load& traffic, const measured& m) {
  auto sorted = [](std::vector<double> l) {
    std::sort(l.begin(), l.end());
    return l;
  };
  auto of = [](const std::vector<double>& l, double q) {
    return l.empty() ? 0.0 : l[static_cast<std::size_t>(q * static_cast<double>(l.size() - 1))];
  };
  auto l = sorted(traffic.latencies()), acks = sorted(traffic.acks());
  const auto turns = static_cast<double>(l.size());
  const auto each_us = l.empty() ? 0.0 : m.cpu_s * 1e6 / turns;
  if (x.json) {
    std::printf(R"({"turns_s":%.0f,"p50_us":%.1f,"p99_us":%.1f,"cpu_us":%.3f,"cpu_s":%.3f,"rss_kib":%zu,)"
                R"("hello_ms":%.2f,"acks":%zu,"ack_p50_us":%.1f,"ack_p99_us":%.1f})"
                "\n",
                turns / m.seconds, of(l, 0.5), of(l, 0.99), each_us, m.cpu_s, m.rss_kib, m.hello_ms,
                acks.size(), of(acks, 0.5), of(acks, 0.99));
    return;
  }
  std::printf(
      "%s: %zu turns, window %zu, %zu chats, %zu B, scheduler %s: %.0f turns/s, p50 %.0f us, p99 %.0f us, "
      "%.1f us CPU a turn, %zu KiB resident; acks %zu, p50 %.0f us, p99 %.0f us; state %s, rate %zu; first "
      "hello after %.1f ms\n",
      x.program.c_str(), l.size(), x.window, x.chats, x.bytes, x.scheduler.c_str(), turns / m.seconds,
      of(l, 0.5), of(l, 0.99), each_us, m.rss_kib, acks.size(), of(acks, 0.5), of(acks, 0.99),
      x.durable() ? "on disk" : "in memory", x.rate, m.hello_ms);
}

void options_of(CLI::App& app, plan& x) {
  app.add_option("--turns", x.turns)->check(CLI::Range(1, 10'000'000));
  app.add_option("--window", x.window)->check(CLI::Range(1, 100'000));
  app.add_option("--chats", x.chats)->check(CLI::Range(1, 10'000'000));
  app.add_option("--first-chat", x.first_chat, "The number of the first of them");
  app.add_option("--bytes", x.bytes)->check(CLI::Range(0, 60'000));
  app.add_option("--scheduler", x.scheduler);
  app.add_option("--state-dir", x.state_dir, "Keep everything on disk there; none = memory only");
  app.add_option("--rate", x.rate, "Events a second, open loop");
  app.add_option("--program", x.program, "What is measured")->check(CLI::IsMember({"gateway", "bare"}));
  app.add_option("--tls", x.tls_dir, "Directory with cert.pem and key.pem of 127.0.0.1");
  app.add_option("--memory-every", x.memory_every, "Print resident memory after each N turns");
  app.add_option("--idle", x.idle_s, "Seconds with nothing to do instead of turns");
  app.add_flag("--pin", x.pin, "The connector on processor 0, the program on 1");
  app.add_flag("--json", x.json, "One line of JSON");
}

} // namespace

int main(int argc, char** argv) {
  plan x;
  CLI::App app{"Echo turns through the real gateway"};
  options_of(app, x);
  CLI11_PARSE(app, argc, argv);
  if (x.pin) relay::bench::pin_to(0);

  relay::net::io_thread io;
  auto traffic = std::make_shared<load>(x);
  std::string error;
  auto server = serve(io, traffic, x, error);
  if (!server) {
    std::cerr << error << "\n";
    return 1;
  }

  const auto begun = clock_type::now();
  const auto pid = start_program(argv[0], x, server->port());
  if (pid == 0) return 1;
  auto ready = traffic->started.get_future().wait_for(std::chrono::seconds{20}) == std::future_status::ready;
  auto before = relay::bench::usage_of(pid);
  io.run([&] {
    traffic->on_sample = [pid](std::size_t done) {
      std::printf("after %zu turns: %zu KiB resident\n", done, relay::bench::usage_of(pid).rss_kib);
      std::fflush(stdout);
    };
  });
  auto t0 = clock_type::now();
  if (ready && x.rate > 0) io.run([&] { traffic->pace(io.context()); });
  auto fine = ready;
  if (x.idle_s > 0)
    traffic->finished.get_future().wait_for(std::chrono::duration<double>(x.idle_s)); // nothing does
  else
    fine = ready && wait_for(*traffic);
  measured m;
  m.seconds = std::chrono::duration<double>(clock_type::now() - t0).count();
  auto after = relay::bench::usage_of(pid);
  m.cpu_s = after.cpu_s - before.cpu_s;
  m.rss_kib = after.rss_kib;
  relay::bench::stop(pid);
  io.run([&] {
    server->stop();
    server.reset();
    traffic->socket.reset();
    traffic->stop();
  });
  if (!fine || traffic->wrong() > 0) {
    std::cerr << "failed: "
              << (fine ? std::to_string(traffic->wrong()) + " wrong replies" : "not all turns came back")
              << "\n";
    return 1;
  }
  m.hello_ms = std::chrono::duration<double, std::milli>(traffic->first_hello() - begun).count();
  report(x, *traffic, m);
  return 0;
}
