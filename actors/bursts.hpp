// How bursts travel: a handler gathers what it has to tell and tells it at its end, as one message for each
// receiver instead of one per item.
#pragma once

#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/messages/flow.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

namespace relay {

/// Items of one message at most: its receiver sees to nothing else in between.
inline constexpr std::size_t longest_burst = 1'024;

/// Tells all of `items` in order and leaves none. `one` takes single items, `many` bursts: two handles of one
/// receiver. One item travels as itself, and so does each one while `many` is null.
template <class Self, class One, class Many, class T>
void tell_all(const Self& self, const ports& env, const One& one, const Many& many, std::vector<T>& items) {
  for (std::size_t done = 0, size = 0; done < items.size(); done += size) {
    const auto left = items.size() - done;
    const auto most = !many || left == 1 ? 1 : env.bursts ? env.bursts->next_size() : longest_burst;
    size = std::clamp<std::size_t>(most, 1, left);
    if (size == 1) {
      tell(self, one, std::move(items[done]));
    } else if (size == items.size()) {
      tell(self, many, burst<T>{std::exchange(items, {})});
      return;
    } else {
      const auto first = items.begin() + static_cast<std::ptrdiff_t>(done);
      tell(self, many,
           burst<T>{{std::make_move_iterator(first),
                     std::make_move_iterator(first + static_cast<std::ptrdiff_t>(size))}});
    }
  }
  items.clear();
}
template <class Self, class Handle, class T>
void tell_all(const Self& self, const ports& env, const Handle& to, std::vector<T>& items) {
  tell_all(self, env, to, to, items);
}

/// Does `job`, then `flush`, which tells what was gathered. Where `job` ends by an exception, which ends the
/// actor, too, what it decided before is told all the same, as it would have been by messages of its own.
template <class Job, class Flush>
void flushed(const Job& job, const Flush& flush) {
  struct guard {
    const Flush& last;
    bool left = true;
    explicit guard(const Flush& f) : last(f) {}
    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;
    ~guard() {
      if (!left) return;
      try {
        last();
      } catch (...) { // NOLINT(bugprone-empty-catch): the actor ends of the first one
      }
    }
  };
  guard unwinding{flush};
  job();
  unwinding.left = false;
  flush();
}

/// The same actor by a wider interface, if it has that one; else null. What is compared are the registered
/// names of message types (messages/type_ids.hpp).
template <class Wider, class Handle>
Wider with_interface(const Handle& x) {
  if (!x) return {};
  const auto* who = caf::actor_cast<caf::abstract_actor*>(x);
  if (!who->home_system().template assignable<Wider>(who->message_types())) return {};
  return caf::actor_cast<Wider>(x);
}

} // namespace relay
