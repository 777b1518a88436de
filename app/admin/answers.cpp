#include "relay_gateway/app/admin/answers.hpp"

#include "relay_gateway/app/admin/status_json.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"

#include <utility>

namespace relay::admin {

using net::server_response;

server_response json(int status, std::string body) {
  server_response out;
  out.status = status;
  out.body = std::move(body);
  return out;
}

server_response problem(int status, std::string_view why) { return json(status, error_json(why)); }

server_response metrics_text(std::string body) {
  server_response out;
  out.content_type = "text/plain; version=0.0.4; charset=utf-8";
  out.body = std::move(body);
  return out;
}

server_response moved(const std::string& where) {
  server_response out;
  out.status = 303;
  out.headers.emplace_back("Location", where);
  return out;
}

server_response guarded(server_response x) {
  auto unless_there = [&](const char* name, const char* value) {
    for (const auto& [given, what] : x.headers)
      if (given == name) return;
    x.headers.emplace_back(name, value);
  };
  unless_there("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  unless_there("Referrer-Policy", "no-referrer");
  x.headers.emplace_back("X-Content-Type-Options", "nosniff");
  x.headers.emplace_back("Cache-Control", "no-store");
  return x;
}

server_response not_running(const fleet_member& x, std::string_view path) {
  std::string out;
  wire::json::object_writer{out}
      .text("gateway", x.name)
      .text("state", x.state)
      .boolean("ready", false)
      .optional("reason", x.why)
      .end();
  return json(path == "/v1/status" ? 200 : 503, std::move(out));
}

} // namespace relay::admin
