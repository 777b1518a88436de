// A gateway whose agents attach over the link; the test is the connector and the agents.
#pragma once

#include "relay_gateway/tests/actors/fixture.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace relay::testing {

class linked_test : public gateway_test {
protected:
  struct seat {
    std::shared_ptr<fake_socket> socket;
    std::size_t seen = 0;
  };
  fake_link sockets; // reused as a maker of line_socket handles

  seat attach(std::uint64_t peer, bool media_paths = false) {
    auto listener = make_agent_listener(link, peer, 1 << 20);
    auto handle = sockets.dial({}, listener);
    seat out{sockets.dials.back()};
    out.socket->open = true;
    caf::anon_send(link, agent_attached{peer, std::move(handle), media_paths});
    settle();
    return out;
  }
  void say(seat& x, const std::string& text) {
    x.socket->say(text);
    settle();
  }
  static std::vector<std::string> of(const seat& x, const std::string& type) {
    std::vector<std::string> out;
    for (auto& f : x.socket->written)
      if (f.find("\"type\":\"" + type + "\"") != std::string::npos) out.push_back(f);
    return out;
  }
  void ack(seat& x, const std::string& frame) {
    say(x, R"({"type":"ack","delivery_id":")" + field(frame, "delivery_id") + "\"}\n");
  }
};

} // namespace relay::testing
