// Reads from a stream what its consumer has given out and nobody has settled: the server itself gives it out
// again only when its time is over, behind what came later.
#pragma once

#include "relay_gateway/actors/queue_port.hpp"

#include <cstdint>
#include <functional>
#include <nats/nats.h>
#include <string>
#include <vector>

namespace relay::queue {

struct unsettled_messages {
  std::vector<queue_message> all;      ///< in the order of the stream
  std::uint64_t floor = 0;             ///< up to here everything is settled
  std::uint64_t consumer_sequence = 0; ///< how often the consumer has given something out
};
/// Without those that are `known`. Blocks, for some seconds at most; false when the server did not tell all.
bool read_unsettled(natsConnection* by, jsCtx* streams, const std::string& stream,
                    const std::string& consumer, const std::function<bool(std::uint64_t)>& known,
                    unsettled_messages& out);

/// Of the sequences behind `floor` up to `last`, those that the stream has no message of. False when that is
/// not known.
bool read_gone(natsConnection* by, const std::string& stream, std::uint64_t floor, std::uint64_t last,
               std::vector<std::uint64_t>& out);

} // namespace relay::queue
