#include "relay_gateway/app/admin/page/script.hpp"

namespace relay::admin {

const std::string_view page_script = R"js(
"use strict";
const at = id => document.getElementById(id);
const make = (name, text, kind) => {
  const x = document.createElement(name);
  if (text !== undefined) x.textContent = text;
  if (kind) x.className = kind;
  return x;
};
const fill = (where, parts) => where.replaceChildren(...parts);
const facts = pairs => pairs.filter(([, value]) => value !== undefined && value !== null && value !== "")
  .map(([name, value, kind]) => { const x = make("div"); x.append(make("dt", name), make("dd", String(value), kind)); return x; });
const rows = pairs => pairs.filter(([, value]) => value !== undefined && value !== null && value !== "")
  .flatMap(([name, value, kind]) => [make("dt", name), make("dd", String(value), kind)]);
const kind = state => state === "connected" || state === "dormant" ? "good"
  : ["disabled", "unknown", "stopped", "unreachable"].includes(state) ? "bad" : "";
const ago = since => {
  const s = Math.max(0, Math.round((Date.now() - Date.parse(since)) / 1000));
  return Number.isFinite(s) ? span_of(s) : "";
};
const span_of = seconds => {
  const s = Math.round(seconds);
  return s < 90 ? s + " s" : s < 5400 ? Math.round(s / 60) + " min" : s < 129600 ? Math.round(s / 3600) + " h"
    : Math.round(s / 86400) + " days";
};
const badge = (state, since, reason) => {
  at("state").textContent = state;
  at("state").className = "badge " + kind(state);
  at("since").textContent = since ? "for " + ago(since) : "";
  at("since").title = since || "";
  at("reason").textContent = reason || "";
  document.title = state + " · relay-gateway";
};
const card = x => {
  const box = make("article", undefined, "card");
  const what = x.descriptor || {};
  const list = make("dl");
  fill(list, rows([
    ["Bot", [x.bot_id, x.username && "@" + x.username].filter(Boolean).join(" ")],
    ["Provisioning", x.provisioning], ["", x.provisioning_error, "error"],
    ["Policy", x.policy], ["", x.policy_error, "error"],
    ["Longest text", what.max_message_length && what.max_message_length + " " + (what.len_unit || "chars")],
    ["Markup", what.markdown_dialect],
    ["Operations", Array.isArray(what.supported_ops) ? what.supported_ops.join(", ") : ""],
    ["Descriptor", x.descriptor ? "" : "none yet", "faint"]]));
  box.append(make("h3", x.name), list);
  return box;
};
// -- rates and latencies: the differences of two looks, the last four minutes of them ---------------------------------
const span = 120;
const rate = (name, counter) => ({ name, values: [], of: (now, then, seconds) =>
  Math.max(0, ((now.counters || {})[counter] || 0) - ((then.counters || {})[counter] || 0)) / seconds });
const mean = (name, histogram) => ({ name, unit: " ms", values: [], of: (now, then) => {
  const a = (now.latencies || {})[histogram], b = (then.latencies || {})[histogram];
  return a && b && a.count > b.count ? (a.sum_ms - b.sum_ms) / (a.count - b.count) : 0;
}});
const plots = [rate("Events a second", "events_received"), rate("Actions a second", "actions_settled"),
  rate("Refused lines a second", "frames_refused"), mean("Event to its ack", "receive_to_ack"),
  mean("Agent takes", "delivery_to_ack"), mean("Action to its result", "action_to_result")];
let before;
const sample = status => {
  const at = performance.now();
  if (before) {
    plots.forEach(p => {
      p.values.push(p.of(status, before.status, (at - before.at) / 1000));
      if (p.values.length > span) p.values.shift();
    });
  }
  before = { at, status };
};
const line = values => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 " + (span - 1) + " 100");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const most = Math.max(...values, 1e-9);
  const curve = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  curve.setAttribute("points", values.map((y, i) => (span - values.length + i) + "," + (97 - 94 * y / most).toFixed(1)).join(" "));
  svg.append(curve);
  return svg;
};
const plot = p => {
  const box = make("article", undefined, "card plot");
  const last = p.values.at(-1);
  const text = last === undefined ? "–" : (last < 10 ? last.toFixed(1) : Math.round(last).toLocaleString()) + (p.unit || "");
  box.append(make("h3", p.name), make("output", text), line(p.values));
  return box;
};
const entry = x => {
  const row = make("tr", undefined, x.level);
  const rest = Object.entries(x).filter(([name]) => !["ts", "level", "event"].includes(name)).map(([name, value]) => name + "=" + value).join("  ");
  row.append(make("td", String(x.ts || "").slice(11, 19)), make("td", x.event), make("td", rest));
  return row;
};
const show = s => {
  badge(s.state, s.since, s.reason);
  sample(s);
  fill(at("plots"), plots.map(plot));
  const waits = s.waiting_for_restart || [];
  at("restart").hidden = waits.length === 0;
  fill(at("waits"), waits.map(x => make("li", x)));
  fill(at("facts"), facts([["Gateway", s.gateway_id], ["Tenant", s.tenant], ["Connector", s.connector || "none: the relay is off"],
    ["Credentials", s.credentials ? "held" : "none"], ["Agent", s.agent], ["Agents attached", s.agents], ["Store", s.store],
    ["Next dial", s.next_dial ? "in " + Math.max(0, Math.round((Date.parse(s.next_dial) - Date.now()) / 1000)) + " s" : ""],
    ["Store problem", s.store_problem, "error"]]));
  fill(at("platforms"), (s.platforms || []).map(card));
  const events = s.events || {}, actions = s.actions || {};
  fill(at("work"), facts([["Active chats", s.chats], ["Events waiting", events.pending],
    ["Oldest of them", events.pending ? "waits " + span_of(events.oldest_age_ms / 1000) : ""], ["Events with an agent", events.in_flight],
    ["Events set aside", events.dead_letters, events.dead_letters ? "error" : ""], ["Actions waiting", actions.pending],
    ["Restarted parts", s.restarts, s.restarts ? "error" : ""]]));
  fill(at("latencies"), Object.entries(s.latencies || {}).filter(([, x]) => x.count).map(([name, x]) => {
    const row = make("tr");
    row.append(make("td", name.replaceAll("_", " ")), ...[x.p50_ms, x.p99_ms].map(n => make("td", n.toLocaleString())),
      make("td", x.count.toLocaleString()));
    return row;
  }));
  fill(at("counters"), Object.entries(s.counters || {}).filter(([, n]) => n).map(([name, n]) => {
    const row = make("tr");
    row.append(make("td", name.replaceAll("_", " ").replace(".", ": ")), make("td", n.toLocaleString()));
    return row;
  }));
  at("foot").textContent = "relay-gateway " + (s.version || "");
};
const look = async () => {
  if (document.hidden) return;
  try {
    const answer = await fetch("v1/status", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    if (answer.status === 401) return location.reload();
    if (!answer.ok) throw new Error("the gateway answered " + answer.status);
    show(await answer.json());
    const log = await fetch("v1/log", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    if (log.ok) fill(at("log"), (await log.json()).events.slice(-50).reverse().map(entry));
  } catch (error) {
    badge("unreachable", "", error.message);
  }
};
at("live").hidden = at("state").hidden = false;
const run = async () => { await look(); setTimeout(run, 2000); };
document.addEventListener("visibilitychange", look);
run();
)js";

} // namespace relay::admin
