// Listener safety, agents, TLS, proxies, contradicting limits.
#include "relay_gateway/config/values/addresses/listener.hpp"
#include "relay_gateway/tests/config/setup.hpp"

namespace relay::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(listener, loopback_needs_no_token) {
  for (const char* local : {"127.0.0.1:1", "127.9.9.9:0", "localhost:9480", "LOCALHOST:1", "[::1]:65535",
                            "[::ffff:127.0.0.1]:1"}) {
    auto result = config_inputs{}.env("GATEWAY_LISTEN", local).resolved();
    EXPECT_EQ(problems_text(result), "") << local;
  }
}

TEST(listener, anything_else_without_a_token_stops_run) {
  for (const char* open :
       {"0.0.0.0:9480", "[::]:1", "10.0.0.1:9480", "gateway.local:1", "[fe80::1]:1", "localhost.evil:1"}) {
    auto result = config_inputs{}.env("GATEWAY_LISTEN", open).resolved();
    auto found = problem_of(result, "gateway.listen");
    EXPECT_TRUE(found.fatal_for_run) << open;
    EXPECT_EQ(found.where, "GATEWAY_LISTEN");
    EXPECT_TRUE(stops_run(result));
    EXPECT_EQ(result.values.service.listen_host, "127.0.0.1") << "the values are safe all the same";
    EXPECT_EQ(
        problems_text(config_inputs{}.env("GATEWAY_LISTEN", open).env("GATEWAY_ADMIN_TOKEN", "t").resolved()),
        "");
  }
}

TEST(listener, a_token_that_cannot_be_read_is_none) {
  auto x = config_inputs{}.flag("listen", "0.0.0.0:1").env("GATEWAY_ADMIN_TOKEN_FILE", "/none");
  EXPECT_TRUE(stops_run(x.resolved()));
  EXPECT_EQ(problem_of(x.resolved(), "gateway.listen").where, "--listen");
}

TEST(listener, forms) {
  auto v = config_inputs{}.env("GATEWAY_LISTEN", "[::1]:80").resolved().values.service;
  EXPECT_EQ(v.listen_host, "::1");
  EXPECT_EQ(v.listen_port, 80);
  for (const char* bad :
       {"9480", ":9480", "::1:9480", "[::1]", "host:", "host:65536", "host:-1", "host:1x", "[host]:1",
        "256.0.0.1:1", "127.1:1", "a b:1", "*:1", "http://h:1", "[]:1", "[::1:1", "h.:1"})
    EXPECT_FALSE(parse_listener(bad).value) << bad;
}

TEST(agent, kinds) {
  auto agent = [](const std::string& text) {
    return config_inputs{}.flag("agent", text).resolved().values.service.agent;
  };
  EXPECT_EQ(agent("link"), (agent_settings{agent_kind::link, ""}));
  EXPECT_EQ(agent("Echo"), (agent_settings{agent_kind::echo, ""}));
  EXPECT_EQ(agent("exec: python3 -u a.py --x=1"),
            (agent_settings{agent_kind::exec, "python3 -u a.py --x=1"}));
  EXPECT_EQ(agent("openai:http://127.0.0.1:1/v1/"),
            (agent_settings{agent_kind::openai, "http://127.0.0.1:1/v1"}));
  EXPECT_EQ(agent("nats:nats://n:4222"), (agent_settings{agent_kind::nats, "nats://n:4222"}));
  EXPECT_EQ(agent("nats://n:4222"), (agent_settings{agent_kind::nats, "nats://n:4222"}));
  EXPECT_EQ(agent("nats:nats://a:1, tls://b:2"), (agent_settings{agent_kind::nats, "nats://a:1,tls://b:2"}));
}

TEST(agent, bad_ones_fall_back_to_link) {
  for (const char* bad : {"exec:", "exec", "echo:x", "link:", "openai:", "openai:ftp://x",
                          "openai:http://u:p@x", "nats:", "nats:x", "nats:http://x", "smoke:signals"}) {
    auto result = config_inputs{}.flag("agent", bad).resolved();
    EXPECT_EQ(result.values.service.agent.kind, agent_kind::link) << bad;
    EXPECT_EQ(problem_of(result, "gateway.agent").where, "--agent") << bad;
  }
}

TEST(agent, listing_hides_what_may_be_a_credential) {
  auto shown = [](const std::string& text) {
    return row_of(config_inputs{}.flag("agent", text).resolved(), "gateway.agent").value;
  };
  EXPECT_EQ(shown("nats:nats://user:s3cr3t@n:1,nats://tok@m:2"), "nats:nats://***@n:1,nats://***@m:2");
  EXPECT_EQ(shown("exec:curl -H token:s3cr3t"), "exec:curl ***");
}

TEST(tls, a_certificate_and_its_key_come_together) {
  auto x = config_inputs{}.file("/c", "c").file("/k", "k");
  x.yaml("gateway:\n  tls:\n    cert_file: /c\n");
  auto result = x.resolved();
  EXPECT_EQ(problem_of(result, "gateway.tls.cert_file").where, std::string{config_yaml} + ":3");
  EXPECT_EQ(result.values.service.tls, tls_settings{});
  x.yaml("gateway: {tls: {key_file: /k}}");
  EXPECT_THAT(problem_of(x.resolved(), "gateway.tls.key_file").reason, HasSubstr("cert_file"));
  x.yaml("gateway: {tls: {key_file: /k, cert_file: /c}}");
  EXPECT_EQ(problems_text(x.resolved()), "");
  EXPECT_EQ(x.resolved().values.service.tls.key_file, "/k");
}

TEST(tls, a_missing_ca_is_a_problem_but_never_the_system_store) {
  auto result = config_inputs{}.env("GATEWAY_TLS_CA_FILE", "/none").resolved();
  EXPECT_EQ(problem_of(result, "gateway.tls.ca_file").where, "GATEWAY_TLS_CA_FILE");
  EXPECT_EQ(result.values.service.tls.ca_file, "/none");
}

TEST(proxies, upper_case_wins_and_lower_case_counts) {
  auto x = config_inputs{}.env("https_proxy", "http://low:1").env("no_proxy", "a, b");
  auto v = x.resolved().values.service.proxy;
  EXPECT_EQ(v.https.reveal(), "http://low:1");
  EXPECT_THAT(v.no_proxy, ElementsAre("a", "b"));
  EXPECT_EQ(row_of(x.resolved(), "HTTPS_PROXY").source, "environment https_proxy");
  x.env("HTTPS_PROXY", "http://u:p@up:2/");
  EXPECT_EQ(x.resolved().values.service.proxy.https.reveal(), "http://u:p@up:2");
  EXPECT_EQ(row_of(x.resolved(), "HTTPS_PROXY").value, "http://***@up:2");
}

TEST(proxies, the_environment_in_lower_case_stands_above_the_env_file) {
  auto x = config_inputs{}.env("http_proxy", "http://mine:1").dotenv("HTTP_PROXY=http://file:1\n");
  EXPECT_EQ(x.resolved().values.service.proxy.http.reveal(), "http://mine:1");
}

TEST(proxies, a_bad_one_is_named_without_its_password) {
  for (const char* bad :
       {"http://u:s3cr3t@", "u:s3cr3t@p:1:2", "socks5://u:s3cr3t@p", "http://u:s3cr3t@p:x"}) {
    auto result = config_inputs{}.env("HTTPS_PROXY", bad).resolved();
    EXPECT_EQ(problem_of(result, "HTTPS_PROXY").where, "HTTPS_PROXY") << bad;
    EXPECT_TRUE(result.values.service.proxy.https.empty());
    EXPECT_THAT(everything_shown(result), Not(HasSubstr("s3cr3t")));
  }
}

TEST(limit_pairs, ping_timeout_is_longer_than_ping_interval) {
  auto result = config_inputs{}.env("GATEWAY_PING_INTERVAL", "25s").resolved();
  auto found = problem_of(result, "gateway.limits.ping_timeout");
  EXPECT_EQ(found.where, "GATEWAY_PING_INTERVAL");
  EXPECT_EQ(found.applied, "25s and 10s are used");
  EXPECT_EQ(result.values.limits, limits{});
  EXPECT_EQ(row_of(result, "gateway.limits.ping_interval").source, "default");
  result =
      config_inputs{}.yaml("gateway:\n  limits:\n    ping_timeout: 5s\n    ping_interval: 4s\n").resolved();
  EXPECT_EQ(problems_text(result), "");
  EXPECT_EQ(result.values.limits.ping_timeout, milliseconds{5000});
}

TEST(limit_pairs, backoff_min_is_not_longer_than_backoff_max) {
  auto result = config_inputs{}.yaml("gateway:\n  limits:\n    backoff_max: 500ms\n").resolved();
  EXPECT_EQ(problem_of(result, "gateway.limits.backoff_min").where, std::string{config_yaml} + ":3");
  EXPECT_EQ(result.values.limits, limits{});
  EXPECT_EQ(problems_text(config_inputs{}.env("GATEWAY_BACKOFF_MIN", "30s").resolved()), "");
}

} // namespace
} // namespace relay::config
