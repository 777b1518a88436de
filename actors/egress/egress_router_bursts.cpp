// What comes to the router in bursts, and what leaves it in them.
#include "relay_gateway/actors/bursts.hpp"
#include "relay_gateway/actors/egress/egress_router.hpp"
#include "relay_gateway/actors/egress/egress_store.hpp"

#include <utility>

namespace relay {

void egress_state::requests(burst<action_request>& x) {
  const auto from = caf::actor_cast<outcome_sink_actor>(self->current_sender());
  frames.reserve(x.items.size());
  for (auto& one : x.items) take(one, outcome_asker{from, outcomes});
}

void egress_state::results(burst<transmitted>& x) {
  auto step = begin_step();
  outcomes.expect(x.items.size());
  const auto one_by_one = [&] {
    for (auto& one : x.items) chats.settled(std::move(one), now_of(self), step);
  };
  flushed(one_by_one, [&] { finish_step(step); });
}

void egress_state::finish_step(core::chat_table_step& step) {
  execute(step);
  constexpr std::size_t most_kept = 64; // of a step that is larger than most, nothing is kept
  if (step.out.capacity() > most_kept || step.done.capacity() > most_kept) return;
  step.clear();
  spare_step = std::move(step);
}

void egress_state::send(std::vector<transmit>& all) {
  if (gathers && frames.empty() && frames.capacity() < all.size()) return frames.swap(all);
  for (auto& x : all) {
    if (gathers)
      frames.push_back(std::move(x));
    else
      tell(self, link.connection, std::move(x));
  }
}

void egress_state::seen(const route_seen& x, core::instant now) {
  routes.seen(x, now);
  if (!x.delivery_id.empty()) turns.opened(x.delivery_id, now); // a chat alone is no turn
}

void egress_state::seen_all(const burst<route_seen>& x) {
  const auto now = now_of(self);
  const auto one_by_one = [&] {
    for (const auto& one : x.items) seen(one, now);
  };
  flushed(one_by_one, [this] {
    egress::schedule_commit(*this);
    measure();
  });
}

void egress_state::flush() {
  tell_all(self, env, link.connection, frames);
  outcomes.tell(self, env);
  drained_yet();
}

} // namespace relay
