// From an actor to the HTTP port and back: the answer comes as http_done, unless the actor is gone by then.
#pragma once

#include "actors/caf_compat.hpp"
#include "actors/interfaces.hpp"

#include <caf/actor_control_block.hpp>

#include <utility>

namespace relay {

/// `call`: the actor's own number of it, for answers that come late or twice.
template <class Handle>
void call_http(const ports& world, const Handle& self, std::uint64_t call, http_request what) {
  world.http->call(std::move(what),
                   [weak = caf::actor_cast<caf::weak_actor_ptr>(self), call](http_response answer) {
                     if (auto to = caf::actor_cast<Handle>(weak))
                       post(to, http_done{call, std::move(answer)});
                   });
}

} // namespace relay
