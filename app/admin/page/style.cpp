#include "relay_gateway/app/admin/page/style.hpp"

namespace relay::admin {

const std::string_view page_style = R"css(
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
#restart { margin-bottom: .8rem; }
#restart ul { margin: .3rem 0 0; padding-left: 1.2rem; }
#reason { margin: 0 0 .8rem; overflow-wrap: anywhere; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .8rem 1rem; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: .7rem 1.2rem; margin: 0; }
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
.split { display: flex; flex-wrap: wrap; align-items: baseline; gap: .3rem 1rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); gap: .8rem; }
.plot h3 { margin: 0; font-size: .85rem; font-weight: 500; color: var(--faint); }
.plot output { font-size: 1.25rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.plot svg { display: block; width: 100%; height: 3rem; margin-top: .3rem; }
.plot polyline { fill: none; stroke: var(--good); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.times { margin-top: .8rem; }
.times th { font-size: .8rem; font-weight: 500; color: var(--faint); text-align: right; padding: .2rem 0 .2rem 1rem; }
.times th:first-child { text-align: left; padding-left: 0; }
.times td:not(:first-child) { text-align: right; font-variant-numeric: tabular-nums; padding-left: 1rem; }
.log { overflow-x: auto; max-height: 24rem; overflow-y: auto; }
.log td { padding: .15rem .8rem .15rem 0; vertical-align: top; font-size: .85rem; text-align: left; }
.log td:first-child { white-space: nowrap; color: var(--faint); font-variant-numeric: tabular-nums; }
.log td:nth-child(2) { white-space: nowrap; }
.log td:last-child { text-align: left; min-width: 12rem; }
.log .warn td:nth-child(2) { color: var(--busy); font-weight: 600; }
.log .error td:nth-child(2) { color: var(--bad); font-weight: 600; }
.plain td { text-align: left; padding-left: 0; }
.plain th { text-align: left; font-weight: 500; color: var(--faint); padding: .2rem 1rem .2rem 0; vertical-align: top; }
header form { margin-left: auto; }
form { display: flex; flex-wrap: wrap; gap: .6rem; align-items: end; }
label { font-size: .85rem; color: var(--faint); }
input { display: block; margin-top: .2rem; font: inherit; padding: .35rem .5rem; border: 1px solid var(--line); border-radius: .4rem;
        background: var(--back); color: var(--text); width: min(24rem, 70vw); }
button { font: inherit; padding: .38rem .9rem; border: 0; border-radius: .4rem; background: var(--good); color: var(--card); cursor: pointer; }
@media (max-width: 30rem) { main { padding: .8rem .6rem 2rem; } .card { padding: .6rem .7rem; } }
)css";

} // namespace relay::admin
