// What the program can do, one function per command (agent-link.md, Commands). Each returns the exit code and
// says what went wrong in one line on standard error.
#pragma once

#include "relay_gateway/messages/secret.hpp"

#include <map>
#include <optional>
#include <string>

namespace relay::commands {

/// Where settings come from, beside the environment and the files.
struct setting_options {
  std::map<std::string, std::string> flags; ///< as config::sources::flags
  std::optional<std::string> config_file;   ///< --config
};

/// The service. `state_reset`: set aside what the state directory holds and begin anew.
int run(const setting_options& from, bool state_reset);

/// Strict validation of the settings.
int check(const setting_options& from, bool json);

/// The health check of an image without a shell: `what` is `live` or `ready`.
int probe(const setting_options& from, const std::string& what);

/// The status of a running gateway.
int status(const setting_options& from, bool json);

struct doctor_options {
  bool json = false;
  std::string bundle; ///< a file for whoever is asked for help; empty: none
};
/// A walk from the settings to the connector: what works, what does not, what to do about it. 0 when nothing
/// failed.
int doctor(const setting_options& from, const doctor_options& how);

struct send_options {
  std::string platform, chat, text; ///< text `-`: standard input
  std::string reply_to, request_id;
};
/// One message through a running gateway.
int send(const setting_options& from, const send_options& what);

struct dlq_options {
  std::string verb = "list"; ///< list show retry drop
  std::string id;            ///< of a delivery
  bool all = false;          ///< retry, drop: everything that is there
  bool json = false;         ///< list: one JSON object per line
};
/// What a running gateway set aside because no agent took it.
int dlq(const setting_options& from, const dlq_options& what);

struct enroll_options {
  secret token; ///< works once; empty: GATEWAY_RELAY_ENROLL_TOKEN
  std::string connector_url, gateway_id, wake_url;
};
/// Trades an enrollment token for credentials, which go to the `.env` beside the config file.
int enroll(const setting_options& from, const enroll_options& what);

struct demo_options {
  bool once = false;
  std::string listen = "127.0.0.1:0"; ///< of the stand-in's console page
};
/// Connector stand-in, gateway and echo agent in one process.
int demo(const demo_options& what);

/// Version, revision, compiler and libraries as one JSON object.
std::string version_json();
/// The version; as JSON also revision, compiler and the libraries that this process uses.
int version_command(bool json);

} // namespace relay::commands
