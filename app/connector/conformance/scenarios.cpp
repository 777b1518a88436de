#include "relay_gateway/app/connector/conformance/scenarios.hpp"

#include "relay_gateway/app/connector/conformance/scenarios/actions.hpp"
#include "relay_gateway/app/connector/conformance/scenarios/boot.hpp"
#include "relay_gateway/app/connector/conformance/scenarios/lifetime.hpp"
#include "relay_gateway/app/connector/conformance/scenarios/results.hpp"
#include "relay_gateway/app/connector/conformance/scenarios/traffic.hpp"

namespace relay::connector::conformance {

const std::vector<scenario>& all_scenarios() {
  static const std::vector<scenario> all{
      {"keepalive", {"keepalive", "token.fresh"}, play_keepalive},
      {"redial",
       {"redial.delay", "redial.backoff", "redial.hellos", "redial.single", "ack.replay", "provision.body"},
       play_redial},
      {"revoked", {"revoked.cold", "redial.retry_after", "revoked.final", "revoked.alive"}, play_revoked},
      {"provisioning",
       {"provision.isolated", "provision.retried", "provision.retry_after", "provision.redirect",
        "policy.refused"},
       play_provisioning},
      {"policy", {"policy.mention", "policy.values", "policy.withdrawn"}, play_policy},
      {"boot",
       {"url.calls", "token.upgrade", "provision.order", "provision.identity", "provision.optional",
        "policy.declared", "policy.silent", "hello.order"},
       play_boot},
      {"pinned", {"url.dial", "provision.pinned", "hello.generic", "hello.untagged"}, play_pinned},
      {"framing",
       {"framing.coalesced", "framing.split", "framing.malformed", "framing.malformed_ack", "framing.unknown",
        "ack.inbound"},
       play_framing},
      {"repeats",
       {"dedupe.buffer", "dedupe.reused", "dedupe.message", "dedupe.chat", "dedupe.anonymous", "dedupe.edit",
        "dedupe.edit_back"},
       play_repeats},
      {"events",
       {"event.reply", "event.defaults", "event.context", "event.surrogate", "event.interrupt",
        "routing.scope", "routing.guild_id", "routing.user", "routing.profile", "routing.thread",
        "media.fetch", "ops.supported"},
       play_events},
      {"slack", {"slack.reply", "slack.thread", "slack.typing", "slack.seal", "session.slack"}, play_slack},
      {"slack_flat", {"slack.flat"}, play_slack_flat},
      {"results",
       {"length.chars", "length.utf16", "result.declined", "result.retry_after", "result.unknown"},
       play_results},
      {"legacy", {"descriptor.legacy", "descriptor.defaults", "ops.unsupported"}, play_legacy},
      {"passthrough",
       {"passthrough.command", "passthrough.text", "passthrough.guild", "passthrough.silent"},
       play_passthrough},
      {"actions",
       {"action.fields", "draft.stream", "draft.final", "text.blank", "text.surrogate", "length.edit",
        "length.follow_up", "length.caption", "length.prompt"},
       play_actions},
      {"sessions",
       {"session.key", "session.interaction", "follow_up.profile", "follow_up.platform"},
       play_sessions},
      {"expired", {"revoked.expired"}, play_expired},
      {"drain", {"drain.going_idle", "drain.serves", "drain.close", "drain.exit"}, play_drain},
  };
  return all;
}

} // namespace relay::connector::conformance
