// From an actor to the store and back: what a port calls back with becomes a message to the actor that asked,
// unless it is gone by then.
#pragma once

#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/interfaces.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace relay {

/// A call-back for load_inbound(), load_outbound(), recall() and scan(): posts what it gets. Any thread.
template <class Handle>
auto posts_to(const Handle& self) {
  return [to = weak_handle<Handle>{self}](auto answer) { to.post(std::move(answer)); };
}

/// Writes `batch`; store_done with the same number comes back once it is on disk. Numbers that grow come back
/// in that order. One commit per burst of messages is cheaper than one per record: each costs a message.
template <class Handle>
void commit_records(const ports& env, const Handle& self, std::vector<store_record> batch,
                    std::uint64_t number) {
  env.store->commit(std::move(batch), [to = weak_handle<Handle>{self}, number](store_receipt receipt) {
    to.post(store_done{number, std::move(receipt)});
  });
}

} // namespace relay
