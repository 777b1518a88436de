#include "app/connector/conformance/scenarios.hpp"

namespace relay::connector::conformance {

const std::vector<scenario>& all_scenarios() {
  static const std::vector<scenario> all{
      {"keepalive", {"keepalive", "token.fresh"}, play_keepalive},
      {"redial",
       {"redial.delay", "redial.backoff", "redial.hellos", "redial.single", "ack.replay", "provision.body"},
       play_redial},
      {"revoked",
       {"revoked.cold", "redial.retry_after", "revoked.expired", "revoked.final", "revoked.alive"},
       play_revoked},
      {"provisioning",
       {"provision.isolated", "provision.retried", "provision.redirect", "policy.refused"},
       play_provisioning},
      {"boot",
       {"url.calls", "token.upgrade", "provision.order", "provision.identity", "provision.optional",
        "policy.declared", "policy.silent", "hello.order"},
       play_boot},
      {"pinned", {"url.dial", "provision.pinned", "hello.generic", "hello.untagged"}, play_pinned},
      {"framing",
       {"framing.coalesced", "framing.split", "framing.malformed", "framing.malformed_ack", "framing.unknown",
        "ack.inbound", "dedupe.buffer", "dedupe.message", "dedupe.edit"},
       play_framing},
      {"events",
       {"event.reply", "event.defaults", "event.context", "event.interrupt", "routing.scope", "routing.user",
        "routing.profile", "routing.thread", "media.fetch", "ops.supported"},
       play_events},
      {"slack", {"routing.slack"}, play_slack},
      {"results", {"length.chars", "length.utf16", "result.declined", "result.retry_after"}, play_results},
      {"passthrough", {"passthrough.command", "passthrough.guild", "passthrough.silent"}, play_passthrough},
      {"drain", {"drain.going_idle", "drain.serves", "drain.close", "drain.exit"}, play_drain},
  };
  return all;
}

} // namespace relay::connector::conformance
