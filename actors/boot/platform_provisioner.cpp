#include "relay_gateway/actors/boot/platform_provisioner.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/http_bridge.hpp"

namespace relay {

platform_provisioner_actor::behavior_type
platform_provisioner(platform_provisioner_actor::stateful_pointer<platform_provisioner_state> self, ports env,
                     platform_provision_setup setup, provisioner_actor owner) {
  guard_actor(self, env, caf::actor_cast<caf::strong_actor_ptr>(owner));
  auto* s = &self->state;
  s->env = std::move(env);
  s->setup = std::move(setup);
  s->owner = std::move(owner);
  return {
      [self, s](atom::start, const identity_token& who, bool holds) {
        s->holds = holds;
        http_request call;
        call.method = "POST";
        call.url = s->setup.url;
        call.bearer = who.bearer;
        call.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
        call.body = secret{wire::encode_provision(s->setup.body)};
        call.timeout = s->setup.http_timeout;
        call_http(s->env, platform_provisioner_actor{self}, ++s->call, std::move(call));
      },
      [self, s](const http_done& x) {
        if (x.call != s->call) return;
        provision_attempt out;
        out.platform = s->setup.body.platform;
        if (x.what.status == 0) {
          out.error = "the connector could not be asked: " + x.what.error;
        } else {
          auto answer =
              wire::decode_provision(x.what.status, x.what.body.reveal(), s->setup.body.gateway_id, s->holds);
          out.provisioned = answer.provisioned;
          out.carries_credentials = answer.carries_credentials;
          out.given = std::move(answer.given);
          out.error = std::move(answer.error);
          out.retry_after_ms = asked_wait(s->env, "provision", x.what).count();
        }
        tell(self, s->owner, std::move(out));
      },
  };
}

} // namespace relay
