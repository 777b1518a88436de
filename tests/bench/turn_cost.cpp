// Echo turns through the whole actor tree in this one thread, memory only, with a connector that is a few
// lines: what a turn costs can be counted, whatever else the machine does (turn_cost.py).
//
//   relay-turn-cost [--turns N] [--window N] [--read N]
//
// Sockets and their framing are not in it: bytes come in as a read brings them, frames go out as texts.
#include "relay_gateway/actors/agents/echo.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/supervision/supervisor.hpp"
#include "relay_gateway/app/metrics/metrics.hpp"
#include "relay_gateway/app/net/io/io_scheduler.hpp"
#include "relay_gateway/tests/actors/fake_ports.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace relay;

struct plan {
  std::size_t turns = 1'000, window = 256;
  std::size_t per_read = 64; ///< turns that one read of the socket brings
};

class no_log final : public log_port {
public:
  bool wants(severity level) const noexcept override { return level >= severity::warn; }
  void write(severity level, std::string_view id, std::initializer_list<log_field>) noexcept override {
    if (level >= severity::warn) std::fprintf(stderr, "%.*s\n", static_cast<int>(id.size()), id.data());
  }
};

class system_config final : public caf::actor_system_config {
public:
  explicit system_config(boost::asio::io_context& io) {
    register_messages(*this);
    net::use_io_scheduler(*this, io);
  }
};

/// The gateway with the connector at the other end of its one socket.
class bench {
public:
  explicit bench(const plan& what) : plan_(what) {
    ports all = fakes_.all();
    all.log = std::make_shared<no_log>();
    all.metrics = std::make_shared<metrics>();
    config::settings settings;
    settings.relay.url = "https://connector.example";
    settings.relay.identities = {{"discord", "app-1", ""}, {"telegram", "bot-2", ""}};
    settings.relay.gateway_id = "gw-bench";
    settings.relay.gateway_secret = secret{"bench"};
    supervisor_setup setup;
    setup.settings = std::make_shared<const config::settings>(settings);
    setup.agent_name = "echo";
    setup.make_agent = [this, all](caf::strong_actor_ptr parent) -> agent_actor {
      return system_.spawn(echo_agent, all, std::move(parent));
    };
    root_ = system_.spawn(supervisor, all, std::move(setup));
    settle();
    socket().accept();
    settle();
    say(descriptor("discord") + descriptor("telegram"));
    settle();
    socket().written.clear();
  }
  bench(const bench&) = delete;
  bench& operator=(const bench&) = delete;
  ~bench() {
    caf::anon_send_exit(root_, caf::exit_reason::kill);
    root_ = nullptr;
    settle();
    net::drain_actors(system_);
  }

  /// Whether each event got the one reply that is its own.
  bool run() {
    while (next_ < std::min(plan_.window, plan_.turns)) inject();
    flush();
    settle();
    while (done_ < plan_.turns) {
      auto frames = std::exchange(socket().written, {});
      if (frames.empty()) break;
      for (auto& x : frames) answer(x);
      flush();
      settle();
    }
    return done_ == plan_.turns && wrong_ == 0;
  }

private:
  testing::fake_socket& socket() { return fakes_.link->last(); }
  void say(std::string_view bytes) { socket().say(bytes); }
  /// Until no actor has anything to do.
  void settle() {
    io_.restart();
    while (io_.poll() > 0) io_.restart();
  }
  static std::string descriptor(const std::string& platform) {
    return R"({"type":"descriptor","descriptor":{"contract_version":1,"platform":")" + platform +
           R"(","label":"x","max_message_length":100000,"supports_edit":true,"markdown_dialect":"plain",)" +
           R"("len_unit":"chars"}})" + "\n";
  }
  static std::string_view platform_of(std::size_t n) { return n % 2 == 0 ? "discord" : "telegram"; }
  /// The value of a string member; enough for frames whose shape is known.
  static std::string_view value_of(std::string_view frame, std::string_view name) {
    auto at = frame.find(name);
    if (at == std::string_view::npos) return {};
    at += name.size();
    return frame.substr(at, frame.find('"', at) - at);
  }
  void inject() {
    const auto n = std::to_string(next_), chat = std::to_string(next_ % chats);
    read_.append(R"({"type":"inbound","event":{"text":")").append(n).append(" ").append(text_);
    read_.append(R"(","message_type":"text","message_id":"m)").append(n);
    read_.append(R"(","source":{"platform":")").append(platform_of(next_));
    read_.append(R"(","chat_id":")").append(chat);
    read_.append(R"(","chat_type":"dm","user_id":"u1","user_name":"ada"}}})").append("\n");
    ++next_;
    if (++in_read_ == plan_.per_read) flush();
  }
  void answer(std::string_view frame) {
    read_.append(R"({"type":"outbound_result","requestId":")");
    read_.append(value_of(frame, R"("requestId":")"));
    read_.append(R"(","result":{"success":true,"message_id":"1"}})").append("\n");
    const auto content = value_of(frame, R"("content":")");
    const auto number = std::strtoul(std::string{content.substr(0, content.find(' '))}.c_str(), nullptr, 10);
    if (value_of(frame, R"("platform":")") != platform_of(number) || content.size() < text_.size()) ++wrong_;
    ++done_;
    if (next_ < plan_.turns)
      inject();
    else if (++in_read_ == plan_.per_read)
      flush();
  }
  void flush() {
    in_read_ = 0;
    if (read_.empty()) return;
    say(read_);
    read_.clear();
    settle();
  }

  static constexpr std::size_t chats = 100, text_size = 200;
  plan plan_;
  std::string text_ = std::string(text_size, 'x'), read_;
  std::size_t next_ = 0, done_ = 0, wrong_ = 0, in_read_ = 0;
  boost::asio::io_context io_{1};
  system_config config_{io_};
  testing::fake_ports fakes_;
  caf::actor_system system_{config_};
  supervisor_actor root_;
};

} // namespace

int main(int argc, char** argv) {
  plan x;
  CLI::App app{"Echo turns through the actors in one thread, to be counted"};
  app.add_option("--turns", x.turns)->check(CLI::Range(1, 10'000'000));
  app.add_option("--window", x.window, "Events that wait for their reply at a time")
      ->check(CLI::Range(1, 100'000));
  app.add_option("--read", x.per_read, "Turns that one read of the socket brings")
      ->check(CLI::Range(1, 100'000));
  CLI11_PARSE(app, argc, argv);
  bench all{x};
  if (all.run()) return 0;
  std::fprintf(stderr, "failed: some turns did not come back, or came back wrong\n");
  return 1;
}
