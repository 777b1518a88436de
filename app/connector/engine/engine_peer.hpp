// One accepted WebSocket. Private to the engine.
#pragma once

#include "relay_gateway/app/connector/engine/engine.hpp"
#include "relay_gateway/messages/wire/frames/framing.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace relay::connector {

/// The server's session owns it until on_end(), the engine knows it while it is open.
class engine::peer final : public socket_listener {
public:
  peer(std::weak_ptr<engine> owner, upgrade_answer verdict, std::vector<faults::action> when_open)
      : owner_(std::move(owner)), verdict_(std::move(verdict)), when_open_(std::move(when_open)) {}
  void hold(std::shared_ptr<net::server_socket> socket) { socket_ = std::move(socket); }
  net::server_socket* socket() { return socket_.get(); }
  /// Ends the socket without a close handshake and lets go of it. Needed: the session owns this listener
  /// until on_end(), which never comes when the io_context is stopped first, and a handle kept here would own
  /// it back.
  void let_go() {
    if (auto last = std::move(socket_)) last->drop("connector goes down");
  }

  void on_open() override {
    auto owner = owner_.lock();
    if (!owner || owner->stopped_) return;
    id_ = owner->core_.opened(verdict_);
    auto self = std::find_if(owner->opening_.begin(), owner->opening_.end(),
                             [this](const auto& x) { return x.get() == this; });
    if (self == owner->opening_.end()) return;
    owner->peers_[id_] = *self;
    owner->opening_.erase(self);
    owner->perform(owner->faults_.on_open(id_, verdict_.gateway_id, when_open_, owner->now()));
    owner->settle();
  }
  void on_bytes(std::string_view piece) override {
    auto owner = owner_.lock();
    if (!owner || id_ == 0) return;
    bool fine = lines_.feed(piece, [&](std::string_view line) { owner->line_in(id_, line); });
    if (!fine && !broken_) {
      broken_ = true;
      owner->core_.line_too_long(id_);
    }
  }
  void on_batch_end() override {
    if (auto owner = owner_.lock()) owner->settle();
  }
  void on_end(const socket_end& why) override {
    auto keep = std::move(socket_); // the last handle goes at the end of this call
    auto owner = owner_.lock();
    if (!owner) return;
    if (id_ == 0) {
      owner->opening_.remove_if([this](const auto& x) { return x.get() == this; });
      return;
    }
    owner->faults_.on_end(id_);
    owner->half_open_.erase(id_);
    owner->core_.ended(id_, why);
    owner->peers_.erase(id_);
    owner->settle();
  }

private:
  std::weak_ptr<engine> owner_;
  upgrade_answer verdict_;
  std::vector<faults::action> when_open_;
  std::shared_ptr<net::server_socket> socket_;
  wire::line_splitter lines_{8ULL << 20};
  socket_id id_ = 0;
  bool broken_ = false;
};

} // namespace relay::connector
