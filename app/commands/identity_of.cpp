#include "relay_gateway/app/commands/identity_of.hpp"

#include "relay_gateway/actors/boot/identity.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

namespace relay::commands {

identity_token identity_of(const ports& env, const config::settings& from) {
  caf::actor_system_config setup;
  register_messages(setup);
  setup.set("scheduler.policy", caf::atom("sharing"));
  setup.set("scheduler.max-threads", std::size_t{1});
  caf::actor_system system{setup};
  auto source =
      system.spawn(identity_source, env, identity_setup{from.idp, from.limits.http_timeout}, nullptr);
  identity_token result;
  caf::scoped_actor self{system};
  self->request(source, caf::duration{2 * from.limits.http_timeout}, atom::token_v)
      .receive([&](identity_token& x) { result = std::move(x); },
               [&](const caf::error&) { result.error = "the identity provider gave no answer in time"; });
  caf::anon_send_exit(source, caf::exit_reason::user_shutdown);
  return result;
}

} // namespace relay::commands
