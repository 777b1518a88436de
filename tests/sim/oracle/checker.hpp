// All rules of a run, and what they found.
#pragma once

#include "relay_gateway/tests/sim/models/connector/accounts.hpp"
#include "relay_gateway/tests/sim/models/plan.hpp"
#include "relay_gateway/tests/sim/oracle/history.hpp"
#include "relay_gateway/tests/sim/oracle/rule.hpp"
#include "relay_gateway/tests/sim/ports/process.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace relay::sim {

struct violation {
  std::string rule, what;
  usec at{0};
};

class checker final : public observer {
public:
  checker(stage on, const plan& p);
  ~checker() override;

  stage& on() noexcept { return on_; }
  const plan& what() const noexcept { return plan_; }
  history& notes() noexcept { return history_; }

  void fail(std::string_view rule, std::string what);
  /// Unix seconds of the gateway's machine, as the run keeps it.
  std::function<std::int64_t()> wall_s = [] { return std::int64_t{0}; };
  usec wall_moved{-10'000'000}; ///< when that clock jumped last
  usec wall_leapt{-10'000'000}; ///< when it jumped ahead so far that it looks like a sleep
  bool clock_jumped = false;    ///< the wall clock was set wrong at least once
  /// What the connector has of the gateway's accounts.
  std::function<accounts*()> idempotency_cache = [] { return static_cast<accounts*>(nullptr); };
  /// A secret was given to the gateway.
  std::function<void()> secret_read = [] {};
  const std::vector<violation>& found() const noexcept { return found_; }
  bool clean() const noexcept { return found_.empty(); }
  void at_rest();
  /// What the rules still wait for, one line each; empty = converged.
  std::string unsettled();
  void at_end();
  /// The store has this event on disk: from now on an ack may leave.
  void taken_durably(std::uint64_t event) { durable_.insert(event); }
  bool durably_taken(std::uint64_t event) const { return durable_.count(event) > 0; }
  std::vector<std::string_view> names() const;
  /// Who hears everything besides; must outlive this.
  void also_tell(observer& x) { others_.push_back(&x); }

  // -- observer: everybody hears everything, the book first
  void life_begins(std::uint64_t life) override;
  void life_ends(std::uint64_t life, ending how) override;
  void suspended(usec until) override;
  void actor_killed(const std::string& name) override;
  void chat_failed(const std::string& platform, const std::string& chat) override;
  void provisioner_killed(const std::string& platform) override;
  void settings_changed(const config::settings& x) override;
  void commanded(command x) override;
  void dialled(std::uint64_t socket, const dial_request& x) override;
  void link_opened(std::uint64_t socket) override;
  void link_wrote(std::uint64_t socket, const frame_view& x) override;
  void link_read(std::uint64_t socket, const frame_view& x) override;
  void altered_read(std::uint64_t socket, const frame_view& x) override;
  void link_ended(std::uint64_t socket, const socket_end& x) override;
  void link_dropped(std::uint64_t socket) override;
  void attachment(const std::string& path, bool there) override;
  void agent_attached(std::uint64_t peer) override;
  void agent_wrote(std::uint64_t peer, const frame_view& x) override;
  void agent_read(std::uint64_t peer, const frame_view& x) override;
  void agent_ended(std::uint64_t peer) override;
  void one_shot_asked(const std::string& mark, const frame_view& x) override;
  void one_shot_answered(const std::string& mark, const frame_view& x) override;
  void called(std::uint64_t call, const http_request& x) override;
  void answered(std::uint64_t call, const http_response& x) override;
  void answer_altered(const http_request& x) override;
  void dead_letter_decided(std::uint64_t event, bool again, bool done) override;
  void store_scarce(bool on) override;
  void store_given(const store_record& x) override;
  void lock_held(const std::string& path, bool on) override;
  void file_written(const std::string& path, std::string_view text, bool ours) override;
  void happened(const told_event& x) override;
  void buffered(std::uint64_t event, const std::string& id) override;
  void event_read(std::uint64_t event, const std::string& id, std::uint64_t socket) override;
  void ack_heard(const std::string& id) override;
  void was_carried_out(const carried_out& x) override;
  void was_revoked() override;
  void noted(severity level, std::string_view id, std::string_view fields) override;
  void reported(const gateway_report& x) override;

private:
  template <class F>
  void tell(F what) {
    what(static_cast<observer&>(history_));
    for (auto& x : rules_) what(static_cast<observer&>(*x));
    for (auto* x : others_) what(*x);
  }
  stage on_;
  const plan& plan_;
  history history_;
  std::vector<std::unique_ptr<rule>> rules_;
  std::vector<observer*> others_;
  std::vector<violation> found_;
  std::set<std::uint64_t> durable_;
};

} // namespace relay::sim
