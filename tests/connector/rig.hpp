// A core with a clock and randomness of the test's own, and a gateway that is played by hand.
#pragma once

#include "relay_gateway/app/connector/model/core.hpp"
#include "relay_gateway/messages/wire/http/tokens.hpp"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace relay::connector {

class core_test : public ::testing::Test {
protected:
  static constexpr std::int64_t start_s = 1'790'000'000;

  explicit core_test(options what = {})
      : connector_core(what, {[this] { return now_ms; },
                              [this] { return "fresh" + std::to_string(++made) + "0123456789abcdef"; },
                              "http://127.0.0.1:1"}) {}

  http_answer post(const std::string& path, const std::string& body, const std::string& authorization) {
    gateway_call x;
    x.method = "POST";
    x.path = path;
    x.body = body;
    x.authorization = authorization;
    return connector_core.call(x);
  }
  http_answer provision(const std::string& id, const std::string& platform, const std::string& more = {}) {
    return post("/relay/provision",
                R"({"gatewayId":")" + id + R"(","platform":")" + platform +
                    R"(","botId":"b","gatewayEndpoint":"","routeKeys":[])" + more + "}",
                "Bearer identity");
  }
  std::string token(const std::string& id, std::int64_t exp = 0) {
    return "Bearer " + wire::mint_token(id, connector_core.key_of(id), exp).reveal();
  }
  upgrade_answer ask(const std::string& authorization) {
    gateway_call x;
    x.method = "GET";
    x.path = "/relay";
    x.authorization = authorization;
    return connector_core.upgrade(x);
  }
  /// A socket of that gateway, by the front door.
  socket_id dial(const std::string& id) { return connector_core.opened(ask(token(id))); }
  void hello(socket_id from, const std::string& platform, const std::string& bot = "b") {
    connector_core.line(from,
                        R"({"type":"hello","platform":")" + platform + R"(","botId":")" + bot + R"("})");
  }
  /// A provisioned, connected gateway that has said hello for each platform; what it was sent is thrown away.
  socket_id connect(const std::string& id,
                    const std::vector<std::string>& platforms = {"discord", "telegram"}) {
    for (const auto& x : platforms) provision(id, x);
    auto socket = dial(id);
    for (const auto& x : platforms) hello(socket, x);
    sent();
    return socket;
  }
  void outbound(socket_id from, const std::string& action, const std::string& tags = {},
                const std::string& request = "r1") {
    connector_core.line(from, R"({"type":"outbound","requestId":")" + request + R"(","action":)" + action +
                                  tags + "}");
  }
  void ack(socket_id from, const std::string& buffer_id) {
    connector_core.line(from, R"({"type":"inbound_ack","bufferId":")" + buffer_id + R"("})");
  }

  /// The effects since the last look.
  std::vector<effect> effects() { return connector_core.take_effects(); }
  /// The frames among them, as records so that at() reads them.
  std::vector<record> sent() {
    std::vector<record> out;
    for (const auto& x : effects())
      if (const auto* frame = std::get_if<send_frame>(&x)) {
        EXPECT_EQ(frame->text.find('\n'), frame->text.size() - 1) << "one frame, one line";
        out.push_back({0, 0, {}, {}, {}, frame->text.substr(0, frame->text.size() - 1)});
      }
    return out;
  }
  std::vector<std::string> sent(const std::string& path) {
    std::vector<std::string> out;
    for (const auto& x : sent()) out.push_back(x.at(path));
    return out;
  }
  /// The one effect of that kind among those since the last look.
  template <class Kind>
  std::optional<Kind> effect_of() {
    std::optional<Kind> out;
    for (auto& x : effects())
      if (auto* found = std::get_if<Kind>(&x)) out = *found;
    return out;
  }
  record last(const std::string& kind) {
    auto all = connector_core.records().read(0, of_kind(kind));
    return all.empty() ? record{} : all.back();
  }
  socket_end end_of(std::uint16_t code) {
    socket_end out;
    out.close_code = code;
    out.opened = true;
    out.error = "test";
    return out;
  }

  std::int64_t now_ms = start_s * 1000;
  int made = 0;
  core connector_core;
};

using texts = std::vector<std::string>;

} // namespace relay::connector
