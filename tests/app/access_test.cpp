// Who may ask what (agent-link.md, Admin endpoints): the whole table.
#include "relay_gateway/app/admin/access.hpp"

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
    EXPECT_EQ(judge({true, {}}, asked(x.headers), false), x.closed) << x.what;
    EXPECT_EQ(judge({true, {}}, asked(x.headers), true), x.open) << x.what << " (probe)";
    // A token is neither needed nor a way around.
    EXPECT_EQ(judge({true, secret{"t0k3n"}}, asked(x.headers), false), x.closed)
        << x.what << " (with a token set)";
  }
}

TEST(Access, ALinkOfAnotherSiteMayOpenThePage) {
  std::vector<std::pair<std::string, std::string>> link{
      {"Host", "localhost:9480"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Dest", "document"}};
  EXPECT_EQ(judge({true, {}}, asked(link, "/"), false), verdict::allowed);
  EXPECT_EQ(judge({true, {}}, asked(link, "/wake"), true), verdict::foreign_origin);
  link.back().second = "iframe";
  EXPECT_EQ(judge({true, {}}, asked(link, "/"), false), verdict::foreign_origin);
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
    EXPECT_EQ(judge(rules, asked({{"Host", "gw.example"}, {"Authorization", header}}), false), wanted)
        << header;
  EXPECT_EQ(judge(rules, asked({}), false), verdict::no_token);
  EXPECT_EQ(judge(rules, asked({}), true), verdict::allowed);
}

TEST(Access, NoTokenConfiguredMeansNobody) {
  EXPECT_EQ(judge({false, {}}, asked({{"Authorization", "Bearer "}}), false), verdict::no_token);
  EXPECT_EQ(judge({false, {}}, asked({{"Authorization", "Bearer x"}}), false), verdict::no_token);
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
