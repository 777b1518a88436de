#include "relay_gateway/app/admin/page/status_page.hpp"

#include "relay_gateway/app/admin/page/script.hpp"
#include "relay_gateway/app/admin/page/style.hpp"
#include "relay_gateway/messages/wire/http/hex.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"

#include <fmt/format.h>

#include <random>

namespace relay::admin {

namespace {

// NONCE stands for the nonce of the answer.
constexpr std::string_view head = R"page(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>relay-gateway</title>
<style nonce="NONCE">)page";

constexpr std::string_view body = R"page(</style>
</head>
<body>
<main>
<header>
  <h1>relay-gateway</h1>
  <span id="state" class="badge" role="status" hidden></span>
  <span id="since" class="faint"></span>
  LOGOUT
</header>
<div id="live" hidden>
<p id="reason" class="faint"></p>
<section id="restart" class="card" hidden><strong>Waits for a restart</strong><ul id="waits"></ul></section>
<section class="card"><dl id="facts"></dl></section>
<h2>Platforms</h2>
<section id="platforms" class="cards"></section>
<h2>Work</h2>
<section class="card"><dl id="work"></dl></section>
<h2>Rates and latencies</h2>
<section id="plots" class="plots"></section>
<section class="card times"><table><thead><tr><th>Since the start</th><th>median, ms</th><th>99th, ms</th><th>times</th></tr></thead>
<tbody id="latencies"></tbody></table></section>
<h2>Last log events</h2>
<section class="card log"><table><tbody id="log"></tbody></table></section>
<h2>Counters</h2>
<section class="card"><details id="more"><summary>All that is not zero</summary><table><tbody id="counters"></tbody></table></details></section>
<footer id="foot"></footer>
</div>
<noscript>
<h2>Status</h2>
<section class="card plain"><table><tbody>
ROWS</tbody></table></section>
</noscript>
</main>
<script nonce="NONCE">)page";

constexpr std::string_view tail = "</script>\n</body>\n</html>\n";

constexpr std::string_view logout_form =
    R"(<form method="post" action="logout"><button type="submit">Log out</button></form>)";

constexpr std::string_view login_body = R"page(</style>
</head>
<body>
<main>
<header><h1>relay-gateway</h1></header>
<p class="error" role="alert">PROBLEM</p>
<section class="card">
<form method="post" action="login">
<input type="text" name="user" value="relay-gateway" autocomplete="username" hidden>
<label>Admin token or read token
<input type="password" name="token" autocomplete="current-password" required autofocus></label>
<button type="submit">Log in</button>
</form>
</section>
</main>
</body>
</html>
)page";

constexpr std::string_view fleet_body = R"page(</style>
</head>
<body>
<main>
<header><h1>relay-gateway</h1>LOGOUT</header>
<h2>Gateways</h2>
<section class="card plain"><table><tbody>
ROWS</tbody></table></section>
</main>
</body>
</html>
)page";

std::string fresh_nonce() {
  std::random_device source;
  std::string result;
  for (int i = 0; i < 4; ++i) result += wire::hex(source(), 8);
  return result;
}

std::string replaced(std::string text, std::string_view mark, std::string_view by) {
  for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + by.size()))
    text.replace(at, mark.size(), by);
  return text;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
    case '&': out += "&amp;"; break;
    case '<': out += "&lt;"; break;
    case '>': out += "&gt;"; break;
    case '"': out += "&quot;"; break;
    default: out += c;
    }
  }
  return out;
}

/// A number, a text or a truth value as text; empty for anything else.
std::string plain(const wire::json::value& x) {
  if (x.IsString()) return std::string{wire::json::view(x)};
  if (x.IsBool()) return x.GetBool() ? "yes" : "no";
  if (x.IsUint64()) return std::to_string(x.GetUint64());
  if (x.IsDouble()) return fmt::format("{:.1f}", x.GetDouble());
  return {};
}

net::server_response html(int status, std::string text, const std::string& nonce,
                          std::string_view form_action) {
  net::server_response out;
  out.status = status;
  out.content_type = "text/html; charset=utf-8";
  out.body = std::move(text);
  out.headers.emplace_back("Content-Security-Policy",
                           "default-src 'none'; script-src 'nonce-" + nonce + "'; style-src 'nonce-" + nonce +
                               "'; connect-src 'self'; base-uri 'none'; form-action " +
                               std::string{form_action} + "; frame-ancestors 'none'");
  // With none, a browser would hide from the forms' endpoints where they were sent from.
  out.headers.emplace_back("Referrer-Policy", "same-origin");
  return out;
}

} // namespace

page_rows rows_of(const std::string& status) {
  page_rows out;
  wire::json::document doc;
  if (!doc.parse(status) || !doc.root().IsObject()) return out;
  auto take = [&](const std::string& prefix, const wire::json::value& object) {
    for (const auto& member : object.GetObject())
      if (auto text = plain(member.value); !text.empty())
        out.emplace_back(prefix + std::string{wire::json::view(member.name)}, std::move(text));
  };
  take("", doc.root());
  for (const char* part : {"events", "actions"})
    if (const auto* x = wire::json::object(doc.root(), part)) take(std::string{part} + ": ", *x);
  if (const auto* waits = wire::json::array(doc.root(), "waiting_for_restart"))
    for (const auto& x : waits->GetArray()) out.emplace_back("waits for a restart", plain(x));
  if (const auto* times = wire::json::object(doc.root(), "latencies"))
    for (const auto& x : times->GetObject())
      if (x.value.IsObject()) take(std::string{wire::json::view(x.name)} + ": ", x.value);
  if (const auto* platforms = wire::json::array(doc.root(), "platforms"))
    for (const auto& x : platforms->GetArray())
      if (x.IsObject()) take(wire::json::text(x, "name") + ": ", x);
  return out;
}

net::server_response status_page(const page_rows& now, bool logged_in) {
  const auto nonce = fresh_nonce();
  std::string rows;
  for (const auto& [name, value] : now)
    rows += "<tr><th>" + escaped(name) + "</th><td>" + escaped(value) + "</td></tr>\n";
  auto text = replaced(std::string{head}, "NONCE", nonce) + std::string{page_style};
  auto middle = replaced(replaced(std::string{body}, "NONCE", nonce), "LOGOUT", logged_in ? logout_form : "");
  text += replaced(std::move(middle), "ROWS", rows);
  text += page_script;
  text += tail;
  return html(200, std::move(text), nonce, "'self'");
}

net::server_response gateways_page(const page_rows& gateways, bool logged_in) {
  const auto nonce = fresh_nonce();
  std::string rows;
  for (const auto& [name, state] : gateways)
    rows += "<tr><th><a href=\"g/" + escaped(name) + "/\">" + escaped(name) + "</a></th><td>" +
            escaped(state) + "</td></tr>\n";
  auto text = replaced(std::string{head}, "NONCE", nonce) + std::string{page_style};
  auto middle = replaced(std::string{fleet_body}, "LOGOUT", logged_in ? logout_form : "");
  text += replaced(std::move(middle), "ROWS", rows);
  auto out = html(200, std::move(text), nonce, "'self'");
  out.headers.emplace_back("Refresh", "5");
  return out;
}

net::server_response login_page(std::string_view problem) {
  const auto nonce = fresh_nonce();
  auto text = replaced(std::string{head}, "NONCE", nonce) + std::string{page_style};
  text += replaced(std::string{login_body}, "PROBLEM", escaped(problem));
  auto out = html(401, std::move(text), nonce, "'self'");
  out.headers.emplace_back("WWW-Authenticate", R"(Bearer realm="relay-gateway")");
  return out;
}

} // namespace relay::admin
