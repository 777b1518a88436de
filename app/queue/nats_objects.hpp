// Objects of nats.c that end with their handle, and its options made of settings.
#pragma once

#include "relay_gateway/app/queue/nats_port.hpp"

#include <memory>
#include <nats/nats.h>
#include <string>

namespace relay::queue {

template <auto End>
struct ends_with {
  template <class T>
  void operator()(T* x) const noexcept {
    End(x);
  }
};
using options_handle = std::unique_ptr<natsOptions, ends_with<natsOptions_Destroy>>;
using connection_handle = std::unique_ptr<natsConnection, ends_with<natsConnection_Destroy>>;
using subscription_handle = std::unique_ptr<natsSubscription, ends_with<natsSubscription_Destroy>>;
using message_handle = std::unique_ptr<natsMsg, ends_with<natsMsg_Destroy>>;
using stream_handle = std::unique_ptr<jsCtx, ends_with<jsCtx_Destroy>>;

/// Servers, credentials (their files are read now) and TLS. Null and one line in `why`, without any secret.
options_handle options_of(const nats_options& what, std::string& why);
/// What the calling thread's last call failed with, in one line.
std::string last_error(natsStatus status);

} // namespace relay::queue
