// What a connector stand-in is started with, and the behaviour that can be changed while it runs.
#pragma once

#include "relay_gateway/app/connector/faults/language/script.hpp"
#include "relay_gateway/messages/secret.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace relay::connector {

/// One chat platform that the stand-in plays: its name and its descriptor (protocol.md 4) as JSON text.
struct platform_profile {
  std::string name, descriptor;
};
/// discord, telegram and slack with realistic descriptors.
std::vector<platform_profile> default_platforms();
/// What a platform that nobody described gets: plain text, 4096 characters, the legacy ops.
platform_profile conservative_profile(const std::string& name);

/// How it behaves where the contract leaves a choice or a test wants another one.
struct behaviour {
  bool require_token = true;       ///< false: a WebSocket without an Authorization header is served too
  bool refuse_bad_token = false;   ///< answer a bad token with HTTP 401 instead of accepting and closing 4401
  bool withhold_on_replay = false; ///< a second provisioning of a known gateway gets `secretIssued:false`
  bool buffer_all = false;         ///< give every event a bufferId, also on a live connection
  bool first_hello_only = false;   ///< one descriptor per connection, for the first hello
  bool check_discriminators = false; ///< decline actions whose metadata names neither scope nor a known user
  bool check_length = true;          ///< refuse text longer than the descriptor allows, as the platforms do
  std::size_t replay_window = 16;    ///< buffered entries in flight before an ack must come
  std::uint16_t replaced_code =
      4429; ///< closes the older socket of a gateway that connects twice; 0 = both live
  std::string replaced_reason = "replaced";
  std::int64_t clock_offset_s = 0; ///< added to the clock when a token's expiry is checked
};

struct options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;                      ///< 0 picks a free one
  std::string tls_cert_file{}, tls_key_file{}; ///< both set: https and wss
  std::string tls_client_ca_file{};            ///< with TLS: gateways must show a certificate of this CA
  std::vector<platform_profile> platforms = default_platforms();
  secret identity_token{}; ///< the bearer that may provision and enroll; empty = any non-empty one
  behaviour how{};
  std::string state_dir{};     ///< keep credentials and buffers there over a restart; empty = memory only
  std::string initial_state{}; ///< of connector::state(), when there is no state_dir; empty = a fresh start
  bool console = true;         ///< serve the page for a person at / and /console
  bool control = true;         ///< serve the control API under /control/
  /// Console and control API answer loopback peers only, unless this is set. They have no other protection.
  bool control_from_anywhere = false;
  std::size_t max_records = 200'000;
  faults::script faults{};                   ///< what goes wrong on purpose, from the start
  std::optional<std::uint64_t> fault_seed{}; ///< instead of the script's
  std::string record_file{}; ///< every record is appended to it, a JSON object a line; empty = none
  std::chrono::milliseconds ping_interval{10'000}, ping_timeout{25'000}; ///< of the WebSockets
};

} // namespace relay::connector
