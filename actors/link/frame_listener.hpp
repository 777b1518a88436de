// Between the socket's thread and the connection actor: splits, decodes, and holds what came until the actor
// fetches it. One wake-up message per burst, however many frames it brings (design.md, rules 2, 3, 12).
#pragma once

#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/inflow.hpp"
#include "relay_gateway/actors/interfaces.hpp"
#include "relay_gateway/messages/wire/frames/frames.hpp"
#include "relay_gateway/messages/wire/frames/framing.hpp"

#include <mutex>
#include <optional>
#include <vector>

namespace relay {

/// What came since the last fetch, in order: open, frames, end.
struct arrivals {
  bool opened = false;
  bool oversized = false; ///< a line beyond the bound; nothing more is decoded
  std::vector<wire::frame> frames;
  std::optional<socket_end> end;
  std::vector<inflow_token> tokens{}; ///< of the frames
};

class frame_listener final : public socket_listener {
public:
  /// Holds the actor weakly: a socket must not keep a gateway alive.
  frame_listener(const connection_actor& to, std::uint64_t max_line);

  void on_open() override;
  void on_bytes(std::string_view piece) override;
  void on_batch_end() override;
  void on_end(const socket_end& why) override;
  bool behind() const override { return inflow_->full(); }

  /// For the actor: everything that came.
  arrivals fetch();

private:
  void wake();
  weak_handle<connection_actor> to_;
  wire::line_splitter lines_;      // socket's thread only
  std::vector<wire::frame> fresh_; // socket's thread only
  std::size_t fresh_bytes_ = 0;    // socket's thread only
  std::size_t expected_ = 0;       // frames of the last batch; socket's thread only
  bool too_long_ = false, told_too_long_ = false;
  const std::shared_ptr<inflow> inflow_ = std::make_shared<inflow>();
  std::mutex lock_;
  arrivals held_;
  bool woken_ = false;
};

} // namespace relay
