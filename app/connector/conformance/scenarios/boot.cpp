// Scenarios about the way to the first handshake: URLs, provisioning, policy, hellos.
#include "relay_gateway/app/connector/conformance/scenarios/boot.hpp"

#include <algorithm>
#include <cstdlib>

namespace relay::connector::conformance {

namespace {

using std::chrono::milliseconds;

/// `exp` of an upgrade, from the moment at which it was shown; 0 = never expires.
std::int64_t good_for(const record& upgrade) {
  auto exp = std::atoll(upgrade.at("token.exp").c_str());
  return exp == 0 ? 0 : exp - upgrade.time_ms / 1000;
}

void judge_provisioning(trial& x) {
  x.peer().wait_count(of_kind("provision"), x.how().platforms.size(), trial::patience);
  auto calls = x.peer().records(0, of_kind("provision"));
  auto& told = x.told();
  told.check("url.calls", !calls.empty(), "no call came to /relay/provision");
  if (calls.empty()) throw cut_short("nothing was provisioned; " + x.last_words());
  std::string problem, identity, missing;
  if (calls.size() != x.how().platforms.size())
    problem = std::to_string(calls.size()) + " calls for " + std::to_string(x.how().platforms.size());
  for (std::size_t i = 0; i < calls.size() && i < x.how().platforms.size(); ++i) {
    const auto& one = calls[i];
    if (one.platform != x.how().platforms[i])
      problem = "call " + std::to_string(i + 1) + " is for '" + one.platform + "'";
    if (one.at("body.botId") != bot_id_of(one.platform)) problem = "botId is " + one.at("body.botId");
    if (one.at("body.gatewayId").empty() || one.at("body.gatewayId") != calls[0].at("body.gatewayId"))
      problem = "gatewayId is '" + one.at("body.gatewayId") + "'";
    if (!one.at("identity_problem").empty()) identity = one.at("identity_problem");
    if (one.at("body.instanceId") != "instance-7") missing = "instanceId is not the one that is set";
    if (one.at("body.wakeUrl") != "http://127.0.0.1:9/wake") missing = "wakeUrl is not the one that is set";
    if (one.at("body.displayName") != "Ada's helper") missing = "displayName is not the one that is set";
  }
  told.check("provision.order", problem.empty(), problem);
  told.check("provision.identity", identity.empty(), identity);
  told.check("provision.optional", missing.empty(), missing);
}

void judge_policy(trial& x) {
  auto declared = x.peer().wait_for(
      both(of_kind("policy"), [](const record& one) { return one.platform == "discord"; }), trial::patience);
  if (!declared)
    return x.told().fail("policy.declared", "DISCORD_ALLOW_BOTS is set and nothing was declared");
  std::string problem;
  if (declared->at("token.verified") != "true")
    problem = "the token is " + declared->at("token.check");
  else if (declared->at("body.allowOtherBots") != "true")
    problem = "allowOtherBots is not true";
  else if (declared->at("body.requireAddress") != "false")
    problem = "requireAddress is not false";
  else if (declared->at("body.freeResponseScopes") != "[]")
    problem = "freeResponseScopes is not []";
  x.told().check("policy.declared", problem.empty(), problem);
}

} // namespace

void play_boot(const stage& on) {
  setup how;
  how.name = "boot";
  how.path = "/relay"; // an http base URL may end in it
  how.more = {{"GATEWAY_RELAY_INSTANCE_ID", "instance-7"},
              {"GATEWAY_RELAY_WAKE_URL", "http://127.0.0.1:9/wake"},
              {"GATEWAY_RELAY_DISPLAY_NAME", "Ada's helper"},
              {"DISCORD_ALLOW_BOTS", "mentions"}};
  trial x{on.what, on.told, on.work_dir, how};
  x.await(of_kind("provision"), on.what.start_limit);
  judge_provisioning(x);
  x.until_served();
  auto upgrade = x.need(of_kind("upgrade"), "an upgrade");
  auto seconds = good_for(upgrade);
  bool good = upgrade.at("token.verified") == "true" && (seconds == 0 || std::abs(seconds - 300) <= 10);
  on.told.check("token.upgrade", good,
                "token: " + upgrade.at("token.check") + ", good for " + std::to_string(seconds) + " s");
  auto frames = x.peer().records(0, [](const record& one) { return one.at("dir") == "in"; });
  std::string problem;
  for (std::size_t i = 0; i < how.platforms.size(); ++i)
    if (frames.size() <= i || frames[i].kind != "hello" || frames[i].platform != how.platforms[i] ||
        frames[i].at("frame.botId") != bot_id_of(how.platforms[i]))
      problem = "frame " + std::to_string(i + 1) + " is not the hello of " + how.platforms[i];
  on.told.check("hello.order", problem.empty(), problem);
  judge_policy(x);
  // Policies are declared before the gateway serves or soon after: an answered message is late enough.
  if (!x.barrier("boot-1")) throw cut_short("a message was not answered; " + x.last_words());
  auto of_telegram = [](const record& one) { return one.kind == "policy" && one.platform == "telegram"; };
  on.told.check("policy.silent", x.count(of_telegram) == 0, "a policy of telegram was declared");
}

void play_pinned(const stage& on) {
  setup how;
  how.name = "pinned";
  how.platforms.clear();
  how.pinned = true;
  how.scheme = "ws";
  how.path = "/relay/";
  trial x{on.what, on.told, on.work_dir, how};
  x.until_served();
  on.told.pass("url.dial");
  on.told.check("provision.pinned", x.count(of_kind("provision")) == 0, "it was provisioned all the same");
  auto hello = x.need(of_kind("hello"), "a hello");
  on.told.check("hello.generic",
                hello.at("frame.platform") == "relay" && hello.has("frame.botId") &&
                    hello.at("frame.botId").empty(),
                "the hello is of '" + hello.at("frame.platform") + "'");
  auto text = x.fresh("A message without a platform");
  x.raw({R"({"type":"inbound","event":{"text":")" + text + R"(","message_id":"1","source":{"chat_id":"p1",)" +
         R"("chat_type":"dm","user_id":"u1"}}})" + "\n"});
  auto answer = x.reply("p1", text);
  if (!answer) return on.told.fail("hello.untagged", "an event without a platform was not answered");
  on.told.check("hello.untagged", !answer->has("frame.platform") && !answer->has("frame.botId"),
                "the frame names a platform or a bot id");
}

void play_provisioning(const stage& on) {
  setup how;
  how.name = "provisioning";
  how.more = {{"DISCORD_ALLOW_BOTS", "all"}};
  how.before = [](stand_in& peer) {
    rule away, broken, wait, no_policy;
    away.on = broken.on = wait.on = answer_point::provision;
    away.platform = broken.platform = wait.platform = "discord";
    away.status = 307;
    away.headers = {{"Location", peer.base_url() + "/relay/enroll"}};
    broken.status = 500;
    broken.body = "{not json";
    wait.status = 429;
    wait.headers = {{"Retry-After", "7"}};
    no_policy.on = answer_point::policy;
    no_policy.status = 500;
    no_policy.count = -1;
    peer.answer(away);
    peer.answer(broken);
    peer.answer(wait);
    peer.answer(no_policy);
  };
  trial x{on.what, on.told, on.work_dir, how};
  auto done = [](const std::string& platform) {
    return [platform](const record& one) {
      return one.kind == "provision" && one.platform == platform && one.at("status") == "200";
    };
  };
  x.need(of_kind("provision"), "a provisioning", 0, on.what.start_limit);
  auto other = x.peer().wait_for(done("telegram"), trial::patience);
  on.told.check("provision.isolated", other.has_value(), "telegram was not provisioned");
  constexpr milliseconds some_backoffs{30'000};
  on.told.check("provision.retried", x.peer().wait_for(done("discord"), some_backoffs).has_value(),
                "discord was not provisioned within 30 s of two failures");
  auto told_to = x.peer().records(0, of_kind("provision", "status", "429"));
  auto after = x.peer().records(0, done("discord"));
  auto waited = told_to.empty() || after.empty() ? 0 : after[0].time_ms - told_to[0].time_ms;
  on.told.check("provision.retry_after", waited >= 6900,
                "the next call came after " + std::to_string(waited) + " ms of 7,000");
  on.told.check("provision.redirect", x.count(of_kind("enroll")) == 0,
                "the bearer travelled to where the redirect pointed");
  x.until_served();
  bool asked = x.peer().wait_for(of_kind("policy"), trial::patience).has_value();
  on.told.check("policy.refused", asked && x.barrier("p-1", "telegram"),
                asked ? "a message was not answered after a refused policy" : "no policy was declared");
}

void play_policy(const stage& on) {
  setup how;
  how.name = "policy";
  how.config = "discord:\n  require_mention: false\n"
               "telegram:\n  require_mention: true\n  free_response_channels: [a, b]\n";
  trial x{on.what, on.told, on.work_dir, how};
  x.until_served();
  auto declared = [&](const std::string& platform, std::uint64_t since) -> std::string {
    auto of_it = [&](const record& one) { return one.kind == "policy" && one.platform == platform; };
    auto found = x.await(of_it, trial::patience, since);
    return found ? found->at("body.requireAddress") + " " + found->at("body.freeResponseScopes") + " " +
                       found->at("body.allowOtherBots")
                 : "nothing";
  };
  auto mention = declared("discord", 0), values = declared("telegram", 0);
  on.told.check("policy.mention", mention == "false [] false", mention + " was declared");
  on.told.check("policy.values", values == R"(true ["a","b"] false)", values + " was declared");
  auto since = x.restart({}, {});
  x.until_served(since);
  auto withdrawn = declared("telegram", since);
  if (!x.barrier("w-1")) throw cut_short("a message was not answered after a restart; " + x.last_words());
  if (withdrawn == "nothing")
    return on.told.not_offered("policy.withdrawn",
                               "after a restart it does not know what it declared before");
  auto times =
      x.count(both(of_kind("policy"), [](const record& one) { return one.platform == "telegram"; }), since);
  on.told.check("policy.withdrawn", withdrawn == "true [] false" && times == 1,
                withdrawn + " was declared, " + std::to_string(times) + " times");
}

} // namespace relay::connector::conformance
