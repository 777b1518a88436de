#include "relay_gateway/actors/supervision/tree.hpp"

#include "relay_gateway/actors/boot/configuration.hpp"
#include "relay_gateway/actors/boot/identity.hpp"
#include "relay_gateway/actors/boot/policy.hpp"
#include "relay_gateway/actors/boot/provisioner.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/egress/egress_router.hpp"
#include "relay_gateway/actors/inbound/inbound.hpp"
#include "relay_gateway/actors/inbound/media.hpp"
#include "relay_gateway/actors/link/link_manager.hpp"
#include "relay_gateway/actors/supervision/core/command_manifest.hpp"
#include "relay_gateway/messages/wire/http/hex.hpp"

#include <algorithm>
#include <chrono>

namespace relay {

using namespace std::chrono_literals;

namespace {

constexpr auto media_margin = 15s; ///< what the media actor may take beyond an event's wait
constexpr auto last_words = 1s;    ///< what a call may take to arrive beyond its time

} // namespace

// -- how they are made ------------------------------------------------------------------------------

void tree::spawn_all(std::string prompt_nonce) {
  prompt_nonce_ = std::move(prompt_nonce);
  spawn_configuration();
  spawn_agent();
  spawn_media();
  spawn_egress();
  spawn_inbound();
  spawn_link_manager();
  connect();
  // Identity, provisioner and policy follow in the boot sequence: what they are given depends on the
  // settings.
}

void tree::spawn_configuration() {
  configuration = self_->spawn(relay::configuration, env_, setup_.origin, parent());
  watch("configuration", configuration);
}

bool tree::spawn_agent() {
  agent = setup_.make_agent ? setup_.make_agent(parent()) : setup_.agent;
  if (agent) watch("agent", agent);
  return static_cast<bool>(agent);
}

void tree::spawn_media() {
  media = self_->spawn(relay::media, env_, parent());
  watch("media", media);
}

void tree::spawn_egress() {
  auto x = egress_setup::of(*view_.settings);
  x.prompt_nonce = prompt_nonce_;
  egress = self_->spawn(egress_router, env_, std::move(x), parent());
  watch("egress-router", egress);
  tell(self_, egress, view_.live);
}

void tree::spawn_inbound() {
  auto x = inbound_setup::of(*view_.settings);
  x.prompt_nonce = prompt_nonce_;
  x.instance = wire::hex(env_.random->bits(), 8);
  x.agent_present = setup_.agent_present;
  x.gateway = setup_.gateway;
  inbound = self_->spawn(relay::inbound, env_, std::move(x), parent());
  watch("inbound", inbound);
  tell(self_, media, atom::start_v); // whoever had files is gone
  tell(self_, inbound, media_wish{view_.agents.media_paths, view_.settings->media.wait + media_margin});
  tell(self_, inbound, view_.disk);
  tell(self_, inbound, view_.live);
}

void tree::spawn_link_manager() {
  auto x = link_setup::of(view_.settings->limits);
  x.request_prefix = "r" + wire::hex(env_.random->bits(), 8) + "-";
  // Above all that its predecessor used, even where it had not said so yet: others ignore an older link.
  constexpr std::uint64_t round = 1'000;
  if (restarts.had_life("link-manager"))
    x.epoch = (std::max(view_.link.epoch, view_.live.epoch) / round + 1) * round;
  link_manager = self_->spawn(relay::link_manager, env_, std::move(x), link_users{inbound, egress},
                              supervisor_actor{self_});
  watch("link-manager", link_manager);
  publish_declarations();
}

void tree::spawn_policy() {
  auto& l = view_.settings->limits;
  policy_setup x{l.backoff_min, l.backoff_max, l.http_timeout, {}};
  // Nobody calls back what the one before had under way, and the connector keeps what comes last.
  if (restarts.had_life("policy")) x.quiet = l.http_timeout + last_words;
  policy = self_->spawn(relay::policy, env_, x, supervisor_actor{self_});
  watch("policy", policy);
}

void tree::spawn_identity() {
  identity = self_->spawn(identity_source, env_,
                          identity_setup{view_.settings->idp, view_.settings->limits.http_timeout, refresh_},
                          parent());
  watch("identity", identity);
}

void tree::replace_identity() {
  end("identity");
  refresh_ = std::make_shared<refresh_record>();
}

void tree::spawn_provisioner(provisioner_setup x) {
  provisioner = self_->spawn(relay::provisioner, env_, std::move(x), identity, supervisor_actor{self_});
  watch("provisioner", provisioner);
  tell(self_, provisioner, atom::start_v);
}

void tree::connect() {
  tell(self_, inbound, route_sink{egress, egress});
  tell(self_, egress, prompt_sink{inbound});
  connect_media();
  tell(self_, inbound,
       agent_line{agent, {inbound, egress, agent_registry_actor{self_}, setup_.gateway, inbound, egress}});
  tell(self_, link_manager, link_users{inbound, egress});
}

void tree::connect_media() {
  tell(self_, inbound, media);
  tell(self_, egress, media);
}

void tree::publish_declarations() {
  tell(self_, link_manager,
       command_manifest{core::merged_commands(view_.settings->service.commands, view_.agents.commands)});
  tell(self_, inbound, media_wish{view_.agents.media_paths, view_.settings->media.wait + media_margin});
}

void tree::use_agent(agent_actor x) {
  agent = std::move(x);
  if (agent)
    watch("agent", agent);
  else
    children_.erase("agent");
}

// -- who lives ----------------------------------------------------------------------------------------

template <class Handle>
void tree::watch(const std::string& child, const Handle& handle) {
  children_[child] = caf::actor_cast<caf::actor>(handle);
  restarts.started(child, now_of(self_));
  self_->monitor(children_[child]);
}

caf::strong_actor_ptr tree::parent() const { return caf::actor_cast<caf::strong_actor_ptr>(self_); }

caf::actor tree::handle(const std::string& child) const {
  auto it = children_.find(child);
  return it != children_.end() ? it->second : caf::actor{};
}

std::string tree::take_dead(const caf::actor_addr& who) {
  auto it =
      std::find_if(children_.begin(), children_.end(), [&](auto& x) { return x.second.address() == who; });
  if (it == children_.end()) return {};
  auto child = it->first;
  children_.erase(it);
  return child;
}

void tree::end(const std::string& child) {
  auto it = children_.find(child);
  if (it == children_.end()) return;
  self_->send_exit(it->second, caf::exit_reason::user_shutdown);
  children_.erase(it);
}

} // namespace relay
