// One socket of the gateway as the connector serves it (protocol.md 3).
#pragma once

#include "connector.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace relay::sim {

class session final : public far_end, public std::enable_shared_from_this<session> {
public:
  session(connector& home, std::uint64_t socket, std::shared_ptr<cable> over)
      : home_(home), socket_(socket), cable_(std::move(over)) {}

  void heard(std::string_view line) override;
  void over(std::uint16_t code) override;

  /// Handshake done, and the gateway has not said that it goes idle.
  bool serves() const { return handshaken_ && !idle_ && cable_; }
  bool is_over() const { return !cable_; }
  std::uint64_t socket() const { return socket_; }
  void say(const std::string& frame, std::function<void()> read = {});
  void hang_up(std::uint16_t code, std::string reason);

private:
  void hello(const json& frame);
  void describe(const std::string& platform);
  void outbound(const json& frame);
  void going_idle();

  connector& home_;
  std::uint64_t socket_;
  std::shared_ptr<cable> cable_; ///< null once it is over
  std::vector<std::string> hellos_;
  bool handshaken_ = false, idle_ = false;
};

} // namespace relay::sim
