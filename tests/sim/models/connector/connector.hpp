// An independent model of the connector (protocol.md): it provisions, checks tokens, buffers and replays,
// does what actions say, and never forgives.
#pragma once

#include "relay_gateway/tests/sim/models/connector/accounts.hpp"
#include "relay_gateway/tests/sim/models/connector/platform_side.hpp"
#include "relay_gateway/tests/sim/models/facts.hpp"
#include "relay_gateway/tests/sim/models/plan.hpp"
#include "relay_gateway/tests/sim/ports/http.hpp"
#include "relay_gateway/tests/sim/ports/link.hpp"
#include "relay_gateway/tests/sim/script/player.hpp"
#include "relay_gateway/tests/sim/script/spoken.hpp"

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace relay::sim {

class identity_provider;
class session;

class connector final : public link_server, public http_server {
public:
  connector(stage on, const plan& p, observer& who);
  ~connector() override;

  // -- what the gateway asks
  upgrade_answer upgrade(std::uint64_t socket, const dial_request& what,
                         const std::shared_ptr<sim_socket>& over) override;
  http_response answer(const http_request& what) override;
  served serve(const http_request& what) override;
  bool said(std::uint64_t socket, std::string_view line) override;
  void line_read(std::uint64_t socket, std::string_view line) override;

  // -- what people do
  /// It reaches the gateway now, or when it is connected.
  void happen(told_event x, const place& where);
  /// Hears of each action that somebody on a platform can see.
  std::function<void(const carried_out&)> on_seen;
  /// A user stops a turn.
  void stop_turn(const std::string& session_key, const std::string& chat_id);

  // -- what goes wrong
  void restart(usec down_for);
  /// A restart that counts buffer ids from one again. What is not acknowledged keeps its id.
  void count_anew(usec down_for);
  void close_link(std::uint16_t code, std::string reason);
  void storm();
  void raw(const std::string& bytes);
  void revoke();
  /// Plays a fault script from now on (connector_script.cpp).
  void play(const scripted::script& what);
  /// The script is over, and what it holds down comes up again.
  void end_script();
  bool plays_script() const { return script_ != nullptr; }
  /// How often each rule of the script was used.
  std::vector<std::uint64_t> script_uses() const {
    return script_ ? script_->uses() : std::vector<std::uint64_t>{};
  }
  /// Calls the wake URL, if the gateway has one.
  void poke();
  std::function<void()> on_wake;                                    ///< it was called
  std::function<void(const std::string& platform)> on_provisioning; ///< its provisioner is to die
  std::function<void()> on_unanswered; ///< a prompt was shown, and whoever waits for its result is to die
  /// New credentials for the gateway, as an operator would arrange them.
  void arrange(const std::string& id, const std::string& secret) { history_.arrange(id, secret); }

  bool revoked() const { return is_revoked_; }
  /// Events that wait for their ack.
  std::size_t backlog() const { return backlog_.size(); }
  /// A usable session is there, and the gateway is not asleep.
  bool linked() const;
  accounts& history() { return history_; }
  platform_side& platforms() { return platforms_; }
  /// Who gives the tokens of people's logins; null = nobody.
  identity_provider* logins = nullptr;
  /// Whether the gateway's life has read a secret: only then may one be withheld.
  bool secret_known = false;
  bool asleep() const { return !idle_since_.empty() && !linked(); }
  std::uint64_t outbound_heard = 0, events_said = 0;

private:
  friend class session;
  struct entry {
    std::uint64_t number = 0;
    std::string buffer_id, members, chat;
    std::uint64_t said_on = 0; ///< socket; 0 = not yet
  };
  http_response provision(const http_request& what);
  http_response policy(const http_request& what);
  http_response media(const http_request& what);
  http_response token(const http_request& what) const;
  std::int64_t now_s() const {
    return wall_start_ms / 1000 + on_.time.now().count() / 1'000'000 + clock_offset_s_;
  }
  bool is_down() const { return scripted_outage_ || on_.time.now() < down_until_; }
  void buffer(std::uint64_t number, std::string members, std::string chat);
  void acked(const std::string& buffer_id, std::uint64_t socket);
  void replay(session& to, bool all);
  void say_entry(session& to, entry& x);
  std::shared_ptr<session> live() const;
  upgrade_answer take_in(std::uint64_t socket, const dial_request& what,
                         const std::shared_ptr<sim_socket>& over, usec delay,
                         const std::vector<scripted::action>& when_open);
  // connector_script.cpp
  void say_by_script(session& from, const std::string& frame, bool true_word);
  void hear_by_script(session& at, std::string_view line);
  void session_over(std::uint64_t socket);
  void opens_by_script(std::uint64_t socket, const std::shared_ptr<session>& what, usec delay,
                       const std::vector<scripted::action>& when_open);
  std::shared_ptr<session> open_session(std::uint64_t socket) const;
  void perform(const scripted::step& x);
  void bring(const scripted::deliver& x);
  void write_raw(session& to, const std::string& bytes);
  void refuse_credentials(const std::string& gateways, const std::string& reason, bool forget, bool close);
  void replay_storm(const scripted::replay& how);

  stage on_;
  const plan& plan_;
  observer& who_;
  seeded_rng rng_;
  accounts history_;
  platform_side platforms_;
  std::list<entry> backlog_;
  std::weak_ptr<session> live_;
  std::string idle_since_;
  usec down_until_{0};
  std::uint64_t buffers_ = 0, uploads_ = 0;
  bool is_revoked_ = false;
  std::vector<std::string> late_results_;
  // while a script is played
  std::unique_ptr<script_player> script_;
  spoken spoken_;
  std::map<std::uint64_t, std::weak_ptr<session>> open_;
  std::map<std::string, std::uint64_t> storm_orders_; ///< by chat
  std::int64_t clock_offset_s_ = 0;
  std::uint64_t storm_events_ = 0;
  int saying_ = 0; ///< what comes from the gateway waits until it has spoken out
  bool scripted_outage_ = false;
};

} // namespace relay::sim
