// The few CAF calls whose names change after 0.17, in one place (style: everything else is common to 0.17
// and 1.x).
#pragma once

#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/duration.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_actor_pointer.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <utility>

namespace relay {

/// A plain message of `self`; answers, if any, come back to it.
template <class Self, class Handle, class... Ts>
void tell(Self* self, const Handle& to, Ts&&... xs) {
  if (to) self->send(to, std::forward<Ts>(xs)...);
}
namespace detail {
template <class Handle>
struct part_of;
template <class... Sigs>
struct part_of<caf::typed_actor<Sigs...>> {
  using pointer = caf::typed_actor_pointer<Sigs...>;
};
} // namespace detail

/// `self` of an actor that has at least this handle's interface: for state that several actors share.
template <class Handle>
using self_as = typename detail::part_of<Handle>::pointer;
template <class... Sigs, class Handle, class... Ts>
void tell(caf::typed_actor_pointer<Sigs...> self, const Handle& to, Ts&&... xs) {
  if (to) self->send(to, std::forward<Ts>(xs)...);
}
/// Overtakes the plain messages that wait in the receiver's mailbox.
template <class Self, class Handle, class... Ts>
void tell_urgent(Self* self, const Handle& to, Ts&&... xs) {
  if (to) self->template send<caf::message_priority::high>(to, std::forward<Ts>(xs)...);
}
/// A message to `self` after `delay`. It cannot be taken back: carry a generation, or make it harmless.
template <class Handle, class Self, class... Ts>
void tell_later(Self* self, std::chrono::nanoseconds delay, Ts&&... xs) {
  self->delayed_send(caf::actor_cast<Handle>(self), std::max(delay, std::chrono::nanoseconds{0}),
                     std::forward<Ts>(xs)...);
}
/// From outside any actor.
template <class Handle, class... Ts>
void post(const Handle& to, Ts&&... xs) {
  if (to) caf::anon_send(to, std::forward<Ts>(xs)...);
}
/// For call-backs of ports: an actor that may be gone by the time they come, and is not kept by them. Any
/// thread.
template <class Handle>
class weak_handle {
public:
  explicit weak_handle(const Handle& to) : to_(caf::actor_cast<caf::weak_actor_ptr>(to)) {}
  /// Nothing happens when the actor is gone.
  template <class... Ts>
  void post(Ts&&... xs) const {
    if (auto to = caf::actor_cast<Handle>(to_)) caf::anon_send(to, std::forward<Ts>(xs)...);
  }

private:
  caf::weak_actor_ptr to_;
};
/// Steady time of the actor system: virtual in tests.
template <class Self>
std::chrono::steady_clock::time_point now_of(Self* self) {
  return self->clock().now();
}
template <class... Sigs>
std::chrono::steady_clock::time_point now_of(caf::typed_actor_pointer<Sigs...> self) {
  return now_of(self.internal_ptr());
}

} // namespace relay
