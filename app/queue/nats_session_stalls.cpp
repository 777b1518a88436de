// The part of a session that notices a consumer which gives nothing out any more.
#include "relay_gateway/app/queue/nats_session.hpp"
#include "relay_gateway/app/queue/unsettled_messages.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

namespace relay::queue {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t answer_wait_ms = 2'000;

} // namespace

/// Sessions of one consumer do not look at the same time: what one has mended moves again for the others.
void nats_session::watch() {
  const auto spread = std::chrono::milliseconds{std::hash<std::string>{}(inbox_) % 3'000};
  watch_timer_.expires_at(stalls_.due() + spread);
  watch_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& e) {
    if (const auto self = weak.lock(); self && !e) self->look();
  });
}

void nats_session::look() {
  if (!usable_ || !who_ || !connection_) return; // prepare() begins anew
  const auto now = std::chrono::steady_clock::now();
  if (now < stalls_.due()) return watch();
  const auto seen = ask_consumer();
  if (!seen) stalls_.resumed(now);
  const auto remedy = seen ? stalls_.looked(*seen, now) : stall_remedy::none;
  if (remedy == stall_remedy::none) return watch();
  settle_gone(*seen);
  const auto subject = remedy == stall_remedy::other_consumer_leader
                           ? "$JS.API.CONSUMER.LEADER.STEPDOWN." + what_.stream + "." + what_.consumer
                           : "$JS.API.STREAM.LEADER.STEPDOWN." + what_.stream;
  natsMsg* reply = nullptr;
  natsConnection_RequestString(&reply, connection_.get(), subject.c_str(), "", answer_wait_ms);
  natsMsg_Destroy(reply);
  lose("the consumer of " + what_.stream + " gave nothing out; another server is to lead " +
       (remedy == stall_remedy::other_consumer_leader ? "it" : "the stream"));
  after(1s, &nats_session::prepare);
}

/// What the consumer gave out, waits for, and cannot give out again because its stream has it no more
/// (nats-server 2.9, after replicas came apart): it tries that before anything new, and stands still. Whoever
/// works on one needs nothing more of the stream.
void nats_session::settle_gone(const consumer_look& x) {
  constexpr std::uint64_t most = 100'000;
  std::vector<std::uint64_t> gone;
  if (x.delivered - x.floor > most || !read_gone(connection_.get(), what_.stream, x.floor, x.delivered, gone))
    return;
  const auto head = "$JS.ACK." + what_.stream + "." + what_.consumer + ".1.";
  for (const auto sequence : gone) {
    if (held_.holds(sequence)) continue;
    const auto place = std::to_string(sequence);
    natsConnection_PublishString(connection_.get(), (head + place + "." + place + ".0.0").c_str(), "+ACK");
  }
}

/// None when the servers do not say.
std::optional<consumer_look> nats_session::ask_consumer() {
  consumer_look out;
  jsErrCode code{};
  jsConsumerInfo* consumer = nullptr;
  if (js_GetConsumerInfo(&consumer, streams_.get(), what_.stream.c_str(), what_.consumer.c_str(), nullptr,
                         &code) != NATS_OK)
    return std::nullopt;
  out.delivered = consumer->Delivered.Stream;
  out.floor = std::min(consumer->AckFloor.Stream, consumer->Delivered.Stream);
  out.waiting = static_cast<std::uint64_t>(consumer->NumWaiting);
  if (consumer->Cluster != nullptr) out.others = static_cast<std::uint64_t>(consumer->Cluster->ReplicasLen);
  jsConsumerInfo_Destroy(consumer);
  jsStreamInfo* stream = nullptr;
  if (js_GetStreamInfo(&stream, streams_.get(), what_.stream.c_str(), nullptr, &code) != NATS_OK)
    return std::nullopt;
  out.last_stored = stream->State.LastSeq;
  out.messages = stream->State.Msgs;
  jsStreamInfo_Destroy(stream);
  return out;
}

} // namespace relay::queue
