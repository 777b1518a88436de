#include "relay_gateway/actors/egress/chat.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/metrics.hpp"

namespace relay {

void chat_state::execute(core::chat_queue_step& step) {
  for (auto& x : step.shown) tell(self, router, std::move(x));
  for (auto& x : step.out) tell(self, connection, std::move(x));
  for (auto& x : step.done) tell(self, router, std::move(x));
  for (auto& x : step.marks) tell(self, router, std::move(x));
  for (auto& x : step.uploads) upload(x);
  if (step.waits.count() > 0) {
    metrics->add(counter::waits_asked, "action");
    log->write(severity::info, "chat.waits",
               {{"platform", key.platform},
                {"chat", key.chat_id},
                {"wait_ms", std::to_string(step.waits.count())},
                {"next", "the same frame goes out again then; other chats go on"}});
  }
  arm();
}

void chat_state::upload(const core::upload& x) {
  auto settle = [this, number = x.number](const media_reference& where) {
    core::chat_queue_step step;
    chat_queue.uploaded(number, where, step, now_of(self));
    execute(step);
  };
  if (!media) {
    settle({{}, "media_refused", "this gateway uploads no files"});
    return;
  }
  // Longer than the upload itself may take, which tells more about what went wrong.
  self->request(media, caf::duration{std::chrono::seconds{75}}, x.file)
      .then(settle, [settle](const caf::error&) {
        settle({{}, "media_refused", "the file was not uploaded: whoever does that is gone"});
      });
}

void chat_state::arm() {
  auto at = chat_queue.due();
  if (!at || (armed && *armed <= *at)) return; // an earlier alarm looks again
  armed = at;
  tell_later<chat_actor>(self, *at - now_of(self), atom::due_v, ++generation);
}

chat_actor::behavior_type chat(chat_actor::stateful_pointer<chat_state> self, const ports& env,
                               egress_router_actor router, chat_key key, const link_up& link,
                               media_actor media) {
  guard_actor(self, env);
  auto* s = &self->state;
  s->router = std::move(router);
  s->key = std::move(key);
  s->media = std::move(media);
  s->metrics = env.metrics;
  s->log = env.log;
  auto use = [s](const link_up& x) {
    if (x.connection && x.connection == s->connection) { // another platform's descriptor came
      s->chat_queue.describe(x.what);
      return;
    }
    core::chat_queue_step step;
    if (x.abandoned) s->chat_queue.abandon(step);
    s->connection = x.connection;
    s->chat_queue.link(x.connection ? x.what : nullptr, step);
    s->execute(step);
  };
  use(link);
  return {
      [s](chat_action& x) {
        ++s->taken;
        core::chat_queue_step step;
        s->chat_queue.push(std::move(x), step);
        s->execute(step);
      },
      [s](const transmitted& x) {
        core::chat_queue_step step;
        s->chat_queue.settled(x, step, now_of(s->self));
        s->execute(step);
      },
      [s](const write_intent& x) {
        core::chat_queue_step step;
        s->chat_queue.intent_committed(x.number, step);
        s->execute(step);
      },
      [s](const media_actor& x) {
        if (x == s->media) return;
        s->media = x;
        core::chat_queue_step step;
        s->chat_queue.upload_lost(step);
        s->execute(step);
      },
      use,
      [s](atom::finish) {
        core::chat_queue_step step;
        s->chat_queue.expire(core::instant::max(), step);
        s->execute(step);
      },
      [s](atom::idle) {
        if (!s->chat_queue.busy()) tell(s->self, s->router, atom::idle_v, s->key, s->taken);
      },
      [s](atom::due, std::uint64_t generation) {
        if (generation != s->generation) return;
        s->armed.reset();
        core::chat_queue_step step;
        s->chat_queue.expire(now_of(s->self), step);
        s->execute(step);
      },
  };
}

} // namespace relay
