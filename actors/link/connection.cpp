#include "relay_gateway/actors/link/connection.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/bursts.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/http_bridge.hpp"
#include "relay_gateway/messages/wire/actions/commands.hpp"
#include "relay_gateway/messages/wire/frames/discord.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <utility>

namespace relay {

using namespace std::chrono_literals;

void connection_state::begin(ports p, connection_setup s, link_manager_actor k) {
  env = std::move(p);
  setup = std::move(s);
  link_manager_handle = std::move(k);
  listener = std::make_shared<frame_listener>(connection_actor{self}, setup.max_frame);
  socket = env.link->dial(setup.dial, listener);
  setup.dial.bearer = {}; // one dial, one token
}

void connection_state::on_arrivals() {
  auto news = listener->fetch();
  if (over) return;
  if (news.opened) {
    open_now = true;
    for (auto& who : setup.hellos) send_hello(who);
    tell(self, link_manager_handle, atom::start_v, setup.epoch);
    // An empty one asks for what follows: whoever has no room says so before the connector's replay is read.
    tell(self, setup.users.inbound, inbound_batch{setup.epoch, {}, setup.origin});
  }
  inbound_batch batch;
  batch.epoch = setup.epoch;
  batch.origin = setup.origin;
  if (!news.frames.empty()) env.metrics->add(counter::frames_received, news.frames.size());
  gathers = news.frames.size() != 1;
  constexpr std::size_t most_expected = 64; // in their lists: items are large, so growing would cost much
  expected = std::min(news.frames.size(), most_expected);
  batch.items.reserve(expected);
  const auto one_by_one = [&] {
    for (auto& x : news.frames) on_frame(x, batch);
  };
  flushed(one_by_one, [&] {
    flush();
    gathers = true;
    update_read_gate();
    if (batch.items.empty()) return;
    batch.token = std::make_shared<std::vector<inflow_token>>(std::move(news.tokens));
    tell(self, setup.users.inbound, std::move(batch));
  });
  if (news.oversized) {
    env.metrics->add(counter::frames_refused, wire::to_string(wire::refusal::too_long));
    env.log->write(severity::warn, "frame.too_long",
                   {{"epoch", setup.epoch},
                    {"limit_bytes", setup.max_frame},
                    {"next", "the connection is dropped and dialled again"}});
    if (socket) socket->drop("a line longer than " + std::to_string(setup.max_frame) + " bytes");
  }
  if (news.end) ended(*news.end);
  arm();
}

void connection_state::on_frame(wire::frame& x, inbound_batch& batch) {
  if (auto* result = std::get_if<wire::outbound_result>(&x)) {
    core::pending_requests<asker>::request who;
    if (open.take(number_of(result->request_id), who)) {
      tell_owner(who.owner, std::move(result->result), true);
    } else {
      env.metrics->add(counter::results_unmatched);
    }
  } else if (auto* event = std::get_if<wire::inbound>(&x)) {
    batch.items.push_back({std::move(event->event), std::move(event->buffer_id)});
  } else if (auto* forward = std::get_if<wire::passthrough_forward>(&x)) {
    inbound_event decoded;
    if (forward->platform == "discord" && wire::decode_discord_interaction(*forward, decoded)) {
      if (const auto field = wire::overlong_field(decoded); !field.empty()) {
        wire::bad_frame bad{wire::refusal::long_id,
                            "passthrough_forward: " + std::string{field} + " of its body is too long",
                            "passthrough_forward", std::move(forward->buffer_id),
                            wire::valid_utf8(forward->body, wire::longest_kept_line)};
        return refused(bad, batch);
      }
      batch.items.push_back({event_ref{std::move(decoded)}, std::move(forward->buffer_id)});
      return;
    }
    env.metrics->add(counter::events_dropped, "passthrough");
    env.log->write(severity::info, "passthrough.dropped",
                   {{"platform", forward->platform}, {"path", forward->path}});
    if (!forward->buffer_id.empty())
      acknowledge({{std::move(forward->buffer_id)}}); // terminal, so acked (F23, F32)
  } else if (auto* what = std::get_if<wire::descriptor_frame>(&x)) {
    if (within_rate(descriptor_rate, "descriptor")) {
      flush(); // whoever is told of the descriptor has the results before it
      tell(self, link_manager_handle, std::move(what->what), setup.epoch);
    }
  } else if (auto* stop = std::get_if<wire::interrupt_inbound>(&x)) {
    env.metrics->add(counter::interrupts_received);
    if (within_rate(interrupt_rate, "interrupt_inbound"))
      tell_urgent(self, setup.users.inbound,
                  turn_interrupt{std::move(stop->session_key), std::move(stop->chat_id), {}});
  } else if (std::holds_alternative<wire::going_idle_ack>(x) && idle_acks_due > 0) {
    --idle_acks_due;
    tell_urgent(self, link_manager_handle, atom::idle_v, setup.epoch);
  } else if (auto* bad = std::get_if<wire::bad_frame>(&x)) {
    refused(*bad, batch);
  } else {
    // Newer types, those that only a gateway sends, acks of a going_idle that was not said.
    env.metrics->add(counter::frames_unknown);
  }
}

bool connection_state::within_rate(core::token_bucket& rate, const char* type) {
  if (rate.take(now_of(self))) return true;
  env.metrics->add(counter::frames_refused, "too_many");
  if (left_out++ == 0)
    env.log->write(severity::warn, "frame.refused",
                   {{"epoch", setup.epoch},
                    {"type", type},
                    {"reason", "too_many"},
                    {"what", "more of them than a connector has reason to send"},
                    {"next", "left out, and so are further ones of this connection, without a line each"}});
  return false;
}

void connection_state::refused(wire::bad_frame& x, inbound_batch& batch) {
  env.metrics->add(counter::frames_refused, wire::to_string(x.why));
  env.log->write(severity::warn, "frame.refused",
                 {{"epoch", setup.epoch},
                  {"type", x.type},
                  {"reason", wire::to_string(x.why)},
                  {"what", x.what},
                  {"next", x.buffer_id.empty() ? "set aside" : "set aside, then acknowledged"}});
  // It will not become readable by being sent again: acked, or it would come back for ever (F12), and kept
  // for a person, or it would be gone.
  inbound_event kept;
  kept.text = std::move(x.line);
  kept.context_error = std::string{wire::to_string(x.why)} + ": " + x.what;
  kept.unreadable = true;
  batch.items.push_back({event_ref{std::move(kept)}, std::move(x.buffer_id)});
}

void connection_state::send_hello(const identity& who) {
  if (over) return;
  std::string frame;
  wire::encode(frame, wire::hello{who, who.platform == "discord" ? setup.manifest : std::string{}});
  write(std::move(frame));
}

void connection_state::publish(const command_manifest& x) {
  auto text = wire::encode_commands(x.commands);
  if (text == setup.manifest) return;
  setup.manifest = std::move(text);
  // Not open yet: the first hellos will carry it.
  if (!open_now) return;
  for (auto& who : setup.hellos)
    if (who.platform == "discord") send_hello(who);
}

void connection_state::write(std::string frame) {
  ++frames;
  if (socket) socket->write(std::move(frame));
}

/// Names the next request; valid until the one after it.
std::string_view connection_state::next_request_id() {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), ++requests).ptr;
  return request_id.assign(setup.request_prefix).append(digits.data(), end);
}

/// Of a request id as it was given; 0 of any other text.
std::uint64_t connection_state::number_of(std::string_view id) const {
  const std::string_view prefix{setup.request_prefix};
  if (!id.starts_with(prefix)) return 0;
  const auto digits = id.substr(prefix.size());
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  const bool whole = error == std::errc{} && end == digits.data() + digits.size();
  return whole && digits.front() != '0' ? out : 0;
}

void connection_state::put(transmit& x, const transmitted_sink_actor& from) {
  if (over) {
    tell_owner({from, x.chat, x.piece}, action_result::failed("not_connected", "the connection is gone"),
               false);
    return;
  }
  std::string frame;
  wire::encode_outbound(frame, next_request_id(), x.act, x.where);
  write(std::move(frame));
  env.metrics->add(counter::frames_sent);
  open.add(requests, {from, x.chat, x.piece}, frames, now_of(self) + setup.outbound_timeout);
}

void connection_state::put_all(burst<transmit>& x) {
  const auto from = caf::actor_cast<transmitted_sink_actor>(self->current_sender());
  const auto one_by_one = [&] {
    for (auto& one : x.items) put(one, from);
  };
  flushed(one_by_one, [this] { after_put(); });
}

void connection_state::after_put() {
  flush();
  update_read_gate();
  arm();
}

void connection_state::tell_owner(const asker& owner, action_result result, bool written) {
  transmitted out{owner.piece, std::move(result), written, owner.chat};
  if (!gathers) return tell(self, owner.from, std::move(out));
  if (answers_to != owner.from) flush();
  answers_to = owner.from;
  if (answers.capacity() == 0) answers.reserve(expected);
  answers.push_back(std::move(out));
}

void connection_state::flush() { tell_all(self, env, std::exchange(answers_to, nullptr), answers); }

void connection_state::send_best_effort(best_effort_send& x) {
  // Old connectors never answer these; what waits for its time-out must not pile up.
  constexpr std::size_t most_open = 1000;
  auto fits = !over && open_now && open.size() < most_open;
  env.metrics->add(counter::reactions, fits ? "sent" : "dropped");
  if (!fits) return;
  std::string frame;
  wire::encode_outbound(frame, next_request_id(), x.act, x.where);
  write(std::move(frame));
  env.metrics->add(counter::frames_sent);
  open.add(requests, {}, frames, now_of(self) + setup.outbound_timeout); // its result is reported to nobody
  arm();
}

void connection_state::interrupt(const session_interrupt& x) {
  // An agent hears no result of these, so nothing else bounds how many wait for a connector that does not
  // read.
  constexpr std::size_t most_waiting = 1'000;
  const bool usable =
      !over && socket; // nothing to stop on a dead link; it must not throw or wait either (F20)
  if (!usable || x.reason.size() > longest_interrupt_reason || socket->queued() >= most_waiting) {
    env.metrics->add(counter::interrupts_sent, "dropped");
    return;
  }
  std::string frame;
  wire::encode(frame, wire::interrupt{x.session_key, x.reason, x.has_reason});
  write(std::move(frame));
  env.metrics->add(counter::interrupts_sent, "sent");
}

void connection_state::acknowledge(const buffer_acks& x) {
  if (over) return; // the connector replays what was not acked; the repeat is acked then
  for (auto& id : x.ids) {
    std::string frame;
    wire::encode(frame, wire::inbound_ack{id});
    write(std::move(frame));
  }
  env.metrics->add(counter::buffer_acks, x.ids.size());
}

void connection_state::room(backpressure x) {
  current_backpressure = x;
  update_read_gate();
}

void connection_state::update_read_gate() {
  if (over || !socket) return;
  // Results come through the same reader as events: while some are awaited, events may go up to the second
  // bound.
  auto want = current_backpressure == backpressure::none ||
              (current_backpressure == backpressure::soft && open.size() > 0);
  if (want == reading) return;
  reading = want;
  socket->read(want);
  env.log->write(severity::info, want ? "link.reading" : "link.paused", {{"epoch", setup.epoch}});
}

void connection_state::arm() {
  const auto at = open.due();
  if (!over && alarm.arm(at)) tell_later<connection_actor>(self, *at - now_of(self), atom::due_v);
}

void connection_state::overdue() {
  alarm.rang();
  for (auto& x : open.overdue(now_of(self)))
    tell_owner(x.owner, action_result::ambiguous("no result within the outbound time-out"), true);
  flush();
  update_read_gate();
  arm();
}

void connection_state::ended(const socket_end& why) {
  over = true;
  // Settled the moment the reader ends (F1); what reached the wire may have been done (F6), the rest was not.
  for (auto& x : open.all()) {
    if (x.frame <= why.frames_written) {
      tell_owner(x.owner, action_result::ambiguous("the connection was lost before the result came"), true);
    } else {
      tell_owner(x.owner, action_result::failed("not_connected", "the frame was never written"), false);
    }
  }
  flush();
  const auto wait = asked_wait(env, "upgrade", why.http_status, why.retry_after, why.date);
  tell(self, link_manager_handle,
       link_gone{setup.epoch, why.close_code, why.close_reason, why.http_status, why.error, wait.count()});
  socket.reset();
  constexpr auto crossing = 5s;
  stays_until = now_of(self) + crossing;
  tell_later<connection_actor>(self, crossing, atom::finish_v);
}

connection_actor::behavior_type connection(connection_actor::stateful_pointer<connection_state> self,
                                           ports env, connection_setup setup,
                                           link_manager_actor link_manager_handle) {
  guard_actor(self, env, caf::actor_cast<caf::strong_actor_ptr>(link_manager_handle));
  self->state.begin(std::move(env), std::move(setup), std::move(link_manager_handle));
  auto* s = &self->state;
  return {
      [s](transmit& x) {
        s->put(x, caf::actor_cast<transmitted_sink_actor>(s->self->current_sender()));
        s->after_put();
      },
      [s](burst<transmit>& x) { s->put_all(x); },
      [s](best_effort_send& x) { s->send_best_effort(x); },
      [s](const session_interrupt& x) { s->interrupt(x); },
      [s](const buffer_acks& x) { s->acknowledge(x); },
      [s](backpressure x) { s->room(x); },
      [s](const identity& who) {
        s->setup.hellos.push_back(who); // not open yet: it goes out with the others, after them
        if (s->open_now) s->send_hello(who);
      },
      [s](const command_manifest& x) { s->publish(x); },
      [s](link_users& x) { s->setup.users = std::move(x); },
      [s](atom::idle) {
        std::string frame;
        wire::encode(frame, wire::going_idle{});
        if (s->over) return;
        ++s->idle_acks_due;
        s->write(std::move(frame));
      },
      [s](atom::finish) {
        if (s->over) {
          if (now_of(s->self) < s->stays_until) return; // told before its teller knew of the end
          s->self->demonitor(
              s->link_manager_handle.address()); // it outlives many of us and would keep a note of each
          s->self->quit();
        } else if (s->socket) {
          s->socket->close(1000, "", s->setup.close_limit);
        }
      },
      [s](atom::finish, const std::string& why) {
        if (!s->over && s->socket) s->socket->drop(why);
      },
      [s](atom::start) { s->on_arrivals(); },
      [s](atom::due) { s->overdue(); },
  };
}

} // namespace relay
