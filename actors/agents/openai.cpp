#include "relay_gateway/actors/agents/openai.hpp"

#include "relay_gateway/actors/actor_guards.hpp"
#include "relay_gateway/actors/caf_compat.hpp"
#include "relay_gateway/actors/metrics.hpp"
#include "relay_gateway/messages/wire/actions/action_makers.hpp"
#include "relay_gateway/messages/wire/chat/chat_completion.hpp"
#include "relay_gateway/messages/wire/chat/conversation_codec.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace relay {

namespace {

constexpr std::size_t most_images = 8;
constexpr std::uint64_t largest_image = 8ULL << 20;

std::string lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

/// `/stop`, also as `/stop@bot`; `rest`: what follows it.
std::string command_in(std::string_view text, std::string& rest) {
  const auto end = text.find_first_of(" \t\r\n");
  auto word = text.substr(0, end);
  if (!word.starts_with('/')) return {};
  rest = end == std::string_view::npos ? std::string{} : std::string{text.substr(end + 1)};
  return lower(word.substr(0, word.find('@')));
}

bool is_image(const inbound_event& x, const std::string& url) {
  const auto known =
      std::find_if(x.media.begin(), x.media.end(), [&](const auto& y) { return y.url == url; });
  if (known == x.media.end() || (known->mime.empty() && known->kind.empty()))
    return x.type == message_type::photo;
  if (!known->mime.empty()) return lower(known->mime).starts_with("image/");
  return known->kind == "image" || known->kind == "photo";
}

/// The files of its images, as far as they are there.
std::vector<std::string> images_of(const delivery& x) {
  std::vector<std::string> out;
  for (const auto& file : x.files)
    if (!file.path.empty() && out.size() < most_images && is_image(*x.event, file.url))
      out.push_back(file.path);
  return out;
}

/// One line for each attachment that the model does not see.
void append_attachments(std::string& out, const delivery& x, std::size_t seen) {
  for (const auto& url : x.event->media_urls) {
    const bool image = is_image(*x.event, url);
    if (image && seen > 0) {
      --seen;
      continue;
    }
    const auto known = std::find_if(x.event->media.begin(), x.event->media.end(),
                                    [&](const auto& y) { return y.url == url; });
    const bool named = known != x.event->media.end();
    auto line = image ? std::string{"image"} : named && !known->kind.empty() ? known->kind : "attachment";
    if (named && !known->filename.empty()) line += ": " + wire::on_one_line(known->filename);
    out += (out.empty() ? "[" : "\n[") + line + "]";
  }
}

/// Several people share the session, so that the model has to know who speaks.
bool is_shared(const delivery& x) {
  const auto& from = x.event->source;
  const auto& person = from.user_id_alt.empty() ? from.user_id : from.user_id_alt;
  return from.chat_type != "dm" && !person.empty() && !x.session_key.ends_with(":" + person);
}

std::string said_in(const delivery& x, std::string text, std::size_t images) {
  append_attachments(text, x, images);
  if (const auto& name = x.event->display_name(); is_shared(x) && !name.empty())
    text = wire::on_one_line(name) + ": " + text;
  const auto& replied = x.event->reply_to;
  if (!replied.present || replied.is_own || replied.text.empty()) return text;
  const auto whose = replied.author.empty() ? std::string{} : wire::on_one_line(replied.author) + ": ";
  return "[In reply to " + whose + wire::on_one_line(replied.text) + "]\n" + text;
}

std::vector<command_spec> own_commands() {
  return {{"new", "Begin a new conversation", {}}, {"stop", "Stop the answer that is being written", {}}};
}

} // namespace

openai_setup openai_setup_of(const config::settings& settings) {
  const auto& from = settings.openai;
  openai_setup out;
  out.url = settings.service.agent.argument;
  out.model = from.model;
  out.system = from.system;
  out.key = from.api_key;
  out.stream = from.stream;
  out.limits = {from.first_token_timeout, from.idle_timeout, from.max_turn};
  out.limits.streamed = from.stream;
  out.bounds.exchanges = from.history;
  out.bounds.bytes = from.history_bytes;
  return out;
}

void openai_state::load() {
  if (!env.store->durable()) {
    known = true;
    return;
  }
  env.store->conversations({}, [weak = caf::actor_cast<caf::weak_actor_ptr>(self)](auto found) {
    if (auto to = caf::actor_cast<openai_agent_actor>(weak))
      post(to, model_sessions_found{{}, std::move(found)});
  });
}

void openai_state::sessions_found(model_sessions_found& x) {
  if (!x.session.empty() && x.found.empty()) x.found.push_back({x.session, {}, false});
  for (auto& one : x.found) {
    conversation what;
    if (!one.body.empty() && !wire::decode_conversation(one.body, what))
      env.log->write(severity::warn, "model.session_unreadable", {{"next", "it begins anew"}});
    sessions.loaded(one.session, std::move(what));
  }
  if (x.session.empty()) {
    known = true;
    for (auto& [session, waiting] : std::exchange(held, {}))
      for (auto& one : waiting) take(one);
  } else {
    retake(x.session);
  }
  start();
}

/// What was not acknowledged yet is looked at again.
void openai_state::retake(const std::string& session) {
  if (auto waiting = held.extract(session))
    for (auto& x : waiting.mapped()) take(x);
}

void openai_state::acknowledge(const delivery& x) {
  tell(self, host.acks, delivery_ack{x.id});
  if (!host.answers) return;
  auto& mine = unanswered[x.session_key];
  if (std::find(mine.begin(), mine.end(), x.id) == mine.end()) mine.push_back(x.id);
  tell_answered(x.session_key);
}

/// What is no question any more is answered.
void openai_state::tell_answered(const std::string& session) {
  const auto mine = unanswered.find(session);
  if (mine == unanswered.end()) return;
  std::erase_if(mine->second, [&](const std::string& id) {
    if (sessions.has(session, id)) return false;
    tell(self, host.answers, delivery_answered{id});
    return true;
  });
  if (mine->second.empty()) unanswered.erase(mine);
}

void openai_state::take(delivery& x) {
  if (draining) return; // the next process gets it
  const auto session = x.session_key;
  if (recent.count(x.id) > 0 || sessions.has(session, x.id)) return acknowledge(x);
  if (gathered.count(x.id) > 0) return; // given out again while its images are read
  if (!known || !sessions.is_known(session)) return hold_for_store(x);
  std::string rest;
  if (obey_command(x, rest) && wire::is_blank(rest)) return acknowledge(x);
  if (sessions.has_room(session))
    read_images(x);
  else
    hold(x); // it waits where it came from
}

/// False when it was held already: it is given out again.
bool openai_state::hold(delivery& x) {
  auto& waiting = held[x.session_key];
  if (std::any_of(waiting.begin(), waiting.end(), [&](auto& y) { return y.id == x.id; })) return false;
  waiting.push_back(std::move(x));
  return true;
}

void openai_state::hold_for_store(delivery& x) {
  const auto session = x.session_key;
  if (!hold(x) || !known) return;
  if (!env.store->durable()) {
    model_sessions_found nothing{session, {}};
    return sessions_found(nothing);
  }
  env.store->conversations(session, [weak = caf::actor_cast<caf::weak_actor_ptr>(self), session](auto found) {
    if (auto to = caf::actor_cast<openai_agent_actor>(weak))
      post(to, model_sessions_found{session, std::move(found)});
  });
}

/// Whether it is one of ours; then `rest` is what else it asks.
bool openai_state::obey_command(const delivery& x, std::string& rest) {
  const auto command = command_in(x.event->text, rest);
  const bool anew = command == "/new";
  if (!anew && command != "/stop") return false;
  if (!anew) rest.clear();
  const auto& session = x.session_key;
  bool stopped = sessions.runs(session);
  stop_session(session, anew);
  if (!stopped && !anew) {
    // On Slack each message may be a session of its own: the person's other turns in this chat are meant.
    std::vector<std::string> meant;
    for (auto& [id, one] : turns) {
      const auto* theirs = sessions.find(one.session);
      if (theirs == nullptr || theirs->open.empty()) continue;
      const auto& first = theirs->open.front();
      if (first.chat_id != x.event->source.chat_id || first.platform != x.event->source.platform ||
          first.user_id != x.event->source.user_id)
        continue;
      meant.push_back(one.session);
    }
    for (const auto& other : meant) stop_session(other, false);
    stopped = !meant.empty();
  }
  if (anew && wire::is_blank(rest))
    say(x, "A new conversation begins.");
  else if (!anew)
    say(x, stopped ? "Stopped." : "Nothing is being answered.");
  return true;
}

void openai_state::stop_session(const std::string& session, bool forget) {
  sessions.drop_waiting(session);
  if (const auto it = turn_of.find(session); it != turn_of.end()) {
    const auto id = it->second;
    auto& one = turns.at(id);
    one.forgotten = one.forgotten || forget;
    core::turn_orders orders;
    one.turn.stop({}, now_of(self), orders);
    execute(id, orders);
  }
  if (forget) sessions.forget(session);
  keep(session);
  tell_answered(session);
}

void openai_state::interrupt(const turn_interrupt& x) {
  if (turn_of.count(x.session_key) == 0) {
    env.metrics->add(counter::interrupts_unknown);
    return;
  }
  stop_session(x.session_key, false);
}

/// Says something of the agent's own.
void openai_state::say(const delivery& answered, const std::string& text) {
  const auto& chat = answered.event->source.chat_id;
  if (chat.empty()) return;
  tell(self, host.actions, action_request{answered.id + ":notice", {}, answered.id, wire::send(chat, text)});
}

/// Its images are read before its ack: they go with it.
void openai_state::read_images(delivery& x) {
  auto paths = takes_images ? images_of(x) : std::vector<std::string>{};
  if (paths.empty()) {
    accept(x, {});
    return start();
  }
  const auto id = x.id;
  auto& mine = gathered[id];
  mine.what = std::move(x);
  mine.left = paths.size();
  mine.images.resize(paths.size());
  for (std::size_t i = 0; i < paths.size(); ++i)
    env.media->read(paths[i], largest_image,
                    [weak = caf::actor_cast<caf::weak_actor_ptr>(self), id, i](media_bytes got) {
                      if (auto to = caf::actor_cast<openai_agent_actor>(weak))
                        post(to, model_image_read{id, i, std::move(got)});
                    });
}

void openai_state::image_read(model_image_read& x) {
  const auto it = gathered.find(x.delivery_id);
  if (it == gathered.end()) return;
  it->second.images[x.at] = std::move(x.what.bytes);
  if (!x.what.error.empty())
    env.log->write(severity::warn, "model.image_unreadable",
                   {{"delivery", x.delivery_id}, {"error", x.what.error}});
  if (--it->second.left > 0) return;
  const auto one = std::move(it->second);
  gathered.erase(it);
  accept(one.what, one.images);
  start();
}

/// They were set aside.
void openai_state::withdraw(const delivery_withdrawn& x) {
  const auto gone = [&](const delivery& y) {
    return std::find(x.delivery_ids.begin(), x.delivery_ids.end(), y.id) != x.delivery_ids.end();
  };
  for (auto& [session, waiting] : held) std::erase_if(waiting, gone);
  for (const auto& id : x.delivery_ids) gathered.erase(id);
}

void openai_state::accept(const delivery& x, const std::vector<std::string>& images) {
  const auto& event = *x.event;
  std::string rest;
  const auto command = command_in(event.text, rest);
  auto text = command == "/new" ? rest : event.text;
  if (text.empty() && event.prompt.present)
    text = event.prompt.label.empty() ? event.prompt.option_id : event.prompt.label;
  std::vector<wire::chat_image> shown;
  for (const auto& bytes : images)
    if (const auto type = wire::image_type(bytes); !type.empty()) shown.push_back({std::string{type}, bytes});
  const auto now_said = said_in(x, text, shown.size());
  if (event.source.chat_id.empty() || (wire::is_blank(now_said) && shown.empty())) {
    acknowledge(x); // nowhere to answer, or nothing was said
    return;
  }
  open_question question{x.id, event.source.platform, event.source.chat_id, event.source.user_id, {}, {}};
  question.asked = said_in(x, text, 0);
  question.content = wire::chat_content(
      event.channel_context.empty() ? now_said : event.channel_context + "\n\n" + now_said, shown);
  sessions.add(x.session_key, std::move(question));
  keep(x.session_key); // before the ack: the store keeps the order
  acknowledge(x);
}

void openai_state::keep(const std::string& session) {
  if (!env.store->durable()) return;
  const auto* what = sessions.find(session);
  conversation_kept out{session, {}, false};
  if (what != nullptr && !what->empty()) {
    out.body = wire::encode_conversation(*what);
    out.open = !what->open.empty();
  }
  env.store->commit({std::move(out)}, nullptr);
}

void openai_state::finish() {
  if (std::exchange(draining, true)) return;
  if (host.answers) return; // as far as there is time; the rest goes to another agent
  std::vector<std::uint64_t> all;
  for (const auto& [id, one] : turns) all.push_back(id);
  for (const auto id : all) {
    auto& one = turns.at(id);
    if (env.store->durable()) { // the next process asks again, or says again what is decided
      if (!sessions.find(one.session)->open.front().decided) turns.erase(id);
      continue;
    }
    core::turn_orders orders;
    one.turn.stop("The gateway stops; please ask again.", now_of(self), orders);
    execute(id, orders);
  }
}

openai_agent_actor::behavior_type openai_agent(openai_agent_actor::stateful_pointer<openai_state> self,
                                               ports env, openai_setup setup,
                                               const caf::strong_actor_ptr& parent) {
  guard_actor(self, env, parent);
  auto* s = &self->state;
  s->env = std::move(env);
  s->setup = std::move(setup);
  s->sessions = core::conversations{s->setup.bounds};
  s->load();
  return {
      [s](agent_host& x) {
        s->host = std::move(x);
        tell(s->self, s->host.registry, agent_declaration{own_commands(), true});
      },
      [s](gateway_announcement& x) {
        s->platforms = std::move(x.platforms);
        s->start();
      },
      [s](delivery& x) { s->take(x); },
      [s](const delivery_withdrawn& x) { s->withdraw(x); },
      [](const action_outcome&) {}, // of typing and notices; those of answers come as responses
      [s](const turn_interrupt& x) { s->interrupt(x); },
      [s](atom::finish) { s->finish(); },
      [s](model_news& x) { s->on_news(x); },
      [s](model_key_read& x) { s->key_read(x); },
      [s](model_image_read& x) { s->image_read(x); },
      [s](model_sessions_found& x) { s->sessions_found(x); },
      [s](atom::due) { s->wake(); },
  };
}

} // namespace relay
