// What a gateway takes of memory where many live in one process: they share an actor system, an I/O thread,
// TLS contexts and metrics. The process beside this one is their connector, which counts their hellos.
//
//   relay-bench-many [--gateways N] [--json]
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/app/gateway.hpp"
#include "relay_gateway/app/net/http/http_server.hpp"
#include "relay_gateway/app/net/io/io_scheduler.hpp"
#include "relay_gateway/app/net/io/io_thread.hpp"
#include "relay_gateway/messages/wire/frames/framing.hpp"
#include "relay_gateway/tests/bench/measured_process.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <future>
#include <iostream>
#include <memory>
#include <string>
#include <sys/resource.h>
#include <utility>
#include <vector>

namespace {

class system_config final : public caf::actor_system_config {
public:
  explicit system_config(boost::asio::io_context& io) {
    relay::register_messages(*this);
    relay::net::use_io_scheduler(*this, io);
  }
};

/// The measured process: gateways until SIGTERM.
int run_gateways(std::size_t count, const std::string& url) {
  boost::asio::io_context io{1};
  boost::asio::signal_set end{io, SIGTERM};
  end.async_wait([&io](auto, int) { io.stop(); });
  system_config config{io};
  caf::actor_system system{config};
  std::vector<std::unique_ptr<relay::gateway>> all;
  for (std::size_t i = 0; i < count; ++i) {
    relay::gateway_options what;
    what.settings.relay.url = url;
    what.settings.relay.identities = {{"discord", "bot-" + std::to_string(i), ""}};
    what.settings.relay.gateway_id = "gw-" + std::to_string(i);
    what.settings.relay.gateway_secret = relay::secret{"bench"};
    what.settings.service.agent.kind = relay::config::agent_kind::echo;
    what.io = &io;
    std::string error;
    all.push_back(relay::gateway::start(system, std::move(what), error));
    if (all.back()) continue;
    std::cerr << error << "\n";
    return 1;
  }
  io.run();
  all.clear();
  relay::net::drain_actors(system);
  return 0;
}

/// A connector that says a descriptor to each hello and counts them.
class greeter final : public relay::socket_listener {
public:
  greeter(std::size_t& hellos, std::size_t expected, std::promise<void>& all)
      : hellos_(hellos), expected_(expected), all_(all) {}
  std::shared_ptr<relay::line_socket> socket;

  void on_open() override {}
  void on_bytes(std::string_view piece) override {
    lines_.feed(piece, [this](std::string_view line) {
      if (line.find(R"("type":"hello")") == std::string_view::npos) return;
      socket->write(
          R"({"type":"descriptor","descriptor":{"contract_version":1,"platform":"discord",)"
          R"("label":"x","max_message_length":2000,"supports_edit":true,"markdown_dialect":"plain",)"
          R"("len_unit":"chars"}})"
          "\n");
      if (++hellos_ == expected_) all_.set_value();
    });
  }
  void on_end(const relay::socket_end&) override { socket.reset(); }

private:
  std::size_t& hellos_;
  const std::size_t expected_;
  std::promise<void>& all_;
  relay::wire::line_splitter lines_{1 << 20};
};

void allow_files(std::size_t wanted) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, std::max<rlim_t>(files.rlim_cur, wanted));
  setrlimit(RLIMIT_NOFILE, &files);
}

int measure(const std::string& self, std::size_t count, bool json) {
  relay::net::io_thread io;
  std::size_t hellos = 0;
  std::promise<void> all;
  std::vector<std::shared_ptr<greeter>> peers;
  relay::net::server_handlers handlers;
  handlers.on_request = [](const relay::net::server_request&,
                           const std::shared_ptr<relay::net::responder>& r) {
    r->answer({404, "application/json", "{}", {}});
  };
  handlers.on_upgrade = [&](const relay::net::server_request&,
                            const std::shared_ptr<relay::net::upgrade>& u) {
    peers.push_back(std::make_shared<greeter>(hellos, count, all));
    peers.back()->socket = u->accept(peers.back());
  };
  relay::net::server_options options;
  options.max_connections = count + 64;
  std::unique_ptr<relay::net::http_server> server;
  std::string error;
  io.run([&] { server = relay::net::listen(io.context(), options, handlers, error); });
  if (!server) {
    std::cerr << error << "\n";
    return 1;
  }
  relay::bench::program what;
  what.words = {self, "--gateways", std::to_string(count), "--connect",
                "http://127.0.0.1:" + std::to_string(server->port())};
  const auto begun = std::chrono::steady_clock::now();
  const auto pid = relay::bench::start(std::move(what));
  if (pid == 0) return 1;
  const auto fine = all.get_future().wait_for(std::chrono::minutes{2}) == std::future_status::ready;
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  const auto used = relay::bench::usage_of(pid);
  relay::bench::stop(pid);
  io.run([&] {
    server->stop();
    server.reset();
    for (auto& x : peers) x->socket.reset();
  });
  if (!fine) std::cerr << "failed: " << hellos << " of " << count << " gateways said hello\n";
  if (json)
    std::printf(R"({"gateways":%zu,"rss_kib":%zu,"cpu_s":%.2f,"seconds":%.2f})"
                "\n",
                count, used.rss_kib, used.cpu_s, seconds);
  else
    std::printf("%zu gateways: %zu KiB resident, hellos after %.2f s, %.2f s of CPU\n", count, used.rss_kib,
                seconds, used.cpu_s);
  return fine ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
  std::size_t count = 1'000;
  std::string url;
  bool json = false;
  CLI::App app{"Memory of many gateways in one process"};
  app.add_option("--gateways", count)->check(CLI::Range(1, 10'000));
  app.add_option("--connect", url, "Be the measured process and dial this connector");
  app.add_flag("--json", json, "One line of JSON");
  CLI11_PARSE(app, argc, argv);
  constexpr std::size_t others = 512;
  allow_files(count * 4 + others);
  return url.empty() ? measure(argv[0], count, json) : run_gateways(count, url);
}
