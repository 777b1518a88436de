// Provisioning, policies and reloads (protocol.md 2.1, 2.2; settings.md, Reload).
#include "relay_gateway/tests/sim/models/connector/accounts.hpp"
#include "relay_gateway/tests/sim/oracle/checker.hpp"
#include "relay_gateway/tests/sim/oracle/rules.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace relay::sim {

namespace {

/// Each call speaks of one version of the settings; in the end the connector knows the newest.
class provisioning final : public rule {
public:
  explicit provisioning(checker& at) : rule(at, "provisioning") {}
  void settings_changed(const config::settings& x) override { versions_.push_back(x.relay); }
  void called(std::uint64_t, const http_request& x) override {
    if (!x.url.ends_with("/relay/provision")) return;
    if (checker_.what().credentials == identity_choice::pinned)
      fail("pinned credentials and a provisioning call");
    auto stored =
        checker_.what().credentials == identity_choice::login_store; // rules_login.cpp has an eye on those
    if (!stored && x.bearer.reveal() != checker_.what().identity_token)
      fail("provisioning with another bearer");
    json_text body{x.body.reveal()};
    auto fits = [&](auto& y) {
      return text(body.root(), "gatewayId") == y.gateway_id && text(body.root(), "wakeUrl") == y.wake_url &&
             text(body.root(), "displayName") == y.display_name &&
             std::any_of(y.identities.begin(), y.identities.end(), [&](auto& who) {
               return text(body.root(), "platform") == who.platform &&
                      text(body.root(), "botId") == who.bot_id;
             });
    };
    if (std::none_of(versions_.begin(), versions_.end(), fits))
      fail("a provisioning call of no version of the settings: " + x.body.reveal());
  }
  std::string unsettled() override {
    auto* history = checker_.idempotency_cache();
    if (!history || checker_.what().credentials == identity_choice::pinned || versions_.empty()) return {};
    auto& now = versions_.back();
    auto& mine = history->of(now.gateway_id);
    for (auto& who : now.identities) {
      auto it = mine.platforms.find(who.platform);
      if (it == mine.platforms.end() || it->second != who.bot_id) return who.platform + " is not provisioned";
    }
    return {};
  }

private:
  std::vector<config::relay_settings> versions_;
};

/// A platform whose provisioner dies gets another one, which calls again.
class provisioners final : public rule {
public:
  explicit provisioners(checker& at) : rule(at, "provisioners") {}
  void life_begins(std::uint64_t) override { forget(); }
  void life_ends(std::uint64_t, ending) override { forget(); }
  void commanded(command) override { missing_.clear(); }
  void settings_changed(const config::settings&) override { missing_.clear(); }
  void suspended(usec) override { missing_.clear(); }
  void actor_killed(const std::string& name) override {
    if (name != "platform-provisioner") missing_.clear(); // all of it may begin anew
  }
  void called(std::uint64_t call, const http_request& x) override {
    if (!x.url.ends_with("/relay/provision")) return;
    json_text body{x.body.reveal()};
    const auto platform = text(body.root(), "platform");
    calls_[call] = platform;
    missing_.erase(platform);
  }
  void answered(std::uint64_t call, const http_response& x) override {
    const auto provisioned = calls_.erase(call) > 0;
    if (!provisioned && x.status != 200) missing_.clear(); // perhaps it has no token to call with
  }
  void provisioner_killed(const std::string& platform) override {
    const auto stored = checker_.what().credentials == identity_choice::login_store;
    if (!stored && std::any_of(calls_.begin(), calls_.end(), [&](auto& x) { return x.second == platform; }))
      missing_.emplace(platform, now());
  }
  void at_rest() override {
    const auto& limits = checker_.what().settings.limits;
    const usec patience = 2 * limits.backoff_max + 4 * limits.http_timeout;
    for (auto& [platform, since] : missing_)
      if (now() > since + patience) return fail(platform + ": its provisioner died, and none calls again");
  }

private:
  void forget() {
    calls_.clear();
    missing_.clear();
  }
  std::map<std::uint64_t, std::string> calls_; ///< that are out, by their number
  std::map<std::string, usec> missing_;        ///< by platform: since when
};

/// What is declared is what is set, an explicit false included; what is not set any more is withdrawn by the
/// quiet default, which opens nothing.
class policies final : public rule {
public:
  explicit policies(checker& at) : rule(at, "policies") {}
  void life_ends(std::uint64_t, ending how) override {
    // A crash may keep from a slow disk that it was declared, and a full one keeps it from an ordered stop,
    // too.
    auto full = checker_.on().faults.armed(fault::store_full);
    usec slowest{full ? 35'000'000 : 5'000'000};
    auto forgets = !checker_.what().durable;
    auto written = how == ending::stopped && !full;
    std::erase_if(told_, [&](auto& x) { return forgets || (!written && x.second + slowest > now()); });
  }
  void settings_changed(const config::settings& x) override {
    versions_.push_back(x.policies);
    gateway_ = x.relay.gateway_id;
  }
  void life_begins(std::uint64_t) override { under_way_.clear(); }
  void answered(std::uint64_t call, const http_response&) override {
    std::erase_if(under_way_, [&](auto& x) { return x.second.call == call; });
  }
  void called(std::uint64_t call, const http_request& x) override {
    if (!x.url.ends_with("/relay/policy")) return;
    json_text body{x.body.reveal()};
    auto platform = text(body.root(), "platform");
    auto said = read(body.root());
    token_claims claims;
    if (!read_token(x.bearer.reveal(), claims)) fail("a policy with a token that cannot be read");
    // What a suspension keeps from hearing its answer has arrived long ago, or never will.
    auto& before = under_way_[{claims.gateway_id, platform}];
    usec longest = checker_.what().settings.limits.http_timeout;
    auto alone = before.call == 0 || before.at + longest < now();
    before = {call, now()};
    believed_.erase({claims.gateway_id, platform});
    if (!alone)
      fail("two declarations of " + platform + " are under way; the connector keeps the last to arrive");
    auto withdraws = said == of(relevance_policy{platform, false, {}, false});
    if (withdraws)
      told_.emplace(std::pair{claims.gateway_id, platform}, now());
    else
      told_[{claims.gateway_id, platform}] = now();
    auto of_version = [&](auto& all) {
      return std::any_of(all.begin(), all.end(),
                         [&](auto& y) { return y.platform == platform && of(y) == said; });
    };
    if (std::none_of(versions_.begin(), versions_.end(), of_version))
      fail("a policy of no version of the settings: " + x.body.reveal());
  }
  /// A script may say that it was taken, and it was not.
  void answer_altered(const http_request& x) override {
    token_claims claims;
    json_text body{x.body.reveal()};
    if (x.url.ends_with("/relay/policy") && read_token(x.bearer.reveal(), claims))
      believed_.emplace(claims.gateway_id, text(body.root(), "platform"));
  }
  std::string unsettled() override {
    auto* history = checker_.idempotency_cache();
    if (!history || versions_.empty()) return {};
    auto& mine = history->of(gateway_).policies;
    for (auto& x : versions_.back()) {
      if (believed_.count({gateway_, x.platform}) > 0) continue;
      if (x.is_unset() && told_.count({gateway_, x.platform}) == 0) continue;
      auto it = mine.find(x.platform);
      if (it == mine.end() || !(it->second == of(x)))
        return "the policy of " + x.platform + " is not declared";
    }
    return {};
  }

private:
  static declared_policy of(const relevance_policy& x) {
    auto set = x.mention_given || x.require_address || x.allow_other_bots || !x.free_response_scopes.empty();
    if (!set) return {true, false, {}};
    return {x.require_address, x.allow_other_bots, x.free_response_scopes};
  }
  static declared_policy read(const json& body) {
    declared_policy out{flag(body, "requireAddress"), flag(body, "allowOtherBots"), {}};
    auto& scopes = member(body, "freeResponseScopes");
    if (scopes.IsArray())
      for (auto& x : scopes.GetArray())
        if (x.IsString()) out.free_scopes.emplace_back(x.GetString());
    return out;
  }
  std::vector<std::vector<relevance_policy>> versions_;
  std::map<std::pair<std::string, std::string>, usec>
      told_; ///< account, platform: something was declared, when
  std::set<std::pair<std::string, std::string>>
      believed_; ///< account, platform: the last word was a script's
  struct declaration {
    std::uint64_t call = 0;
    usec at{0};
  };
  std::map<std::pair<std::string, std::string>, declaration> under_way_; ///< by account and platform
  std::string gateway_;
};

} // namespace

void add_boot_rules(rule_list& to, checker& at) {
  to.push_back(std::make_unique<provisioning>(at));
  to.push_back(std::make_unique<provisioners>(at));
  to.push_back(std::make_unique<policies>(at));
}

} // namespace relay::sim
