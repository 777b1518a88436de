// The questions that are asked: their requests, the answers, and what the chats are told.
#include "relay_gateway/actors/agents/openai.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/metrics.hpp"
#include "relay_gateway/messages/secret_text.hpp"
#include "relay_gateway/messages/wire/actions/action_makers.hpp"
#include "relay_gateway/messages/wire/chat/chat_completion.hpp"
#include "relay_gateway/messages/wire/http/retry_after.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace relay {

namespace {

constexpr std::size_t most_recent = 10'000;

/// From the port's thread to the actor.
class news_sender final : public http_exchange_listener {
public:
  news_sender(caf::weak_actor_ptr to, std::uint64_t request) : to_(std::move(to)), request_(request) {}
  void on_head(std::string content_type) override {
    send({request_, model_news::kind::head, std::move(content_type), {}});
  }
  void on_piece(std::string piece) override {
    send({request_, model_news::kind::piece, std::move(piece), {}});
  }
  void on_end(http_response end) override { send({request_, model_news::kind::end, {}, std::move(end)}); }

private:
  void send(model_news x) {
    if (auto to = caf::actor_cast<openai_agent_actor>(to_)) post(to, std::move(x));
  }
  caf::weak_actor_ptr to_;
  std::uint64_t request_;
};

/// The same for every try of a turn, so that the platform sees one draft.
std::int64_t draft_id_of(const std::string& delivery) {
  constexpr std::size_t largest = 0x7FFF'FFFF;
  return static_cast<std::int64_t>(std::hash<std::string>{}(delivery)&largest) | 1;
}

} // namespace

descriptor openai_state::platform_of(const std::string& platform) const {
  const auto it =
      std::find_if(platforms.begin(), platforms.end(), [&](auto& x) { return x.platform == platform; });
  if (it != platforms.end()) return *it;
  // One that names no platform is answered by the session default.
  return platform == generic_platform && !platforms.empty() ? platforms.front() : descriptor{};
}

openai_state::asking* openai_state::of_request(std::uint64_t request, std::uint64_t& id) {
  for (auto& [number, one] : turns)
    if (one.request == request) {
      id = number;
      return &one;
    }
  return nullptr;
}

/// Nothing is asked before it is known what the platforms can do.
void openai_state::start() {
  if ((draining && !host.answers) || platforms.empty() || !known) return;
  for (const auto& session : sessions.start()) {
    const auto& question = sessions.find(session)->open.front();
    core::turn_setup what;
    what.limits = setup.limits;
    what.to = platform_of(question.platform);
    what.mode = core::display_mode_of(what.to, setup.stream);
    what.pace = core::pace_of(question.platform, what.mode);
    const auto id = ++turns_ever;
    turn_of[session] = id;
    auto& one = turns.emplace(id, asking{session, core::model_turn{std::move(what), question}}).first->second;
    core::turn_orders orders;
    one.turn.begin(now_of(self), orders);
    execute(id, orders);
  }
  env.metrics->set(gauge::model_turns, static_cast<std::int64_t>(sessions.running()));
}

void openai_state::execute(std::uint64_t id, core::turn_orders& x) {
  const auto it = turns.find(id);
  if (it == turns.end()) return;
  if (x.cancel) {
    it->second.exchange.reset();
    it->second.request = 0;
    it->second.ask_at.reset();
  }
  for (const auto& one : x.say)
    if (turns.count(id) > 0) perform(id, one);
  const auto now = turns.find(id);
  if (now != turns.end() && x.request) ask(id);
  if (now != turns.end() && now->second.turn.over()) ended(id);
  arm();
}

void openai_state::perform(std::uint64_t id, const core::display_action& x) {
  using kind = core::display_action::kind;
  auto& one = turns.at(id);
  auto& question = sessions.find(one.session)->open.front();
  const auto& chat = question.chat_id;
  action_request out;
  out.delivery_id = question.delivery_id;
  switch (x.what) {
  case kind::typing: out.act = wire::typing(chat); break;
  case kind::clear_typing: out.act = wire::typing_clear(chat); break;
  case kind::draft:
  case kind::final_draft:
    out.act = wire::draft(chat, draft_id_of(question.delivery_id), x.text, x.what == kind::final_draft);
    break;
  case kind::first:
  case kind::final_send: out.act = wire::send(chat, x.text); break;
  case kind::change:
  case kind::final_edit: out.act = wire::edit(chat, x.message_id, x.text); break;
  }
  if (x.what == kind::typing || x.what == kind::clear_typing) return tell(self, host.actions, std::move(out));
  if (x.what == kind::first) out.request_id = question.delivery_id + ":first";
  if (x.what >= kind::final_draft) {
    question.said_as = x.what == kind::final_draft ? "draft" : x.what == kind::final_edit ? "edit" : "send";
    question.answer = x.text;
    question.shown_id = x.message_id;
    question.decided = true;
    question.remembered = one.forgotten ? std::string{} : one.turn.remembered();
    out.request_id = question.delivery_id + ":" + question.said_as;
    out.resend_unknown = x.what == kind::final_edit; // the same edit again changes nothing
    keep(one.session);                               // before it can be sent: the store keeps the order
  }
  auto answered = [this, id](const action_result& result) {
    const auto it = turns.find(id);
    if (it == turns.end()) return;
    core::turn_orders orders;
    const auto before = it->second.turn.display().shown_id();
    it->second.turn.outcome_of(result, now_of(self), orders);
    if (const auto& shown = it->second.turn.display().shown_id(); shown != before && !shown.empty()) {
      sessions.find(it->second.session)->open.front().shown_id = shown;
      keep(it->second.session);
    }
    execute(id, orders);
  };
  if (!host.actions) return answered(action_result::failed("no_gateway", "there is no gateway to say it to"));
  self->request(host.actions, caf::infinite, std::move(out))
      .then([answered](const action_outcome& y) { answered(y.result); },
            [answered](const caf::error&) {
              answered(action_result::ambiguous("the gateway's router went before it answered"));
            });
}

/// Sends the request, as soon as the server wants one.
void openai_state::ask(std::uint64_t id) {
  auto& one = turns.at(id);
  const auto now = now_of(self);
  one.exchange.reset();
  one.request = 0;
  if (not_before && now < *not_before) {
    one.ask_at = not_before;
    return;
  }
  one.ask_at.reset();
  one.request = ++requests_ever;
  one.turn.requested(now);
  one.key = setup.key.value;
  if (setup.key.file.empty()) return send_request(one);
  env.secrets->read_later(setup.key.file, [weak = caf::actor_cast<caf::weak_actor_ptr>(self),
                                           request = one.request](secret_read key) {
    if (auto to = caf::actor_cast<openai_agent_actor>(weak))
      post(to, model_key_read{request, std::move(key)});
  });
}

void openai_state::key_read(model_key_read& x) {
  std::uint64_t id = 0;
  auto* one = of_request(x.request, id);
  if (one == nullptr) return;
  one->key = std::move(x.key.text);
  if (x.key.error.empty()) return send_request(*one);
  model_news none{x.request, model_news::kind::end, {}, {}};
  none.end.error = "the key cannot be read: " + x.key.error;
  on_news(none);
}

void openai_state::send_request(asking& x) {
  constexpr std::uint64_t largest_body = 32ULL << 20;
  constexpr milliseconds beyond{5'000}; // the turn's own time-outs come first
  wire::chat_request what;
  what.model = setup.model;
  what.stream = setup.stream;
  if (!setup.system.empty()) what.messages.push_back({"system", wire::chat_content(setup.system)});
  for (const auto& past : sessions.find(x.session)->past) {
    what.messages.push_back({"user", wire::chat_content(past.asked)});
    what.messages.push_back({"assistant", wire::chat_content(past.answered)});
  }
  what.messages.push_back({"user", x.turn.content()});
  http_request call;
  call.method = "POST";
  call.url = setup.url + "/chat/completions";
  call.headers = {{"Content-Type", "application/json"},
                  {"Accept", setup.stream ? "text/event-stream, application/json" : "application/json"}};
  call.bearer = x.key;
  call.body = secret{wire::encode_chat_request(what)};
  call.timeout = setup.limits.whole + beyond;
  call.max_body = largest_body;
  x.exchange = env.streams->open(
      std::move(call), std::make_shared<news_sender>(caf::actor_cast<caf::weak_actor_ptr>(self), x.request));
}

void openai_state::on_news(model_news& x) {
  std::uint64_t id = 0;
  auto* one = of_request(x.request, id);
  if (one == nullptr) return; // it was ended meanwhile
  core::turn_orders orders;
  const auto now = now_of(self);
  switch (x.what) {
  case model_news::kind::head: one->turn.head(x.text); break;
  case model_news::kind::piece:
    one->turn.bytes(x.text, now, orders);
    if (one->exchange) one->exchange->more();
    break;
  case model_news::kind::end: {
    const auto wait = wire::retry_after(x.end.status, x.end.retry_after, x.end.date, env.clock->wall_ms());
    if (wait.count() > 0) {
      env.metrics->add(counter::waits_asked, "model");
      not_before = now + wait;
    }
    one->exchange.reset();
    one->turn.ended(x.end.status, x.end.error, x.end.body.reveal(), wait, now, orders);
    break;
  }
  }
  const auto first = one->turn.answer().first_token();
  if (first && !std::exchange(one->measured, true))
    env.metrics->observe(histogram::model_first_token, *first - one->turn.answer().begun());
  execute(id, orders);
}

/// One line of a turn that is over.
void openai_state::report(asking& x) {
  const auto& answer = x.turn.answer();
  const auto& question = sessions.find(x.session)->open.front();
  if (x.turn.images_disliked()) takes_images = false;
  if (question.decided && !answer.over() && !x.turn.stopped()) return; // of a process before: only said again
  // Not over: the chat took nothing of it.
  const auto how = x.turn.stopped() ? "stopped" : answer.over() ? core::to_string(answer.how()) : "unsaid";
  env.metrics->add(counter::model_answers, how);
  if (x.turn.stopped() || !answer.over() || answer.how() == core::answer_end::complete) return;
  env.log->write(severity::warn, "model.failed",
                 {{"delivery", question.delivery_id},
                  {"reason", how},
                  {"error", without(answer.detail(), x.key)},
                  {"next", "the chat is told"}});
}

void openai_state::ended(std::uint64_t id) {
  auto one = std::move(turns.extract(id).mapped());
  report(one);
  turn_of.erase(one.session);
  auto& question = sessions.find(one.session)->open.front();
  const auto& said = one.turn.display().result();
  if (!one.turn.stopped() && said.how != outcome::done)
    env.log->write(severity::warn, "model.unsaid",
                   {{"delivery", question.delivery_id},
                    {"outcome", to_string(said.how)},
                    {"error", said.error},
                    {"next", "the answer is given up"}});
  recent.insert(question.delivery_id);
  recent_order.push_back(question.delivery_id);
  if (recent_order.size() > most_recent) {
    recent.erase(recent_order.front());
    recent_order.pop_front();
  }
  sessions.finished(one.session, one.forgotten ? std::string{} : one.turn.remembered());
  keep(one.session);
  tell_answered(one.session);
  env.metrics->set(gauge::model_turns, static_cast<std::int64_t>(sessions.running()));
  retake(one.session);
  start();
}

void openai_state::wake() {
  alarm.rang();
  const auto now = now_of(self);
  std::vector<std::uint64_t> all;
  for (const auto& [id, one] : turns) all.push_back(id);
  for (const auto id : all) {
    const auto it = turns.find(id);
    if (it == turns.end()) continue;
    core::turn_orders orders;
    if (it->second.ask_at && *it->second.ask_at <= now) orders.request = true;
    it->second.turn.timer(now, orders);
    execute(id, orders);
  }
  arm();
}

void openai_state::arm() {
  core::deadline at;
  for (const auto& [id, one] : turns) at = core::earlier(at, core::earlier(one.turn.due(), one.ask_at));
  if (alarm.arm(at)) tell_later<openai_agent_actor>(self, *at - now_of(self), atom::due_v);
}

} // namespace relay
