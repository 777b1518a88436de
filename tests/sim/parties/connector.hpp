// An independent model of the connector (protocol.md): it provisions, checks tokens, buffers and replays,
// does what actions say, and never forgives.
#pragma once

#include "accounts.hpp"
#include "facts.hpp"
#include "plan.hpp"
#include "platform_side.hpp"
#include "ports/http.hpp"
#include "ports/link.hpp"

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

namespace relay::sim {

class portal;
class session;

class connector final : public link_server, public http_server {
public:
  connector(stage on, const plan& p, witness& who);
  ~connector() override;

  // -- what the gateway asks
  upgrade_answer upgrade(std::uint64_t socket, const dial_request& what,
                         const std::shared_ptr<cable>& over) override;
  http_response answer(const http_request& what) override;

  // -- what people do
  /// It reaches the gateway now, or when it is connected.
  void happen(told_event x, const place& where);
  /// Hears of each action that somebody on a platform can see.
  std::function<void(const carried_out&)> on_seen;
  /// A user stops a turn.
  void stop_turn(const std::string& session_key, const std::string& chat_id);

  // -- what goes wrong
  void restart(usec down_for);
  void close_link(std::uint16_t code, std::string reason);
  void storm();
  void raw(const std::string& bytes);
  void revoke();
  /// New credentials for the gateway, as an operator would arrange them.
  void arrange(const std::string& id, const std::string& secret) { book_.arrange(id, secret); }

  bool revoked() const { return is_revoked_; }
  /// Events that wait for their ack.
  std::size_t backlog() const { return backlog_.size(); }
  /// A usable session is there, and the gateway is not asleep.
  bool linked() const;
  accounts& book() { return book_; }
  platform_side& platforms() { return platforms_; }
  /// Who gives the tokens of people's logins; null = nobody.
  portal* logins = nullptr;
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
  std::int64_t now_s() const { return wall_start_ms / 1000 + on_.time.now().count() / 1'000'000; }
  void buffer(std::uint64_t number, std::string members, std::string chat);
  void acked(const std::string& buffer_id);
  void replay(session& to, bool all);
  void say_entry(session& to, entry& x);
  std::shared_ptr<session> live() const;

  stage on_;
  const plan& plan_;
  witness& who_;
  dice luck_;
  accounts book_;
  platform_side platforms_;
  std::list<entry> backlog_;
  std::weak_ptr<session> live_;
  std::string idle_since_;
  usec down_until_{0};
  std::uint64_t buffers_ = 0;
  bool is_revoked_ = false;
  std::vector<std::string> late_results_;
};

} // namespace relay::sim
