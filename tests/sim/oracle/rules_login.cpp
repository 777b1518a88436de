// The login store as the source of the identity token (settings.md, Identity token): a refresh token works
// once, and what it brought is on the disk before it is used.
#include "relay_gateway/messages/control.hpp"
#include "relay_gateway/tests/sim/oracle/checker.hpp"
#include "relay_gateway/tests/sim/oracle/rules.hpp"

#include <array>
#include <cstdio>
#include <ctime>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace relay::sim {

namespace {

/// Unix seconds; 0 when it cannot be read.
std::int64_t unix_time(const std::string& text) {
  std::tm at{};
  int used = 0;
  char between = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2d%c%2d:%2d:%2d%n", &at.tm_year, &at.tm_mon, &at.tm_mday, &between,
                  &at.tm_hour, &at.tm_min, &at.tm_sec, &used) != 7)
    return 0;
  at.tm_year -= 1900;
  at.tm_mon -= 1;
  auto rest = text.substr(static_cast<std::size_t>(used));
  if (auto sign = rest.find_first_of("+-Z"); sign != std::string::npos) rest.erase(0, sign);
  int hours = 0, minutes = 0;
  if (rest.size() >= 5 && std::sscanf(rest.c_str() + 1, "%2d", &hours) == 1)
    std::sscanf(rest.c_str() + (rest[3] == ':' ? 4 : 3), "%2d", &minutes);
  auto off = (rest.starts_with('-') ? -60 : 60) * (hours * 60 + minutes);
  return static_cast<std::int64_t>(timegm(&at)) - off;
}

struct entry {
  std::string access, refresh, identity_provider, client;
  std::int64_t until = 0;
};

const json& login_of(const json& store) { return member(member(store, "providers"), "nous"); }

entry read(const json& store) {
  auto& nous = login_of(store);
  return {text(nous, "access_token"), text(nous, "refresh_token"), text(nous, "portal_base_url"),
          text(nous, "client_id"), unix_time(text(nous, "expires_at"))};
}

/// The store but for what a renewal changes.
std::string others(const json& store) {
  rapidjson::Document copy;
  copy.CopyFrom(store, copy.GetAllocator());
  if (!copy.IsObject()) return "nothing";
  if (!copy.HasMember("providers") || !copy["providers"].IsObject()) return dump(copy);
  auto& providers = copy["providers"];
  if (providers.HasMember("nous") && providers["nous"].IsObject())
    for (auto* name : {"access_token", "refresh_token", "expires_at"})
      providers["nous"].EraseMember(name); // the order of the others stays
  return dump(copy);
}

class login final : public rule {
public:
  explicit login(checker& at) : rule(at, "login") {}

  void life_begins(std::uint64_t) override { forget(); }
  void life_ends(std::uint64_t, ending) override { held_ = false; }
  void lock_held(const std::string&, bool on) override { held_ = on; }

  void file_written(const std::string&, std::string_view written, bool ours) override {
    json_text now{written};
    auto x = read(now.root());
    if (ours) {
      json_text before{store_};
      if (!held_) fail("the login store is written without its lock");
      if (others(now.root()) != others(before.root())) fail("the login store lost something: " + store_);
      if (x.access != fresh_.access) fail("the login store got another access token than the portal gave");
      auto successor = fresh_.refresh.empty() ? read(before.root()).refresh : fresh_.refresh;
      if (x.refresh != successor) fail("the login store got another refresh token than the portal gave");
    }
    store_ = written;
    if (!x.access.empty()) on_disk_.insert(x.access);
  }

  void called(std::uint64_t call, const http_request& x) override {
    auto identity_provider = x.url.ends_with("/api/oauth/token");
    if (!identity_provider && !x.secret_headers.empty()) fail("a refresh token went to " + x.url);
    if (identity_provider) asked(call, x);
    if (checker_.what().credentials != identity_choice::login_store || !x.url.ends_with("/relay/provision"))
      return;
    if (on_disk_.count(x.bearer.reveal()) == 0)
      fail("provisioning with a token that is not in the login store");
  }

  void answered(std::uint64_t call, const http_response& x) override {
    auto it = calls_.find(call);
    if (it == calls_.end()) return;
    auto token = std::move(it->second);
    calls_.erase(it);
    auto again = x.status == 408 || x.status == 425 || x.status == 429 || x.status >= 500;
    if (again || (x.status == 0 && !x.sent)) spent_.erase(token);
    json_text body{x.body.reveal()};
    if (x.status != 200 || !has(body.root(), "access_token")) return;
    fresh_ = {text(body.root(), "access_token"), text(body.root(), "refresh_token"), {}, {}, 0};
    if (fresh_.refresh.empty()) spent_.erase(token); // it was not replaced
  }

  void reported(const gateway_report& x) override {
    for (auto& y : x.platforms)
      if (y.provisioning.step == platform_step::skipped && y.provisioning.error.empty())
        fail("provisioning of " + y.who.platform + " is skipped without a reason");
  }

private:
  void forget() {
    spent_.clear();
    calls_.clear();
  }
  void asked(std::uint64_t call, const http_request& x) {
    json_text store{store_};
    auto is = read(store.root());
    if (!held_) fail("a refresh without the lock of the login store");
    std::string token;
    for (auto& [name, value] : x.secret_headers)
      if (name == "x-nous-refresh-token") token = value.reveal();
    if (token.empty() || token != is.refresh) fail("a refresh with another token than the login store has");
    if (!spent_.insert(token).second) fail("a refresh token is sent twice");
    calls_[call] = token;
    if (x.url != portal_of(is) + "/api/oauth/token") fail("a refresh token went to " + x.url);
    auto client = is.client.empty() ? std::string{"hermes-cli"} : is.client;
    for (auto& c : client)
      if (c == ' ') c = '+';
    if (x.body.reveal() != "grant_type=refresh_token&client_id=" + client)
      fail("a refresh with another form: " + x.body.reveal());
    constexpr std::int64_t early = 120, rounding = 3;
    constexpr usec inside{2'000'000};
    auto moved = now() <= checker_.wall_moved + inside || now() <= checker_.notes().suspended_until + inside;
    if (!moved && is.until - checker_.wall_s() > early + rounding && !is.access.empty())
      fail("a refresh of a token that lives " + std::to_string(is.until - checker_.wall_s()) + " s more");
  }
  std::string portal_of(const entry& x) const {
    auto& ours = checker_.what().settings.idp.portal_override;
    auto out = !ours.empty() ? ours : x.identity_provider;
    while (out.ends_with('/')) out.pop_back();
    auto known = out == "https://portal.nousresearch.com" || out == "http://127.0.0.1:99" || !ours.empty();
    return known ? out : "https://portal.nousresearch.com";
  }

  std::string store_;
  std::set<std::string> on_disk_; ///< access tokens that the store has, or had
  std::set<std::string> spent_;   ///< refresh tokens that were sent, and may not be again
  std::map<std::uint64_t, std::string> calls_;
  entry fresh_; ///< the portal's last word
  bool held_ = false;
};

} // namespace

void add_login_rules(rule_list& to, checker& at) { to.push_back(std::make_unique<login>(at)); }

} // namespace relay::sim
