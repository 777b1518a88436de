#include "relay_gateway/actors/supervision/status.hpp"

#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/supervision/core/readiness.hpp"
#include "relay_gateway/actors/supervision/supervisor.hpp"

#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <memory>

namespace relay {

using namespace std::chrono_literals;

bool status_control::agent_missing() const { return !s_.actors.agent; }

gateway_report status_control::known() const {
  auto& view = s_.view;
  gateway_report out;
  out.link = view.link;
  out.store = view.disk;
  out.agent_missing = agent_missing();
  out.ready = core::why_not_ready(view.link, view.disk, out.agent_missing).empty();
  out.started = view.ever_started;
  out.since_ms = view.since_ms;
  out.gateway_id = view.gateway_id();
  out.tenant = view.who.tenant;
  out.connector = view.settings->relay.url;
  out.agent = s_.setup.agent_name;
  out.credentials = view.who.usable();
  out.restarts = s_.actors.restarts.deaths();
  out.waiting_for_restart = view.waiting_for_restart;
  for (auto& x : view.settings->relay.identities) {
    platform_report p;
    p.who = x;
    p.provisioning.platform = p.policy.platform = x.platform;
    if (auto it = view.provisioning.find(x.platform); it != view.provisioning.end())
      p.provisioning = it->second;
    if (auto it = view.declared.find(x.platform); it != view.declared.end()) p.policy = it->second;
    if (auto* d = view.live.what->find(x.platform)) {
      p.described = true;
      p.what = *d;
    }
    out.platforms.push_back(std::move(p));
  }
  return out;
}

caf::result<gateway_report> status_control::report() {
  auto later = s_.self->make_response_promise<gateway_report>();
  auto out = std::make_shared<gateway_report>(known());
  auto parts = std::make_shared<int>(2);
  auto part = [later, out, parts]() mutable {
    if (--*parts == 0) later.deliver(std::move(*out));
  };
  s_.self->request(s_.actors.inbound, caf::duration{1s}, atom::status_v)
      .then(
          [out, part](const inbound_report& x) mutable {
            out->inbound = x;
            part();
          },
          [part](const caf::error&) mutable { part(); });
  s_.self->request(s_.actors.egress, caf::duration{1s}, atom::status_v)
      .then(
          [out, part](const egress_report& x) mutable {
            out->egress = x;
            part();
          },
          [part](const caf::error&) mutable { part(); });
  return later;
}

void status_control::tell_state() {
  gateway_state fresh;
  fresh.connected = s_.view.link.phase == link_phase::connected;
  fresh.why = core::why_not_ready(s_.view.link, s_.view.disk, agent_missing());
  fresh.ready = fresh.why.empty();
  if (fresh == told_) return;
  told_ = std::move(fresh);
  if (s_.setup.on_state) s_.setup.on_state(told_);
}

} // namespace relay
