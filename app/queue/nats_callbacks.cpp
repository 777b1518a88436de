#include "relay_gateway/app/queue/nats_callbacks.hpp"

#include "relay_gateway/app/queue/nats_session.hpp"

#include <boost/asio/post.hpp>

#include <mutex>
#include <unordered_map>
#include <utility>

namespace relay::queue::callbacks {

namespace {

constexpr unsigned generation_bits = 32;

struct registry {
  std::mutex lock;
  std::uint64_t last = 0;
  std::unordered_map<std::uint64_t, std::weak_ptr<nats_session>> all;
};

/// Never destroyed: threads of nats.c may outlive main().
registry& sessions() {
  static auto* all = new registry; // NOLINT(cppcoreguidelines-owning-memory): that is meant
  return *all;
}

std::shared_ptr<nats_session> session_of(void* tag) {
  const auto id = reinterpret_cast<std::uintptr_t>(tag) >> generation_bits;
  auto& all = sessions();
  const std::lock_guard guard{all.lock};
  const auto it = all.all.find(id);
  return it == all.all.end() ? nullptr : it->second.lock();
}

std::uint64_t generation_of(void* tag) {
  return reinterpret_cast<std::uintptr_t>(tag) & ((std::uintptr_t{1} << generation_bits) - 1);
}

/// On the thread of its session.
template <class Job>
void hand_over(void* tag, Job job) {
  if (auto session = session_of(tag)) {
    auto& io = session->io();
    boost::asio::post(io, [weak = std::weak_ptr{session}, job = std::move(job)]() mutable {
      if (const auto alive = weak.lock()) job(*alive);
    });
  }
}

std::string error_of(natsConnection* from, const char* otherwise) {
  const char* text = nullptr;
  natsConnection_GetLastError(from, &text);
  return text == nullptr || *text == '\0' ? otherwise : text;
}

} // namespace

std::uint64_t next_id() {
  auto& all = sessions();
  const std::lock_guard guard{all.lock};
  return ++all.last;
}

void remember(std::uint64_t id, std::weak_ptr<nats_session> which) {
  auto& all = sessions();
  const std::lock_guard guard{all.lock};
  all.all[id] = std::move(which);
}

void forget(std::uint64_t id) {
  auto& all = sessions();
  const std::lock_guard guard{all.lock};
  all.all.erase(id);
}

void* tag(std::uint64_t id, std::uint64_t generation) {
  // nats.c hands it back as it is; nobody follows it. NOLINTNEXTLINE(performance-no-int-to-ptr)
  return reinterpret_cast<void*>((id << generation_bits) | generation);
}

void on_connected(natsConnection* from, void* tag) {
  (void)from;
  hand_over(tag, [g = generation_of(tag)](nats_session& x) { x.connected(g); });
}

void on_disconnected(natsConnection* from, void* tag) {
  hand_over(tag, [g = generation_of(tag), why = error_of(from, "the connection was lost")](
                     nats_session& x) mutable { x.disconnected(g, std::move(why)); });
}

void on_closed(natsConnection* from, void* tag) {
  hand_over(tag, [g = generation_of(tag), why = error_of(from, "the connection was closed")](
                     nats_session& x) mutable { x.closed(g, std::move(why)); });
}

void on_message(natsConnection* from, natsSubscription* sub, natsMsg* what, void* tag) {
  (void)from;
  (void)sub;
  hand_over(tag, [g = generation_of(tag), message = message_handle{what}](nats_session& x) mutable {
    x.arrived(g, std::move(message));
  });
}

void on_note(natsConnection* from, natsSubscription* sub, natsMsg* what, void* tag) {
  (void)from;
  (void)sub;
  hand_over(tag, [g = generation_of(tag), message = message_handle{what}](nats_session& x) {
    x.noted(g, message);
  });
}

void on_acknowledged(jsCtx* from, natsMsg* what, jsPubAck* stored, jsPubAckErr* failed, void* tag) {
  (void)from;
  queue_receipt receipt;
  receipt.stored = failed == nullptr;
  receipt.duplicate = stored != nullptr && stored->Duplicate;
  if (failed != nullptr)
    receipt.error = failed->ErrText != nullptr ? failed->ErrText : natsStatus_GetText(failed->Err);
  // Its address names it until then.
  auto message = message_handle{what};
  hand_over(tag, [message = std::move(message), receipt = std::move(receipt)](nats_session& x) mutable {
    x.acknowledged(message.release(), std::move(receipt));
  });
}

} // namespace relay::queue::callbacks
