#include "relay_gateway/app/commands/doctor/doctor_link.hpp"

#include "relay_gateway/app/net/dial/dial_probe.hpp"
#include "relay_gateway/messages/wire/http/tokens.hpp"

#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>

namespace relay::commands {

namespace {

using namespace std::chrono_literals;
using kind = net::dial_step_result::kind;

/// A connector that refuses a credential after the upgrade does so at once.
constexpr auto refusal_time = 1'000ms;

const char* step_of(kind x) {
  switch (x) {
  case kind::settings: return "settings";
  case kind::name: return "dns";
  case kind::address: return "tcp";
  case kind::proxy: return "proxy";
  case kind::tls: return "tls";
  }
  return "?";
}

std::string remedy(kind x, const std::string& why, const std::string& setting) {
  const auto tells = [&](const char* words) { return why.find(words) != std::string::npos; };
  if (x == kind::tls && tells("has expired"))
    return "the server's operator must renew its certificate; if it is younger than this machine's clock "
           "says, set the clock";
  if (x == kind::tls && tells("does not speak TLS"))
    return "use an http URL in " + setting + ", or the port that speaks TLS";
  switch (x) {
  case kind::settings: return "mend the file or the setting that is named (GATEWAY_TLS_*, HTTPS_PROXY)";
  case kind::name: return "check " + setting + " and this machine's resolver";
  case kind::address: return "check that the server runs, and firewalls on the way (outgoing, that port)";
  case kind::proxy: return "check HTTPS_PROXY and its credentials, or name the host in NO_PROXY";
  case kind::tls:
    return "check the host name in " + setting +
           ", and GATEWAY_TLS_CA_FILE if the server's CA is not a public one";
  }
  return {};
}

/// Remembers what became of one socket.
class observer final : public socket_listener {
public:
  void on_open() override {
    tell([this] { open_ = true; });
  }
  void on_bytes(std::string_view) override {
    tell([this] { spoke_ = true; });
  }
  void on_end(const socket_end& why) override {
    tell([this, &why] { end_ = why; });
  }

  /// Until it is over, or was open and quiet for a moment.
  std::optional<socket_end> wait(milliseconds limit) {
    std::unique_lock guard{lock_};
    changed_.wait_for(guard, limit, [this] { return open_ || end_; });
    changed_.wait_for(guard, refusal_time, [this] { return spoke_ || end_; });
    return end_;
  }

private:
  template <class Change>
  void tell(Change change) {
    {
      std::lock_guard guard{lock_};
      change();
    }
    changed_.notify_all();
  }
  std::mutex lock_;
  std::condition_variable changed_;
  bool open_ = false, spoke_ = false;
  std::optional<socket_end> end_;
};

} // namespace

findings probe_dial(boost::asio::io_context& io, const net::client_options& how, const std::string& dial_url,
                    milliseconds limit, const std::string& setting) {
  auto answer = std::make_shared<std::promise<std::vector<net::dial_step_result>>>();
  net::dial_probe(io, how, dial_url, limit,
                  [answer](std::vector<net::dial_step_result> x) { answer->set_value(std::move(x)); });
  findings out;
  for (auto& x : answer->get_future().get()) {
    auto next = x.passed ? std::string{} : remedy(x.what, x.text, setting);
    out.push_back(
        {step_of(x.what), x.passed ? verdict::fine : verdict::failed, std::move(x.text), std::move(next)});
  }
  if (!all_well(out)) return out;
  auto has = [&](const char* step) {
    for (auto& x : out)
      if (x.step == step) return true;
    return false;
  };
  if (!has("proxy")) out.push_back({"proxy", verdict::skipped, "none is used for this connector", {}});
  if (!has("tls"))
    out.push_back({"tls", verdict::warning,
                   "the connection is not encrypted: tokens and messages can be read",
                   "use an https URL unless the connector is on this machine"});
  return out;
}

finding check_clock(http_port& http, const clock_port& clock, const std::string& base_url,
                    milliseconds limit) {
  http_request what;
  what.url = base_url;
  what.timeout = limit;
  auto answer = std::make_shared<std::promise<http_response>>();
  http.call(std::move(what), [answer](http_response x) { answer->set_value(std::move(x)); });
  auto got = answer->get_future().get();
  if (got.status == 0)
    return {"clock", verdict::failed, "no answer over HTTP: " + got.error,
            "check that gateway.relay_url is the connector's"};
  return judge_clock(got.date, clock.wall_ms() / 1000);
}

finding check_upgrade(link_port& link, const clock_port& clock, const config::settings& from,
                      const std::string& dial_url) {
  dial_request what;
  what.url = dial_url;
  what.timeout = from.limits.handshake_timeout;
  auto pinned = from.relay.pinned();
  if (pinned)
    what.bearer =
        wire::mint_token({from.relay.gateway_id, from.relay.gateway_secret, {}, {}}, clock.wall_ms() / 1000);
  auto seen = std::make_shared<observer>();
  auto socket = link.dial(std::move(what), seen);
  auto end = seen->wait(from.limits.handshake_timeout + 1'000ms);
  if (!end) {
    socket->close(1000, {}, milliseconds{1'000});
    seen->wait(1'500ms);
    return {"websocket",
            verdict::fine,
            pinned ? "the connector took the upgrade with the pinned credentials"
                   : "the connector took the upgrade without credentials",
            {}};
  }
  auto refused = end->http_status == 401 || end->close_code == 4401;
  if (refused && !pinned)
    return {
        "websocket", verdict::fine, "the connector asks for credentials, which provisioning will bring", {}};
  // The token was made a moment ago.
  if (refused && (end->close_reason == "expired" || end->error.find("expired") != std::string::npos))
    return {"websocket", verdict::failed,
            "the connector calls a token expired that was made for this dial: this clock is behind the "
            "connector's",
            "set this machine's clock (NTP)"};
  if (refused)
    return {"websocket", verdict::failed, "the connector refuses the pinned credentials (" + end->error + ")",
            "check GATEWAY_RELAY_ID and GATEWAY_RELAY_SECRET, or enroll anew"};
  if (end->http_status != 0)
    return {"websocket", verdict::failed, "no upgrade: " + end->error,
            "check that gateway.relay_url is the connector's"};
  return {"websocket", verdict::failed, end->error, "see the connector's log"};
}

} // namespace relay::commands
