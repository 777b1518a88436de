// The page's script: asks /control/feed for what changed and shows it. Chat content becomes text nodes only.
#include "relay_gateway/app/connector/console/console_script.hpp"

namespace relay::connector {

const std::string_view console_script = R"js(
'use strict';
const $ = id => document.getElementById(id);
const titles = {discord: 'Discord', telegram: 'Telegram', slack: 'Slack', whatsapp: 'WhatsApp'};
const title = name => titles[name] || name;
const chats = new Map();          // key -> chat
let platforms = [], fronted = new Set(), platform = '', current = '', version = 0, seen = 0;
const opened = {};                // platform -> key of the chat last shown

const key = (p, id) => p + '\n' + id;
const slug = name => name.trim().toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '') || 'someone';
const user = () => $('user').value.trim() || 'ada';

function el(tag, cls, text) {
  const x = document.createElement(tag);
  if (cls) x.className = cls;
  if (text !== undefined) x.textContent = text;
  return x;
}

function chat(p, id, about) {
  const k = key(p, id);
  if (!chats.has(k))
    chats.set(k, {p, id, type: 'dm', name: '', scope: '', parent: '', entries: new Map(), typing: 0, news: false});
  return Object.assign(chats.get(k), about || {});
}

// Chats that are there before anybody wrote: one direct, one with others.
function seed(p) {
  chat(p, 'dm-' + slug(user()), {type: 'dm', name: 'Direct message', owner: user()});
  if (p === 'telegram') chat(p, '-1001', {type: 'group', name: 'Weekend trip'});
  else chat(p, 'general', {type: 'channel', name: '#general', scope: p === 'discord' ? 'guild-1' : 'team-1'});
}

async function post(path, body) {
  const answer = await fetch(path, {method: 'POST', headers: {'Content-Type': 'application/json'},
                                    body: JSON.stringify(body)});
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.error || 'HTTP ' + answer.status);
  return told;
}

function complain(text) {
  $('problem').textContent = text || '';
  $('problem').hidden = !text;
}

async function attempt(job) {
  try { await job(); complain(''); } catch (e) { complain(e.message); }
}

// -- what is shown ------------------------------------------------------------

// Replaces the children only when they look different, and keeps the focus: a live region or a button that is being
// used must not be touched without need.
function swap(box, rows) {
  const now = rows.map(r => r.outerHTML).join('');
  if (box.shown === now) return;
  box.shown = now;
  const held = [...box.querySelectorAll('button')].indexOf(document.activeElement);
  box.replaceChildren(...rows);
  const again = held >= 0 && box.querySelectorAll('button')[held];
  if (again) again.focus();
}

function showGateways(list) {
  const rows = list.map(g => {
    const [cls, state] = g.idle && g.connected ? ['idle', 'asleep'] : g.handshaken ? ['up', 'connected']
      : g.connected ? ['idle', 'connecting'] : ['lost', 'not connected'];
    const row = el('li', 'badge ' + cls);
    row.append(el('b', '', g.display_name || g.gateway_id), el('span', 'state', state));
    if (g.buffered) row.append(el('span', 'count', g.buffered + ' waiting'));
    row.title = (g.display_name ? g.gateway_id + ': ' : '') + g.identities.map(i => title(i.platform) + (i.botId ? ' as ' + i.botId : '')).join(', ');
    return row;
  });
  if (!rows.length) rows.push(el('li', 'badge', 'no gateway yet'));
  swap($('gateways'), rows);
}

function showPlatforms() {
  const news = p => [...chats.values()].some(c => c.p === p && c.news);
  swap($('platforms'), platforms.map(p => {
    const tab = el('button', news(p) ? 'news' : '', title(p));
    tab.type = 'button';
    tab.dataset.platform = p;
    tab.setAttribute('role', 'tab');
    tab.setAttribute('aria-controls', 'chat-panel');
    tab.setAttribute('aria-selected', String(p === platform));
    tab.tabIndex = p === platform ? 0 : -1;
    tab.onclick = () => choosePlatform(p);
    return tab;
  }));
}

function visible(c) { return c.p === platform && (c.type !== 'dm' || !c.owner || c.owner === user() || c.entries.size); }

function label(c) {
  if (c.type !== 'dm') return c.name || c.id;
  if (c.owner) return c.owner === user() ? 'Direct message' : 'Direct message of ' + c.owner;
  return c.name || c.id;
}

function showChats() {
  swap($('chats'), [...chats.values()].filter(visible).map(c => {
    const item = el('li'), open = el('button', c.news ? 'news' : '');
    open.type = 'button';
    open.dataset.chat = c.id;
    open.append(el('span', 'name', label(c)), el('small', '', (c.type === 'dm' ? 'only you and the agent' : c.type) + ' · ' + c.id));
    if (key(c.p, c.id) === current) open.setAttribute('aria-current', 'true');
    open.onclick = () => chooseChat(key(c.p, c.id));
    item.append(open);
    return item;
  }));
}

function quoted(c, e) {
  const target = e.reply_to && c.entries.get(e.reply_to);
  return target ? el('span', 'quote', target.data.author + ': ' + target.data.text.slice(0, 120)) : null;
}

function bubble(c, e) {
  const mine = !e.bot && e.author === user();
  const row = el('div', 'row' + (mine ? ' mine' : '') + (e.bot ? ' bot' : ''));
  row.dataset.id = e.id;
  const who = el('div', 'who', e.author);
  if (e.bot) who.append(el('span', 'bot-tag', 'BOT'));
  if (!mine) row.append(who);
  const body = el('div', 'bubble ' + (e.removed ? 'removed' : e.form));
  const quote = quoted(c, e);
  if (quote) body.append(quote);
  if (e.form === 'media' && !e.removed)
    body.append(el('span', 'media', '\u{1F4CE} ' + (e.media_kind || 'file') + (e.media_name ? ': ' + e.media_name : '')));
  body.append(document.createTextNode(e.removed ? 'This message was deleted.' : e.text));
  if (e.form === 'prompt' && !e.removed) {
    const choices = el('div', 'choices');
    for (const option of e.choices) {
      const press = el('button', option.id === e.chosen ? 'chosen' : '', option.label || option.id);
      press.type = 'button';
      press.dataset.option = option.id;
      press.disabled = Boolean(e.chosen);
      press.onclick = () => attempt(() => post('/control/press',
        {platform: c.p, chat_id: c.id, message_id: e.id, option_id: option.id}));
      choices.append(press);
    }
    body.append(choices);
  }
  row.append(body);
  if (e.reactions) {
    const all = el('div', 'reactions');
    for (const one of e.reactions) all.append(el('span', '', one));
    row.append(all);
  }
  const time = new Date(e.time).toLocaleTimeString([], {hour: '2-digit', minute: '2-digit'});
  row.append(el('div', 'note', time + (e.edited && !e.removed ? ' \u00b7 edited' : '')));
  return row;
}

const gone = e => e.form === 'draft' && e.removed;   // its message has taken its place

// The newest message stays in view, unless the person has scrolled up to read.
let pinned = true, shape = '';
const shapeOf = log => log.clientHeight + '/' + log.scrollHeight;
function toEnd() {
  const log = $('log');
  if (pinned) log.scrollTop = log.scrollHeight;
  shape = shapeOf(log);
}

function showTyping() {
  const c = chats.get(current), left = c ? c.typing - Date.now() : 0;
  $('typing').hidden = left <= 0;
  if (left > 0) setTimeout(showTyping, left + 50);
}

function showChat() {
  const c = chats.get(current);
  if (!c) return;
  c.news = false;
  opened[c.p] = current;
  $('chat-name').textContent = label(c);
  $('chat-about').textContent = title(c.p) + ', ' + (c.type === 'dm' ? 'direct message' : c.type);
  const rows = [];
  for (const x of c.entries.values()) {
    x.row = null;
    if (gone(x.data)) continue;
    x.row = bubble(c, x.data);
    rows.push(x.row);
  }
  if (!rows.length) rows.push(el('p', 'empty', 'Nothing was said here yet. Write a message below, and the agent answers.' +
    (fronted.has(c.p) ? '' : ' No gateway speaks for ' + title(c.p) + ' yet, so nobody would hear you.')));
  $('log').replaceChildren(...rows);
  pinned = true;
  toEnd();
  showTyping();
}

function choosePlatform(p) {
  platform = p;
  document.body.dataset.platform = p;
  seed(p);
  const k = opened[p];
  chooseChat(k && chats.has(k) ? k : key(p, 'dm-' + slug(user())));
}

function chooseChat(k) {
  current = k;
  showChat();
  showPlatforms();
  showChats();
}

// -- what comes -----------------------------------------------------------------

function take(c, e) {
  const old = c.entries.get(e.id), shown = key(c.p, c.id) === current;
  c.entries.set(e.id, {data: e, row: old ? old.row : null});
  if (!shown) {
    if (e.bot && !old) c.news = true;
    return;
  }
  const now = c.entries.get(e.id), log = $('log');
  now.row = gone(e) ? null : bubble(c, e);
  if (old && old.row && now.row) old.row.replaceWith(now.row);
  else if (old && old.row) old.row.remove();
  else if (now.row) {
    const empty = log.querySelector('.empty');
    if (empty) empty.remove();
    log.append(now.row);
  }
  if (!e.bot && e.author === user()) pinned = true;
  toEnd();
}

function apply(news) {
  showGateways(news.status.gateways);
  fronted = new Set(news.status.gateways.flatMap(g => [...g.identities.map(i => i.platform), ...g.provisioned]));
  seen = news.status.last;
  version = news.version;
  if (platforms.join() !== news.status.platforms.join()) {
    platforms = news.status.platforms;
    if (!platforms.includes(platform)) choosePlatform(platforms.includes('discord') ? 'discord' : platforms[0] || '');
  }
  for (const x of news.chats) {
    const c = chat(x.platform, x.chat_id);
    c.type = x.type;
    if (x.name && x.type !== 'dm') c.name = x.name;
    if (x.type === 'dm' && !c.owner) c.name = x.name;
    c.parent = x.parent_chat_id || c.parent;
    c.typing = x.typing_ms ? Date.now() + x.typing_ms : 0;
    for (const e of x.entries) take(c, e);
  }
  showTyping();
  showPlatforms();
  showChats();
}

const pause = ms => new Promise(done => setTimeout(done, ms));

async function listen() {
  for (;;) {
    try {
      const answer = await fetch('/control/feed?since=' + version + '&seen=' + seen + '&wait=25000');
      if (!answer.ok) throw new Error('HTTP ' + answer.status);
      apply(await answer.json());
      if ($('problem').dataset.lost) { complain(''); delete $('problem').dataset.lost; }
      await pause(40);
    } catch (e) {
      // A restarted connector counts anew and has forgotten the chats: so does the page.
      version = seen = 0;
      for (const c of chats.values()) c.entries.clear();
      complain('The connector does not answer; trying again.');
      $('problem').dataset.lost = '1';
      await pause(1000);
    }
  }
}

// -- what the person does ---------------------------------------------------------

async function say() {
  const text = $('text').value, c = chats.get(current);
  if (!text.trim() || !c) return;
  $('text').value = '';                               // at once: the next message may be typed meanwhile
  grow();
  const sent = post('/control/inject', {platform: c.p, chat_id: c.id, chat_type: c.type,
    chat_name: c.type === 'dm' ? user() : c.name, user_id: 'u-' + slug(user()), user_name: user(),
    scope_id: c.scope, parent_chat_id: c.parent, thread_id: c.type === 'thread' ? c.id : '', text});
  await sent.catch(e => {
    if (!$('text').value) $('text').value = text;
    throw e;
  });
}

function grow() {
  const t = $('text');
  t.style.height = 'auto';
  t.style.height = Math.min(t.scrollHeight + 2, 180) + 'px';
}

$('composer').onsubmit = e => { e.preventDefault(); attempt(say); };
$('text').oninput = grow;
$('text').onkeydown = e => {
  if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) { e.preventDefault(); attempt(say); }
};
$('stop').onclick = () => attempt(() => {
  const c = chats.get(current);
  return post('/control/interrupt', {platform: c.p, chat_id: c.id});
});
$('user').onchange = () => {
  try { localStorage.setItem('user', user()); } catch (e) { /* private mode */ }
  const c = chats.get(current);
  seed(platform);
  chooseChat(!c || c.type === 'dm' ? key(platform, 'dm-' + slug(user())) : current);
};
$('new-chat').onsubmit = e => {
  e.preventDefault();
  const name = $('new-name').value.trim(), type = $('new-type').value;
  if (!name) return;
  const c = chat(platform, slug(name), {type, name: type === 'channel' ? '#' + slug(name) : name,
    scope: platform === 'telegram' ? '' : platform === 'discord' ? 'guild-1' : 'team-1'});
  $('new-name').value = '';
  e.target.closest('details').open = false;
  chooseChat(key(c.p, c.id));
};
$('platforms').onkeydown = e => {
  const step = {ArrowRight: 1, ArrowLeft: -1}[e.key];
  if (!step || !platforms.length) return;
  choosePlatform(platforms[(platforms.indexOf(platform) + step + platforms.length) % platforms.length]);
  const tab = $('platforms').querySelector('[aria-selected="true"]');
  if (tab) tab.focus();
};

$('log').onscroll = () => {
  const log = $('log');
  if (shapeOf(log) !== shape) return toEnd();   // the layout moved it, not the person
  pinned = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
};
new ResizeObserver(toEnd).observe($('log'));

try { $('user').value = localStorage.getItem('user') || 'ada'; } catch (e) { /* private mode */ }
listen();
)js";

} // namespace relay::connector
