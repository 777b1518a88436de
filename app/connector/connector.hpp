// The connector stand-in: one HTTP and WebSocket server that plays the connector's side of protocol.md. For
// `relay-connector`, for `relay-gateway demo`, and for tests that drive a real gateway.
//
//   net::io_thread io;
//   std::string error;
//   auto peer = connector::start(io.context(), {}, error);
//   ... start a gateway with GATEWAY_RELAY_URL = peer->base_url() ...
//   peer->wait_for(connector::of_kind("handshake"), 10s);
//   auto said = peer->inject({.platform = "discord", .chat_id = "c1", .text = "hi"});
//   auto reply = peer->wait_for(connector::of_kind("outbound", "frame.action.op", "send"), 10s);
//   EXPECT_EQ(reply->at("frame.action.content"), "echo: hi");
#pragma once

#include "relay_gateway/app/connector/control/script.hpp"
#include "relay_gateway/app/connector/model/record.hpp"
#include "relay_gateway/app/connector/options.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace relay::connector {

/// A message that a person writes, in short. Empty fields get sensible values.
struct chat_message {
  std::string platform = "discord", chat_id = "c1", text{};
  std::string chat_type = "dm"; ///< dm group channel thread forum
  std::string chat_name{}, user_id = "u1", user_name = "ada", thread_id{}, scope_id{}, parent_chat_id{};
  std::string message_id{}; ///< empty = the chat's next
  std::string reply_to{};   ///< a message id of the same chat
  std::string gateway_id{}; ///< empty = the gateway that fronts the platform; `*` = each that does
};

/// A Discord interaction in short (protocol.md 5.2).
struct interaction {
  int type = 2;                     ///< 1 ping, 2 command, 3 component, 4 autocomplete, 5 modal
  std::string chat_id = "c1", id{}; ///< id: empty = a fresh one
  std::string name{};               ///< of a command or an autocomplete
  std::string custom_id{};          ///< of a component
  std::vector<std::pair<std::string, std::string>> options{}; ///< of a command: name and value
  std::string scope_id{};                                     ///< the guild; empty = a direct message
  std::string user_id = "u1", user_name = "ada", gateway_id{};
};

/// What became of an injection.
struct injected {
  std::string message_id; ///< of the (last) event; empty when it has none
  std::size_t live = 0;   ///< went out on a live connection at once
  std::size_t buffered = 0;
  std::string error; ///< one line; empty = fine
  explicit operator bool() const noexcept { return error.empty(); }
};

/// One gateway as the stand-in knows it.
struct gateway_status {
  std::string gateway_id, tenant, wake_url;
  std::vector<std::pair<std::string, std::string>> identities; ///< platform and botId of the hellos, in order
  std::string display_name;                                    ///< as it was provisioned
  std::vector<std::string> provisioned; ///< platforms, in the order in which they were provisioned
  bool connected = false;               ///< a socket is open
  bool handshaken = false;              ///< and a descriptor was sent on it
  bool idle = false;                    ///< it said going_idle
  std::size_t buffered = 0;             ///< events that wait for it or for its ack
  std::size_t unacked = 0;              ///< of these, sent and not acked
};

/// Thread-safe: any thread may call anything. Calls that change something run on the io_context's thread and
/// are done when they return; on that thread itself they run at once. So the io_context must be run by
/// exactly one thread meanwhile (net::io_thread does), or be stopped.
class stand_in {
public:
  struct impl;
  explicit stand_in(std::unique_ptr<impl> x); ///< start() makes them
  stand_in(const stand_in&) = delete;
  stand_in& operator=(const stand_in&) = delete;
  ~stand_in(); ///< stop()

  /// Ends every connection and the listener. Idempotent; records stay readable.
  void stop();
  std::uint16_t port() const;
  /// `http://127.0.0.1:PORT` (https with TLS): what a gateway is given as its relay URL.
  std::string base_url() const;

  // -- an outage ------------------------------------------------------------
  /// As a process that died: connections end without a close handshake, the port refuses. Memory is kept.
  void go_down();
  /// The same port again, with what was known. False and one line in `error` when it cannot be bound.
  bool come_back(std::string& error);

  // -- what it saw ----------------------------------------------------------
  /// Index of the newest record: pass it as `since` to look only at what comes later.
  std::uint64_t mark() const;
  std::vector<record> records(std::uint64_t since = 0, const record_filter& which = {}) const;
  std::optional<record> wait_for(const record_filter& which, std::chrono::milliseconds limit,
                                 std::uint64_t since = 0) const;
  bool wait_count(const record_filter& which, std::size_t n, std::chrono::milliseconds limit,
                  std::uint64_t since = 0) const;
  std::vector<gateway_status> gateways() const;

  // -- events to the gateway --------------------------------------------------
  injected inject(const chat_message& what);
  /// `count` messages, `{n}` in the text replaced by 0, 1, ...; over `chats` chats named `<chat_id>-<k>` in
  /// turn when more than one.
  injected inject_many(const chat_message& what, std::size_t count, std::size_t chats = 1);
  /// An event object (protocol.md 5) exactly as given, valid or not.
  injected inject_event(std::string_view event_json, std::string_view gateway_id = {});
  /// A passthrough_forward's `forward` object (protocol.md 5.2) exactly as given.
  injected forward(std::string_view forward_json, std::string_view gateway_id = {});
  /// A Discord interaction as a passthrough_forward.
  injected interact(const interaction& what);
  /// Presses an option of a prompt that the agent posted. `as_interaction`: as a Discord passthrough.
  injected press(std::string_view platform, std::string_view chat_id, std::string_view message_id,
                 std::string_view option_id, bool as_interaction = false);
  /// interrupt_inbound. False when no gateway of that id is connected (empty id = any).
  bool interrupt(std::string_view session_key, std::string_view chat_id, std::string_view gateway_id = {});
  /// Exact text on the sockets, no `\n` added: each piece is one WebSocket text message. Returns sockets
  /// reached.
  std::size_t send_raw(const std::vector<std::string>& pieces, std::string_view gateway_id = {});

  // -- answers and behaviour ---------------------------------------------------
  void answer(rule x); ///< adds a scripted answer
  void clear_script();
  /// Refuses the next `n` upgrades with that HTTP status.
  void refuse_upgrades(int n, int status);
  behaviour how() const;
  void set_behaviour(behaviour x);

  // -- faults (README.md has the scripts) ---------------------------------------
  /// Adds the rules of a fault script. False and one line in `error` when it is not one.
  bool add_faults(std::string_view script_json, std::string& error);
  void clear_faults();
  /// Does that once, now: `{"close":{"code":1012}}`. False and one line in `error` when it is nothing to do.
  bool fault(std::string_view actions_json, std::string& error);

  // -- sockets ----------------------------------------------------------------
  // Each takes the sockets of one gateway, or with an empty id all, and returns how many there were.
  std::size_t close_all(std::uint16_t code, std::string_view reason, std::string_view gateway_id = {});
  std::size_t drop_all(std::string_view gateway_id = {});          ///< no close handshake
  std::size_t read_all(bool on, std::string_view gateway_id = {}); ///< false: stop reading, as a stalled peer

  // -- credentials ------------------------------------------------------------
  /// Makes a gateway known, as if it had been provisioned with that secret. For gateways with a pinned pair.
  void add_gateway(std::string_view gateway_id, const secret& key, std::string_view tenant = {});
  /// A token that POST /relay/enroll takes once. `expires_s`: unix seconds, 0 = never.
  void add_enrollment(const secret& token, std::string_view tenant = {}, std::int64_t expires_s = 0);
  /// The newest secret of a gateway; empty when it has none.
  secret key_of(std::string_view gateway_id) const;
  /// Adds a new secret; the older ones stay valid. False for an unknown gateway.
  bool rotate(std::string_view gateway_id);
  /// Forgets every secret of the gateway (empty id = of all): its next token is refused with 4401. Open
  /// sockets stay; close them with close_all(4401, ...). A later provisioning issues a new secret.
  void revoke(std::string_view gateway_id = {});
  /// Stores bytes and returns their URL, for an event's `media_urls`.
  std::string put_media(std::string_view content_type, std::string_view filename, std::string body);
  /// Everything that a restart must remember, as JSON text, WITH secrets: for options::initial_state.
  std::string state() const;

private:
  std::unique_ptr<impl> impl_;
};

/// Binds and serves. Null and one line in `error` on failure. `io` must outlive it.
std::unique_ptr<stand_in> start(boost::asio::io_context& io, options what, std::string& error);

} // namespace relay::connector
