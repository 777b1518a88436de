// Scenarios about what platforms say to actions, about long texts and about interactions.
#include "relay_gateway/app/connector/conformance/scenarios/results.hpp"

#include "relay_gateway/app/connector/conformance/scenarios/actions.hpp"
#include "relay_gateway/app/connector/json.hpp"
#include "relay_gateway/app/connector/model/chats/platform_side.hpp"

#include <algorithm>

namespace relay::connector::conformance {

namespace {

std::string without_space(const std::string& text) {
  std::string out;
  for (char c : text)
    if (c != ' ' && c != '\n' && c != '\t' && c != '\r') out += c;
  return out;
}

/// Says `text` and judges the pieces of the answer.
void judge_length(trial& x, std::string_view clause, const std::string& platform, const std::string& chat_id,
                  const std::string& text, std::int64_t limit, bool utf16) {
  chat_message said;
  said.platform = platform;
  said.chat_id = chat_id;
  said.text = text;
  x.peer().inject(said);
  if (!x.barrier(chat_id, platform)) return x.told().fail(clause, "the chat was not served any more");
  auto pieces = x.peer().records(0, both(of_kind("outbound", "frame.action.chat_id", chat_id),
                                         of_kind("outbound", "frame.action.op", "send")));
  std::string whole, problem;
  for (const auto& one : pieces) {
    auto content = one.at("frame.action.content");
    auto length = length_of(content, utf16);
    if (length > limit)
      problem = "a piece of " + std::to_string(length) + " where " + std::to_string(limit) + " are allowed";
    whole += without_space(content);
  }
  if (problem.empty() && whole.find(without_space(text)) == std::string::npos)
    problem = "the pieces do not add up to the text";
  x.told().check(clause, problem.empty(), problem);
}

void judge_declined(trial& x) {
  rule no;
  no.op = "send";
  no.chat_id = "d1";
  no.result = R"({"success":false,"error":"egress declined: not yours","code":"egress_declined"})";
  x.peer().answer(no);
  chat_message said;
  said.chat_id = "d1";
  said.text = x.fresh("A message whose answer is declined");
  x.peer().inject(said);
  if (!x.reply("d1", said.text)) return x.told().fail("result.declined", "the event was not answered");
  bool served = x.barrier("d1");
  auto times = x.replies("d1", said.text).size();
  x.told().check("result.declined", served && times == 1,
                 served ? "it was sent " + std::to_string(times) + " times"
                        : std::string{"the chat was not served any more"});
}

void judge_retry_after(trial& x) {
  rule later;
  later.op = "send";
  later.chat_id = "d2";
  later.result = R"({"success":false,"error":"HTTP 429: rate limited","retry_after":1})";
  x.peer().answer(later);
  chat_message said;
  said.chat_id = "d2";
  said.text = x.fresh("A message whose answer has to wait");
  x.peer().inject(said);
  auto first = x.reply("d2", said.text);
  if (!first) return x.told().fail("result.retry_after", "the event was not answered");
  auto second = x.reply("d2", said.text, first->index);
  if (!second) return x.told().fail("result.retry_after", "it was not sent again");
  constexpr std::int64_t least_ms = 950;
  auto waited = second->time_ms - first->time_ms;
  x.told().check("result.retry_after", waited >= least_ms,
                 "it came again after " + std::to_string(waited) + " ms of 1,000");
}

void judge_unknown(trial& x) {
  rule never;
  never.op = "send";
  never.chat_id = "d3";
  never.withhold = true;
  x.peer().answer(never);
  chat_message said;
  said.chat_id = "d3";
  said.text = x.fresh("A message whose answer gets no result");
  x.peer().inject(said);
  if (!x.reply("d3", said.text)) return x.told().fail("result.unknown", "the event was not answered");
  auto since = x.peer().mark();
  x.peer().drop_all();
  x.until_served(since);
  bool served = x.barrier("d3");
  auto times = x.replies("d3", said.text).size();
  x.told().check("result.unknown", served && times == 1,
                 served ? "it was sent " + std::to_string(times) + " times"
                        : std::string{"the chat was not served any more"});
}

/// The answer to a command; the clauses fail without one.
std::optional<record> command(trial& x, const interaction& what) {
  auto since = x.peer().mark();
  x.peer().interact(what);
  auto entry = x.peer().wait_for(of_kind("buffered"), trial::patience, since);
  auto acked = entry ? x.peer().wait_for(of_kind("inbound_ack", "frame.bufferId", entry->at("buffer_id")),
                                         trial::patience, since)
                     : std::nullopt;
  if (!acked) return std::nullopt;
  return x.reply(what.chat_id, what.name, since);
}

/// Every one of them must be acked, and none answered.
void judge_silent(trial& x) {
  auto since = x.peer().mark();
  auto id = x.gateway_id();
  x.peer().interact({.type = 1, .chat_id = "s1"});
  x.peer().interact({.type = 4, .chat_id = "s1", .name = "conformance", .options = {{"a", "b"}}});
  for (const char* body : {"%%%", "bm8ganNvbg==", ""}) // not base64, not JSON, empty
    x.peer().forward(std::string{R"({"platform":"discord","botId":"","method":"POST","path":"/x",)"} +
                         R"("headers":[["a"],7],"bodyB64":")" + body + R"("})",
                     id);
  x.peer().forward(
      R"({"platform":"elsewhere","botId":"","method":"POST","path":"/x","headers":[],"bodyB64":"e30="})", id);
  std::string unacked;
  for (const auto& one : x.peer().records(since, of_kind("buffered")))
    if (!x.peer().wait_for(of_kind("inbound_ack", "frame.bufferId", one.at("buffer_id")), trial::patience,
                           since))
      unacked = one.at("buffer_id");
  bool served = x.barrier("s2");
  auto answers = x.count(of_kind("outbound", "frame.action.chat_id", "s1"), since);
  x.told().check("passthrough.silent", unacked.empty() && served && answers == 0,
                 !unacked.empty() ? "one was not acked: a connector would replay it for ever"
                 : !served        ? "the gateway did not serve any more"
                                  : "one was answered");
}

} // namespace

void play_results(const stage& on) {
  setup how;
  how.name = "results";
  trial x{on.what, on.told, on.work_dir, how};
  x.until_served();
  std::string words, signs;
  for (int i = 0; i < 700; ++i) words += (i > 0 ? " w" : "w") + std::to_string(i) + "\u00e9";
  judge_length(x, "length.chars", "discord", "l1", words, 2000, false);
  for (int i = 0; i < 3000; ++i) signs += i % 10 == 9 ? "\U0001F680 " : "\U0001F680";
  while (signs.back() == ' ') signs.pop_back();
  judge_length(x, "length.utf16", "telegram", "l2", signs, 4096, true);
  judge_declined(x);
  judge_retry_after(x);
  judge_unknown(x);
}

void play_legacy(const stage& on) {
  setup how;
  how.name = "legacy";
  how.before = [](stand_in& peer) {
    rule old, odd;
    old.on = odd.on = answer_point::hello;
    old.platform = "discord";
    odd.platform = "telegram";
    old.count = odd.count = -1;
    old.descriptor = R"({"contract_version":1,"platform":"discord","label":"Old","max_message_length":100})";
    odd.descriptor = R"({"contract_version":1,"platform":"telegram","label":"Odd","max_message_length":0,)"
                     R"("len_unit":"furlongs","supported_ops":[]})";
    peer.answer(old);
    peer.answer(odd);
  };
  trial x{on.what, on.told, on.work_dir, how};
  x.until_served();
  std::string words, signs;
  for (int i = 0; i < 60; ++i) words += (i > 0 ? " w" : "w") + std::to_string(i);
  judge_length(x, "descriptor.legacy", "discord", "q1", words, 100, false);
  for (int i = 0; i < 2000; ++i) signs += (i > 0 ? " w" : "w") + std::to_string(i);
  judge_length(x, "descriptor.defaults", "telegram", "q2", signs, 4096, false);
  judge_unsupported(x, on);
}

void play_passthrough(const stage& on) {
  setup how;
  how.name = "passthrough";
  trial x{on.what, on.told, on.work_dir, how};
  x.until_served();
  auto behaviour = x.peer().how();
  behaviour.buffer_all = true;
  x.peer().set_behaviour(behaviour);
  auto answer =
      command(x, {.type = 2, .chat_id = "i1", .name = "conformance", .options = {{"what", "value"}}});
  auto said = answer ? answer->at("frame.action.content") : std::string{};
  on.told.check("passthrough.text", said == "/conformance value", "it is '" + said + "'");
  on.told.check("passthrough.command", answer && answer->at("frame.platform") == "discord",
                answer ? "the answer is tagged " + answer->at("frame.platform")
                       : std::string{"it was not acked, or not answered"});
  answer = command(
      x, {.type = 2, .chat_id = "i2", .name = "conformance", .scope_id = "guild-2", .user_id = "user-7"});
  on.told.check("passthrough.guild",
                answer && answer->at("frame.action.metadata.scope_id") == "guild-2" &&
                    answer->at("frame.action.metadata.user_id") == "user-7",
                answer ? "metadata is " + answer->at("frame.action.metadata")
                       : std::string{"it was not acked, or not answered"});
  judge_silent(x);
}

} // namespace relay::connector::conformance
