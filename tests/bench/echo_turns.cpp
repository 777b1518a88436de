// Echo turns through the real binary: a connector of a few lines keeps a window of events open and answers
// every reply. Reports turns/s, latency from event to reply and, with buffered events, to the connector's
// ack, and the gateway's CPU per turn and memory. With a state directory everything is on disk first; with a
// rate the events come at that rate, whatever the gateway does.
//
//   build/release/bin/relay-bench [--turns N] [--window N] [--chats N] [--bytes N] [--scheduler io|pool]
//                                 [--state-dir DIR] [--rate N]
//
// Connector and gateway share the machine, so compare figures of one run on one machine only.
#include "relay_gateway/app/net/http/http_server.hpp"
#include "relay_gateway/app/net/io/io_thread.hpp"
#include "relay_gateway/messages/wire/frames/framing.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;

struct plan {
  std::size_t turns = 200'000, window = 256, chats = 100, bytes = 200;
  std::string scheduler = "io", state_dir = "none";
  std::size_t rate = 0; ///< events a second; 0 = as the window allows
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
      std::string out = R"({"type":"descriptor","descriptor":{"contract_version":1,"platform":")";
      out.append(member(line, "platform"));
      out += "\",\"label\":\"x\",\"max_message_length\":100000,\"supports_edit\":true,\"markdown_dialect\":"
             "\"plain\",\"len_unit\":\"chars\"}}\n";
      socket->write(std::move(out));
      if (++hellos_ < 2) return;
      started.set_value();
      while (plan_.rate == 0 && next_ < std::min(plan_.window, plan_.turns)) inject();
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
    if (++done_ == plan_.turns) {
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
    out += R"(","chat_id":")" + std::to_string(n % plan_.chats) +
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
  clock_type::time_point first_{};
  std::size_t next_ = 0, done_ = 0, hellos_ = 0, wrong_ = 0;
};

struct usage {
  double cpu_s = 0;
  std::size_t rss_kib = 0;
};
usage usage_of(pid_t pid) {
  usage out;
  std::ifstream stat{"/proc/" + std::to_string(pid) + "/stat"};
  std::string word;
  for (int i = 1; stat >> word; ++i)
    if (i == 14 || i == 15) out.cpu_s += std::stod(word) / static_cast<double>(sysconf(_SC_CLK_TCK));
  std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmRSS:", 0) == 0) out.rss_kib = std::stoul(line.substr(6));
  return out;
}

std::unique_ptr<relay::net::http_server> serve(relay::net::io_thread& io,
                                               const std::shared_ptr<load>& traffic, std::string& error) {
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
  io.run([&] { server = relay::net::listen(io.context(), {}, handlers, error); });
  return server;
}

/// The gateway beside this program; 0 when it cannot be started.
pid_t start_gateway(const std::string& self, const plan& x, std::uint16_t port) {
  std::vector<std::string> env{"GATEWAY_RELAY_URL=http://127.0.0.1:" + std::to_string(port),
                               "GATEWAY_RELAY_PLATFORMS=discord,telegram",
                               "GATEWAY_RELAY_ID=gw-bench",
                               "GATEWAY_RELAY_SECRET=bench",
                               "GATEWAY_LISTEN=127.0.0.1:0",
                               "GATEWAY_STATE_DIR=" + x.state_dir,
                               "GATEWAY_LOG_LEVEL=warn",
                               "GATEWAY_SCHEDULER=" + x.scheduler};
  auto program = self.substr(0, self.rfind('/') + 1) + "relay-gateway";
  std::vector<std::string> words{program, "run", "--agent", "echo"};
  std::vector<char*> args, environment;
  for (auto& w : words) args.push_back(w.data());
  for (auto& e : env) environment.push_back(e.data());
  args.push_back(nullptr);
  environment.push_back(nullptr);
  pid_t pid = 0;
  if (posix_spawn(&pid, program.c_str(), nullptr, nullptr, args.data(), environment.data()) == 0) return pid;
  std::cerr << "cannot start " << program << "\n";
  return 0;
}

void report(const plan& x, const load& traffic, double seconds, double cpu_s, std::size_t rss_kib) {
  auto sorted = [](std::vector<double> l) {
    std::sort(l.begin(), l.end());
    return l;
  };
  auto of = [](const std::vector<double>& l, double q) {
    return l.empty() ? 0.0 : l[static_cast<std::size_t>(q * static_cast<double>(l.size() - 1))];
  };
  auto l = sorted(traffic.latencies()), acks = sorted(traffic.acks());
  std::printf(
      "%zu turns, window %zu, %zu chats, %zu B, scheduler %s: %.0f turns/s, p50 %.0f us, p99 %.0f us, "
      "gateway %.1f us CPU a turn, %zu KiB resident; acks %zu, p50 %.0f us, p99 %.0f us; state %s, rate "
      "%zu\n",
      x.turns, x.window, x.chats, x.bytes, x.scheduler.c_str(), static_cast<double>(x.turns) / seconds,
      of(l, 0.5), of(l, 0.99), cpu_s * 1e6 / static_cast<double>(x.turns), rss_kib, acks.size(),
      of(acks, 0.5), of(acks, 0.99), x.durable() ? "on disk" : "in memory", x.rate);
}

} // namespace

int main(int argc, char** argv) {
  plan x;
  CLI::App app{"Echo turns through the real gateway"};
  app.add_option("--turns", x.turns)->check(CLI::Range(1, 10'000'000));
  app.add_option("--window", x.window)->check(CLI::Range(1, 100'000));
  app.add_option("--chats", x.chats)->check(CLI::Range(1, 1'000'000));
  app.add_option("--bytes", x.bytes)->check(CLI::Range(0, 60'000));
  app.add_option("--scheduler", x.scheduler);
  app.add_option("--state-dir", x.state_dir, "Keep everything on disk there; none = memory only");
  app.add_option("--rate", x.rate, "Events a second, open loop");
  CLI11_PARSE(app, argc, argv);

  relay::net::io_thread io;
  auto traffic = std::make_shared<load>(x);
  std::string error;
  auto server = serve(io, traffic, error);
  if (!server) {
    std::cerr << error << "\n";
    return 1;
  }

  const auto pid = start_gateway(argv[0], x, server->port());
  if (pid == 0) return 1;
  auto ready = traffic->started.get_future().wait_for(std::chrono::seconds{20}) == std::future_status::ready;
  auto before = usage_of(pid);
  auto t0 = clock_type::now();
  if (ready && x.rate > 0) io.run([&] { traffic->pace(io.context()); });
  auto fine =
      ready && traffic->finished.get_future().wait_for(std::chrono::minutes{5}) == std::future_status::ready;
  auto seconds = std::chrono::duration<double>(clock_type::now() - t0).count();
  auto after = usage_of(pid);
  kill(pid, SIGTERM);
  int status = 0;
  waitpid(pid, &status, 0);
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
  report(x, *traffic, seconds, after.cpu_s - before.cpu_s, after.rss_kib);
  return 0;
}
