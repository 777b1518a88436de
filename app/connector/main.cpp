// relay-connector: the connector stand-in by itself.
#include "relay_gateway/app/connector/conformance/run.hpp"
#include "relay_gateway/app/connector/connector.hpp"
#include "relay_gateway/app/connector/json.hpp"
#include "relay_gateway/app/host/standard_streams.hpp"
#include "relay_gateway/config/values/text.hpp"
#include "relay_gateway/version.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

namespace {

using relay::connector::options;

bool read_file(const std::string& path, std::string& out) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream text;
  text << in.rdbuf();
  out = text.str();
  return static_cast<bool>(in);
}

/// `HOST:PORT`, `[v6]:PORT` or `:PORT`.
bool read_listen(const std::string& text, options& out) {
  auto colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  auto host = text.substr(0, colon);
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (!host.empty()) out.host = host;
  const char *first = text.data() + colon + 1, *last = text.data() + text.size();
  auto [end, bad] = std::from_chars(first, last, out.port);
  return bad == std::errc{} && end == last && first != last;
}

/// `NAME` or `NAME:descriptor.json`; the first one given replaces the usual platforms.
bool add_platform(const std::string& text, options& out, std::string& error) {
  auto colon = text.find(':');
  auto name = text.substr(0, colon);
  auto profile = relay::connector::conservative_profile(name);
  for (auto& usual : relay::connector::default_platforms())
    if (usual.name == name) profile = usual;
  if (colon != std::string::npos) {
    relay::connector::json::document doc;
    if (!read_file(text.substr(colon + 1), profile.descriptor) ||
        !relay::connector::json::parse_object(profile.descriptor, doc)) {
      error = "--platform " + name + ": the file is not a readable JSON object";
      return false;
    }
  }
  out.platforms.push_back(std::move(profile));
  return true;
}

int fail(const std::string& why, int code) {
  std::cerr << "relay-connector: " << why << '\n';
  return code;
}

/// Reads a fault script. 0, or the exit code after one line (`all`: a line for each problem) on standard
/// error.
int read_faults(const std::string& path, bool all, relay::connector::faults::script& out) {
  std::string text;
  if (!read_file(path, text)) return fail(path + ": cannot be read: " + std::strerror(errno), 2);
  std::vector<relay::connector::faults::problem> told;
  auto read = relay::connector::faults::parse(text, told);
  constexpr int bad_data = 78; // EX_CONFIG
  if (!read && all) {
    for (const auto& x : told) fail(path + ": " + to_string(x), bad_data);
    return bad_data;
  }
  if (!read)
    return fail(path + ": " + to_string(told.front()) +
                    (told.size() > 1
                         ? " (and " + std::to_string(told.size() - 1) + " more: --check-faults lists them)"
                         : ""),
                bad_data);
  out = std::move(*read);
  return 0;
}

int serve(const options& what) {
  boost::asio::io_context io{1};
  boost::asio::signal_set signals{io, SIGINT, SIGTERM};
  std::unique_ptr<relay::connector::stand_in> peer;
  int code = 0;
  // Started from within, so that everything happens on the one thread that runs the io_context.
  boost::asio::post(io, [&] {
    std::string error;
    peer = relay::connector::start(io, what, error);
    if (!peer) {
      code = fail(error, 1);
      signals.cancel();
      return io.stop();
    }
    std::cout << "relay-connector listens on " << peer->base_url() << (what.console ? " (console: /)" : "")
              << std::endl;
  });
  signals.async_wait([&](const boost::system::error_code& ec, int) {
    if (ec) return;
    peer->stop();
    io.stop();
  });
  io.run();
  return code;
}

namespace conformance = relay::connector::conformance;

/// The subcommand; what it was given is in `what` and `list` after parsing.
CLI::App* add_conformance(CLI::App& app, conformance::run_options& what, bool& list) {
  auto* sub = app.add_subcommand(
      "conformance",
      "Start a gateway again and again against this stand-in and tell for each clause of the contract "
      "whether\n"
      "it passes, fails or is not offered. The gateway must answer every message with the message's text "
      "(an\n"
      "echo agent); with --actions more clauses are tried. It gets the standard variables: "
      "GATEWAY_RELAY_URL, GATEWAY_RELAY_PLATFORMS,\n"
      "GATEWAY_RELAY_BOT_IDS, GATEWAY_RELAY_ACCESS_TOKEN, or GATEWAY_RELAY_ID and GATEWAY_RELAY_SECRET; one "
      "that\n"
      "is configured in another way gets a description file. Exit code 0: no clause failed; 1: one did;\n"
      "2: wrong use; 78: a bad description.\n\n"
      "  relay-connector conformance --gateway 'relay-gateway run --agent echo --state-dir none'");
  sub->add_option("--gateway", what.command, "the command line that starts the gateway, for /bin/sh");
  sub->add_option("--describe", what.describe, "a description file (YAML or JSON; app/connector/README.md)");
  sub->add_flag("--actions", what.actions, "its agent does what a message '/relay-action {...}' says");
  sub->add_flag("--json", what.json, "print one JSON object instead of lines");
  sub->add_flag("--strict", what.strict, "what is not offered counts as a failure, too");
  sub->add_option("--only", what.only, "only scenarios that try a clause whose id begins with this");
  sub->add_option("--jobs", what.jobs, "so many gateways at once")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  sub->add_option("--work-dir", what.work_dir, "keep logs and records of the gateways there (new or empty)");
  sub->add_flag("--list", list, "print the clauses and end");
  return sub;
}

int judge(const conformance::run_options& trial, bool list) {
  if (list) return conformance::list_clauses();
  if (trial.command.empty() && trial.describe.empty())
    return fail("conformance needs --gateway or --describe; see relay-connector conformance --help", 2);
  return conformance::run(trial);
}

void add_tls(CLI::App& app, options& what) {
  app.add_option("--tls-cert", what.tls_cert_file, "PEM chain: serve https and wss")
      ->check(CLI::ExistingFile);
  app.add_option("--tls-key", what.tls_key_file, "PEM key of --tls-cert")->check(CLI::ExistingFile);
  app.add_option(
         "--require-client-cert", what.tls_client_ca_file,
         "PEM CA file; with --tls-cert, only who shows a certificate of that CA is served (mutual TLS)")
      ->check(CLI::ExistingFile);
}

/// What does not go together; empty = fine.
std::string tls_problem(const options& what) {
  if (what.tls_cert_file.empty() != what.tls_key_file.empty()) return "--tls-cert and --tls-key go together";
  if (!what.tls_client_ca_file.empty() && what.tls_cert_file.empty())
    return "--require-client-cert needs --tls-cert and --tls-key";
  return {};
}

/// What the command line says that is no option of the stand-in yet.
struct arguments {
  std::string listen = "127.0.0.1:9490", token_file, fault_file, checked_file;
  std::uint64_t seed = 0;
  std::vector<std::string> platforms;
  bool no_control = false, seeded = false;
};

CLI::Option* add_options(CLI::App& app, arguments& given, options& what) {
  app.add_option("--listen", given.listen, "HOST:PORT; port 0 picks a free one")->capture_default_str();
  app.add_flag("--console,!--no-console", what.console, "serve the page for a person at / (on by default)");
  app.add_flag("--no-control", given.no_control, "serve no control API (and so no console)");
  app.add_flag("--open-control", what.control_from_anywhere,
               "answer console and control API to other machines, too; they have no password");
  app.add_option("--state-dir", what.state_dir, "keep credentials and buffers there over a restart")
      ->check(CLI::ExistingDirectory);
  app.add_option("--platform", given.platforms,
                 "NAME or NAME:descriptor.json, repeatable (default: discord telegram slack)");
  app.add_option("--identity-token-file", given.token_file,
                 "the one bearer that may provision and enroll (default: any)")
      ->check(CLI::ExistingFile);
  app.add_option("--faults", given.fault_file,
                 "a fault script: what goes wrong on purpose (app/connector/README.md)");
  auto* seeded = app.add_option("--fault-seed", given.seed, "instead of the script's seed");
  app.add_option("--check-faults", given.checked_file, "read a fault script, tell every problem and end");
  app.add_option("--record", what.record_file, "append every record to this file, a JSON object a line");
  add_tls(app, what);
  return seeded;
}

int check_faults(const std::string& file) {
  relay::connector::faults::script script;
  if (auto code = read_faults(file, true, script); code != 0) return code;
  std::cout << file << ": " << script.rules.size() << " rules, seed " << script.seed << '\n';
  return 0;
}

/// Reads what the arguments name into the options; 0, or the exit code after one line on standard error.
int complete(const arguments& given, options& what) {
  if (!given.fault_file.empty())
    if (auto code = read_faults(given.fault_file, false, what.faults); code != 0) return code;
  if (given.seeded) what.fault_seed = given.seed;
  if (!read_listen(given.listen, what))
    return fail("--listen must be HOST:PORT, not '" + given.listen + "'", 2);
  what.control = !given.no_control;
  if (given.no_control) what.console = false;
  if (auto why = tls_problem(what); !why.empty()) return fail(why, 2);
  std::string error, token;
  if (!given.platforms.empty()) what.platforms.clear();
  for (const auto& x : given.platforms)
    if (!add_platform(x, what, error)) return fail(error, 2);
  if (given.token_file.empty()) return 0;
  if (!read_file(given.token_file, token) || relay::config::trimmed(token).empty())
    return fail("--identity-token-file: no token in " + given.token_file, 2);
  what.identity_token = relay::secret{relay::config::trimmed(token)};
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  relay::host::open_standard_streams();
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app{"The connector's side of the relay contract, for development, tests and trying things out.",
               "relay-connector"};
  options what;
  what.console = true;
  arguments given;
  auto* seeded = add_options(app, given, what);
  conformance::run_options trial;
  bool list = false;
  auto* judged = add_conformance(app, trial, list);
  app.set_version_flag("--version", "relay-connector " RELAY_GATEWAY_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e); // help and version come this way, too
    return fail(std::string{e.what()} + "; see relay-connector --help", 2);
  }
  if (*judged) return judge(trial, list);
  if (!given.checked_file.empty()) return check_faults(given.checked_file);
  given.seeded = seeded->count() > 0;
  if (auto code = complete(given, what); code != 0) return code;
  return serve(what);
}
