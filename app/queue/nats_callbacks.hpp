// Callbacks of nats.c, which come on its own threads, also after their session has ended: a session is known
// to them by a number.
#pragma once

#include <cstdint>
#include <memory>
#include <nats/nats.h>

namespace relay::queue {

class nats_session;

namespace callbacks {

std::uint64_t next_id();
void remember(std::uint64_t id, std::weak_ptr<nats_session> which);
void forget(std::uint64_t id);
/// What nats.c hands back: the session's number and that of its connection.
void* tag(std::uint64_t id, std::uint64_t generation);

extern "C" {
void on_connected(natsConnection* from, void* tag);
void on_disconnected(natsConnection* from, void* tag);
void on_closed(natsConnection* from, void* tag);
void on_message(natsConnection* from, natsSubscription* sub, natsMsg* what, void* tag);
void on_note(natsConnection* from, natsSubscription* sub, natsMsg* what, void* tag);
void on_acknowledged(jsCtx* from, natsMsg* what, jsPubAck* stored, jsPubAckErr* failed, void* tag);
}

} // namespace callbacks
} // namespace relay::queue
