// What a queue session tells, as messages of an actor.
#pragma once

#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/queue_port.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace relay {

/// One call of the listener.
struct queue_news {
  std::optional<queue_state> state{};
  std::vector<queue_receipt> receipts{};
  std::vector<queue_message> messages{};
  std::vector<queue_note> notes{};
};

using queue_user_actor = caf::typed_actor<caf::reacts_to<queue_news>>;

/// Holds `lifetime`, as whoever uses a port does.
class queue_bridge final : public queue_listener {
public:
  queue_bridge(const queue_user_actor& to, std::shared_ptr<void> lifetime)
      : lifetime_(std::move(lifetime)), to_(to) {}
  void on_state(queue_state x) override { to_.post(queue_news{std::move(x), {}, {}, {}}); }
  void on_receipts(std::vector<queue_receipt> x) override { to_.post(queue_news{{}, std::move(x), {}, {}}); }
  void on_messages(std::vector<queue_message> x) override { to_.post(queue_news{{}, {}, std::move(x), {}}); }
  void on_note(queue_note x) override {
    queue_news news;
    news.notes.push_back(std::move(x));
    to_.post(std::move(news));
  }

private:
  std::shared_ptr<void> lifetime_;
  weak_handle<queue_user_actor> to_;
};

} // namespace relay

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(relay::queue_news)
