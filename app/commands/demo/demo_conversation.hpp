// The scripted conversation of `demo`: people write on two platforms, in a chat that has the same id on both,
// and each answer must come back to the platform, the bot and the chat that it belongs to.
#pragma once

#include "relay_gateway/app/connector/connector.hpp"
#include "relay_gateway/messages/ids.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace relay::commands {

class demo_conversation {
public:
  /// `peer` and `cancelled` must outlive it. `say` gets lines for a person, without line breaks.
  demo_conversation(connector::stand_in& peer, std::vector<identity> bots, const std::atomic<bool>& cancelled,
                    std::function<void(const std::string&)> say);

  /// Waits for the gateway, then plays. Blocks its own thread, `limit` at most. True: every answer was right.
  bool play(std::chrono::milliseconds limit);

private:
  struct turn {
    std::string platform, user, text;
  };

  bool wait(const connector::record_filter& which, std::size_t n, std::uint64_t since,
            const std::string& what);
  bool connected();
  bool exchange(const std::vector<turn>& turns);
  bool right(const turn& asked, const connector::record& answer);
  const identity& bot_of(const std::string& platform) const;

  connector::stand_in& peer_;
  std::vector<identity> bots_;
  const std::atomic<bool>& cancelled_;
  std::function<void(const std::string&)> say_;
  std::chrono::steady_clock::time_point deadline_;
};

} // namespace relay::commands
