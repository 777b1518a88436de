#include "relay_gateway/app/commands/cli.hpp"

#include "relay_gateway/app/commands/commands.hpp"
#include "relay_gateway/app/commands/say.hpp"
#include "relay_gateway/app/process.hpp"
#include "relay_gateway/app/version.hpp"
#include "relay_gateway/config/catalogue.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <functional>
#include <set>

namespace relay::commands {

namespace {

/// What operators set on the command line; every other setting has its flag as well, in a group of its own.
const std::set<std::string> usual{"agent", "listen", "state_dir", "log.level", "log.format", "grace"};

class command_line {
public:
  command_line() {
    app_.set_version_flag("--version", "relay-gateway " + std::string{version()});
    app_.require_subcommand(1);
    app_.footer("Exit codes: 0 fine, 1 failure, 2 usage, 73 state directory not writable, 75 state directory "
                "in use,\n"
                "78 configuration, 130/143 forced by a second signal.");

    add("run", "Serve: the first SIGTERM or SIGINT drains and ends with 0, a second one ends at once",
        [this] { return run(settings_, state_reset_); })
        ->add_flag("--state-reset", state_reset_,
                   "Set aside what the state directory holds and begin anew: what was not done is forgotten");

    auto* demo_command =
        app_.add_subcommand("demo", "Connector stand-in, gateway and echo agent in one process");
    demo_command->add_flag("--once", demo_.once, "Play the scripted conversation on both platforms and end");
    demo_command->add_option("--listen", demo_.listen, "HOST:PORT of the console page; port 0 picks one")
        ->capture_default_str();
    commands_.emplace_back(demo_command, [this] { return demo(demo_); });

    add("check", "Validate the settings strictly and print each with its source", [this] {
      return check(settings_, json_);
    })->add_flag("--json", json_, "As one JSON object");

    add("probe", "Ask the running gateway whether it is well: exit 0 or 1",
        [this] { return probe(settings_, probe_); })
        ->add_option("what", probe_, "live or ready")
        ->check(CLI::IsMember({"live", "ready"}))
        ->capture_default_str();

    add("status", "Ask the running gateway how it stands", [this] {
      return status(settings_, json_);
    })->add_flag("--json", json_, "As the gateway's JSON object");

    add("doctor", "Look for what keeps the gateway from working: settings, network, clock, tokens, state",
        [this] { return doctor(settings_, json_); })
        ->add_flag("--json", json_, "As one JSON object");

    auto* dlq_command = add("dlq", "Events that no agent took: list them, show one, try again, drop",
                            [this] { return dlq(settings_, dlq_); });
    dlq_command->add_option("verb", dlq_.verb, "list, show, retry or drop")
        ->check(CLI::IsMember({"list", "show", "retry", "drop"}))
        ->capture_default_str();
    dlq_command->add_option("id", dlq_.id, "Id of the delivery, as listed");
    dlq_command->add_flag("--all", dlq_.all, "With retry or drop: everything that is set aside");

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

    auto* send_command = add("send", "Send one message through the running gateway",
                             [this] { return send(settings_, send_); });
    send_command->add_option("--platform", send_.platform,
                             "Platform of the chat; may be left out when only one is fronted");
    send_command->add_option("--chat", send_.chat, "Id of the chat")->required();
    send_command->add_option("--reply-to", send_.reply_to, "Id of the message that it answers");
    send_command->add_option("--request-id", send_.request_id,
                             "The same id again sends nothing and tells the first outcome");
    send_command->add_option("text", send_.text, "The text, or - for standard input")->required();
  }

  int main(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& x) {
      // Help and version come this way, too.
      if (x.get_exit_code() == 0) return app_.exit(x);
      return fail(exit_code::usage, usage_fault(argc, argv, x) + "; see relay-gateway --help");
    }
    for (const auto& [command, job] : commands_)
      if (command->parsed()) return job();
    return exit_code::usage;
  }

private:
  /// CLI11 calls a command that it does not know a missing one.
  std::string usage_fault(int argc, const char* const* argv, const CLI::ParseError& x) const {
    std::string first = argc > 1 ? argv[1] : "";
    bool known = first.empty() || first.front() == '-';
    for (const auto& [command, job] : commands_) known = known || command->get_name() == first;
    return known ? x.what() : "there is no command '" + first + "'";
  }

  CLI::App* add(const std::string& name, const std::string& what, std::function<int()> job) {
    auto* command = app_.add_subcommand(name, what);
    command->add_option_function<std::string>(
        "--config", [this](const std::string& x) { settings_.config_file = x; },
        "Config file (else GATEWAY_CONFIG, else config.yaml of HERMES_HOME)");
    for (const auto& x : config::catalogue()) {
      std::string flag = x.flag;
      if (flag.empty() || x.secret) continue; // no secret is taken as a flag: others could read it
      command
          ->add_option_function<std::string>(
              config::flag_name(flag),
              [this, flag](const std::string& value) { settings_.flags[flag] = value; },
              "Instead of " + std::string{*x.variable != '\0' ? x.variable : x.key})
          ->group(usual.count(flag) > 0 ? "Options" : "Settings");
    }
    commands_.emplace_back(command, std::move(job));
    return command;
  }

  CLI::App app_{"The gateway side of a relay between chat platforms and an AI agent.", "relay-gateway"};
  std::vector<std::pair<CLI::App*, std::function<int()>>> commands_;
  setting_options settings_;
  send_options send_;
  enroll_options enroll_;
  demo_options demo_;
  dlq_options dlq_;
  std::string probe_ = "live";
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
