// Scenarios with an agent that carries out what it is told: `/relay-action {...}` (README.md).
#include "relay_gateway/app/connector/conformance/scenarios/actions.hpp"

#include "relay_gateway/app/connector/json.hpp"
#include "relay_gateway/app/connector/model/chats/platform_side.hpp"

#include <algorithm>

namespace relay::connector::conformance {

namespace {

chat_message in_chat(const std::string& chat_id, const std::string& platform = "discord") {
  chat_message out;
  out.platform = platform;
  out.chat_id = chat_id;
  return out;
}

void judge_fields(trial& x) {
  auto text = x.fresh("What the agent was told to say");
  auto said =
      x.act(in_chat("a1"), json::fields{}.add("op", "send").add("content", text).object(), "send", text);
  if (!said) throw cut_short("the agent did not do what it was told; " + x.last_words());
  auto renamed =
      x.act(in_chat("a1"),
            R"({"op":"thread_rename","message_id":"t1","thread_name":"new","only_if_current_name":"old",)"
            R"("only_if_connector_created":true})",
            "thread_rename");
  x.told().check("action.fields",
                 renamed && renamed->at("frame.action.message_id") == "t1" &&
                     renamed->at("frame.action.thread_name") == "new" &&
                     renamed->at("frame.action.only_if_current_name") == "old" &&
                     renamed->at("frame.action.only_if_connector_created") == "true",
                 renamed ? "the action is " + renamed->at("frame.action")
                         : std::string{"a thread_rename with both guards was not sent"});
}

void judge_drafts(trial& x) {
  auto half = x.fresh("Half a draft"), whole = x.fresh("A whole draft");
  auto draft = [&](const std::string& text, bool final) {
    return json::fields{}
        .add("op", "draft")
        .add("draft_id", 5)
        .add("content", text)
        .add("final", final)
        .object();
  };
  x.told().check("draft.stream",
                 x.act(in_chat("a2", "telegram"), draft(half, false), "draft", half).has_value(),
                 "a draft that is not final did not go out as a draft");
  auto said = x.act(in_chat("a2", "telegram"), draft(whole, true), "send", whole);
  auto sealed = x.count(both(of_kind("outbound", "frame.action.op", "draft"),
                             of_kind("outbound", "frame.action.final", "true")));
  x.told().check("draft.final", said && sealed == 0,
                 sealed > 0 ? "it was sealed as a draft" : "its content was not sent");
}

/// The follow_up by which the agent answers; its key is the one of the session.
std::optional<record> follow_up(trial& x, const std::string& event, const std::string& kind,
                                const std::string& message_id) {
  auto since = x.peer().mark();
  auto text = x.fresh("A follow-up");
  auto order =
      json::fields{}
          .add("text",
               order_for(
                   json::fields{}.add("op", "follow_up").add("kind", kind).add("content", text).object()))
          .add("message_id", message_id);
  x.raw({R"({"type":"inbound","event":{)" + order.inside() + R"(,"source":)" + event + "}}\n"});
  return x.await(action_of("follow_up", text), trial::patience, since);
}

struct key_case {
  const char *source, *key;
};

/// Each case by itself; the first that is wrong is told.
void judge_keys(trial& x, std::string_view clause, const std::vector<key_case>& cases,
                const std::string& kind) {
  int number = 0;
  for (const auto& [source, key] : cases) {
    auto answer = follow_up(x, source, kind, std::string{clause} + std::to_string(++number));
    if (!answer) return x.told().fail(clause, std::string{"no follow_up for "} + source);
    if (auto is = answer->at("frame.action.session_key"); is != key)
      return x.told().fail(clause, "'" + is + "' instead of '" + key + "'");
  }
  x.told().pass(clause);
}

void judge_sessions(trial& x) {
  judge_keys(
      x, "session.key",
      {{R"({"platform":"discord","chat_id":"k1","chat_type":"dm","user_id":"u1"})",
        "agent:main:discord:dm:k1"},
       {R"({"platform":"discord","chat_type":"dm","user_id":"u1"})", "agent:main:discord:dm:u1"},
       {R"({"platform":"discord","chat_id":"k2","chat_type":"group","user_id":"u1"})",
        "agent:main:discord:group:k2:u1"},
       {R"({"platform":"discord","chat_id":"k3","chat_type":"thread","thread_id":"k4","user_id":"u1"})",
        "agent:main:discord:thread:k3:k4"},
       {R"({"platform":"discord","chat_id":"k5","chat_type":"channel","prospective_thread_id":"k6","user_id":"u1"})",
        "agent:main:discord:thread:k5:k6"},
       {R"({"platform":"discord","chat_id":"k7","chat_type":"dm","user_id":"u1","profile":"main"})",
        "agent:main~:discord:dm:k7"}},
      "discord.interaction");
  auto answer = follow_up(
      x, R"({"platform":"discord","chat_id":"f1","chat_type":"dm","user_id":"u1","profile":"work"})",
      "discord.interaction", "f1-1");
  if (!answer) {
    for (const char* id : {"follow_up.profile", "follow_up.platform"})
      x.told().fail(id, "there was no follow_up");
    return;
  }
  x.told().check("follow_up.profile",
                 answer->at("frame.action.session_key") == "agent:work:discord:dm:f1" &&
                     answer->at("frame.action.metadata.profile") == "work",
                 "metadata.profile is '" + answer->at("frame.action.metadata.profile") + "' for " +
                     answer->at("frame.action.session_key"));
  x.told().check("follow_up.platform", answer->at("frame.platform") == "discord",
                 "tagged '" + answer->at("frame.platform") + "'");
}

void judge_interaction_key(trial& x) {
  auto text = x.fresh("A later answer");
  interaction command;
  command.chat_id = "k8";
  command.scope_id = "guild-8";
  command.user_id = "user-8";
  command.name = "relay-action";
  command.options = {{"action", json::fields{}
                                    .add("op", "follow_up")
                                    .add("kind", "discord.interaction")
                                    .add("content", text)
                                    .object()}};
  auto since = x.peer().mark();
  x.peer().interact(command);
  auto answer = x.await(action_of("follow_up", text), trial::patience, since);
  constexpr const char* key = "agent:main:discord:group:k8:user-8";
  x.told().check("session.interaction", answer && answer->at("frame.action.session_key") == key,
                 answer ? "'" + answer->at("frame.action.session_key") + "' instead of '" + key + "'"
                        : std::string{"there was no follow_up"});
}

/// Lets the agent say too much and judges every content that leaves for it. `within`: which frames.
void judge_overflow(trial& x, std::string_view clause, const std::string& chat_id, json::fields action,
                    const record_filter& within) {
  std::string words;
  for (int i = 0; i < 600; ++i) words += (i > 0 ? " v" : "v") + std::to_string(i) + "\u00e9";
  auto since = x.peer().mark();
  auto said = in_chat(chat_id);
  said.text = order_for(action.add("content", words).object());
  x.peer().inject(said);
  // The last word is in the last piece, wherever that goes.
  auto last = [&](const record& one) {
    return within(one) && one.at("frame.action.content").find("v599") != std::string::npos;
  };
  if (!x.await(last, trial::patience, since))
    return x.told().fail(clause, "the end of the text did not leave");
  if (!x.barrier(chat_id)) return x.told().fail(clause, "the chat was not served any more");
  std::string all;
  for (const auto& one : x.peer().records(since, within)) {
    auto content = one.at("frame.action.content");
    if (auto length = length_of(content, false); length > 2000)
      return x.told().fail(clause,
                           one.at("frame.action.op") + " carries " + std::to_string(length) + " of 2,000");
    all += content + " ";
  }
  for (int i = 0; i < 600; ++i)
    if (auto word = "v" + std::to_string(i) + "\u00e9"; all.find(word) == std::string::npos)
      return x.told().fail(clause, "'" + word + "' did not leave");
  x.told().pass(clause);
}

void judge_overflows(trial& x) {
  auto in = [](const std::string& chat_id) { return of_kind("outbound", "frame.action.chat_id", chat_id); };
  auto first = x.fresh("A short message");
  auto since = x.peer().mark();
  auto sent =
      x.act(in_chat("o1"), json::fields{}.add("op", "send").add("content", first).object(), "send", first);
  auto result =
      sent ? x.peer().wait_for(of_kind("outbound_result", "frame.requestId", sent->at("frame.requestId")),
                               trial::patience, since)
           : std::nullopt;
  if (!result) throw cut_short("a message to edit was not sent");
  auto id = result->at("frame.result.message_id");
  judge_overflow(x, "length.edit", "o1", json::fields{}.add("op", "edit").add("message_id", id), in("o1"));
  auto follow = [](const record& one) {
    return one.kind == "outbound" && (one.at("frame.action.session_key") == "agent:main:discord:dm:o2" ||
                                      one.at("frame.action.chat_id") == "o2");
  };
  judge_overflow(x, "length.follow_up", "o2",
                 json::fields{}.add("op", "follow_up").add("kind", "discord.interaction"), follow);
  judge_overflow(x, "length.caption", "o3",
                 json::fields{}
                     .add("op", "send_media")
                     .add("media_kind", "image")
                     .add("source_url", "https://example.org/dot.png"),
                 in("o3"));
  judge_overflow(x, "length.prompt", "o4",
                 json::fields{}
                     .add("op", "prompt")
                     .add("prompt_kind", "choice")
                     .raw("options", R"([{"id":"yes","label":"Yes"},{"id":"no","label":"No"}])"),
                 in("o4"));
}

void judge_texts(trial& x) {
  auto said = in_chat("b1");
  said.text = order_for(R"({"op":"send","content":" \n\t "})");
  x.peer().inject(said);
  bool served = x.barrier("b1");
  std::size_t blank = 0;
  for (const auto& one : x.peer().records(0, of_kind("outbound", "frame.action.chat_id", "b1")))
    if (one.at("frame.action.content").find_first_not_of(" \n\t") == std::string::npos) ++blank;
  x.told().check("text.blank", served && blank == 0,
                 served ? "it was sent" : "the chat was not served any more");
  auto half = x.act(in_chat("b2"), R"({"op":"send","content":"half of \ud83d a pair"})", "send", "half of");
  x.told().check("text.surrogate", half && half->at("frame.action.content") == "half of \uFFFD a pair",
                 half ? "it is '" + half->at("frame.action.content") + "'" : std::string{"it was not sent"});
}

} // namespace

bool offers_actions(const stage& on, std::initializer_list<std::string_view> clauses) {
  if (on.what.actions) return true;
  for (auto id : clauses) on.told.not_offered(id, "the gateway's agent carries out no actions");
  return false;
}

void play_actions(const stage& on) {
  if (!offers_actions(on, {"action.fields", "draft.stream", "draft.final", "text.blank", "text.surrogate",
                           "length.edit", "length.follow_up", "length.caption", "length.prompt"}))
    return;
  setup how;
  how.name = "actions";
  trial x{on.what, on.told, on.work_dir, how};
  x.until_served();
  judge_fields(x);
  judge_drafts(x);
  judge_texts(x);
  judge_overflows(x);
}

void play_sessions(const stage& on) {
  if (!offers_actions(on, {"session.key", "session.interaction", "follow_up.profile", "follow_up.platform"}))
    return;
  setup how;
  how.name = "sessions";
  trial x{on.what, on.told, on.work_dir, how};
  x.until_served();
  judge_sessions(x);
  judge_interaction_key(x);
}

void judge_slack_actions(trial& x, const stage& on) {
  if (!offers_actions(on, {"slack.typing", "slack.seal", "session.slack"})) return;
  auto top = in_chat("C3", "slack");
  top.chat_type = "channel";
  top.scope_id = "T1";
  top.message_id = "1712000000.000300";
  auto typing = x.act(top, R"({"op":"typing","content":"thinking"})", "typing", "thinking");
  auto thread = typing ? typing->at("frame.action.metadata.thread_id") : std::string{};
  on.told.check("slack.typing", thread == top.message_id,
                typing ? "metadata.thread_id is '" + thread + "'" : "it was not sent");
  auto whole = x.fresh("A whole draft");
  top.message_id = "1712000000.000301";
  auto sealed = x.act(
      top,
      json::fields{}.add("op", "draft").add("draft_id", 6).add("content", whole).add("final", true).object(),
      "draft", whole);
  on.told.check("slack.seal", sealed && sealed->at("frame.action.final") == "true", "it was not sealed");
  judge_keys(
      x, "session.slack",
      {{R"({"platform":"slack","chat_id":"C4","chat_type":"channel","scope_id":"T1","user_id":"u1",)"
        R"("thread_id":"1712000000.000400"})",
        "agent:main:slack:channel:T1:C4:1712000000.000400"},
       {R"({"platform":"slack","chat_id":"C5","chat_type":"dm","user_id":"u1","thread_id":"1712000000.5"})",
        "agent:main:slack:dm:C5:1712000000.5"},
       {R"({"platform":"slack","chat_id":"C6","chat_type":"channel","scope_id":"T1","user_id":"u1"})",
        "agent:main:slack:channel:T1:C6:session.slack3"}},
      "slack.response");
}

void judge_unsupported(trial& x, const stage& on) {
  if (!offers_actions(on, {"ops.unsupported"})) return;
  auto since = x.peer().mark();
  for (const char* action :
       {R"({"op":"react","message_id":"1","emoji":"x"})", R"({"op":"get_chat_info"})",
        R"({"op":"thread_create","thread_name":"t"})", R"({"op":"delete","message_id":"1"})",
        R"({"op":"draft","draft_id":1,"content":"d","final":false})",
        R"({"op":"send_media","media_kind":"image","source_url":"https://example.org/dot.png"})"}) {
    auto said = in_chat("u1");
    said.text = order_for(action);
    x.peer().inject(said);
  }
  bool served = x.barrier("u1");
  std::string foreign;
  for (const auto& one : x.peer().records(since, of_kind("outbound")))
    if (auto op = one.at("frame.action.op"); op != "send" && op != "typing") foreign = op;
  on.told.check("ops.unsupported", served && foreign.empty(),
                served ? "'" + foreign + "' was sent" : std::string{"the chat was not served any more"});
}

} // namespace relay::connector::conformance
