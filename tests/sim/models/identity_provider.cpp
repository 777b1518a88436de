#include "relay_gateway/tests/sim/models/identity_provider.hpp"

#include "relay_gateway/tests/sim/base/json.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace relay::sim {

namespace {

constexpr std::int64_t for_good = 1'000'000'000;

} // namespace

identity_provider::identity_provider(stage on, const plan& p, shared_files& files)
    : on_(on), plan_(p), files_(files), rng_(on.seed, "portal") {}

void identity_provider::begin() {
  auto& path = plan_.settings.idp.login_store;
  if (path.empty()) return;
  constexpr std::array<std::int64_t, 7> left{0, 60, 119, 125, 3'600, 3'600, -300};
  auto x = issue(rng_.one_of(left), rng_.chance(0.9));
  auto kind = rng_.below(10);
  if (kind == 0) { // nobody ever logged in on this machine
    refresh_.clear();
  } else if (kind == 1) {
    constexpr std::array<const char*, 4> others{"{\"providers\":{\"other\":{}}}\n", "[1]", "no json",
                                                "{\"providers\":{\"nous\":{\"access_token\":7}}}"};
    files_.write(path, rng_.one_of(others));
    refresh_.clear();
  } else {
    if (kind == 2) x.refresh.clear(); // it ends with its access token
    files_.write(path, store_text(x));
    if (kind != 2) return;
  }
  on_.time.at(rng_.between(usec{0}, plan_.safety / 2), [this] { log_in(); });
}

identity_provider::tokens identity_provider::issue(std::int64_t lives_s, bool told) {
  auto number = std::to_string(++numbers_) + "-" + std::to_string(rng_.bits());
  tokens x{"access-" + number, "refresh-" + number, told ? now_s() + lives_s : 0};
  refresh_ = x.refresh;
  good_[x.access] = now_s() + (told ? lives_s : for_good);
  return x;
}

bool identity_provider::knows(const std::string& access_token) const {
  auto it = good_.find(access_token);
  return it != good_.end() && now_s() < it->second;
}

bool identity_provider::usable() const {
  json_text doc{files_.read(plan_.settings.idp.login_store)};
  auto& nous = member(member(doc.root(), "providers"), "nous");
  return !refresh_.empty() && text(nous, "refresh_token") == refresh_;
}

http_response identity_provider::refresh(const http_request& what) {
  auto& faults = on_.faults;
  if (faults.hit(fault::idp_down)) {
    auto kind = faults.of(fault::idp_down).below(5);
    if (kind == 0) return {};
    if (kind == 1) return reply(503, "<html>down</html>");
    if (kind == 2) return reply(429, R"({"error":"slow_down"})");
    if (kind == 3) return reply(401, R"({"error":"invalid_client","error_description":"who is that"})");
  }
  std::string token;
  for (auto& [name, value] : what.secret_headers)
    if (name == "x-nous-refresh-token") token = value.reveal();
  auto& form = what.body.reveal();
  if (what.method != "POST" || form.find("grant_type=refresh_token") == std::string::npos ||
      form.find("client_id=") == std::string::npos || token.empty())
    return reply(400, R"({"error":"invalid_request"})");
  if (token != refresh_) return reply(400, R"({"error":"invalid_grant","error_description":"used"})");
  constexpr std::array<std::int64_t, 4> lives{300, 150, 3'600, 90};
  auto keeps = rng_.chance(0.15);
  auto told = rng_.chance(0.85);
  auto before = refresh_;
  auto x = issue(rng_.one_of(lives), told);
  if (faults.hit(fault::idp_down)) return reply(200, "no json"); // and the pair is gone
  json_object to;
  to.text("access_token", x.access);
  if (keeps) {
    refresh_ = before;
  } else {
    to.text("refresh_token", x.refresh);
  }
  if (told) to.number("expires_in", x.until - now_s());
  return reply(200, to.text("token_type", "Bearer").done());
}

std::string identity_provider::iso_time(std::int64_t unix_s) {
  auto at = static_cast<std::time_t>(unix_s);
  auto text = [](std::time_t t, const char* how) {
    std::tm parts{};
    gmtime_r(&t, &parts);
    std::array<char, 40> out{};
    return std::string{out.data(), std::strftime(out.data(), out.size(), how, &parts)};
  };
  switch (rng_.below(6)) {
  case 0: return text(at, "%Y-%m-%dT%H:%M:%SZ");
  case 1: return text(at, "%Y-%m-%d %H:%M:%S.123456+00:00");
  case 2: return text(at + 7'200, "%Y-%m-%dT%H:%M:%S+02:00");
  case 3: return text(at - 12'600, "%Y-%m-%dT%H:%M:%S-0330");
  case 4: return "soon";
  default: return text(at, "%Y-%m-%dT%H:%M:%S+00:00");
  }
}

std::string identity_provider::store_text(const tokens& x) {
  json_object nous;
  nous.text("access_token", x.access);
  if (rng_.chance(0.3)) nous.raw("scope", R"(["a", {"deep" : [1.50, "\u00e9"]}])");
  nous.maybe("refresh_token", x.refresh);
  if (x.until != 0) {
    nous.text("expires_at", iso_time(x.until));
  } else if (rng_.chance(0.5)) {
    nous.raw("expires_at", "null");
  }
  constexpr std::array<const char*, 4> portals{"https://portal.nousresearch.com/", "http://127.0.0.1:99/",
                                               "https://evil.example", "http://127.0.0.1.evil.example"};
  if (rng_.chance(0.7)) nous.text("portal_base_url", rng_.one_of(portals));
  if (rng_.chance(0.3)) nous.text("client_id", "my cli");
  return "{ \"version\":1,\n  \"providers\" : {\"nous\": " + nous.done() +
         R"(, "other" : {"access_token": "not-ours"}}, "kept" : [ null, 1e2 ] })" + "\n";
}

void identity_provider::log_in() {
  auto& path = plan_.settings.idp.login_store;
  files_.elsewhere(path, usec{20'000}, [this, path] {
    constexpr std::array<std::int64_t, 3> lives{3'600, 300, 130};
    files_.write(path, store_text(issue(rng_.one_of(lives), true)));
  });
}

void identity_provider::log_out() {
  auto& path = plan_.settings.idp.login_store;
  files_.elsewhere(path, usec{5'000}, [this, path] {
    refresh_.clear();
    good_.clear();
    files_.write(path, "{\"providers\":{}}");
  });
}

void identity_provider::renew() {
  auto& path = plan_.settings.idp.login_store;
  files_.elsewhere(path, usec{300'000}, [this, path] {
    json_text doc{files_.read(path)};
    auto& nous = member(member(doc.root(), "providers"), "nous");
    if (text(nous, "refresh_token") != refresh_ || refresh_.empty()) return;
    constexpr std::array<std::int64_t, 3> lives{3'600, 300, 100};
    files_.write(path, store_text(issue(rng_.one_of(lives), true)));
  });
}

void identity_provider::keep_busy(usec span) {
  files_.elsewhere(plan_.settings.idp.login_store, span, [] {});
}

} // namespace relay::sim
