// The connector stand-in without sockets: calls and frames in, answers and effects out, time and randomness
// given. Everything the stand-in decides is decided here, so that it can be tested without a network.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/app/connector/connector.hpp"
#include "relay_gateway/app/connector/faults/injector.hpp"
#include "relay_gateway/app/connector/json.hpp"
#include "relay_gateway/app/connector/model/backlog.hpp"
#include "relay_gateway/app/connector/model/chats/chat_log.hpp"
#include "relay_gateway/app/connector/model/chats/platform_side.hpp"
#include "relay_gateway/app/connector/model/effects.hpp"
#include "relay_gateway/app/connector/model/keyring.hpp"
#include "relay_gateway/app/connector/model/media_store.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relay::connector {

/// The world as the core sees it.
struct surroundings {
  std::function<std::int64_t()> wall_ms;   ///< unix time in milliseconds
  std::function<std::string()> fresh_text; ///< unguessable, of letters and digits
  /// Where the stand-in is reached, for the URLs that it hands out.
  std::string base_url;
  /// The clock of the fault rules.
  std::function<std::chrono::milliseconds()> since_start = [] { return std::chrono::milliseconds{0}; };
};

/// Not thread-safe, except records(). After any call, take_effects() says what is to be done.
class core {
public:
  core(const options& what, surroundings env);

  journal& records() { return records_; }
  const journal& records() const { return records_; }
  std::vector<effect> take_effects() { return std::exchange(effects_, {}); }
  /// Where it is reached is known only after binding.
  void set_base_url(std::string url) { world_.base_url = std::move(url); }
  const std::string& base_url() const { return world_.base_url; }

  // -- HTTP calls of gateways (core_http.cpp) ---------------------------------
  /// Any call under /relay/; an unknown path is a 404.
  http_answer call(const gateway_call& x);
  upgrade_answer upgrade(const gateway_call& x);
  /// Who calls, by the token or else by the body, verified or not; empty when neither tells.
  std::string caller(const gateway_call& x) const;

  // -- sockets (core_socket.cpp) ----------------------------------------------
  /// An accepted socket; `verdict` as upgrade() gave it. The id is the core's name for it from now on.
  socket_id opened(const upgrade_answer& verdict);
  /// One line, without its line break.
  void line(socket_id from, std::string_view text);
  /// The peer sent a line beyond the bound.
  void line_too_long(socket_id from);
  void ended(socket_id which, const socket_end& why);
  void due(std::uint64_t token); ///< a call_later has come
  void poked(std::string_view gateway_id, int status, std::string_view error);

  // -- events to gateways (core_delivery.cpp) ---------------------------------
  injected inject(const chat_message& what);
  injected inject_many(const chat_message& what, std::size_t count, std::size_t chats,
                       std::chrono::milliseconds every);
  injected inject_event(std::string_view event_json, std::string_view gateway_id);
  injected forward(std::string_view forward_json, std::string_view gateway_id);
  /// A Discord interaction of that type, as a passthrough: a command, an autocomplete, a ping, ...
  injected interact(const interaction& what);
  injected press(std::string_view platform, std::string_view chat_id, std::string_view message_id,
                 std::string_view option_id, bool as_interaction);
  /// A storm: the events are buffered and go out at once, however many are unacked.
  injected replay(const faults::replay& how, std::string_view gateway_id);
  /// Calls the wake URL of the gateway, or of all; how many there were.
  std::size_t wake(std::string_view gateway_id);

  // -- control (core_control.cpp) ----------------------------------------------
  bool interrupt(std::string_view session_key, std::string_view chat_id, std::string_view gateway_id);
  std::size_t send_raw(const std::vector<std::string>& pieces, std::string_view gateway_id);
  std::size_t close_all(std::uint16_t code, std::string_view reason, std::string_view gateway_id);
  std::size_t drop_all(std::string_view gateway_id);
  std::size_t read_all(bool on, std::string_view gateway_id);
  /// All rules; those on answers are asked here, the others at the edge.
  faults::injector& fault_rules() { return faults_; }
  void answer(const rule& x);
  void clear_script() { faults_.clear(faults::trigger::answer); }
  std::size_t rules() const { return faults_.rules(faults::trigger::answer); }
  const behaviour& how() const { return how_; }
  void set_behaviour(behaviour x) { how_ = std::move(x); }
  std::vector<gateway_status> gateways() const;
  std::vector<std::string> gateway_ids() const;
  void add_gateway(const std::string& gateway_id, const secret& key, std::string_view tenant);
  void add_enrollment(const secret& token, std::string_view tenant, std::int64_t expires_s);
  secret key_of(const std::string& gateway_id) const;
  bool rotate(const std::string& gateway_id);
  void revoke(std::string_view gateway_id);
  /// Stores bytes and returns their URL, as a connector does with an attachment that a user sent.
  std::string put_media(std::string_view content_type, std::string_view filename, std::string body);
  /// The session key of a chat that somebody wrote in; empty when nobody did.
  std::string session_of(std::string_view platform, std::string_view chat_id);
  const std::vector<std::string>& platform_names() const { return platform_order_; }
  const chat_log& chats() const { return chats_; }
  std::int64_t now_ms() const { return world_.wall_ms(); }

  // -- memory over a restart (core_state.cpp) ---------------------------------------
  std::string state() const;
  bool restore(std::string_view text, std::string& error);
  /// Grows whenever state() would give something new.
  std::uint64_t changes() const { return changes_; }

private:
  struct connection {
    socket_id id = 0;
    std::string gateway_id;
    std::vector<std::pair<std::string, std::string>> hellos; ///< platform, botId
    bool handshaken = false, idle = false;
    bool refused = false; ///< only there to be closed: its frames count for nothing
    std::uint64_t outbound_seen = 0;
  };
  /// What outlives the connections of one gateway.
  struct line_of_events {
    backlog waiting;
    bool poked = false;                                          ///< once per absence
    std::vector<std::pair<std::string, std::string>> identities; ///< of its last connection
    std::uint64_t seen = 0;                                      ///< greater = heard of later
    std::map<std::string, std::string> policies;                 ///< per platform, the declared body
  };
  struct platform_entry {
    platform_profile profile;
    platform_limits limits;
  };

  // core_http.cpp
  http_answer provision(const gateway_call& x);
  http_answer policy(const gateway_call& x);
  http_answer enroll(const gateway_call& x);
  http_answer upload(const gateway_call& x);
  http_answer fetch(const gateway_call& x);
  /// Records the call and applies a rule for it; true when the rule decided the answer.
  bool scripted(answer_point on, std::string_view platform, std::string_view gateway_id, http_answer& out);
  faults::answer_verdict verdict_on(answer_point on, std::string_view platform, std::string_view gateway_id);
  /// Why the identity bearer is not accepted; empty when it is.
  std::string identity_problem(const gateway_call& x) const;
  void note_call(std::string_view kind, std::string_view gateway_id, std::string_view platform,
                 const gateway_call& x, std::string_view body, const token_verdict* verdict,
                 const http_answer& given);

  // core_socket.cpp
  void on_hello(connection& from, const json::value& frame);
  void describe(socket_id to, const std::string& platform, const std::string& descriptor);
  void on_outbound(connection& from, const json::value& frame, std::string_view text);
  std::string tag_problem(const connection& from, const json::value& frame, std::string& platform) const;
  /// What the platform says to an action, or what a rule wants it to say.
  std::string result_of(const std::string& platform, const json::value& action,
                        const std::optional<std::string>& said);
  void on_ack(connection& from, const json::value& frame);
  void on_going_idle(connection& from);
  /// True when a rule ends the connection instead of answering.
  bool ends(const faults::answer_verdict& x, socket_id which);
  /// Says it as often and as late as a rule wants.
  void say(const faults::answer_verdict& how, const std::function<void()>& once);

  // core_delivery.cpp
  std::vector<std::string> targets(std::string_view gateway_id, std::string_view platform) const;
  bool fronts(const std::string& gateway_id, std::string_view platform) const;
  bool says_nothing(const std::string& gateway_id) const; ///< of what it fronts
  /// Gives one event to one gateway; true = live.
  bool deliver(const std::string& gateway_id, std::string_view platform, std::string payload,
               bool passthrough);
  void deliver_to(injected& out, std::string_view gateway_id, std::string_view platform,
                  const std::string& payload, bool passthrough);
  void pump(const std::string& gateway_id); ///< sends what the window allows
  void pump(const std::string& gateway_id, std::size_t window);
  void send_event(const connection& to, const buffered_entry& x);
  void poke(const std::string& gateway_id);
  void remember(const json::value& event, std::int64_t now_ms);
  void bind_session(const event_source& from,
                    std::string_view message_id); ///< for the follow_ups of its session
  void bind_interaction(std::string_view body);

  // core_control.cpp
  connection* current(std::string_view gateway_id); ///< the newest open one; empty id = of anybody
  const connection* current(std::string_view gateway_id) const;
  template <class Do>
  std::size_t each_socket(std::string_view gateway_id, Do act);
  void write(socket_id to, std::string frame, std::string_view kind, std::string_view platform);
  void note(std::string_view kind, std::string_view gateway_id, std::string_view platform,
            const json::fields& what);
  void later(std::chrono::milliseconds delay, std::function<void()> then); ///< at once without a delay
  const platform_entry& entry_of(const std::string& platform);
  std::int64_t token_now_s() const { return now_ms() / 1000 + how_.clock_offset_s; }

  journal records_;
  surroundings world_;
  behaviour how_;
  secret identity_token_;
  std::map<std::string, platform_entry, std::less<>> platforms_;
  std::vector<std::string> platform_order_; ///< as configured
  keyring keys_;
  faults::injector faults_;
  media_store media_;
  chat_log chats_;
  platform_side side_;
  std::map<std::string, line_of_events, std::less<>> lines_;
  std::map<socket_id, connection> sockets_;
  std::map<std::uint64_t, std::function<void()>> pending_;
  std::vector<effect> effects_;
  std::string life_; ///< begins the buffer ids, so that those of two lives never meet
  socket_id last_socket_ = 0;
  std::uint64_t last_token_ = 0, last_buffer_ = 0, last_seen_ = 0, changes_ = 0;
};

} // namespace relay::connector
