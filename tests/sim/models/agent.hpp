// Agents on the agent link (agent-link.md), good ones and bad ones. They know the contract and nothing of the
// gateway.
#pragma once

#include "relay_gateway/tests/sim/base/json.hpp"
#include "relay_gateway/tests/sim/models/plan.hpp"
#include "relay_gateway/tests/sim/ports/sim_socket.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace relay::sim {

/// Where agents attach: the gateway's listener.
class agent_door {
public:
  virtual ~agent_door() = default;
  /// Null when nobody listens now.
  virtual std::shared_ptr<sim_socket> attach(std::shared_ptr<far_end> who) = 0;
  /// Which process listens; 0 = none.
  virtual std::uint64_t life() const = 0;
};

/// What all agents of a run share.
struct agent_crowd {
  std::uint64_t marks = 0; ///< names everything that an agent asks for
};

class sim_agent final : public far_end, public std::enable_shared_from_this<sim_agent> {
public:
  sim_agent(stage on, const plan& p, agent_door& door, agent_crowd& all, std::size_t number);

  /// Attaches as soon as somebody listens, and again whenever it is cut off.
  void start();
  /// It was started by the gateway, as a child on this socket.
  void born(std::shared_ptr<sim_socket> on);
  void heard(std::string_view line) override;
  void over(std::uint16_t code) override;
  /// It dies, and is back after a while.
  void crash();
  /// It reads and says nothing until then.
  void hang_until(usec when);
  void flood();
  /// The run is over: lets go of its socket without a word, for the two hold each other.
  void forget();
  bool attached() const { return static_cast<bool>(link_socket_); }
  /// Requests that wait for their result on this link.
  std::size_t waiting() const { return asked_.size(); }

private:
  struct turn {
    std::string delivery_id, platform, chat_id, message_id, session_key, parent_id, text;
  };
  struct request {
    std::string frame, op, platform, chat_id;
    std::string delivery_id;
    std::uint64_t life = 0;
  };
  void attach();
  void begin();
  void say(const std::string& frame);
  void later(usec delay, std::function<void()> what);
  void take(const json& frame);
  void work(const turn& x);
  void act(const turn& x);
  void extra(const turn& x);
  void answer_in_another_chat(const turn& x, const std::string& mark);
  void ask_approval(const turn& x);
  void follow_up(const turn& x);
  /// About how long a text is that is usually so long.
  std::size_t length(std::size_t usual);
  void stream_draft(const turn& x);
  void unprompted();
  void nonsense();
  void ack(const std::string& delivery_id);
  void result(const json& frame);
  std::string fresh_mark() { return "q" + std::to_string(++all_.marks); }
  std::string content(const std::string& mark);
  /// Asks for it. `platform` and `delivery_id` may be empty. `members`: of the action, as JSON members.
  void ask(const std::string& mark, const std::string& op, const std::string& platform,
           const std::string& delivery_id, const std::string& chat_id, json_object members);

  stage on_;
  const plan& plan_;
  agent_door& door_;
  agent_crowd& all_;
  std::size_t number_;
  std::uint64_t asked_here_ = 0; ///< on this connection
  seeded_rng rng_, more_;
  std::shared_ptr<sim_socket> link_socket_;
  std::uint64_t incarnation_ = 0; ///< what an earlier one had in mind is forgotten
  std::map<std::string, request> asked_;
  usec deaf_until_{0};
  bool draining_ = false, is_child_ = false;
};

} // namespace relay::sim
