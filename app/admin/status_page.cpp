#include "relay_gateway/app/admin/status_page.hpp"

#include <random>
#include <string_view>

namespace relay::admin {

namespace {

// NONCE stands for the nonce of the answer.
constexpr std::string_view page = R"page(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>relay-gateway</title>
<style nonce="NONCE">
:root { --back: #f6f7f9; --card: #fff; --line: #dfe3e8; --text: #1b2129; --faint: #5b6673;
        --good: #14713d; --good-back: #dcf3e4; --busy: #7a5300; --busy-back: #fbeecb; --bad: #9d1c1c; --bad-back: #fbe0e0; }
@media (prefers-color-scheme: dark) {
  :root { --back: #12161b; --card: #1a2027; --line: #2c353f; --text: #e4e9ee; --faint: #97a3b0;
          --good: #7fdca2; --good-back: #16351f; --busy: #f0c766; --busy-back: #3a2f10; --bad: #ff9c9c; --bad-back: #431a1a; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.25rem 1rem 3rem; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem .9rem; margin-bottom: .4rem; }
h1 { font-size: 1.3rem; margin: 0; }
h2 { font-size: 1rem; margin: 1.6rem 0 .5rem; }
.badge { display: inline-block; padding: .1rem .6rem; border-radius: 1rem; font-size: .85rem; font-weight: 600;
         background: var(--busy-back); color: var(--busy); white-space: nowrap; }
.badge.good { background: var(--good-back); color: var(--good); }
.badge.bad { background: var(--bad-back); color: var(--bad); }
.faint { color: var(--faint); }
#reason { margin: 0 0 .8rem; overflow-wrap: anywhere; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .8rem 1rem; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: .7rem 1.2rem; margin: 0; }
dt { color: var(--faint); font-size: .8rem; }
dd { margin: 0; overflow-wrap: anywhere; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); gap: .8rem; }
.cards h3 { margin: 0 0 .5rem; font-size: 1rem; overflow-wrap: anywhere; }
.cards dl { grid-template-columns: 6.6rem 1fr; gap: .25rem .7rem; }
.cards dt { font-size: .85rem; }
.error { color: var(--bad); }
table { width: 100%; border-collapse: collapse; }
td { padding: .2rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
td:last-child { text-align: right; font-variant-numeric: tabular-nums; padding-left: 1rem; }
tr:last-child td { border-bottom: 0; }
summary { cursor: pointer; font-weight: 600; }
footer { margin-top: 1.6rem; font-size: .85rem; color: var(--faint); }
</style>
</head>
<body>
<main>
<header>
  <h1>relay-gateway</h1>
  <span id="state" class="badge" role="status">loading</span>
  <span id="since" class="faint"></span>
</header>
<p id="reason" class="faint"></p>
<section class="card"><dl id="facts"></dl></section>
<h2>Platforms</h2>
<section id="platforms" class="cards"></section>
<h2>Work</h2>
<section class="card"><dl id="work"></dl></section>
<h2>Counters</h2>
<section class="card"><details id="more"><summary>All that is not zero</summary><table><tbody id="counters"></tbody></table></details></section>
<footer id="foot"></footer>
<noscript><p>This page needs scripts; the same is at <a href="v1/status">v1/status</a> as JSON.</p></noscript>
</main>
<script nonce="NONCE">
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
  if (!Number.isFinite(s)) return "";
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
const show = s => {
  badge(s.state, s.since, s.reason);
  fill(at("facts"), facts([["Gateway", s.gateway_id], ["Tenant", s.tenant], ["Connector", s.connector || "none: the relay is off"],
    ["Credentials", s.credentials ? "held" : "none"], ["Agent", s.agent], ["Agents attached", s.agents], ["Store", s.store]]));
  fill(at("platforms"), (s.platforms || []).map(card));
  const events = s.events || {}, actions = s.actions || {};
  fill(at("work"), facts([["Active chats", s.chats], ["Events waiting", events.pending], ["Events with an agent", events.in_flight],
    ["Events set aside", events.dead_letters, events.dead_letters ? "error" : ""], ["Actions waiting", actions.pending],
    ["Restarted parts", s.restarts, s.restarts ? "error" : ""]]));
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
    if (!answer.ok) throw new Error("the gateway answered " + answer.status);
    show(await answer.json());
  } catch (error) {
    badge("unreachable", "", error.message);
  }
};
const run = async () => { await look(); setTimeout(run, 2000); };
document.addEventListener("visibilitychange", look);
run();
</script>
</body>
</html>
)page";

std::string fresh_nonce() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::random_device source;
  std::string result;
  for (int i = 0; i < 32; ++i) result += digits[source() % digits.size()];
  return result;
}

std::string with_nonce(const std::string& nonce) {
  constexpr std::string_view mark = "NONCE";
  std::string result{page};
  for (auto at = result.find(mark); at != std::string::npos; at = result.find(mark, at + nonce.size()))
    result.replace(at, mark.size(), nonce);
  return result;
}

} // namespace

net::server_response status_page() {
  auto nonce = fresh_nonce();
  net::server_response out;
  out.content_type = "text/html; charset=utf-8";
  out.body = with_nonce(nonce);
  out.headers.emplace_back(
      "Content-Security-Policy",
      "default-src 'none'; script-src 'nonce-" + nonce + "'; style-src 'nonce-" + nonce +
          "'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  return out;
}

} // namespace relay::admin
