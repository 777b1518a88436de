// URL rules (protocol.md 1) beyond the published vectors.
#include "relay_gateway/messages/wire/http/urls.hpp"

#include <gtest/gtest.h>

namespace relay::wire {
namespace urls_test {

TEST(urls, only_web_schemes_with_a_host_are_a_connector_F50) {
  for (const auto* bad : {"",
                          " ",
                          "c.example",
                          "//c.example",
                          "file:///etc/passwd",
                          "data:text/plain,x",
                          "ftp://c.example",
                          "https://",
                          "https:///relay",
                          "https:c.example",
                          "https://c.example:0",
                          "https://c.example:65536",
                          "https://c.example:x",
                          "https://c example",
                          "https://user:pw@c.example",
                          "https://user@c.example",
                          "https://c.example/?q=1",
                          "https://c.example/#f",
                          "https://c.example/\nX: y",
                          "https://[::1",
                          "https://c%00.example",
                          "https://[v1.a]/",
                          "javascript:alert(1)",
                          "https://1.2.3.4:x",
                          "https://a:80:90",
                          "https://[::1]x",
                          "https://[fe80::1%25eth0]",
                          "mailto:a@b",
                          "https://:80",
                          "https://\xC3\xBC.example"}) {
    const auto urls = derive_urls(bad);
    EXPECT_FALSE(urls.valid()) << bad;
    EXPECT_TRUE(urls.provision.empty() && urls.policy.empty() && urls.enroll.empty() && urls.media.empty())
        << bad;
  }
}

TEST(urls, odd_but_valid_bases) {
  EXPECT_EQ(derive_urls("HTTPS://c.example//").dial, "wss://c.example/relay");
  EXPECT_EQ(derive_urls("https://c.example:/relay").dial, "wss://c.example/relay");
  EXPECT_EQ(derive_urls("ws://[::1]:8080/relay").policy, "http://[::1]:8080/relay/policy");
  EXPECT_EQ(derive_urls("https://c.example/myrelay").dial, "wss://c.example/myrelay/relay");
  EXPECT_EQ(derive_urls("https://c.example/relay/relay").media, "https://c.example/relay/relay/media");
  EXPECT_EQ(derive_urls("https://c.example/a%20b/").dial, "wss://c.example/a%20b/relay");
}

TEST(urls, are_taken_apart_for_dialling) {
  const auto x = parse_url("wss://C.Example/relay?x=%20y#z");
  EXPECT_TRUE(x.valid && x.tls);
  EXPECT_EQ(x.scheme, "wss");
  EXPECT_EQ(x.host, "c.example");
  EXPECT_EQ(x.port, "443");
  EXPECT_EQ(x.target, "/relay?x=%20y");
  const auto y = parse_url("http://[2001:DB8::1]:8080");
  EXPECT_TRUE(y.valid && !y.tls);
  EXPECT_EQ(y.host, "2001:db8::1");
  EXPECT_EQ(y.port, "8080");
  EXPECT_EQ(y.target, "/");
  EXPECT_EQ(parse_url("ws://10.0.0.1.nip.io:81/a").host, "10.0.0.1.nip.io")
      << "a name that begins like an address";
  EXPECT_EQ(parse_url("ws://127.0.0.1:0080/?").port, "80");
  EXPECT_EQ(parse_url("ws://127.0.0.1/?").target, "/?");
  for (const auto* bad :
       {"", "/x", "file:///x", "data:,x", "https://", "https://a:99999", "https://u@a/", "http://a b/"})
    EXPECT_FALSE(parse_url(bad).valid) << bad;
}

TEST(urls, the_bearer_goes_to_our_own_media_only_F49) {
  const auto* base = "https://c.example/relay/media";
  for (const auto* good : {"https://c.example/relay/media/1", "https://C.EXAMPLE:443/relay/media/1?x=y",
                           "HTTPS://c.example/relay/media/a/b"})
    EXPECT_TRUE(is_own_media(good, base)) << good;
  for (const auto* bad : {"https://evil.example/relay/media/1",
                          "https://evil.example/x?https://c.example/relay/media/1",
                          "http://c.example/relay/media/1",
                          "wss://c.example/relay/media/1",
                          "https://c.example:444/relay/media/1",
                          "https://c.example.evil/relay/media/1",
                          "https://c.example@evil.example/relay/media/1",
                          "https://evil@c.example/relay/media/1",
                          "https://c.example/relay/media",
                          "https://c.example/relay/media/",
                          "https://c.example/relay/mediax/1",
                          "https://c.example/x/relay/media/1",
                          "https://c.example/relay/media/../policy",
                          "https://c.example/relay/media/%2e%2e/policy",
                          "https://c.example/relay/media/..%2fpolicy",
                          "https://c.example/relay/media/%5c..",
                          "https://c.example/RELAY/media/1",
                          "",
                          "file:///relay/media/1",
                          "//c.example/relay/media/1",
                          "https://c.example%2fevil/relay/media/1"})
    EXPECT_FALSE(is_own_media(bad, base)) << bad;
  EXPECT_FALSE(is_own_media("https://c.example/relay/media/1", ""));
}

} // namespace urls_test
} // namespace relay::wire
