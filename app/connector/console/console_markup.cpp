// The page's markup. Everything that comes from a chat is put in by the script, as text.
#include "relay_gateway/app/connector/console/console_markup.hpp"

namespace relay::connector {

const std::string_view console_markup = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Connector console</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='8' fill='%235865f2'/%3E%3Cpath d='M8 11h16v9H14l-4 4v-4H8z' fill='white'/%3E%3C/svg%3E">
<style nonce="@nonce@">@style@</style>
</head>
<body>
<a class="skip" href="#text">Skip to the message field</a>
<header class="top">
  <div class="brand">
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8"/><path d="M8 11h16v9H14l-4 4v-4H8z"/></svg>
    <div><h1>Connector console</h1><p class="sub">You are a user of a chat platform. The agent answers.</p></div>
  </div>
  <ul id="gateways" class="badges" aria-label="Gateways" aria-live="polite"></ul>
</header>
<div class="frame">
  <nav class="side" aria-label="Platforms and chats">
    <div id="platforms" class="tabs" role="tablist" aria-label="Platform"></div>
    <div class="panel" id="chat-panel" role="tabpanel" aria-label="Chats">
      <h2 class="label" id="chats-label">Chats</h2>
      <ul id="chats" class="chats" aria-labelledby="chats-label"></ul>
      <details class="new">
        <summary>New chat</summary>
        <form id="new-chat">
          <label>Name <input id="new-name" required maxlength="60" autocomplete="off" placeholder="planning"></label>
          <label>Kind
            <select id="new-type">
              <option value="channel">Channel</option>
              <option value="group">Group</option>
              <option value="thread">Thread</option>
            </select>
          </label>
          <button type="submit" class="plain">Add</button>
        </form>
      </details>
    </div>
    <div class="me">
      <label for="user">You write as</label>
      <input id="user" maxlength="40" autocomplete="off" spellcheck="false" value="ada">
    </div>
  </nav>
  <main class="talk">
    <div class="talk-head">
      <div><h2 id="chat-name"></h2><p class="sub" id="chat-about"></p></div>
      <button id="stop" type="button" class="plain" title="Ask the agent to stop what it does in this chat">Stop the agent</button>
    </div>
    <div id="log" class="log" role="log" aria-live="polite" aria-relevant="additions text" aria-label="Conversation" tabindex="0"></div>
    <div id="typing" class="typing" role="status" hidden><span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>The agent is typing</div>
    <p id="problem" class="problem" role="alert" hidden></p>
    <form id="composer" class="composer">
      <label class="hidden" for="text">Message</label>
      <textarea id="text" rows="1" maxlength="20000" placeholder="Write a message" autocomplete="off"></textarea>
      <button id="send" type="submit" class="send">Send</button>
    </form>
    <p class="hint">Enter sends, Shift+Enter starts a new line.</p>
  </main>
</div>
<script nonce="@nonce@">@script@</script>
</body>
</html>
)html";

} // namespace relay::connector
