// A gateway with a disk, seen from the way out.
#pragma once

#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/tests/actors/durable_fixture.hpp"

#include <string>
#include <utility>
#include <vector>

namespace relay::testing {

class outbox : public durable_test {
protected:
  void kill_router() {
    caf::anon_send_exit(router().self, caf::exit_reason::kill);
    settle();
  }
  void up() {
    start(with::scripted);
    handshake();
  }
  void restart() {
    die();
    start(with::scripted);
  }
  static action_request send(std::string id, std::string text = "x", std::string chat = "c") {
    return {std::move(id), "discord", {}, wire::send(std::move(chat), std::move(text)), false};
  }
  static action_request resend(action_request x) {
    x.resend_unknown = true;
    return x;
  }
  std::vector<std::string> contents() {
    std::vector<std::string> out;
    for (auto& x : sent()) out.push_back(field(x, "content"));
    return out;
  }
  void refuse_all() {
    for (auto frames = sent(); answered < frames.size(); ++answered)
      env.link->last().say(R"({"type":"outbound_result","requestId":")" +
                           field(frames[answered], "requestId") +
                           R"(","result":{"success":false,"error":"no such chat"}})"
                           "\n");
    settle();
  }
  using strings = std::vector<std::string>;
};

} // namespace relay::testing
