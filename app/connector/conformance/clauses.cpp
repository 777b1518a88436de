#include "relay_gateway/app/connector/conformance/clauses.hpp"

#include "relay_gateway/app/connector/json.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>

namespace relay::connector::conformance {

namespace {

constexpr clause table[] = {
    {"url.calls", "1", "HTTP calls go to <base>/relay/... of an http base URL"},
    {"url.dial", "1", "a ws base URL with /relay/ at its end is dialled at /relay, once"},
    {"token.upgrade", "2", "the upgrade carries a valid token, good for five minutes (or for ever)"},
    {"token.fresh", "2", "every dial mints a token of its own"},
    {"provision.order", "2.1", "each platform is provisioned once, with one gateway id and its bot id"},
    {"provision.identity", "2.1", "the configured access token is the bearer of provisioning"},
    {"provision.body", "2.1", "the body holds gatewayEndpoint and routeKeys, and no field that is not set"},
    {"provision.optional", "2.1", "instanceId, wakeUrl and displayName are in the body when they are set"},
    {"provision.isolated", "2.1", "a platform that cannot be provisioned stops no other one"},
    {"provision.retried", "2.1", "a platform that could not be provisioned is tried again"},
    {"provision.retry_after", "6", "Retry-After of a refused provisioning is waited for"},
    {"provision.redirect", "2.1", "a redirect is not followed"},
    {"provision.pinned", "2.1", "with a pinned id and secret nothing is provisioned"},
    {"policy.declared", "2.2", "a platform for which something is set declares it, with an upgrade token"},
    {"policy.mention", "2.2", "an explicit require_mention: false is declared"},
    {"policy.values", "2.2", "require_mention and free_response_channels are declared as they are set"},
    {"policy.withdrawn", "2.2", "what is not set any more is withdrawn once, as the quiet default"},
    {"policy.silent", "2.2", "a platform for which nothing is set declares nothing"},
    {"policy.refused", "2.2", "a refused policy does not keep the gateway from serving"},
    {"hello.order", "3", "one hello per identity in configured order, before anything else"},
    {"hello.generic", "3", "without platforms the one identity is (relay, empty)"},
    {"hello.untagged", "3", "frames of a chat without a platform carry neither platform nor botId"},
    {"descriptor.legacy", "4", "a descriptor of the required fields alone is enough"},
    {"descriptor.defaults", "4", "a limit of 0 means 4,096, an unknown len_unit characters"},
    {"framing.coalesced", "3", "several frames in one message are read"},
    {"framing.split", "3", "a frame over several messages is read"},
    {"framing.malformed", "3", "a malformed line is skipped, the connection lives on"},
    {"framing.malformed_ack", "3", "a malformed event with a bufferId is acked"},
    {"framing.unknown", "3", "unknown frames, unknown fields and results of nobody are ignored"},
    {"ack.inbound", "3", "an event with a bufferId is acked, once it is handed on"},
    {"ack.replay", "3.2", "a backlog is served in order after a redial, each entry acked"},
    {"dedupe.buffer", "5.1", "a replayed event is acked again and not answered again"},
    {"dedupe.reused", "5.1", "a known bufferId with another message id is another message"},
    {"dedupe.message", "5.1", "an event with a known message id is not answered again"},
    {"dedupe.chat", "5.1", "a known message id in another chat, or of another profile, is another message"},
    {"dedupe.anonymous", "5.1", "an event without any id is never a repeat"},
    {"dedupe.edit", "5.1", "an edited message is a new one, its repeat is not"},
    {"dedupe.edit_back", "5.1", "a message that is edited back to what it was is a new version"},
    {"keepalive", "3", "a connection without a byte for 25 s is taken for dead and dialled again"},
    {"redial.delay", "3.1", "an unexpected close is followed by a redial after 0.5 to 1 s"},
    {"redial.backoff", "3.1", "the delay doubles while dials fail"},
    {"redial.retry_after", "6", "Retry-After of a refused upgrade is waited for"},
    {"redial.hellos", "3.1", "a redial says all hellos again"},
    {"redial.single", "3.1", "at most one connection is alive"},
    {"revoked.cold", "3.1", "4401 before any handshake is tried again"},
    {"revoked.expired", "3.1", "4401 with the reason `expired` is dialled again"},
    {"revoked.final", "3.1", "4401 is tried once more at once, with a fresh token, then never again"},
    {"revoked.alive", "3.1", "a revoked gateway stays up"},
    {"drain.going_idle", "3.2", "SIGTERM is announced with going_idle"},
    {"drain.serves", "3.2", "the gateway serves until going_idle_ack"},
    {"drain.close", "3.2", "it closes with 1000 then"},
    {"drain.exit", "3.2", "and ends with exit code 0"},
    {"event.reply", "6", "an event is answered in its chat, tagged with its platform and bot id"},
    {"event.defaults", "5", "an event with nothing but text, platform and chat is answered"},
    {"event.context", "5", "a malformed context does not lose the event"},
    {"event.surrogate", "6", "half a surrogate pair costs that character, not the event"},
    {"event.interrupt", "3", "interrupt_inbound is taken, and the chat is served afterwards"},
    {"routing.scope", "6", "an answer in a guild carries its scope_id, mirrored as guild_id"},
    {"routing.guild_id", "5", "guild_id alone, as older connectors have it, is the scope"},
    {"routing.user", "6", "an answer in a direct message carries its user_id"},
    {"routing.profile", "6", "an answer carries the profile of its event"},
    {"routing.thread", "6", "an answer stays in the thread of its event"},
    {"slack.reply", "6", "an answer to a top-level Slack message carries its id as thread_id"},
    {"slack.thread", "6", "an answer in a Slack thread stays there"},
    {"slack.typing", "6", "typing for a top-level Slack message carries its id as thread_id, too"},
    {"slack.flat", "6", "without reply_in_thread the answer to a direct message on Slack has no thread_id"},
    {"slack.seal", "6", "a final draft seals in place on Slack"},
    {"session.key", "5.1", "session keys are made of profile, platform, type, chat, thread and participant"},
    {"session.interaction", "5.2", "a command of a guild belongs to the session of its group chat"},
    {"session.slack", "5.1", "Slack keys hold the workspace; a top-level message is a session of its own"},
    {"follow_up.profile", "6", "a follow_up carries the profile of its session key"},
    {"follow_up.platform", "6", "a follow_up is tagged with the platform of its kind"},
    {"action.fields", "6", "the fields of an action arrive as the agent gave them"},
    {"draft.stream", "6", "a draft that is not final is streamed where the descriptor offers it"},
    {"draft.final", "6", "outside Slack a final draft goes out as a send"},
    {"ops.supported", "6", "no op that the descriptor does not list is sent"},
    {"ops.unsupported", "6", "what an agent asks for and the descriptor does not list stays here"},
    {"text.blank", "6", "text of white space alone is not sent"},
    {"text.surrogate", "6", "half a surrogate pair of the agent becomes U+FFFD"},
    {"length.chars", "6", "text beyond the limit is split, counted in code points, and nothing is lost"},
    {"length.utf16", "6", "text beyond the limit is split, counted in UTF-16 code units where told so"},
    {"length.edit", "6", "what an edit has too much continues in further messages"},
    {"length.follow_up", "6", "a follow_up beyond the limit is split"},
    {"length.caption", "6", "the overflow of a caption goes out as plain sends"},
    {"length.prompt", "6", "the overflow of a prompt goes out as plain sends"},
    {"result.declined", "6", "a declined egress is final: it is not sent again"},
    {"result.retry_after", "6", "a result with retry_after is sent again, not before its time"},
    {"result.unknown", "3.1", "what was written and never answered is not sent again after a redial"},
    {"passthrough.command", "5.2", "a Discord command is acked and answered in its channel"},
    {"passthrough.text", "5.2", "the text of a command is /name and the values of its options"},
    {"passthrough.guild", "5.2", "the answer to a command of a guild carries scope and user"},
    {"passthrough.silent", "5.2", "pings, autocompletes, undecodable ones and others are acked and dropped"},
    {"media.fetch", "6", "media of the connector is fetched with an upgrade token"},
};

} // namespace

const std::vector<clause>& all_clauses() {
  static const std::vector<clause> all(std::begin(table), std::end(table));
  return all;
}

std::string_view to_string(outcome x) {
  switch (x) {
  case outcome::pass: return "pass";
  case outcome::fail: return "fail";
  case outcome::not_offered: return "not offered";
  case outcome::untried: break;
  }
  return "untried";
}

report::report(const std::map<std::string, std::string>& exempt) {
  for (const auto& [id, why] : exempt) verdicts_[index_of(id)] = {outcome::not_offered, why, true};
}

std::size_t report::index_of(std::string_view id) const {
  const auto& all = all_clauses();
  auto at = std::find_if(all.begin(), all.end(), [&](const clause& x) { return x.id == id; });
  if (at == all.end()) throw std::logic_error("no clause " + std::string{id});
  return static_cast<std::size_t>(at - all.begin());
}

void report::put(std::string_view id, outcome what, std::string why) {
  auto index = index_of(id);
  std::lock_guard hold{lock_};
  auto& now = verdicts_[index];
  if (now.exempt || now.what == outcome::fail ||
      (what == outcome::not_offered && now.what != outcome::untried))
    return;
  now = {what, std::move(why), false};
}

void report::pass(std::string_view id, std::string why) { put(id, outcome::pass, std::move(why)); }
void report::fail(std::string_view id, std::string why) { put(id, outcome::fail, std::move(why)); }
void report::not_offered(std::string_view id, std::string why) {
  put(id, outcome::not_offered, std::move(why));
}
void report::check(std::string_view id, bool holds, const std::string& why) {
  holds ? pass(id) : fail(id, why);
}

outcome report::of(std::string_view id) const {
  auto index = index_of(id);
  std::lock_guard hold{lock_};
  return verdicts_[index].what;
}

std::size_t report::count(outcome x) const {
  std::lock_guard hold{lock_};
  return static_cast<std::size_t>(
      std::count_if(verdicts_.begin(), verdicts_.end(), [&](const verdict& one) { return one.what == x; }));
}

void report::print(std::ostream& to) const {
  {
    std::lock_guard hold{lock_};
    for (std::size_t i = 0; i < verdicts_.size(); ++i) {
      const auto& [what, why, exempt] = verdicts_[i];
      if (what == outcome::untried) continue;
      const auto& x = all_clauses()[i];
      std::string label{to_string(what)}, id{x.id}, section{x.section};
      label.resize(12, ' ');
      id.resize(22, ' ');
      section.resize(4, ' ');
      to << label << id << section << x.text << '\n';
      if (!why.empty()) to << "            " << why << '\n';
    }
  }
  to << count(outcome::pass) << " passed, " << count(outcome::fail) << " failed, "
     << count(outcome::not_offered) << " not offered\n"
     << std::flush;
}

std::string report::json(std::string_view gateway) const {
  json::items list;
  {
    std::lock_guard hold{lock_};
    for (std::size_t i = 0; i < verdicts_.size(); ++i) {
      if (verdicts_[i].what == outcome::untried) continue;
      const auto& x = all_clauses()[i];
      json::fields one;
      one.add("id", x.id).add("section", x.section).add("text", x.text);
      list.raw(one.add("outcome", to_string(verdicts_[i].what)).add("why", verdicts_[i].why).object());
    }
  }
  json::fields out;
  out.add("gateway", gateway).add("passed", static_cast<std::uint64_t>(count(outcome::pass)));
  out.add("failed", static_cast<std::uint64_t>(count(outcome::fail)));
  out.add("not_offered", static_cast<std::uint64_t>(count(outcome::not_offered)));
  return out.raw("clauses", list.array()).object();
}

} // namespace relay::connector::conformance
