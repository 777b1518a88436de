#include "relay_gateway/app/commands/running/dlq.hpp"

#include "relay_gateway/app/commands/running/running_gateway.hpp"
#include "relay_gateway/app/commands/say.hpp"
#include "relay_gateway/app/process.hpp"
#include "relay_gateway/config/values/text.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"

namespace relay::commands {

namespace {

using wire::json::value;

std::string field(const value& x, std::string_view name) { return config::shown(wire::json::text(x, name)); }
std::string number(const value& x, std::string_view name) {
  const auto* found = wire::json::find(x, name);
  return found != nullptr && found->IsUint64() ? std::to_string(found->GetUint64()) : "?";
}

/// One answer of the gateway, parsed. Says what is wrong and returns the exit code when there is none.
int fetch(const setting_options& from, const std::string& method, const std::string& path,
          const std::string& body, std::string& text, wire::json::document& doc) {
  auto answer = ask_gateway(from, method, path, body, milliseconds{15'000});
  text = answer.body.reveal();
  if (answer.status == 0) return fail(exit_code::failure, answer.error);
  if (answer.status == 401)
    return fail(exit_code::failure,
                "the gateway does not take this admin token; set GATEWAY_ADMIN_TOKEN to its own");
  if (!doc.parse(text) || !doc.root().IsObject())
    return fail(exit_code::failure, "what answers at the listener is not a relay-gateway; check --listen");
  if (answer.status == 404) return fail(exit_code::failure, "nothing of that id is set aside");
  if (answer.status != 200)
    return fail(exit_code::failure,
                "the gateway answered " + std::to_string(answer.status) + ": " + field(doc.root(), "error"));
  return exit_code::fine;
}

/// All pages of the list; `each` is called for each one and says whether to go on.
template <class F>
int for_all(const setting_options& from, F each) {
  std::string after = "0";
  for (;;) {
    std::string text;
    wire::json::document doc;
    if (auto code = fetch(from, "GET", "/v1/dlq?limit=200&after=" + after, {}, text, doc)) return code;
    const auto* list = wire::json::array(doc.root(), "letters");
    if (list == nullptr || list->Empty()) return exit_code::fine;
    for (const auto& x : list->GetArray()) {
      after = number(x, "seq");
      if (auto code = each(x)) return code;
    }
  }
}

int decide(const setting_options& from, const std::string& what, const std::string& id) {
  std::string body, text;
  wire::json::object_writer{body}.text("id", id).end();
  wire::json::document doc;
  if (auto code = fetch(from, "POST", "/v1/dlq/" + what, body, text, doc)) return code;
  print((what == "retry" ? "given out again: " : "dropped: ") + id + "\n");
  return exit_code::fine;
}

} // namespace

int dlq(const setting_options& from, const dlq_options& what) {
  if (what.verb == "list") {
    auto count = 0;
    auto code = for_all(from, [&](const value& x) -> int {
      if (what.json) {
        std::string line;
        wire::json::append_value(line, x);
        print(line + "\n");
        return exit_code::fine;
      }
      if (count++ == 0) print("ID  PLATFORM  CHAT  ATTEMPTS  AGE  TEXT\n");
      print(field(x, "id") + "  " + field(x, "platform") + "  " + field(x, "chat_id") + "  " +
            number(x, "attempts") + "  " + number(x, "age_s") + "s  " + field(x, "text") + "\n");
      return exit_code::fine;
    });
    if (code == exit_code::fine && count == 0 && !what.json) print("nothing is set aside\n");
    return code;
  }
  if (what.id.empty() && !what.all)
    return fail(exit_code::usage, "dlq " + what.verb + " needs the id of a delivery" +
                                      (what.verb == "show" ? "" : ", or --all"));
  if (what.verb == "show") {
    std::string text;
    wire::json::document doc;
    if (auto code = fetch(from, "GET", "/v1/dlq?id=" + what.id, {}, text, doc)) return code;
    print(text + "\n");
    return exit_code::fine;
  }
  if (!what.all) return decide(from, what.verb, what.id);
  return for_all(from, [&](const value& x) {
    // One that nobody can read must not keep the others.
    if (what.verb == "retry" && wire::json::flag(x, "unreadable")) return int{exit_code::fine};
    return decide(from, what.verb, wire::json::text(x, "id"));
  });
}

} // namespace relay::commands
