// One active chat: executes what its queue decides (actors/core/queue).
#pragma once

#include "relay_gateway/actors/egress/core/chat_queue.hpp"
#include "relay_gateway/actors/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace relay {

struct chat_state {
  static inline const char* name = "chat";
  explicit chat_state(chat_actor::pointer ptr) : self(ptr) {}
  void execute(core::chat_queue_step& step);
  void upload(const core::upload& x);
  void arm();

  chat_actor::pointer self;
  egress_router_actor router;
  chat_key key;
  connection_actor connection;
  media_actor media; ///< may be null
  std::shared_ptr<metrics_port> metrics;
  std::shared_ptr<log_port> log;
  core::chat_queue chat_queue;
  std::uint64_t taken = 0, generation = 0;
  core::deadline armed;
};

/// `link`: the connection to begin with; its handle may be null.
chat_actor::behavior_type chat(chat_actor::stateful_pointer<chat_state> self, const ports& env,
                               egress_router_actor router, chat_key key, const link_up& link,
                               media_actor media);

} // namespace relay
