// One socket of the gateway as the connector serves it (protocol.md 3).
#pragma once

#include "relay_gateway/tests/sim/models/connector/connector.hpp"
#include "relay_gateway/tests/sim/script/spoken.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relay::sim {

class session final : public far_end, public std::enable_shared_from_this<session> {
public:
  session(connector& home, std::uint64_t socket, std::string gateway, std::shared_ptr<sim_socket> over)
      : home_(home), socket_(socket), gateway_(std::move(gateway)), link_socket_(std::move(over)) {}

  void heard(std::string_view line) override;
  void over(std::uint16_t code) override;
  /// A line has come so far.
  void take(std::string_view line, hearing how);

  /// Handshake done, and the gateway has not said that it goes idle.
  bool serves() const { return handshaken_ && !idle_ && link_socket_; }
  bool is_over() const { return !link_socket_; }
  std::uint64_t socket() const { return socket_; }
  const std::string& gateway() const { return gateway_; } ///< as its token names it
  const std::shared_ptr<sim_socket>& wire() const { return link_socket_; }
  void say(const std::string& frame, std::function<void()> read = {});
  void hang_up(std::uint16_t code, std::string reason);

private:
  void hello(const json& frame);
  void describe(const std::string& platform);
  void outbound(const json& frame, hearing how);
  void answer_altered(const carried_out& x);
  void going_idle();

  connector& home_;
  std::uint64_t socket_;
  std::string gateway_;
  std::shared_ptr<sim_socket> link_socket_;    ///< null once it is over
  std::map<std::string, std::string> answers_; ///< by request, as they were said
  std::vector<std::string> hellos_;
  bool handshaken_ = false, idle_ = false;
};

} // namespace relay::sim
