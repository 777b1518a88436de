#include "relay_gateway/app/commands/cli.hpp"

#include "relay_gateway/app/commands/check.hpp"
#include "relay_gateway/app/commands/demo/demo.hpp"
#include "relay_gateway/app/commands/doctor/doctor.hpp"
#include "relay_gateway/app/commands/enroll.hpp"
#include "relay_gateway/app/commands/help/completion.hpp"
#include "relay_gateway/app/commands/help/manual.hpp"
#include "relay_gateway/app/commands/help/suggestion.hpp"
#include "relay_gateway/app/commands/run.hpp"
#include "relay_gateway/app/commands/running/dlq.hpp"
#include "relay_gateway/app/commands/running/log_command.hpp"
#include "relay_gateway/app/commands/running/probe.hpp"
#include "relay_gateway/app/commands/running/send.hpp"
#include "relay_gateway/app/commands/running/status.hpp"
#include "relay_gateway/app/commands/say.hpp"
#include "relay_gateway/app/commands/top/top_command.hpp"
#include "relay_gateway/app/commands/version_command.hpp"
#include "relay_gateway/app/commands/worker.hpp"
#include "relay_gateway/app/fleet/gateway_files.hpp"
#include "relay_gateway/app/process.hpp"
#include "relay_gateway/app/version.hpp"
#include "relay_gateway/config/catalogue.hpp"
#include "relay_gateway/config/settings_list.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <exception>
#include <functional>
#include <set>

namespace relay::commands {

namespace {

/// What operators set on the command line; every other setting has its flag as well, which --help-all shows.
const std::set<std::string> usual{"agent",      "listen", "state_dir", "log.level",
                                  "log.format", "grace",  "nats",      "fleet"};

/// Which settings a command takes as flags.
enum class takes { all, listener };

constexpr auto exit_codes =
    "Exit codes: 0 fine, 1 failure, 2 usage, 73 state directory not writable, 75 state directory "
    "in use,\n78 configuration, 130/143 forced by a second signal.";
constexpr auto how_settings_are_given = "Settings come from flags, GATEWAY_* variables, .env and a YAML "
                                        "file; `relay-gateway settings` lists them all.";

class command_line {
public:
  command_line() {
    app_.set_version_flag("--version", "relay-gateway " + std::string{version()});
    app_.set_help_all_flag("--help-all", "Print this help with every setting and exit");
    app_.require_subcommand(1);
    app_.footer(std::string{how_settings_are_given} + "\n" + exit_codes);
    add_service();
    add_diagnosis();
    add_messages();
    add_descriptions();
  }

  int main(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForAllHelp&) {
      print(help_all());
      return exit_code::fine;
    } catch (const CLI::ParseError& x) {
      // Help and version come this way, too.
      if (x.get_exit_code() == 0) return app_.exit(x);
      return fail(exit_code::usage, usage_fault(argc, argv, x) + "; see " + asked_program() + " --help");
    }
    for (const auto& [command, job] : commands_)
      if (command->parsed()) return job();
    return exit_code::usage;
  }

private:
  /// What serves, and what tries it out.
  void add_service() {
    add("run", "Serve: the first SIGTERM or SIGINT drains and ends with 0, a second one ends at once",
        [this] { return run(settings_, state_reset_); })
        ->add_flag("--state-reset", state_reset_,
                   "Set aside what the state directory holds and begin anew: what was not done is forgotten");

    add("worker", "Host agents for gateways whose agent is nats:, on this machine or another one",
        [this] { return worker(settings_); });

    auto* demo_command =
        app_.add_subcommand("demo", "Connector stand-in, gateway and echo agent in one process");
    demo_command->add_flag("--once", demo_.once, "Play the scripted conversation on both platforms and end");
    demo_command->add_option("--listen", demo_.listen, "HOST:PORT of the console page; port 0 picks one")
        ->capture_default_str();
    commands_.emplace_back(demo_command, [this] { return demo(demo_); });
  }

  /// What tells how the settings or a running gateway are.
  void add_diagnosis() {
    add("check", "Validate the settings strictly and print each with its source", [this] {
      return check(settings_, json_);
    })->add_flag("--json", json_, "As one JSON object");

    add(
        "probe", "Ask the running gateway whether it is well: exit 0 or 1",
        [this] { return probe(settings_, probe_); }, takes::listener)
        ->add_option("what", probe_, "live or ready")
        ->check(CLI::IsMember({"live", "ready"}))
        ->capture_default_str();

    add(
        "status", "Ask the running gateway for its status", [this] { return status(settings_, json_); },
        takes::listener)
        ->add_flag("--json", json_, "As the gateway's JSON object");

    auto* tail = add(
        "log", "Show the running gateway's last log lines; with --follow those to come as well",
        [this] { return log_command(settings_, log_); }, takes::listener);
    tail->add_flag("--follow,-f", log_.follow, "Go on with each new line");
    tail->add_flag("--json", log_.json, "Each line as the gateway's JSON object");

    auto* watch = add(
        "top", "Watch the running gateway: state, platforms, rates, latencies, queues",
        [this] { return top_command(settings_, top_); }, takes::listener);
    watch->add_flag("--once", top_.once, "One page, after one interval, and end");
    watch->add_option("--interval", top_.interval, "Time between two looks, 100ms or more")
        ->capture_default_str();

    auto* doctor_command =
        add("doctor", "Look for what keeps the gateway from working: settings, network, clock, tokens, state",
            [this] { return doctor(settings_, doctor_); });
    take_gateway(*doctor_command, "Of a fleet: this gateway alone");
    doctor_command->add_flag("--json", doctor_.json, "As one JSON object");
    doctor_command->add_option(
        "--bundle", doctor_.bundle,
        "Also write a file for whoever helps: findings, settings, status, metrics, last log "
        "lines; no secret is in it");
  }

  /// What acts on a gateway or for it.
  void add_messages() {
    auto* dlq_command = add(
        "dlq", "Events that no agent took: list them, show one, try again, drop",
        [this] { return dlq(settings_, dlq_); }, takes::listener);
    dlq_command->add_option("verb", dlq_.verb, "list, show, retry or drop")
        ->check(CLI::IsMember({"list", "show", "retry", "drop"}))
        ->capture_default_str();
    dlq_command->add_option("id", dlq_.id, "Id of the delivery, as listed");
    dlq_command->add_flag("--all", dlq_.all, "With retry or drop: everything that is set aside");
    dlq_command->add_flag("--json", dlq_.json, "With list: one JSON object per line");

    auto* enroll_command =
        add("enroll", "Trade an enrollment token for credentials, kept in the .env beside the config file",
            [this] { return enroll(settings_, enroll_); });
    enroll_command->add_option_function<std::string>(
        "--token", [this](const std::string& x) { enroll_.token = secret{x}; },
        "Works once (else GATEWAY_RELAY_ENROLL_TOKEN)");
    enroll_command->add_option("--connector-url", enroll_.connector_url,
                               "Where the connector is; kept in the .env as well");
    enroll_command->add_option("--gateway-id", enroll_.gateway_id,
                               "Id to ask for (else GATEWAY_RELAY_ID, else gw-<host name>)");
    enroll_command->add_option("--wake-url", enroll_.wake_url, "Kept in the .env for provisioning");

    auto* send_command = add(
        "send", "Send one message through the running gateway", [this] { return send(settings_, send_); },
        takes::listener);
    send_command->add_option("--platform", send_.platform,
                             "Platform of the chat; may be left out when only one is fronted");
    send_command->add_option("--chat", send_.chat, "Id of the chat")->required();
    send_command->add_option("--reply-to", send_.reply_to, "Id of the message that it answers");
    send_command->add_option("--request-id", send_.request_id,
                             "The same id again sends nothing and tells the first outcome");
    send_command->add_option("text", send_.text, "The text, or - for standard input")->required();
  }

  /// What the program says about itself.
  void add_descriptions() {
    add_plain("settings", "List every setting: meaning, default, names, when a change takes effect", [this] {
      print(json_ ? config::settings_json() : config::settings_text());
      return exit_code::fine;
    })->add_flag("--json", json_, "As one JSON object");

    add_plain("version", "Print the version", [this] {
      return version_command(json_);
    })->add_flag("--json", json_, "Also revision, compiler and libraries, as one JSON object");

    add_plain("completion", "Print a completion script for a shell",
              [this] {
                print(help::completion(described(), shell_));
                return exit_code::fine;
              })
        ->add_option("shell", shell_, "bash, zsh or fish")
        ->check(CLI::IsMember({"bash", "zsh", "fish"}))
        ->required();

    add_plain("man", "Print the man page in roff", [this] {
      print(help::manual(described(), version()));
      return exit_code::fine;
    });
  }

  CLI::App* add_plain(const std::string& name, const std::string& what, std::function<int()> job) {
    auto* command = app_.add_subcommand(name, what);
    commands_.emplace_back(command, std::move(job));
    return command;
  }

  /// The command that was named, else the program.
  const CLI::App* asked_app() const {
    const CLI::App* asked = &app_;
    for (const auto& [command, job] : commands_)
      if (command->parsed()) asked = command;
    return asked;
  }
  std::string asked_program() const {
    const auto* asked = asked_app();
    return "relay-gateway" + (asked == &app_ ? std::string{} : " " + asked->get_name());
  }

  /// Its help, and every setting.
  std::string help_all() const {
    const CLI::App* asked = asked_app();
    return asked->help(asked == &app_ ? "" : app_.get_name()) + "\nSettings\n\n" + config::settings_text();
  }

  /// CLI11 calls a command that it does not know a missing one, and names no near word.
  std::string usage_fault(int argc, const char* const* argv, const CLI::ParseError& x) const {
    std::vector<std::string> words{argv + std::min(argc, 1), argv + argc};
    const auto mistake = first_unknown(words);
    if (mistake.empty()) return x.what();
    const bool command = mistake.front() != '-';
    auto known = command ? command_names() : option_names(words);
    auto near = help::suggestion(mistake, known);
    return (command ? "there is no command '" : "there is no option '") + mistake + "'" +
           (near.empty() ? "" : "; did you mean " + near + "?");
  }

  /// The first word that is neither a command nor an option; empty when the fault is another one.
  std::string first_unknown(const std::vector<std::string>& words) const {
    if (words.empty()) return {};
    const auto names = command_names();
    const auto known = option_names(words);
    if (words.front().front() != '-' && std::find(names.begin(), names.end(), words.front()) == names.end())
      return words.front();
    for (const auto& word : words) {
      auto name = word.substr(0, word.find('='));
      if (name == "--") break;
      if (name.size() > 1 && name.front() == '-' &&
          std::find(known.begin(), known.end(), name) == known.end())
        return name;
    }
    return {};
  }

  std::vector<std::string> command_names() const {
    std::vector<std::string> result;
    for (const auto& [command, job] : commands_) result.push_back(command->get_name());
    return result;
  }

  /// Options of the command among `words`, and of the program.
  std::vector<std::string> option_names(const std::vector<std::string>& words) const {
    std::vector<std::string> result;
    auto add_all = [&](const CLI::App& of) {
      for (const auto* x : of.get_options()) {
        for (const auto& name : x->get_lnames()) result.push_back("--" + name);
        for (const auto& name : x->get_snames()) result.push_back("-" + name);
      }
    };
    for (const auto& [command, job] : commands_)
      if (!words.empty() && command->get_name() == words.front()) add_all(*command);
    add_all(app_);
    return result;
  }

  help::program described() const {
    help::program out{app_.get_name(), app_.get_description(), exit_codes, options_of(app_), {}};
    for (const auto& [command, job] : commands_)
      out.commands.push_back({command->get_name(), command->get_description(), options_of(*command)});
    return out;
  }

  static std::vector<help::option> options_of(const CLI::App& of) {
    std::vector<help::option> result;
    for (const auto* x : of.get_options()) {
      if (x->get_group().empty()) continue; // settings have their own list
      help::option one;
      for (const auto& name : x->get_snames()) one.names.push_back("-" + name);
      for (const auto& name : x->get_lnames()) one.names.push_back("--" + name);
      if (one.names.empty()) one.positional = x->get_name(true);
      one.what = x->get_description();
      one.takes_value = x->get_items_expected_min() > 0;
      if (one.positional == "what") one.choices = {"live", "ready"};
      if (one.positional == "verb") one.choices = {"list", "show", "retry", "drop"};
      if (one.positional == "shell") one.choices = {"bash", "zsh", "fish"};
      result.push_back(std::move(one));
    }
    return result;
  }

  void take_gateway(CLI::App& command, const std::string& what) {
    command.add_option("--gateway", settings_.gateway, what)->check([](const std::string& x) {
      return fleet::is_gateway_name(x) ? std::string{} : "no name of a gateway";
    });
  }

  CLI::App* add(const std::string& name, const std::string& what, std::function<int()> job,
                takes flags = takes::all) {
    auto* command = add_plain(name, what, std::move(job));
    command->footer(how_settings_are_given);
    command->add_option_function<std::string>(
        "--config", [this](const std::string& x) { settings_.config_file = x; },
        "Config file (else GATEWAY_CONFIG, else config.yaml of HERMES_HOME)");
    if (flags == takes::listener) take_gateway(*command, "Of a process that runs a fleet: this gateway");
    for (const auto& x : config::catalogue()) {
      std::string flag = x.flag;
      if (flag.empty() || x.secret) continue; // no secret is taken as a flag: others could read it
      if (flags == takes::listener && flag != "listen") continue;
      if (flag == config::keys::fleet.flag && name != "run" && name != "check" && name != "doctor") continue;
      command
          ->add_option_function<std::string>(
              config::flag_name(flag),
              [this, flag](const std::string& value) { settings_.flags[flag] = value; },
              std::string{x.what} + " (" + (*x.variable != '\0' ? x.variable : x.key) + ")")
          ->group(usual.count(flag) > 0 ? "Options" : "");
    }
    return command;
  }

  CLI::App app_{"The gateway side of a relay between chat platforms and an AI agent.", "relay-gateway"};
  std::vector<std::pair<CLI::App*, std::function<int()>>> commands_;
  setting_options settings_;
  send_options send_;
  enroll_options enroll_;
  demo_options demo_;
  dlq_options dlq_;
  doctor_options doctor_;
  log_options log_;
  top_options top_;
  std::string probe_ = "live", shell_;
  bool json_ = false, state_reset_ = false;
};

} // namespace

int main(int argc, const char* const* argv) {
  try {
    return command_line{}.main(argc, argv);
  } catch (const std::exception& x) {
    return fail(exit_code::failure, std::string{"unexpected: "} + x.what());
  }
}

} // namespace relay::commands
