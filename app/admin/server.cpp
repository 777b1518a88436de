#include "relay_gateway/app/admin/server.hpp"

#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/app/admin/access.hpp"
#include "relay_gateway/app/admin/answers.hpp"
#include "relay_gateway/app/admin/dead_letters.hpp"
#include "relay_gateway/app/admin/one_shot.hpp"
#include "relay_gateway/app/admin/page/status_page.hpp"
#include "relay_gateway/app/admin/page_sessions.hpp"
#include "relay_gateway/app/admin/sleep_request.hpp"
#include "relay_gateway/app/admin/status_json.hpp"
#include "relay_gateway/app/net/http/http_text.hpp"
#include "relay_gateway/config/values/addresses/listener.hpp"
#include "relay_gateway/messages/wire/frames/frames.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"

#include <charconv>
#include <optional>
#include <random>
#include <span>
#include <string_view>

namespace relay::admin {

namespace {

using net::server_request;
using net::server_response;
using answering = std::shared_ptr<net::responder>;

constexpr milliseconds report_limit{2'000};
using steady = std::chrono::steady_clock;

constexpr std::string_view session_cookie = "relay_gateway_session";
constexpr auto session_seconds = std::chrono::seconds{page_sessions::lifetime}.count();
constexpr std::size_t recent_most = 200;
constexpr milliseconds dead_letter_limit{10'000}; ///< the disk may be slow

class admin_server final : public server {
public:
  admin_server(const listener_options& what, surroundings with)
      : with_(std::move(with)), host_(what.host), max_line_(what.max_line),
        read_only_(what.read_only), rules_{config::is_loopback(what.host), what.token, what.read_token} {}

  bool open(boost::asio::io_context& io, const listener_options& what, std::string& error) {
    net::server_options options;
    options.host = what.host;
    options.port = what.port;
    options.max_message = what.max_line;
    options.message_ends_line = true;   // agent-link.md, Promises
    constexpr std::size_t readers = 64; // of the metrics listener
    options.max_connections = net::connections_within_limits(read_only_ ? readers : options.max_connections);
    net::server_handlers handlers;
    handlers.on_request = [this](server_request x, answering to) { request(x, to); };
    handlers.on_upgrade = [this](const server_request& x, const std::shared_ptr<net::upgrade>& to) {
      upgrade(x, to);
    };
    handlers.vital = [](std::string_view path) {
      const auto* found = find(endpoints(), divided(path).second);
      return found != nullptr && found->need == right::open;
    };
    http_ = net::listen(io, std::move(options), std::move(handlers), error);
    return http_ != nullptr;
  }

  std::uint16_t port() const override { return http_->port(); }
  std::string url() const override {
    return "http://" + config::to_string(config::listener{host_, http_->port()});
  }
  void attach(target x) override { target_.emplace(std::move(x)); }
  void attach(fleet_target x) override { fleet_.emplace(std::move(x)); }
  void use_tokens(secret admin, secret reader) override {
    if (admin != rules_.token || reader != rules_.read_token) sessions_.close_all();
    if (!admin.empty() || rules_.loopback || read_only_) rules_.token = std::move(admin);
    rules_.read_token = std::move(reader);
  }
  void stop() override { http_->stop(); }

private:
  /// Whom a request is about. It holds what it points to, also for answers that come later.
  struct scope {
    const surroundings* with;
    const target* gateway; ///< null: not there yet, does not run, or the whole fleet
    std::shared_ptr<const fleet_member> member{};
    bool fleet = false;   ///< the process as a whole
    bool unknown = false; ///< there is no gateway of that name
  };
  /// `endpoint` of the tables below; what it does is decided, who may ask was checked.
  using action = void (admin_server::*)(const scope&, const server_request&, const answering&);
  struct endpoint {
    std::string_view path, method;
    action run;
    right need = right::admin;
    bool alone = false; ///< works without a gateway
  };
  static std::span<const endpoint> endpoints();
  static std::span<const endpoint> fleet_endpoints();

  static const endpoint* find(std::span<const endpoint> in, std::string_view path) {
    for (const auto& x : in)
      if (x.path == path) return &x;
    return nullptr;
  }

  /// `/g/<name>/<rest>` as name and `/<rest>`; any other path is the rest.
  static std::pair<std::string_view, std::string_view> divided(std::string_view path) {
    constexpr std::string_view prefix = "/g/";
    if (path.substr(0, prefix.size()) != prefix) return {{}, path};
    const auto end = std::min(path.find('/', prefix.size()), path.size());
    return {path.substr(prefix.size(), end - prefix.size()), path.substr(end)};
  }

  /// From here on the path is what is asked of that gateway.
  scope scope_of(server_request& x) const {
    if (!fleet_) return {&with_, target_ ? &*target_ : nullptr};
    const auto [name, rest] = divided(x.path);
    if (name.empty()) return {&with_, nullptr, nullptr, true};
    auto found = fleet_->find(name);
    if (!found) return {&with_, nullptr, nullptr, false, true};
    x.path = std::string{rest};
    return {&found->with, found->gateway ? &*found->gateway : nullptr, found};
  }

  void request(server_request x, const answering& to) {
    const auto at = scope_of(x);
    const auto* where = at.unknown ? nullptr : find(at.fleet ? fleet_endpoints() : endpoints(), x.path);
    auto reply = [&](server_response answer) { to->answer(guarded(std::move(answer))); };
    if (auto said = judge(rules_, x, need_of(where), logged_in(x)); said != verdict::allowed) {
      note(at, severity::debug, "admin.refused", x);
      // A person who opens the page gets the way in.
      if (said == verdict::no_token && x.path == "/") return reply(login_page({}));
      return reply(refusal(said));
    }
    if (at.unknown) return reply(problem(404, "there is no gateway of that name"));
    if (at.member && x.path.empty()) return reply(moved(at.member->name + "/"));
    if (at.fleet && where == nullptr && find(endpoints(), x.path) != nullptr)
      return reply(problem(404, "this process runs a fleet: ask /g/NAME" + x.path + " (--gateway NAME)"));
    if (where == nullptr || !offered(*where)) return reply(problem(404, "not found"));
    bool head = x.method == "HEAD" && where->method == "GET";
    if (x.method != where->method && !head) {
      auto answer = problem(405, "the method is not allowed here");
      answer.headers.emplace_back("Allow", where->method == "GET" ? "GET, HEAD" : std::string{where->method});
      return reply(std::move(answer));
    }
    if (at.gateway == nullptr && !where->alone && !at.fleet) {
      if (!at.member) return reply(problem(503, "starting"));
      if (x.path != "/v1/reload" && x.path != "/wake") return reply(not_running(*at.member, x.path));
    }
    if (where->need == right::admin && x.method == "POST") note(at, severity::info, "admin.command", x);
    (this->*where->run)(at, x, to);
  }

  void upgrade(server_request x, const std::shared_ptr<net::upgrade>& to) {
    const auto at = scope_of(x);
    auto refuse = [&](server_response answer) { to->refuse(guarded(std::move(answer))); };
    if (auto said = judge(rules_, x, right::admin); said != verdict::allowed) {
      note(at, severity::debug, "admin.refused", x);
      return refuse(refusal(said));
    }
    if (at.unknown) return refuse(problem(404, "there is no gateway of that name"));
    if (x.path != "/v1/agent" || read_only_) return refuse(problem(404, "not found"));
    if (at.fleet) return refuse(problem(404, "this process runs a fleet: connect to /g/NAME/v1/agent"));
    if (at.gateway == nullptr)
      return refuse(at.member ? not_running(*at.member, x.path) : problem(503, "starting"));
    auto media = x.parameter("media");
    if (!media.empty() && media != "path" && media != "url")
      return refuse(problem(400, "media must be path or url"));
    auto agents = at.gateway->agents ? at.gateway->agents() : link_agent_actor{};
    if (!agents) return refuse(problem(409, "the agent of this gateway is not `link`"));
    auto peer = ++peers_;
    auto socket = to->accept(make_agent_listener(agents, peer, max_line_));
    post(agents, agent_attached{peer, std::move(socket), media == "path"});
  }

  static void note(const scope& at, severity level, std::string_view id, const server_request& x) {
    if (at.with->log != nullptr && at.with->log->wants(level))
      at.with->log->write(level, id, {{"method", x.method}, {"path", x.path}, {"peer", x.peer}});
  }

  // -- who may what -----------------------------------------------------------------------------------

  /// The metrics listener offers what shows something; metrics are open there unless a read token is set.
  right need_of(const endpoint* x) const {
    if (x == nullptr) return right::admin;
    const bool metrics = x->path == "/metrics";
    return read_only_ && metrics && rules_.read_token.empty() ? right::open : x->need;
  }
  bool offered(const endpoint& x) const {
    return !read_only_ || (x.need != right::admin && x.path != "/wake");
  }
  bool logged_in(const server_request& x) const {
    return sessions_.valid(cookie(x.header("Cookie"), session_cookie), steady::now());
  }

  void login(const scope& at, const server_request& x, const answering& to) {
    const auto now = steady::now();
    if (!same_origin(x)) return to->answer(guarded(refusal(verdict::foreign_origin)));
    if (!sessions_.may_try(now))
      return to->answer(guarded(problem(429, "too many wrong tokens; wait a minute")));
    if (!is_token(rules_, net::form_value(x.body, "token"))) {
      sessions_.failed(now);
      note(at, severity::warn, "admin.login_refused", x);
      return to->answer(guarded(login_page("This is neither the admin token nor the read token.")));
    }
    to->answer(guarded(to_page(sessions_.open(now) + "; Max-Age=" + std::to_string(session_seconds))));
  }
  void logout(const scope&, const server_request& x, const answering& to) {
    if (!same_origin(x)) return to->answer(guarded(refusal(verdict::foreign_origin)));
    sessions_.close(cookie(x.header("Cookie"), session_cookie));
    to->answer(guarded(to_page("; Max-Age=0")));
  }
  /// Back to the page, with this value of the session's cookie.
  static server_response to_page(const std::string& value) {
    server_response out;
    out.status = 303;
    out.headers.emplace_back("Location", "./");
    out.headers.emplace_back("Set-Cookie", std::string{session_cookie} + "=" + value +
                                               "; Path=/; HttpOnly; SameSite=Strict");
    return out;
  }

  // -- health -----------------------------------------------------------------------------------------

  void live(const scope&, const server_request&, const answering& to) {
    auto now = std::chrono::steady_clock::now();
    with_.beats->look(now);
    auto late = with_.beats->late(now);
    to->answer(guarded(late.empty() ? json(200, R"({"state":"alive"})") : problem(503, late)));
  }
  void ready(const scope& at, const server_request&, const answering& to) {
    at.gateway->supervisor.report(report_limit, [to](const gateway_report* x) {
      auto said = readiness_of(x);
      to->answer(guarded(json(said.status, std::move(said.body))));
    });
  }
  void startup(const scope& at, const server_request&, const answering& to) {
    at.gateway->supervisor.report(report_limit, [to](const gateway_report* x) {
      auto said = startup_of(x);
      to->answer(guarded(json(said.status, std::move(said.body))));
    });
  }

  // -- to look at ---------------------------------------------------------------------------------------

  void expose(const scope& at, const server_request&, const answering& to) {
    auto answer = [to, counts = at.with->counts, held = at.member] {
      to->answer(guarded(metrics_text(counts->expose())));
    };
    if (at.gateway == nullptr) return answer();
    // A gauge tells what is true now, not what was when something changed last.
    at.gateway->supervisor.report(report_limit, [answer, counts = at.with->counts](const gateway_report* x) {
      if (x != nullptr) counts->apply(*x);
      answer();
    });
  }
  void status(const scope& at, const server_request&, const answering& to) {
    fleet_note note;
    if (at.member) note = {at.member->name, at.member->problem};
    at.gateway->supervisor.report(report_limit, [to, note, counters = at.with->counts->values(),
                                                 times = at.with->counts->latencies(),
                                                 store = at.gateway->store](const gateway_report* x) {
      to->answer(guarded(x == nullptr ? problem(503, "the supervisor does not answer")
                                      : json(200, status_json(*x, counters, store, times, note))));
    });
  }
  static std::string array_of(const std::vector<std::string>& lines) {
    std::string out = "[";
    for (const auto& line : lines) out += (out.size() > 1 ? "," : "") + line;
    return out + ']';
  }
  /// With `after=N` what came after that number, to read on; else what a person wants to see first.
  void recent(const scope& at, const server_request& x, const answering& to) {
    std::string body;
    const auto after = x.parameter("after");
    if (after.empty()) {
      const auto lines = at.with->recent ? at.with->recent(recent_most) : std::vector<std::string>{};
      wire::json::object_writer{body}.json("events", array_of(lines)).end();
      return to->answer(guarded(json(200, std::move(body))));
    }
    std::uint64_t seen = 0;
    const auto* end = after.data() + after.size();
    if (auto read = std::from_chars(after.data(), end, seen); read.ec != std::errc{} || read.ptr != end)
      return to->answer(guarded(problem(400, "after must be a number")));
    const auto part = at.with->follow ? at.with->follow(seen) : numbered_lines::part{};
    wire::json::object_writer{body}
        .json("events", array_of(part.lines))
        .json("last", std::to_string(part.last))
        .json("missed", std::to_string(part.missed))
        .end();
    to->answer(guarded(json(200, std::move(body))));
  }
  void page(const scope& at, const server_request& x, const answering& to) {
    const bool session = logged_in(x);
    if (at.gateway == nullptr)
      return to->answer(guarded(status_page(
          {{"state", at.member ? at.member->state : "starting"}, {"reason", at.member ? at.member->why : ""}},
          session)));
    at.gateway->supervisor.report(report_limit, [to, session, counters = at.with->counts->values(),
                                                 times = at.with->counts->latencies(),
                                                 store = at.gateway->store](const gateway_report* report) {
      page_rows rows{{"state", "the supervisor does not answer"}};
      if (report != nullptr) rows = rows_of(status_json(*report, counters, store, times));
      to->answer(guarded(status_page(rows, session)));
    });
  }

  // -- to command ---------------------------------------------------------------------------------------

  void reload(const scope& at, const server_request&, const answering& to) {
    auto answer = [to](const reload_answer& done) {
      std::string out;
      wire::json::object_writer{out}
          .boolean("accepted", done.accepted)
          .texts("problems", done.problems)
          .end();
      to->answer(guarded(json(done.accepted ? 202 : 422, std::move(out))));
    };
    if (at.member) return at.member->reload(answer);
    if (at.fleet) return fleet_->reload(answer);
    if (!at.gateway->reload) return answer({false, {"there is nothing to reload"}});
    at.gateway->reload(answer);
  }
  void drain(const scope& at, const server_request&, const answering& to) {
    to->answer(guarded(json(202, R"({"accepted":true})")));
    if (at.fleet) return fleet_->drain();
    if (at.gateway->drain) at.gateway->drain();
  }
  void dormant(const scope& at, const server_request& x, const answering& to) {
    auto what = read_sleep(x.parameter("hold"), x.body);
    if (!what.error.empty()) return to->answer(guarded(problem(400, what.error)));
    if (!what.held) {
      at.gateway->supervisor.tell(command::dormant);
      return to->answer(guarded(json(202, R"({"accepted":true})")));
    }
    // Whoever suspends this machine next must know that the connector buffers by now (F70).
    auto order = *what.held;
    at.gateway->supervisor.sleep(order, at.gateway->sleep_limit, [to, order](const dormancy_outcome* done) {
      auto said = answer_to(order, done);
      to->answer(guarded(json(said.status, std::move(said.body))));
    });
  }
  void wake(const scope& at, const server_request& x, const answering& to) {
    if (at.member && !(at.member->wake && at.member->wake()))
      return to->answer(guarded(not_running(*at.member, x.path)));
    if (at.fleet)
      fleet_->wake();
    else if (!at.member)
      at.gateway->supervisor.tell(command::wake);
    to->answer(guarded(json(204, {})));
  }
  void act(const scope& at, const server_request& x, const answering& to) {
    auto what = read_one_shot(x.body);
    if (!what.error.empty()) {
      at.with->counts->add(counter::actions_refused, what.counted_as);
      return to->answer(guarded(problem(400, what.error)));
    }
    at.gateway->supervisor.act(
        std::move(what.request), at.gateway->action_limit, [to](const action_outcome* done) {
          // No answer at all: the action may be anywhere on its way.
          auto result = done != nullptr ? done->result
                                        : action_result::ambiguous("the gateway gave no outcome in time");
          to->answer(guarded(json(status_of(result), wire::encode_result(result))));
        });
  }
  void dead_letters(const scope& at, const server_request& x, const answering& to) {
    auto wish = read_dead_letter_request(x);
    if (!wish.error.empty()) return to->answer(guarded(problem(400, wish.error)));
    auto shown = wish.what.what == dead_letter_ask::wish::list && wish.whole ? wish.what.seq + 1 : 0;
    at.gateway->supervisor.dead_letters(
        wish.what, dead_letter_limit, [to, shown](const dead_letter_answer* y) {
          if (y == nullptr) return to->answer(guarded(problem(503, "the store does not answer")));
          auto another = shown != 0 && (y->dead_letters.empty() || y->dead_letters.front().seq != shown);
          if (y->refused)
            return to->answer(
                guarded(problem(409, "nobody can read it; see it with dlq show, then drop it")));
          to->answer(guarded(!y->found || another ? problem(404, "nothing of that id is set aside")
                                                  : json(200, dead_letters_json(*y, shown != 0))));
        });
  }
  void agent(const scope&, const server_request&, const answering& to) {
    auto answer = problem(426, "connect with a WebSocket");
    answer.headers.emplace_back("Upgrade", "websocket");
    to->answer(guarded(std::move(answer)));
  }

  // -- a fleet as a whole -------------------------------------------------------------------------------

  void fleet_ready(const scope&, const server_request&, const answering& to) {
    auto [code, body] = fleet_->ready();
    to->answer(guarded(json(code, std::move(body))));
  }
  void fleet_startup(const scope&, const server_request&, const answering& to) {
    auto [code, body] = fleet_->startup();
    to->answer(guarded(json(code, std::move(body))));
  }
  void fleet_status(const scope&, const server_request&, const answering& to) {
    to->answer(guarded(json(200, fleet_->status())));
  }
  void fleet_expose(const scope&, const server_request&, const answering& to) {
    fleet_->expose([to](std::string text) { to->answer(guarded(metrics_text(std::move(text)))); });
  }
  void fleet_page(const scope&, const server_request& x, const answering& to) {
    page_rows rows;
    for (auto& one : fleet_->rows())
      rows.emplace_back(std::move(one.name), one.state + (one.reason.empty() ? "" : ": " + one.reason));
    to->answer(guarded(gateways_page(rows, logged_in(x))));
  }

  surroundings with_;
  std::string host_;
  std::uint64_t max_line_;
  bool read_only_;
  access_rules rules_;
  page_sessions sessions_{[] {
    std::random_device source;
    return (static_cast<std::uint64_t>(source()) << 32) | source();
  }};
  std::optional<target> target_;
  std::optional<fleet_target> fleet_;
  std::uint64_t peers_ = 0;
  std::unique_ptr<net::http_server> http_; // last: its handlers use everything above
};

std::span<const admin_server::endpoint> admin_server::endpoints() {
  static constexpr endpoint all[] = {
      {"/livez", "GET", &admin_server::live, right::open, true},
      {"/healthz", "GET", &admin_server::live, right::open, true},
      {"/startupz", "GET", &admin_server::startup, right::open},
      {"/readyz", "GET", &admin_server::ready, right::open},
      {"/wake", "GET", &admin_server::wake, right::open},
      {"/metrics", "GET", &admin_server::expose, right::read, true},
      {"/v1/status", "GET", &admin_server::status, right::read},
      {"/v1/log", "GET", &admin_server::recent, right::read, true},
      {"/", "GET", &admin_server::page, right::read, true},
      {"/login", "POST", &admin_server::login, right::open, true},
      {"/logout", "POST", &admin_server::logout, right::open, true},
      {"/v1/reload", "POST", &admin_server::reload},
      {"/v1/drain", "POST", &admin_server::drain},
      {"/v1/dormant", "POST", &admin_server::dormant},
      {"/v1/actions", "POST", &admin_server::act},
      {"/v1/dlq", "GET", &admin_server::dead_letters},
      {"/v1/dlq/retry", "POST", &admin_server::dead_letters},
      {"/v1/dlq/drop", "POST", &admin_server::dead_letters},
      {"/v1/agent", "GET", &admin_server::agent},
  };
  return all;
}

std::span<const admin_server::endpoint> admin_server::fleet_endpoints() {
  static constexpr endpoint all[] = {
      {"/livez", "GET", &admin_server::live, right::open},
      {"/healthz", "GET", &admin_server::live, right::open},
      {"/startupz", "GET", &admin_server::fleet_startup, right::open},
      {"/readyz", "GET", &admin_server::fleet_ready, right::open},
      {"/wake", "GET", &admin_server::wake, right::open},
      {"/metrics", "GET", &admin_server::fleet_expose, right::read},
      {"/v1/status", "GET", &admin_server::fleet_status, right::read},
      {"/v1/log", "GET", &admin_server::recent, right::read},
      {"/", "GET", &admin_server::fleet_page, right::read},
      {"/login", "POST", &admin_server::login, right::open},
      {"/logout", "POST", &admin_server::logout, right::open},
      {"/v1/reload", "POST", &admin_server::reload},
      {"/v1/drain", "POST", &admin_server::drain},
  };
  return all;
}

} // namespace

std::unique_ptr<server> listen(boost::asio::io_context& io, listener_options what, surroundings with,
                               std::string& error) {
  auto result = std::make_unique<admin_server>(what, std::move(with));
  if (!result->open(io, what, error)) return nullptr;
  return result;
}

} // namespace relay::admin
