// Proxies: who goes through which, what they are told, and what happens when they refuse.
#include "relay_gateway/app/net/dial/proxy.hpp"
#include "relay_gateway/tests/net/loopback.hpp"

namespace relay::net_test {
namespace {

class proxies : public loopback {
protected:
  net::client_options through(const std::string& userinfo = {}) const {
    net::client_options what;
    auto address = "http://" + userinfo + "127.0.0.1:" + std::to_string(proxy.port());
    what.proxy.http = secret(address);
    what.proxy.https = secret(address);
    return what;
  }
  raw_server proxy;
};

TEST_F(proxies, SocketsAskForATunnelWithTheUsersCredentials) {
  auto heard = std::make_shared<recorder>();
  auto what = to(80, "ws", "connector.example");
  what.url = "ws://connector.example/relay";
  what.bearer = secret("token");
  auto socket = links(through("us%40er:pa%3Ass@"))->dial(what, heard);
  auto there = proxy.accept();
  auto asked = there.receive_until("\r\n\r\n");
  EXPECT_EQ(asked.substr(0, asked.find("\r\n")), "CONNECT connector.example:80 HTTP/1.1");
  EXPECT_NE(asked.find("\r\nProxy-Authorization: Basic dXNAZXI6cGE6c3M=\r\n"), std::string::npos) << asked;
  EXPECT_EQ(asked.find("token"), std::string::npos); // the bearer is for the far end only
  there.send("HTTP/1.1 200 Connection established\r\nX-Via: proxy\r\n\r\n");
  auto upgrade = accept_upgrade(there);
  EXPECT_NE(upgrade.find("\r\nHost: connector.example\r\n"), std::string::npos);
  EXPECT_NE(upgrade.find("\r\nAuthorization: Bearer token\r\n"), std::string::npos);
  EXPECT_EQ(upgrade.find("Proxy-Authorization"), std::string::npos);
  EXPECT_TRUE(heard->wait_open());
}

TEST_F(proxies, ARefusedTunnelIsToldWithoutTheCredentials) {
  auto heard = std::make_shared<recorder>();
  auto socket = links(through("user:hunter2@"))->dial(to(80, "wss", "connector.example"), heard);
  auto there = proxy.accept();
  there.receive_until("\r\n\r\n");
  there.send("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 10\r\n\r\n");
  auto why = heard->wait_end();
  EXPECT_NE(why.error.find("407"), std::string::npos) << why.error;
  EXPECT_EQ(why.error.find("hunter2"), std::string::npos);
  EXPECT_EQ(why.http_status, 0); // it is not the connector's answer
}

TEST_F(proxies, AProxyThatHangsUpOrTalksNonsenseOrTooMuchFails) {
  for (const auto* answer : {"", "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 101 forged\r\n\r\n"}) {
    auto heard = std::make_shared<recorder>();
    auto socket = links(through())->dial(to(80, "ws", "connector.example"), heard);
    auto there = proxy.accept();
    there.receive_until("\r\n\r\n");
    there.send(answer);
    there.shut();
    EXPECT_FALSE(heard->wait_end().opened) << answer;
  }
}

TEST_F(proxies, PlainCallsNameTheirWholeTarget) {
  auto promise = std::make_shared<std::promise<http_response>>();
  auto future = promise->get_future();
  http_request what;
  what.url = "http://connector.example/relay/policy";
  https(through("u:p@"))->call(what, [promise](http_response x) { promise->set_value(std::move(x)); });
  auto there = proxy.accept();
  auto asked = there.receive_until("\r\n\r\n");
  EXPECT_EQ(asked.substr(0, asked.find("\r\n")), "GET http://connector.example/relay/policy HTTP/1.1");
  EXPECT_NE(asked.find("\r\nHost: connector.example\r\n"), std::string::npos);
  EXPECT_NE(asked.find("\r\nProxy-Authorization: Basic dTpw\r\n"), std::string::npos);
  there.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(future.get().status, 200);
}

TEST_F(proxies, TlsCallsAskForATunnelThatNeedsNoCredentials) {
  auto promise = std::make_shared<std::promise<http_response>>();
  auto future = promise->get_future();
  http_request what;
  what.url = "https://connector.example/relay/policy";
  https(through())->call(what, [promise](http_response x) { promise->set_value(std::move(x)); });
  {
    auto there = proxy.accept();
    auto asked = there.receive_until("\r\n\r\n");
    EXPECT_EQ(asked.substr(0, asked.find("\r\n")), "CONNECT connector.example:443 HTTP/1.1");
    EXPECT_EQ(asked.find("Proxy-Authorization"), std::string::npos);
    there.send("HTTP/1.1 200 OK\r\n\r\n");
    EXPECT_EQ(there.receive(1), "\x16"); // a TLS handshake begins
  }
  EXPECT_EQ(future.get().status, 0);
}

TEST_F(proxies, NoProxyGoesDirectly) {
  raw_server connector;
  auto what = through();
  what.proxy.no_proxy = {"127.0.0.1"};
  auto heard = std::make_shared<recorder>();
  auto socket = links(what)->dial(to(connector.port()), heard);
  auto there = connector.accept();
  accept_upgrade(there);
  EXPECT_TRUE(heard->wait_open());
}

// -- the rules themselves -------------------------------------------------------------------------------

bool direct(std::vector<std::string> no_proxy, const std::string& url) {
  config::proxy_settings what;
  what.http = what.https = secret("http://proxy:3128");
  what.no_proxy = std::move(no_proxy);
  std::string error;
  auto rules = net::proxy_rules::make(what, error);
  EXPECT_TRUE(rules) << error;
  return rules->find(wire::parse_url(url)) == nullptr;
}

TEST(no_proxy, NamesHostsDomainsAddressesNetworksAndPorts) {
  EXPECT_TRUE(direct({"*"}, "https://anything.example/"));
  EXPECT_TRUE(direct({"example.org"}, "https://example.org/"));
  EXPECT_TRUE(direct({"example.org"}, "wss://EXAMPLE.org/relay"));
  EXPECT_TRUE(direct({"example.org"}, "https://a.b.example.org/"));
  EXPECT_TRUE(direct({".example.org"}, "https://a.example.org/"));
  EXPECT_TRUE(direct({"*.example.org"}, "https://a.example.org/"));
  EXPECT_FALSE(direct({"example.org"}, "https://badexample.org/"));
  EXPECT_FALSE(direct({"a.example.org"}, "https://example.org/"));
  EXPECT_TRUE(direct({"example.org:8443"}, "https://example.org:8443/"));
  EXPECT_FALSE(direct({"example.org:8443"}, "https://example.org/"));
  EXPECT_TRUE(direct({"10.1.2.3"}, "http://10.1.2.3/"));
  EXPECT_FALSE(direct({"0.1.2.3"}, "http://10.1.2.3/"));
  EXPECT_TRUE(direct({"10.0.0.0/8"}, "http://10.200.0.1/"));
  EXPECT_FALSE(direct({"10.0.0.0/8"}, "http://11.0.0.1/"));
  EXPECT_FALSE(direct({"10.0.0.0/8"}, "http://ten.example/"));
  EXPECT_TRUE(direct({"::1"}, "http://[::1]:80/"));
  EXPECT_TRUE(direct({"[::1]:8080"}, "http://[::1]:8080/"));
  EXPECT_FALSE(direct({"[::1]:8080"}, "http://[::1]/"));
  EXPECT_TRUE(direct({"fd00::/8"}, "http://[fd12::1]/"));
  EXPECT_FALSE(direct({"", "nonsense/x", ":80"}, "http://example.org/"));
  EXPECT_FALSE(direct({}, "http://127.0.0.1/")); // loopback only when named
}

TEST(proxy_rules, ChooseByScheme) {
  config::proxy_settings what;
  what.https = secret("http://secure:1");
  what.http = secret("plain:2"); // without a scheme is common
  std::string error;
  auto rules = net::proxy_rules::make(what, error);
  ASSERT_TRUE(rules) << error;
  for (const auto* url : {"https://x/", "wss://x/"})
    EXPECT_EQ(rules->find(wire::parse_url(url))->name(), "secure:1");
  for (const auto* url : {"http://x/", "ws://x/"})
    EXPECT_EQ(rules->find(wire::parse_url(url))->name(), "plain:2");
}

TEST(proxy_rules, RefuseWhatTheyCannotUseWithoutShowingIt) {
  for (const auto* url :
       {"socks5://u:hunter2@x:1", "https://u:hunter2@x:1", "http://u:hunter2@", "http://u:hunter2@x:port"}) {
    config::proxy_settings what;
    what.https = secret(url);
    std::string error;
    EXPECT_FALSE(net::proxy_rules::make(what, error)) << url;
    EXPECT_NE(error.find("HTTPS_PROXY"), std::string::npos);
    EXPECT_EQ(error.find("hunter2"), std::string::npos);
  }
}

} // namespace
} // namespace relay::net_test
