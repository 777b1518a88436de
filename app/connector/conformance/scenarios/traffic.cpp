// Scenarios about events and where their answers go.
#include "relay_gateway/app/connector/conformance/scenarios/traffic.hpp"

#include "relay_gateway/app/connector/conformance/scenarios/actions.hpp"
#include "relay_gateway/app/connector/model/chats/event_text.hpp"
#include "relay_gateway/app/connector/model/chats/platform_side.hpp"

namespace relay::connector::conformance {

namespace {

/// Acks of that buffer id.
record_filter ack_of(const std::string& buffer_id) {
  return of_kind("inbound_ack", "frame.bufferId", buffer_id);
}

void judge_framing(trial& x) {
  auto& told = x.told();
  auto one = x.fresh("The first of two"), two = x.fresh("The second of two");
  x.raw({inbound_frame("f1", one, {}, "f1-1") + inbound_frame("f1", two, {}, "f1-2")});
  told.check("framing.coalesced", x.reply("f1", one) && x.reply("f1", two), "not both were answered");
  auto text = x.fresh("A frame in pieces");
  auto frame = inbound_frame("f2", text, {}, "f2-1");
  auto third = frame.size() / 3;
  x.raw({frame.substr(0, third), frame.substr(third, third), frame.substr(2 * third)});
  told.check("framing.split", x.reply("f2", text).has_value(), "it was not answered");
  x.raw({"{\"type\":\"inbound\",\n", "42\n", "[]\n", "{}\n", "\n", "no JSON at all\n"});
  bool alive = x.barrier("f3") && x.count(of_kind("closed")) == 0;
  told.check("framing.malformed", alive, "the connection did not live on");
  x.raw({R"({"type":"inbound","bufferId":"bad-1","event":"no object"})"
         "\n"});
  told.check("framing.malformed_ack", x.peer().wait_for(ack_of("bad-1"), trial::patience).has_value(),
             "it was not acked: a connector would replay it for ever");
  text = x.fresh("An event with more in it");
  x.raw({R"({"type":"new_thing","bufferId":7,"x":[{}]})"
         "\n",
         R"({"type":"outbound_result","requestId":"of nobody","result":{"success":true}})"
         "\n",
         inbound_frame("f4", text, {}, "f4-1", R"(,"new_field":{"a":1})", R"(,"new_field":[1])")});
  told.check("framing.unknown", x.reply("f4", text) && x.count(of_kind("closed")) == 0,
             "the event after them was not answered on the same connection");
}

void judge_acks(trial& x) {
  auto text = x.fresh("An event with a bufferId");
  x.raw({inbound_frame("f5", text, "buffer-0", "f5-1")});
  bool acked = x.peer().wait_for(ack_of("buffer-0"), trial::patience).has_value();
  x.told().check("ack.inbound", acked && x.reply("f5", text),
                 acked ? "it was not answered" : "it was not acked");
}

/// Whether the text was answered that often, once everything before is dealt with.
void judge_times(trial& x, std::string_view clause, const std::string& chat_id, const std::string& text,
                 std::size_t wanted) {
  bool served = x.barrier(chat_id);
  auto times = x.replies(chat_id, text).size();
  x.told().check(clause, served && times == wanted,
                 served ? "it was answered " + std::to_string(times) + " times, not " + std::to_string(wanted)
                        : "the chat was not served any more");
}

void judge_buffer_ids(trial& x) {
  auto text = x.fresh("An event that is replayed");
  auto frame = inbound_frame("r1", text, "buffer-1", "r1-1");
  x.raw({frame});
  x.peer().wait_for(ack_of("buffer-1"), trial::patience);
  x.reply("r1", text);
  x.raw({frame});
  if (!x.peer().wait_count(ack_of("buffer-1"), 2, trial::patience))
    x.told().fail("dedupe.buffer", "the replay was not acked");
  judge_times(x, "dedupe.buffer", "r1", text, 1);
  text = x.fresh("An event whose bufferId was used before");
  x.raw({inbound_frame("r1", text, "buffer-1", "r1-2")});
  judge_times(x, "dedupe.reused", "r1", text, 1);
}

void judge_message_ids(trial& x) {
  auto text = x.fresh("A message that comes twice");
  auto frame = inbound_frame("r2", text, {}, "r2-1");
  x.raw({frame, frame});
  judge_times(x, "dedupe.message", "r2", text, 1);
  text = x.fresh("A message with an id of another chat");
  x.raw({inbound_frame("r3", text, {}, "r2-1")});
  judge_times(x, "dedupe.chat", "r3", text, 1);
  text = x.fresh("A message with an id of another profile");
  x.raw({inbound_frame("r2", text, {}, "r2-1", R"(,"profile":"work")")});
  judge_times(x, "dedupe.chat", "r2", text, 1);
  text = x.fresh("A message without an id");
  frame = inbound_frame("r4", text, {}, {});
  x.raw({frame, frame});
  judge_times(x, "dedupe.anonymous", "r4", text, 2);
}

void judge_edits(trial& x) {
  auto first = x.fresh("A message as it was"), second = x.fresh("A message as it was changed");
  std::string mark = R"(,"message_is_edit":true)";
  x.raw({inbound_frame("r5", first, {}, "r5-1")});
  x.reply("r5", first);
  auto frame = inbound_frame("r5", second, {}, "r5-1", mark);
  x.raw({frame, frame});
  judge_times(x, "dedupe.edit", "r5", second, 1);
  x.raw({inbound_frame("r5", first, {}, "r5-1", mark)});
  judge_times(x, "dedupe.edit_back", "r5", first, 2);
  x.raw({frame});
  judge_times(x, "dedupe.edit_back", "r5", second, 2);
}

/// Injects it and judges one member of the answer's metadata.
void judge_routing(trial& x, std::string_view clause, chat_message said, const std::string& source,
                   const std::string& member, const std::string& wanted) {
  said.text = x.fresh("A message about routing");
  if (source.empty()) {
    x.peer().inject(said);
  } else {
    x.raw({inbound_frame(said.chat_id, said.text, {}, said.chat_id + "-1", source)});
  }
  auto answer = x.reply(said.chat_id, said.text);
  if (!answer) return x.told().fail(clause, "the event was not answered");
  auto is = answer->at("frame.action.metadata." + member);
  x.told().check(clause, is == wanted, "metadata." + member + " is '" + is + "', not '" + wanted + "'");
}

void judge_reply(trial& x, const std::string& platform) {
  chat_message said;
  said.platform = platform;
  said.chat_id = "e-" + platform;
  said.text = x.fresh("A message on " + platform);
  x.peer().inject(said);
  auto answer = x.reply(said.chat_id, said.text);
  if (!answer) throw cut_short("a plain message on " + platform + " was not answered; " + x.last_words());
  x.told().check("event.reply",
                 answer->at("frame.platform") == platform &&
                     answer->at("frame.botId") == bot_id_of(platform) && answer->at("problem").empty(),
                 "tagged '" + answer->at("frame.platform") + "', '" + answer->at("frame.botId") + "'");
}

void judge_odd_events(trial& x) {
  auto& told = x.told();
  auto text = x.fresh("An event with nothing but the least");
  x.raw({R"({"type":"inbound","event":{"text":")" + text +
         R"(","source":{"platform":"discord","chat_id":"o1"}}})" + "\n"});
  told.check("event.defaults", x.reply("o1", text).has_value(), "it was not answered");
  text = x.fresh("An event with a malformed context");
  x.raw({inbound_frame("o2", text, {}, "o2-1", {}, R"(,"context":[7,{"source":3}],"context_error":5)")});
  told.check("event.context", x.reply("o2", text).has_value(), "it was not answered");
  // Written by hand: what half a pair looks like in JSON.
  x.raw({R"({"type":"inbound","event":{"text":"half of \ud83d a pair","message_id":"o3-1","source":{)"
         R"("platform":"discord","chat_id":"o3","chat_type":"dm","user_id":"u1"}}})"
         "\n"});
  auto whole = x.reply("o3", "half of \uFFFD a pair");
  told.check("event.surrogate", whole.has_value(), "it was not answered with U+FFFD in its place");
  x.peer().interrupt("agent:main:discord:dm:o2", "o2");
  told.check("event.interrupt", x.barrier("o2") && x.count(of_kind("closed")) == 0,
             "the chat was not served after it");
}

void judge_media(trial& x) {
  auto url = x.peer().put_media("image/png", "dot.png", "not really a picture");
  auto since = x.peer().mark();
  auto text = x.fresh("A message with a picture");
  x.raw({inbound_frame("m1", text, {}, "m1-1", {}, R"(,"media_urls":[")" + url + R"("])")});
  auto fetched = x.peer().wait_for(of_kind("media_fetch"), std::chrono::seconds{5}, since);
  if (!fetched) return x.told().not_offered("media.fetch", "the gateway fetches no media on receipt");
  x.told().check("media.fetch", fetched->at("token.verified") == "true",
                 "the token is " + fetched->at("token.check"));
}

void judge_ops(trial& x) {
  std::map<std::string, platform_limits> known;
  for (const auto& one : default_platforms()) known[one.name] = read_limits(one.descriptor);
  std::string foreign;
  for (const auto& one : x.peer().records(0, of_kind("outbound")))
    if (auto op = one.at("frame.action.op"); known[one.platform].ops.count(op) == 0) foreign = op;
  x.told().check("ops.supported", foreign.empty(), "'" + foreign + "' was sent");
}

} // namespace

void play_framing(const stage& on) {
  setup how;
  how.name = "framing";
  trial x{on.what, on.told, on.work_dir, how};
  x.until_served();
  judge_framing(x);
  judge_acks(x);
}

void play_repeats(const stage& on) {
  setup how;
  how.name = "repeats";
  trial x{on.what, on.told, on.work_dir, how};
  x.until_served();
  judge_buffer_ids(x);
  judge_message_ids(x);
  judge_edits(x);
}

void play_events(const stage& on) {
  setup how;
  how.name = "events";
  trial x{on.what, on.told, on.work_dir, how};
  x.until_served();
  judge_reply(x, "discord");
  judge_reply(x, "telegram");
  judge_odd_events(x);
  chat_message guild;
  guild.chat_id = "g1";
  guild.chat_type = "channel";
  guild.scope_id = "guild-1";
  judge_routing(x, "routing.scope", guild, {}, "scope_id", "guild-1");
  judge_routing(x, "routing.scope", guild, {}, "guild_id", "guild-1");
  auto text = x.fresh("A message of an older connector");
  x.raw({R"({"type":"inbound","event":{"text":")" + text +
         R"(","message_id":"g5-1","source":{"platform":"discord","chat_id":"g5","chat_type":"channel",)" +
         R"("user_id":"u1","guild_id":"guild-5"}}})" + "\n"});
  auto answer = x.reply("g5", text);
  auto scope = answer ? answer->at("frame.action.metadata.scope_id") : std::string{};
  on.told.check("routing.guild_id",
                answer && scope == "guild-5" && answer->at("frame.action.metadata.guild_id") == scope,
                answer ? "metadata is " + answer->at("frame.action.metadata") : "it was not answered");
  chat_message direct;
  direct.chat_id = "g2";
  direct.user_id = "user-2";
  judge_routing(x, "routing.user", direct, {}, "user_id", "user-2");
  direct.chat_id = "g3";
  judge_routing(x, "routing.profile", direct, R"(,"profile":"work")", "profile", "work");
  chat_message thread = guild;
  thread.chat_id = "g4";
  thread.chat_type = "thread";
  thread.thread_id = "thread-4";
  judge_routing(x, "routing.thread", thread, {}, "thread_id", "thread-4");
  judge_media(x);
  judge_ops(x);
}

void play_slack(const stage& on) {
  setup how;
  how.name = "slack";
  how.platforms = {"slack"};
  trial x{on.what, on.told, on.work_dir, how};
  x.until_served();
  chat_message said;
  said.platform = "slack";
  said.chat_id = "C1";
  said.chat_type = "channel";
  said.scope_id = "T1";
  said.message_id = "1712000000.000100";
  judge_routing(x, "slack.reply", said, {}, "thread_id", said.message_id);
  said.message_id = "1712000000.000200";
  said.thread_id = "1712000000.000100";
  judge_routing(x, "slack.thread", said, {}, "thread_id", said.thread_id);
  judge_slack_actions(x, on);
}

void play_slack_flat(const stage& on) {
  setup how;
  how.name = "slack_flat";
  how.platforms = {"slack"};
  how.config = "gateway:\n  slack:\n    reply_in_thread: false\n";
  trial x{on.what, on.told, on.work_dir, how};
  x.until_served();
  chat_message said;
  said.platform = "slack";
  said.chat_id = "D1";
  said.message_id = "1712000000.000100";
  judge_routing(x, "slack.flat", said, {}, "thread_id", {});
}

} // namespace relay::connector::conformance
