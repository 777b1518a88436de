// What is asked of the gateway from outside any agent: actions as an embedding program makes them, or
// POST /v1/actions (messages/wire/actions/actions.hpp).
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/tests/sim/models/event_text.hpp"
#include "relay_gateway/tests/sim/run/run.hpp"

#include <utility>

namespace relay::sim {

namespace {

/// An action as its maker gives it, and what it means, as members of its own JSON.
struct typed_action {
  action act;
  std::string op;
  json_object said;
};

typed_action plain(const place& where, const std::string& mark) {
  auto content = words(mark, 60);
  return {wire::send(where.chat_id, content), "send",
          json_object{}.text("chat_id", where.chat_id).text("content", content)};
}

json_object at(const place& where) { return json_object{}.text("chat_id", where.chat_id); }

typed_action with_file(const place& where, const std::string& mark, seeded_rng& rng) {
  using wire::media_kind;
  constexpr std::array<media_kind, 5> kinds{media_kind::image, media_kind::voice, media_kind::audio,
                                            media_kind::video, media_kind::document};
  auto kind = rng.one_of(kinds);
  wire::media_options more;
  more.content = words(mark, 10);
  if (rng.chance(0.3)) more.filename = "as it is called.bin";
  if (rng.chance(0.3)) more.reply_to = "in1";
  auto said = at(where).text("content", more.content);
  if (rng.chance(0.5)) {
    auto url = "https://pictures.example/" + mark;
    return {wire::send_media(where.chat_id, kind, url, more), "send_media", said.text("source_url", url)};
  }
  constexpr std::array<const char*, 3> paths{"/tmp/c.png", "/tmp/missing.ogg", "/tmp/huge.mp4"};
  std::string path = rng.one_of(paths), mime = rng.chance(0.3) ? "image/png" : "";
  return {wire::send_file(where.chat_id, kind, path, more, mime), "send_media",
          said.text("source_path", path)};
}

typed_action asking(const place& where, const std::string& mark, seeded_rng& rng) {
  using wire::prompt_kind;
  constexpr std::array<prompt_kind, 3> kinds{prompt_kind::approval, prompt_kind::clarify,
                                             prompt_kind::choice};
  wire::prompt_extras more;
  if (rng.chance(0.3)) more.prompt_id = "ours-" + mark;
  if (rng.chance(0.5)) more.timeout_s = rng.between(2, 60);
  auto content = words(mark, 20);
  return {wire::prompt(where.chat_id, rng.one_of(kinds), content,
                       {{"yes", "Yes", "primary"}, {"no", "No, and\nnever", ""}}, more),
          "prompt", at(where).text("content", content)};
}

typed_action drafted(const place& where, const std::string& mark, std::int64_t id, seeded_rng& rng) {
  auto content = words(mark, 30);
  auto final = rng.chance(0.7);
  return {wire::draft(where.chat_id, id, content, final), "draft",
          at(where).text("content", content).number("draft_id", id).flag("final", final)};
}

typed_action in_thread(const place& where, const std::string& mark, seeded_rng& rng) {
  if (rng.chance(0.5) || where.parent_id.empty()) {
    auto from = rng.chance(0.5) ? "in1" : "";
    return {wire::thread_create(where.chat_id, "about " + mark, from), "thread_create", at(where)};
  }
  auto only_if = rng.chance(0.5) ? "as it was" : "";
  return {wire::thread_rename(where.parent_id, where.chat_id, "renamed " + mark, only_if), "thread_rename",
          json_object{}.text("chat_id", where.parent_id).text("message_id", where.chat_id)};
}

/// One of every op.
typed_action any_of_them(const place& where, const std::string& mark, std::int64_t number, seeded_rng& rng) {
  auto message = "m" + std::to_string(1 + rng.below(30));
  switch (rng.below(12)) {
  case 0: {
    auto content = words(mark, 120);
    return {wire::send(where.chat_id, content, "in1", R"({"note":{"a":[1]}})"), "send",
            at(where).text("content", content)};
  }
  case 1: {
    auto content = words(mark, 20);
    return {wire::edit(where.chat_id, message, content), "edit",
            at(where).text("message_id", message).text("content", content)};
  }
  case 2:
    if (rng.chance(0.5)) return {wire::typing_clear(where.chat_id), "typing", at(where).text("content", "")};
    return {wire::typing(where.chat_id), "typing", at(where)};
  case 3: {
    auto session = "agent:main:" + where.platform + ":dm:" + where.chat_id;
    auto kind = where.platform + ".ephemeral", content = words(mark, 20);
    return {wire::follow_up(session, kind, content), "follow_up",
            json_object{}.text("session_key", session).text("kind", kind).text("content", content)};
  }
  case 4: return {wire::get_chat_info(where.chat_id), "get_chat_info", at(where)};
  case 5: return with_file(where, mark, rng);
  case 6: return asking(where, mark, rng);
  case 7: {
    auto remove = rng.chance(0.3);
    return {wire::react(where.chat_id, message, "\xF0\x9F\x91\x8D", remove), "react",
            at(where).text("message_id", message)};
  }
  case 8:
    return {wire::remove_message(where.chat_id, message), "delete", at(where).text("message_id", message)};
  case 9: return drafted(where, mark, number, rng);
  case 10:
    if (rng.chance(0.5))
      return {wire::task_card_stop(where.chat_id, "c2", rng.chance(0.5) ? "[]" : ""), "task_card_stop",
              at(where)};
    return {wire::task_card(where.chat_id, "c2", R"([{"t":"a"}])"), "task_card", at(where)};
  default: return in_thread(where, mark, rng);
  }
}

} // namespace

void run::plan_one_shots() {
  for (int i = 0; i < 3; ++i)
    time_.at(rng_.between(usec{0}, plan_.safety), [this] { ask_one_shot(rng_, false); });
  if (!plan_.embedded) return;
  for (auto n = outside_.between(3, 15); n > 0; --n)
    time_.at(outside_.between(usec{0}, plan_.safety), [this] { ask_one_shot(outside_, true); });
}

void run::ask_one_shot(seeded_rng& rng, bool any_op) {
  if (!life_ || stopping_ || faults_.is_calm() || life_->host().suspended()) return;
  auto& where = rng.one_of(plan_.places);
  auto number = ++crowd_.marks;
  auto mark = "q" + std::to_string(number);
  auto x = any_op ? any_of_them(where, mark, static_cast<std::int64_t>(number), rng) : plain(where, mark);
  if (auto fault = wire::check(x.act); any_op && !fault.empty()) { // as whoever makes one should
    judge_.fail("makers", x.op + ": " + fault);
    return;
  }
  auto act = x.said.text("op", x.op).text("q", mark).done();
  auto text = json_object{}.text("platform", where.platform).raw("action", act).done();
  json_text doc{text};
  judge_.one_shot_asked(mark, {text, doc.root()});
  action_request what;
  what.request_id = "r-" + mark;
  what.platform = where.platform;
  what.act = std::move(x.act);
  what.act.rest.add("\"q\"", json_string(mark));
  life_->one_shot(mark, std::move(what));
}

// -- an operator -----------------------------------------------------------------------------------

namespace {
/// Whether the words of an event can be read in a line that is no JSON: then what is wrong with it is in its
/// side fields, which a gateway may leave out.
bool says_something(std::string_view line) {
  constexpr std::string_view before = R"("event":{"text":")";
  auto at = line.find(before);
  if (at == std::string_view::npos || line.find(R"("type":"inbound")") == std::string_view::npos)
    return false;
  for (at += before.size(); at < line.size() && line[at] != '"'; ++at) {
    if (static_cast<unsigned char>(line[at]) < 0x20) return false;
    if (line[at] != '\\') continue;
    constexpr std::string_view escapes = R"("\/bfnrt)", digits = "0123456789abcdefABCDEF";
    if (++at == line.size()) return false;
    auto is_number = line[at] == 'u' && at + 4 < line.size() &&
                     line.substr(at + 1, 4).find_first_not_of(digits) == std::string_view::npos;
    if (!is_number && escapes.find(line[at]) == std::string_view::npos) return false;
    if (is_number) at += 4;
  }
  return at < line.size();
}
} // namespace

void run::plan_operator() {
  if (!plan_.dead_letters) return;
  constexpr usec often{5'000'000};
  for (auto at = often; at < plan_.safety; at += often) time_.at(at, [this] { list_dead_letters(); });
}

void run::list_dead_letters() {
  if (!life_ || stopping_ || faults_.is_calm() || life_->host().suspended()) return;
  using wish = dead_letter_ask::wish;
  life_->dead_letters({wish::list, 0, 5}, [this](const dead_letter_answer& x) {
    for (auto& dead : x.dead_letters) decide(dead);
  });
  if (!operator_.chance(0.1)) return;
  constexpr std::uint64_t never = 1'000'000'000'000;
  life_->dead_letters({wish::retry, never, 1}, [this](const dead_letter_answer& x) {
    if (x.found) judge_.fail("dead-letters", "an event is given out again that was never set aside");
  });
}

void run::decide(const dead_letter& x) {
  if (!life_ || operator_.chance(0.3)) return;
  auto again = operator_.chance(0.7);
  using wish = dead_letter_ask::wish;
  auto& notes = judge_.notes();
  auto& event = *x.event;
  if (event.unreadable) { // nobody sent it as an event; with U+FFFD for what was no text it may be one
    auto readable = is_json(event.text) || says_something(event.text);
    life_->dead_letters({again ? wish::retry : wish::drop, x.seq, 1},
                        [this, again, readable, line = event.text](const dead_letter_answer& y) {
                          if (again && y.found && !y.refused && !readable)
                            judge_.fail("dead-letters", "a line that nobody can read is given out: " + line);
                        });
    return;
  }
  auto number = notes.number_of(event);
  judge_.dead_letter_decided(number, again, false);
  life_->dead_letters({again ? wish::retry : wish::drop, x.seq, 1},
                      [this, number, again](const dead_letter_answer& y) {
                        if (y.found) judge_.dead_letter_decided(number, again, true);
                      });
}

} // namespace relay::sim
