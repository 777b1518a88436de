// The page's style: light and dark by the system's wish, one column when it is narrow.
#include "relay_gateway/app/connector/console/console_style.hpp"

namespace relay::connector {

const std::string_view console_style = R"css(
:root {
  --accent: #5865f2; --accent-text: #fff; --accent-soft: #eceefe;
  --page: #f3f4f7; --card: #fff; --line: #dfe2e8; --text: #1c2027; --dim: #5b6472;
  --bot: #f0f2f6; --good: #1a7f4b; --warn: #9a6200; --bad: #b3261e;
  --shadow: 0 1px 2px rgb(20 25 40 / .06), 0 4px 16px rgb(20 25 40 / .06);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --accent-soft: #2a2e52; --page: #14161b; --card: #1d2027; --line: #313641; --text: #e8eaef; --dim: #a0a8b6;
    --bot: #2a2e38; --good: #5fd39a; --warn: #f0b95a; --bad: #ff8a80; --shadow: 0 1px 2px rgb(0 0 0 / .4);
  }
}
body[data-platform="telegram"] { --accent: #1d7fb8; --accent-soft: #e2f1fa; }
body[data-platform="slack"] { --accent: #7a2e7c; --accent-soft: #f5e9f5; }
@media (prefers-color-scheme: dark) {
  body[data-platform="telegram"] { --accent-soft: #173648; }
  body[data-platform="slack"] { --accent: #a05aa2; --accent-soft: #3d2440; }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html, body { height: 100%; }
body { margin: 0; display: flex; flex-direction: column; background: var(--page); color: var(--text); }
h1, h2, p, ul { margin: 0; padding: 0; }
ul { list-style: none; }
h1 { font-size: 1.05rem; line-height: 1.3; }
h2 { font-size: 1rem; line-height: 1.3; }
.sub, .hint { color: var(--dim); font-size: .84rem; }
.label { color: var(--dim); font-size: .75rem; font-weight: 600; letter-spacing: .04em; text-transform: uppercase; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 8px; top: 8px; z-index: 2; padding: 6px 10px; background: var(--card); color: var(--text); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
button, input, select, textarea { font: inherit; color: inherit; }
input, select, textarea { background: var(--card); border: 1px solid var(--line); border-radius: 9px; padding: 7px 10px; }
::placeholder { color: var(--dim); opacity: 1; }
button { cursor: pointer; border-radius: 9px; border: 1px solid transparent; padding: 7px 13px; }
.plain { background: var(--card); border-color: var(--line); }
.plain:hover { border-color: var(--accent); }

.top { display: flex; align-items: center; justify-content: space-between; gap: 10px 24px; flex-wrap: wrap;
  padding: 12px 20px; background: var(--card); border-bottom: 1px solid var(--line); }
.brand { display: flex; align-items: center; gap: 12px; }
.logo { width: 34px; height: 34px; flex: none; }
.logo rect { fill: var(--accent); }
.logo path { fill: #fff; }
.badges { display: flex; flex-wrap: wrap; gap: 8px; }
.badge { display: flex; align-items: center; gap: 7px; padding: 3px 11px; border: 1px solid var(--line);
  border-radius: 99px; font-size: .84rem; background: var(--page); max-width: 100%; }
.badge b { font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; max-width: 16em; }
.badge::before { content: ""; width: 8px; height: 8px; flex: none; border-radius: 50%; background: var(--dim); }
.badge.up::before { background: var(--good); }
.badge.idle::before { background: var(--warn); }
.badge.lost::before { background: var(--bad); }
.badge .count { color: var(--warn); font-weight: 600; white-space: nowrap; }

.frame { flex: 1; min-height: 0; display: grid; grid-template-columns: 270px minmax(0, 1fr); gap: 16px;
  width: 100%; max-width: 1180px; margin: 0 auto; padding: 16px 20px; }
.side { display: flex; flex-direction: column; gap: 14px; min-height: 0; }
.tabs { display: flex; gap: 4px; padding: 4px; background: var(--card); border: 1px solid var(--line);
  border-radius: 12px; box-shadow: var(--shadow); }
.tabs button { position: relative; flex: 1; padding: 6px 6px; background: none; color: var(--dim); font-weight: 600; font-size: .9rem; }
.tabs button:hover { color: var(--text); }
.tabs button[aria-selected="true"] { background: var(--accent); color: var(--accent-text); }
.tabs .news::after, .chats .news .name::after { content: ""; display: inline-block; width: 7px; height: 7px; margin-left: 6px;
  border-radius: 50%; background: var(--bad); vertical-align: middle; }
.tabs .news::after { position: absolute; top: 5px; right: 6px; }
.panel { flex: 1; min-height: 0; overflow: auto; display: flex; flex-direction: column; gap: 8px; padding: 12px;
  background: var(--card); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow); }
.chats { display: flex; flex-direction: column; gap: 2px; }
.chats button { width: 100%; text-align: left; background: none; padding: 7px 10px; overflow-wrap: anywhere; }
.chats button:hover { background: var(--page); }
.chats button[aria-current="true"] { background: var(--accent-soft); font-weight: 600; }
.chats small { display: block; color: var(--dim); font-weight: 400; font-size: .78rem; }
.new { margin-top: auto; font-size: .9rem; }
.new summary { cursor: pointer; color: var(--dim); padding: 4px 10px; }
.new form { display: grid; gap: 8px; padding: 8px 10px 2px; }
.new label { display: grid; gap: 3px; font-size: .84rem; color: var(--dim); }
.new input, .new select { color: var(--text); width: 100%; }
.me { display: grid; grid-template-columns: auto 1fr; align-items: center; gap: 10px; padding: 10px 12px; font-size: .9rem;
  background: var(--card); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow); }
.me label { color: var(--dim); }
.me input { min-width: 0; }

.talk { display: flex; flex-direction: column; min-height: 0; min-width: 0; background: var(--card);
  border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow); }
.talk-head { display: flex; align-items: center; justify-content: space-between; gap: 12px; padding: 12px 18px;
  border-bottom: 1px solid var(--line); }
.talk-head .plain { font-size: .86rem; white-space: nowrap; }
.log { flex: 1; min-height: 0; overflow-y: auto; padding: 18px; display: flex; flex-direction: column; gap: 12px; }
.empty { margin: auto; text-align: center; color: var(--dim); max-width: 26em; }
.row { display: flex; flex-direction: column; align-items: flex-start; max-width: min(78%, 44em); }
.row.mine { align-self: flex-end; align-items: flex-end; }
.who { font-size: .78rem; color: var(--dim); padding: 0 4px 2px; }
.bot-tag { background: var(--accent); color: var(--accent-text); border-radius: 4px; padding: 0 5px; margin-left: 5px;
  font-size: .68rem; font-weight: 700; }
.bubble { padding: 8px 13px; border-radius: 4px 14px 14px 14px; background: var(--bot); white-space: pre-wrap;
  overflow-wrap: anywhere; max-width: 100%; }
.mine .bubble { background: var(--accent); color: var(--accent-text); border-radius: 14px 4px 14px 14px; }
.bubble.removed { font-style: italic; color: var(--dim); background: none; border: 1px dashed var(--line); }
.bubble.draft { border: 1px dashed var(--accent); }
.bubble.draft::after { content: "\2026 writing"; display: block; color: var(--dim); font-size: .78rem; }
.bubble.card { border-left: 3px solid var(--accent); font-size: .92rem; }
.quote { display: block; border-left: 3px solid var(--line); padding-left: 8px; margin-bottom: 4px; color: var(--dim);
  font-size: .84rem; }
.mine .quote { color: inherit; opacity: .85; }
.media { display: block; font-size: .84rem; color: var(--dim); }
.note { font-size: .74rem; color: var(--dim); padding: 2px 4px 0; }
.reactions { display: flex; flex-wrap: wrap; gap: 4px; padding-top: 4px; }
.reactions span { border: 1px solid var(--line); background: var(--page); border-radius: 99px; padding: 0 8px;
  font-size: .86rem; }
.choices { display: flex; flex-wrap: wrap; gap: 6px; padding-top: 8px; }
.choices button { border: 1px solid var(--accent); background: var(--card); color: var(--text); padding: 5px 13px; }
.choices button:hover:not(:disabled) { background: var(--accent-soft); }
.choices button:disabled { cursor: default; opacity: .55; }
.choices button.chosen { background: var(--accent); color: var(--accent-text); opacity: 1; }
.typing { display: flex; align-items: center; gap: 8px; padding: 0 20px 8px; color: var(--dim); font-size: .84rem; }
.dots { display: inline-flex; gap: 3px; }
.dots i { width: 6px; height: 6px; border-radius: 50%; background: var(--dim); animation: beat 1.2s infinite; }
.dots i:nth-child(2) { animation-delay: .2s; }
.dots i:nth-child(3) { animation-delay: .4s; }
@keyframes beat { 0%, 60%, 100% { opacity: .3; } 30% { opacity: 1; } }
@media (prefers-reduced-motion: reduce) { .dots i { animation: none; } }
.problem { margin: 0 18px 8px; padding: 8px 12px; border-radius: 9px; border: 1px solid var(--bad); color: var(--bad);
  font-size: .88rem; }
.composer { display: flex; gap: 10px; align-items: flex-end; padding: 12px 18px 6px; border-top: 1px solid var(--line); }
.composer textarea { flex: 1; min-width: 0; resize: none; max-height: 11em; line-height: 1.45; background: var(--page); }
.send { background: var(--accent); color: var(--accent-text); font-weight: 600; }
.send:hover { filter: brightness(1.08); }
.hint { padding: 0 18px 10px; font-size: .76rem; }

@media (max-width: 760px) {
  .top { padding: 10px 12px; }
  .top .sub { display: none; }
  .frame { grid-template-columns: minmax(0, 1fr); grid-template-rows: auto minmax(0, 1fr); gap: 10px; padding: 10px 12px; }
  .side { gap: 8px; }
  .panel { flex: none; flex-direction: row; flex-wrap: wrap; align-items: center; justify-content: space-between; padding: 4px; }
  .panel .label { display: none; }
  .chats { flex-direction: row; overflow-x: auto; }
  .chats button { white-space: nowrap; }
  .chats small { display: none; }
  .new { margin: 0; }
  .new[open] { width: 100%; }
  .me { padding: 6px 10px; }
  .row { max-width: 90%; }
  .talk-head { padding: 8px 12px; }
  .log { padding: 12px; }
  .composer { padding: 10px 12px 6px; }
  .hint { display: none; }
}
@media (max-width: 760px) and (max-height: 700px) { .talk { min-height: 340px; } body { height: auto; } }
)css";

} // namespace relay::connector
