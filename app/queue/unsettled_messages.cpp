#include "relay_gateway/app/queue/unsettled_messages.hpp"

#include "relay_gateway/app/queue/nats_objects.hpp"
#include "relay_gateway/app/queue/stored_message.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace relay::queue {

namespace {

constexpr std::int64_t answer_wait_ms = 2'000;
constexpr std::chrono::seconds whole_wait{5};

/// The first message at `from` or behind it.
stream_answer next_message(natsConnection* by, const std::string& subject, std::uint64_t from,
                           queue_message& out) {
  natsMsg* reply = nullptr;
  const auto ask = R"({"seq":)" + std::to_string(from) + R"(,"next_by_subj":">"})";
  const auto status = natsConnection_RequestString(&reply, by, subject.c_str(), ask.c_str(), answer_wait_ms);
  const message_handle answer{reply};
  if (status != NATS_OK) return stream_answer::error;
  return read_stream_answer({natsMsg_GetData(reply), static_cast<std::size_t>(natsMsg_GetDataLength(reply))},
                            out);
}

} // namespace

bool read_unsettled(natsConnection* by, jsCtx* streams, const std::string& stream,
                    const std::string& consumer, const std::function<bool(std::uint64_t)>& known,
                    unsettled_messages& out) {
  jsErrCode code{};
  jsConsumerInfo* info = nullptr;
  if (js_GetConsumerInfo(&info, streams, stream.c_str(), consumer.c_str(), nullptr, &code) != NATS_OK)
    return false;
  out.floor = info->AckFloor.Stream;
  out.consumer_sequence = info->Delivered.Consumer;
  const auto last = info->Delivered.Stream;
  const bool any = info->NumAckPending > 0;
  jsConsumerInfo_Destroy(info);
  if (!any) return true;
  const auto subject = "$JS.API.STREAM.MSG.GET." + stream;
  const auto end = std::chrono::steady_clock::now() + whole_wait;
  for (auto at = out.floor + 1; at <= last; ++at) {
    if (known(at)) continue;
    queue_message found;
    const auto answer = next_message(by, subject, at, found);
    if (answer == stream_answer::error || std::chrono::steady_clock::now() >= end) return false;
    if (answer == stream_answer::nothing || found.sequence > last) break;
    at = found.sequence;
    found.deliveries = 2; // somebody had it before
    if (!known(at)) out.all.push_back(std::move(found));
  }
  return true;
}

bool read_gone(natsConnection* by, const std::string& stream, std::uint64_t floor, std::uint64_t last,
               std::vector<std::uint64_t>& out) {
  const auto subject = "$JS.API.STREAM.MSG.GET." + stream;
  const auto end = std::chrono::steady_clock::now() + whole_wait;
  for (auto at = floor + 1; at <= last;) {
    queue_message found;
    const auto answer = next_message(by, subject, at, found);
    if (answer == stream_answer::error || std::chrono::steady_clock::now() >= end) return false;
    const auto next = answer == stream_answer::nothing ? last + 1 : std::min(found.sequence, last + 1);
    for (; at < next; ++at) out.push_back(at);
    ++at;
  }
  return true;
}

} // namespace relay::queue
