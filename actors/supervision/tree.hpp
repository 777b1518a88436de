// Who is spawned, in which order, and who gets whose handle: tree.cpp reads from top to bottom, from the far
// end of the way of the data to its near one.
#pragma once

#include "relay_gateway/actors/boot/identity.hpp"
#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/actors/supervision/core/restart_policy.hpp"
#include "relay_gateway/actors/supervision/gateway_view.hpp"
#include "relay_gateway/actors/supervision/supervisor_setup.hpp"

#include <map>
#include <string>
#include <vector>

namespace relay {

struct provisioner_setup;

/// The supervisor's children: their handles, and how each is made. Only the supervisor's own handlers use it.
class tree {
public:
  tree(supervisor_actor::pointer owner, const ports& env, const supervisor_setup& setup,
       const gateway_view& view)
      : self_(owner), env_(env), setup_(setup), view_(view) {}

  // -- how they are made
  /// All but those of the boot sequence, from the far end to the near one, so that nobody talks to somebody
  /// who is not there yet.
  void spawn_all(std::string prompt_nonce);
  void spawn_configuration();
  bool spawn_agent(); ///< false when its maker gave none
  void spawn_media();
  void spawn_egress();
  void spawn_inbound();
  void spawn_link_manager();
  void spawn_policy();
  void spawn_identity();
  void spawn_provisioner(provisioner_setup x);
  /// Ends the identity; the next one shares nothing with it, for it may still use what it has.
  void replace_identity();
  /// Tells everybody whom to talk to now.
  void connect();
  /// Tells who keeps attachments, and nothing else: a new agent_line would give out again what the agent has.
  void connect_media();
  /// What is declared, and what the operator set, to those who act on it.
  void publish_declarations();
  /// The embedder's agent from now on; null = none.
  void use_agent(agent_actor x);

  // -- who lives
  bool lives(const std::string& child) const { return children_.count(child) > 0; }
  caf::actor handle(const std::string& child) const;
  /// The child of this address, which counts as gone from now on. Empty: of an earlier life, or replaced on
  /// purpose.
  std::string take_dead(const caf::actor_addr& who);
  /// Ends it on purpose; its DOWN will be ignored.
  void end(const std::string& child);
  /// Whether the embedding program owns the agent, so that it outlives the gateway.
  bool agent_is_foreign() const { return !setup_.make_agent; }
  const std::map<std::string, caf::actor>& all() const { return children_; }

  core::restart_policy restarts;
  configuration_actor configuration;
  identity_actor identity;
  provisioner_actor provisioner;
  policy_actor policy;
  link_manager_actor link_manager;
  inbound_actor inbound;
  egress_router_actor egress;
  media_actor media;
  agent_actor agent;

private:
  template <class Handle>
  void watch(const std::string& child, const Handle& handle);
  caf::strong_actor_ptr parent() const;

  supervisor_actor::pointer self_;
  const ports& env_;
  const supervisor_setup& setup_;
  const gateway_view& view_;
  std::map<std::string, caf::actor> children_;
  /// Shared with the identity that follows a dead one: a refresh token works once.
  std::shared_ptr<refresh_record> refresh_ = std::make_shared<refresh_record>();
  /// One per process or store, so that prompts outlive a restart of who minted them.
  std::string prompt_nonce_;
};

} // namespace relay
