// What agents do besides answering with a text: every other op of protocol.md 6.
#include "relay_gateway/tests/sim/models/agent.hpp"
#include "relay_gateway/tests/sim/models/event_text.hpp"

#include <array>
#include <utility>

namespace relay::sim {

std::size_t sim_agent::length(std::size_t usual) {
  constexpr std::array<std::size_t, 5> lengths{10, 60, 250, 900, 2'500};
  return plan_.wordy ? more_.one_of(lengths) : usual;
}

void sim_agent::ask_approval(const turn& x) {
  auto mark = fresh_mark();
  json_object to;
  to.text("prompt_kind", "approval")
      .text("prompt_id", "mine-" + mark)
      .text("content", words(mark, length(20)));
  to.raw("options", R"([{"id":"yes","label":"Yes"},{"id":"no","label":"No","style":"danger"}])");
  ask(mark, "prompt", "", x.delivery_id, x.chat_id, std::move(to));
  if (!on_.faults.armed(fault::router_crash)) return;
  constexpr usec patience{9'000'000};
  const auto id = plan_.counting ? std::to_string(asked_here_) : "r-" + mark;
  later(patience, [this, id] { // it has heard nothing of it
    if (auto it = asked_.find(id); it != asked_.end()) say(std::string{it->second.frame});
  });
}

void sim_agent::follow_up(const turn& x) {
  if (x.session_key.empty()) return;
  auto mark = fresh_mark();
  json_object to;
  to.text("session_key", x.session_key).text("kind", x.platform + ".ephemeral");
  ask(mark, "follow_up", "", x.delivery_id, "", std::move(to.text("content", words(mark, length(20)))));
}

void sim_agent::stream_draft(const turn& x) {
  auto id = static_cast<std::int64_t>(++all_.marks);
  auto states = 1 + static_cast<int>(rng_.below(4));
  auto abandoned = rng_.chance(0.1);
  for (int i = 0; i < states; ++i) {
    auto last = i + 1 == states && !abandoned;
    later(usec{i * 40'000}, [this, x, id, last] {
      auto mark = fresh_mark();
      json_object to;
      to.number("draft_id", id).text("content", words(mark, 30)).flag("final", last);
      ask(mark, "draft", "", x.delivery_id, x.chat_id, std::move(to));
    });
  }
}

void sim_agent::extra(const turn& x) {
  auto mark = fresh_mark();
  json_object to;
  auto simple = [&](const char* op, json_object members) {
    ask(mark, op, "", x.delivery_id, x.chat_id, std::move(members));
  };
  switch (rng_.below(16)) {
  case 0: return simple("typing", std::move(to));
  case 1: return simple("typing", std::move(to.text("content", "")));
  case 2:
    if (x.message_id.empty()) return;
    to.text("message_id", x.message_id).text("emoji", "\xF0\x9F\x91\x8D");
    if (rng_.chance(0.3)) to.flag("remove", true);
    return simple("react", std::move(to));
  case 3: return simple("get_chat_info", std::move(to));
  case 4:
    to.text("media_kind", "image").text("source_url", "https://pictures.example/" + mark + ".png");
    return simple("send_media", std::move(to.text("content", words(mark, length(10)))));
  case 5: {
    constexpr std::array<const char*, 4> paths{"/tmp/a.png", "/tmp/b.ogg", "/tmp/missing.txt",
                                               "/tmp/huge.mp4"};
    to.text("media_kind", "document")
        .text("source_path", rng_.one_of(paths))
        .text("content", words(mark, length(10)));
    return simple("send_media", std::move(to));
  }
  case 6: {
    to.text("prompt_kind", "choice").text("content", words(mark, length(20)));
    to.raw("options", R"([{"id":"yes","label":"Yes"},{"id":"no","label":"No","style":"danger"}])");
    if (rng_.chance(0.3)) to.text("prompt_id", "mine-" + mark);
    if (rng_.chance(0.4)) to.number("timeout_s", rng_.between(2, 60));
    return simple("prompt", std::move(to));
  }
  case 7:
  case 8: return stream_draft(x);
  case 9: return simple("delete", std::move(to.text("message_id", "m1")));
  case 10: return simple("task_card", std::move(to.text("card_id", "c1").raw("chunks", R"([{"t":"a"}])")));
  case 11: return simple("task_card_stop", std::move(to.text("card_id", "c1")));
  case 12: return simple("thread_create", std::move(to.text("thread_name", "about " + mark)));
  case 13:
    if (x.parent_id.empty()) return;
    to.text("message_id", x.chat_id).text("thread_name", "renamed " + mark);
    ask(mark, "thread_rename", "", x.delivery_id, x.parent_id, std::move(to));
    return;
  case 14: {
    if (x.session_key.empty()) return;
    to.text("session_key", x.session_key)
        .text("kind", x.platform + ".ephemeral")
        .text("content", words(mark, 20));
    ask(mark, "follow_up", "", x.delivery_id, "", std::move(to));
    return;
  }
  case 15: return answer_in_another_chat(x, mark);
  }
}

/// Stops the turn, and sends somewhere else although it answers this.
void sim_agent::answer_in_another_chat(const turn& x, const std::string& mark) {
  json_object stop, to;
  stop.text("type", "interrupt").text("session_key", x.session_key);
  if (rng_.chance(0.5)) stop.text("reason", "enough");
  if (!x.session_key.empty()) say(stop.line());
  auto& where = rng_.one_of(plan_.places);
  auto platform = rng_.chance(0.7) ? where.platform : "";
  ask(mark, "send", platform, x.delivery_id, where.chat_id, std::move(to.text("content", content(mark))));
}

} // namespace relay::sim
