// What tells a repeat of a request from another action under the same id (agent-link.md, `request_id`).
#pragma once

#include "relay_gateway/messages/contract/result.hpp"
#include "relay_gateway/messages/flow.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace relay::core {

/// Of the action, its platform and the delivery that it answers; never 0. Earlier versions kept it on disk,
/// so it is never changed. The order of members counts.
std::uint64_t digest_of(const action_request& x);

/// An agent that asks again may write the members of an object in another order.
struct action_digests {
  std::uint64_t sorted = 0;     ///< whatever their order: what is recorded
  std::uint64_t as_it_came = 0; ///< digest_of(): what earlier versions recorded
};
action_digests digests_of(const action_request& x);
/// As 16 hexadecimal digits.
std::string text_of_digest(std::uint64_t x);

/// A request id and the digest of its action as the store has them, in one text. An empty id stays empty.
std::string with_digest(const std::string& id, std::uint64_t digest);
/// The reverse; digest 0 = it was stored without one.
std::pair<std::string, std::uint64_t> without_digest(const std::string& stored);

/// The outcome of another action under an id that was used before.
action_result id_conflict();

} // namespace relay::core
