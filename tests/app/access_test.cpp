// Who may ask what (agent-link.md, Admin endpoints): the whole table.
#include "relay_gateway/app/admin/access.hpp"
#include "relay_gateway/app/admin/page_sessions.hpp"

#include <gtest/gtest.h>

namespace relay::admin {
namespace {

net::server_request asked(std::vector<std::pair<std::string, std::string>> headers,
                          std::string path = "/v1/status") {
  net::server_request x;
  x.method = "GET";
  x.path = std::move(path);
  x.headers = std::move(headers);
  return x;
}

struct row {
  const char* what;
  std::vector<std::pair<std::string, std::string>> headers;
  verdict closed, open; ///< of an ordinary endpoint, of one for probes
};

constexpr auto yes = verdict::allowed;
constexpr auto host = verdict::foreign_host;
constexpr auto origin = verdict::foreign_origin;

TEST(Access, OnLoopbackTheBrowserIsTheThreat) {
  const row table[] = {
      {"curl", {{"Host", "127.0.0.1:9480"}}, yes, yes},
      {"no Host at all", {}, yes, yes},
      {"by name", {{"Host", "localhost:9480"}}, yes, yes},
      {"by name in capitals", {{"Host", "LOCALHOST:9480"}}, yes, yes},
      {"by full name", {{"Host", "localhost.:9480"}}, yes, yes},
      {"another loopback address", {{"Host", "127.9.9.9:9480"}}, yes, yes},
      {"IPv6", {{"Host", "[::1]:9480"}}, yes, yes},
      {"through a forwarded port", {{"Host", "127.0.0.1:8080"}}, yes, yes},
      {"no port", {{"Host", "127.0.0.1"}}, yes, yes},
      // DNS rebinding: the name is the attacker's, the address is ours
      {"rebinding", {{"Host", "evil.example:9480"}}, host, yes},
      {"rebinding to a look-alike", {{"Host", "localhost.evil.example"}}, host, yes},
      {"rebinding with our address in front", {{"Host", "127.0.0.1.evil.example:9480"}}, host, yes},
      {"a pod's address", {{"Host", "10.1.2.3:9480"}}, host, yes},
      {"bad port", {{"Host", "localhost:evil"}}, host, yes},
      {"bad brackets", {{"Host", "[::1"}}, host, yes},
      {"rebinding with its own origin",
       {{"Host", "evil.example"}, {"Origin", "http://evil.example"}},
       host,
       origin},
      // origins
      {"the status page", {{"Host", "127.0.0.1:9480"}, {"Origin", "http://127.0.0.1:9480"}}, yes, yes},
      {"the page by name", {{"Host", "localhost:9480"}, {"Origin", "http://localhost:9480"}}, yes, yes},
      {"the page over IPv6", {{"Host", "[::1]:9480"}, {"Origin", "http://[::1]:9480"}}, yes, yes},
      {"the standard port left out", {{"Host", "localhost"}, {"Origin", "http://localhost:80"}}, yes, yes},
      {"a TLS proxy of this machine", {{"Host", "localhost"}, {"Origin", "https://localhost"}}, yes, yes},
      {"another site", {{"Host", "127.0.0.1:9480"}, {"Origin", "https://evil.example"}}, origin, origin},
      {"another port", {{"Host", "127.0.0.1:9480"}, {"Origin", "http://127.0.0.1:3000"}}, origin, origin},
      {"another spelling", {{"Host", "127.0.0.1:9480"}, {"Origin", "http://localhost:9480"}}, origin, origin},
      {"a sandboxed frame", {{"Host", "127.0.0.1:9480"}, {"Origin", "null"}}, origin, origin},
      {"an extension", {{"Host", "127.0.0.1:9480"}, {"Origin", "chrome-extension://abc"}}, origin, origin},
      {"user info in front",
       {{"Host", "127.0.0.1:9480"}, {"Origin", "http://127.0.0.1:9480@evil.example"}},
       origin,
       origin},
      // requests that browsers send without an Origin
      {"an image of another site",
       {{"Host", "127.0.0.1:9480"}, {"Sec-Fetch-Site", "cross-site"}},
       origin,
       origin},
      {"a page of another port",
       {{"Host", "127.0.0.1:9480"}, {"Sec-Fetch-Site", "same-site"}},
       origin,
       origin},
      {"the page's own call", {{"Host", "127.0.0.1:9480"}, {"Sec-Fetch-Site", "same-origin"}}, yes, yes},
      {"typed by a person", {{"Host", "127.0.0.1:9480"}, {"Sec-Fetch-Site", "none"}}, yes, yes},
  };
  for (const auto& x : table) {
    EXPECT_EQ(judge({true, {}}, asked(x.headers), right::admin), x.closed) << x.what;
    EXPECT_EQ(judge({true, {}}, asked(x.headers), right::open), x.open) << x.what << " (probe)";
    // A token is neither needed nor a way around.
    EXPECT_EQ(judge({true, secret{"t0k3n"}}, asked(x.headers), right::admin), x.closed)
        << x.what << " (with a token set)";
  }
}

TEST(Access, ALinkOfAnotherSiteMayOpenThePage) {
  std::vector<std::pair<std::string, std::string>> link{
      {"Host", "localhost:9480"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Dest", "document"}};
  EXPECT_EQ(judge({true, {}}, asked(link, "/"), right::admin), verdict::allowed);
  EXPECT_EQ(judge({true, {}}, asked(link, "/wake"), right::open), verdict::foreign_origin);
  link.back().second = "iframe";
  EXPECT_EQ(judge({true, {}}, asked(link, "/"), right::admin), verdict::foreign_origin);
}

TEST(Access, ElsewhereTheTokenDecides) {
  access_rules rules{false, secret{"t0k3n"}};
  const std::pair<const char*, verdict> table[] = {
      {"Bearer t0k3n", verdict::allowed},   {"bearer t0k3n", verdict::allowed},
      {"Bearer t0k3m", verdict::no_token},  {"Bearer t0k3", verdict::no_token},
      {"Bearer t0k3n2", verdict::no_token}, {"Bearer ", verdict::no_token},
      {"Bearer", verdict::no_token},        {"t0k3n", verdict::no_token},
      {"Basic t0k3n", verdict::no_token},   {"Bearer  t0k3n", verdict::no_token}};
  for (const auto& [header, wanted] : table)
    EXPECT_EQ(judge(rules, asked({{"Host", "gw.example"}, {"Authorization", header}}), right::admin), wanted)
        << header;
  EXPECT_EQ(judge(rules, asked({}), right::admin), verdict::no_token);
  EXPECT_EQ(judge(rules, asked({}), right::open), verdict::allowed);
}

TEST(Access, NoTokenConfiguredMeansNobody) {
  EXPECT_EQ(judge({false, {}}, asked({{"Authorization", "Bearer "}}), right::admin), verdict::no_token);
  EXPECT_EQ(judge({false, {}}, asked({{"Authorization", "Bearer x"}}), right::admin), verdict::no_token);
}

TEST(Access, TheReadTokenSeesAndDoesNotCommand) {
  const access_rules rules{false, secret{"adm1n"}, secret{"r3ad"}};
  const auto with = [](const char* token) {
    return asked({{"Host", "gw.example"}, {"Authorization", std::string{"Bearer "} + token}});
  };
  EXPECT_EQ(judge(rules, with("r3ad"), right::read), verdict::allowed);
  EXPECT_EQ(judge(rules, with("r3ad"), right::admin), verdict::read_only);
  EXPECT_EQ(judge(rules, with("adm1n"), right::read), verdict::allowed);
  EXPECT_EQ(judge(rules, with("adm1n"), right::admin), verdict::allowed);
  EXPECT_EQ(judge(rules, with("wr0ng"), right::read), verdict::no_token);
  EXPECT_EQ(judge(rules, asked({}), right::read, true), verdict::allowed) << "a session reads";
  EXPECT_EQ(judge(rules, asked({}), right::admin, true), verdict::read_only);
  EXPECT_EQ(refusal(verdict::read_only).status, 403);
}

TEST(Access, OnlyTheTokensLogIn) {
  const access_rules rules{false, secret{"adm1n"}, secret{"r3ad"}};
  for (const auto* token : {"adm1n", "r3ad"}) EXPECT_TRUE(is_token(rules, token));
  for (const auto* token : {"", "adm1", "adm1n ", "ADM1N"}) EXPECT_FALSE(is_token(rules, token));
  EXPECT_FALSE(is_token({false, {}, {}}, "")) << "no token is no way in";
}

TEST(Access, AFormComesFromThisListenersPage) {
  EXPECT_TRUE(same_origin(asked({{"Host", "gw.example:9480"}})));
  EXPECT_TRUE(same_origin(asked({{"Host", "gw.example:9480"}, {"Origin", "http://gw.example:9480"}})));
  EXPECT_FALSE(same_origin(asked({{"Host", "gw.example:9480"}, {"Origin", "http://evil.example:9480"}})));
  EXPECT_FALSE(same_origin(asked({{"Host", "gw.example:9480"}, {"Origin", "http://gw.example"}})));
  EXPECT_FALSE(same_origin(asked({{"Host", "gw.example:9480"}, {"Origin", "null"}})));
}

TEST(PageSessions, EndAfterTheirTimeAndAreBounded) {
  std::uint64_t next = 0;
  page_sessions x{[&] { return ++next; }};
  const page_sessions::clock::time_point start{std::chrono::hours{1}};
  const auto first = x.open(start);
  EXPECT_EQ(first.size(), 64U);
  EXPECT_TRUE(x.valid(first, start + page_sessions::lifetime - std::chrono::seconds{1}));
  EXPECT_FALSE(x.valid(first, start + page_sessions::lifetime));
  EXPECT_FALSE(x.valid("", start));
  for (std::size_t i = 0; i < page_sessions::most; ++i) x.open(start);
  EXPECT_FALSE(x.valid(first, start)) << "the oldest went";
  const auto last = x.open(start);
  x.close(last);
  EXPECT_FALSE(x.valid(last, start));
}

TEST(PageSessions, WrongTokensAreTriedAtABoundedRate) {
  page_sessions x{[] { return std::uint64_t{1}; }};
  const page_sessions::clock::time_point start{std::chrono::hours{1}};
  for (std::uint64_t i = 0; i < page_sessions::attempts; ++i) {
    EXPECT_TRUE(x.may_try(start));
    x.failed(start);
  }
  EXPECT_FALSE(x.may_try(start + std::chrono::seconds{59}));
  EXPECT_TRUE(x.may_try(start + std::chrono::seconds{60}));
}

TEST(PageSessions, ACookieIsFoundAmongOthers) {
  EXPECT_EQ(cookie("a=1; relay_gateway_session=xyz; b=2", "relay_gateway_session"), "xyz");
  EXPECT_EQ(cookie("relay_gateway_session=xyz", "relay_gateway_session"), "xyz");
  EXPECT_EQ(cookie("not_relay_gateway_session=xyz", "relay_gateway_session"), "");
  EXPECT_EQ(cookie("", "relay_gateway_session"), "");
}

TEST(Access, RefusalsSayWhatIsNeeded) {
  EXPECT_EQ(refusal(verdict::foreign_host).status, 403);
  EXPECT_EQ(refusal(verdict::foreign_origin).status, 403);
  auto x = refusal(verdict::no_token);
  EXPECT_EQ(x.status, 401);
  ASSERT_EQ(x.headers.size(), 1U);
  EXPECT_EQ(x.headers[0].first, "WWW-Authenticate");
}

} // namespace
} // namespace relay::admin
