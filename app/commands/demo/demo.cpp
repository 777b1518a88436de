#include "relay_gateway/app/commands/demo/demo.hpp"

#include "relay_gateway/app/commands/demo/demo_conversation.hpp"
#include "relay_gateway/app/commands/say.hpp"
#include "relay_gateway/app/host/orphan_reaper.hpp"
#include "relay_gateway/app/net/io/io_thread.hpp"
#include "relay_gateway/app/process.hpp"
#include "relay_gateway/app/service.hpp"
#include "relay_gateway/config/values/addresses/listener.hpp"

#include <atomic>
#include <thread>
#include <unistd.h>

namespace relay::commands {

namespace {

using namespace std::chrono_literals;

/// `demo --once` is over by then, whatever happens.
constexpr auto whole_limit = 30s;
constexpr auto conversation_limit = 20s;

std::vector<identity> demo_bots() {
  return {{"discord", "1042", "echo_on_discord"}, {"telegram", "7042", "echo_on_telegram"}};
}

/// What an operator would have configured. Nothing of this machine's own settings is read: a demo must not
/// touch a real connector.
config::settings demo_settings(const std::string& connector_url) {
  config::settings result;
  result.relay.url = connector_url;
  result.relay.identities = demo_bots();
  result.relay.default_gateway_id = "gw-demo";
  result.idp.access_token.value = secret{"the stand-in takes any"};
  result.policies = {{"discord", true, {}, false}, {"telegram", false, {}, false}};
  result.service.agent.kind = config::agent_kind::echo;
  result.service.listen_port = 0;
  result.service.log_level = "warn";
  result.service.grace = 5s;
  return result;
}

std::unique_ptr<connector::stand_in> start_stand_in(boost::asio::io_context& io, const std::string& listen,
                                                    std::string& error) {
  auto where = config::parse_listener(listen);
  connector::options what;
  if (!where.value) {
    error = "--listen " + where.reason + "; give HOST:PORT";
    return nullptr;
  }
  what.host = where.value->host;
  what.port = where.value->port;
  return connector::start(io, std::move(what), error);
}

/// Ends the conversation's thread before what it talks to goes away.
class joined_thread {
public:
  joined_thread(std::atomic<bool>& cancelled, std::function<void()> job)
      : cancelled_(cancelled), thread_(std::move(job)) {}
  joined_thread(const joined_thread&) = delete;
  joined_thread& operator=(const joined_thread&) = delete;
  ~joined_thread() {
    cancelled_ = true;
    thread_.join();
  }

private:
  std::atomic<bool>& cancelled_;
  std::thread thread_;
};

} // namespace

int demo(const demo_options& what) {
  ignore_broken_pipes();
  if (host::inherits_orphans()) host::hold_child_signals();
  std::unique_ptr<exit_guard> guard;
  if (what.once) {
    guard = std::make_unique<exit_guard>();
    guard->arm(whole_limit, exit_code::failure);
  }
  std::string error;
  net::io_thread io;
  auto peer = start_stand_in(io.context(), what.listen, error);
  if (!peer) return fail(exit_code::failure, error);

  service_options options;
  options.settings = demo_settings(peer->base_url());
  options.log = make_log(make_descriptor_output(STDERR_FILENO), options.settings.service.log_level,
                         config::log_format::text);
  options.counts = std::make_shared<metrics>();
  start_failure why;
  auto service = service::start(std::move(options), why);
  if (!service) return fail(why.exit_code, why.text);
  print("connector     " + peer->base_url() + "/ (console page)\n");
  print("gateway       " + service->url() + "/ (status page)\n");

  std::atomic<bool> cancelled = false, fine = false;
  int code = exit_code::failure;
  {
    joined_thread conversation{
        cancelled, [&] {
          demo_conversation talk{*peer, demo_bots(), cancelled,
                                 [](const std::string& line) { print(line + "\n"); }};
          fine = talk.play(conversation_limit);
          if (what.once) {
            if (fine) print("Every answer came back tagged with the right platform and bot.\n");
            service->drain();
          } else if (!cancelled) {
            print("Go on with it on the console page, " + peer->base_url() + "/ ; Ctrl-C ends the demo.\n");
          }
        }};
    code = service->run();
  }
  if (what.once && !fine) return exit_code::failure;
  return code;
}

} // namespace relay::commands
