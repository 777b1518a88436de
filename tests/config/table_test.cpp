// Every row of settings.md: default, environment, `.env`, config file, command line, bad value, precedence.
#include "relay_gateway/config/catalogue.hpp"
#include "relay_gateway/tests/config/setup.hpp"

#include <algorithm>

namespace relay::config {
namespace {

struct row {
  entry at;
  std::string standard;                    ///< what the listing shows when nothing is given
  std::string first, shown;                ///< a good value and its form in the listing
  std::string second, shown2;              ///< another one
  std::string bad;                         ///< empty: every text is good
  std::map<std::string, std::string> with; ///< what the value needs beside it
};

const std::vector<row> rows{
    {keys::relay_url,
     "",
     "https://c.example/",
     "https://c.example",
     "wss://d.example/relay",
     "wss://d.example/relay",
     "ftp://x",
     {}},
    {keys::relay_platforms, "relay", "discord, ,telegram", "discord, telegram", "slack", "slack", "", {}},
    {keys::relay_bot_ids,
     "",
     R"({"discord":{"botId":"1"}})",
     "discord=1",
     R"({"telegram":{"botId":"2","username":"@x"}})",
     "telegram=2 (x)",
     "[1]",
     {}},
    {keys::relay_id, "gw-box", "gw-1", "gw-1", "gw:2", "gw:2", "", {}},
    {keys::relay_secret, "", "s3cr3t-one", "***", "s3cr3t-two", "***", "", {}},
    {keys::relay_delivery_key, "", "s3cr3t-one", "***", "s3cr3t-two", "***", "", {}},
    {keys::relay_endpoint,
     "",
     "https://e.example//",
     "https://e.example",
     "http://f.example/p",
     "http://f.example/p",
     "e.example",
     {}},
    {keys::relay_route_keys, "", "a, b,,", "a, b", "c", "c", "", {}},
    {keys::relay_instance_id, "", "i-1", "i-1", "i-2", "i-2", "", {}},
    {keys::relay_display_name, "", "Ops bot", "Ops bot", "B", "B", "", {}},
    {keys::relay_sleep_url,
     "",
     "https://s.example/sleep/?m=1",
     "https://s.example/sleep/?***",
     "http://s.example",
     "http://s.example",
     "ws://s.example",
     {}},
    {keys::relay_wake_url,
     "",
     "https://w.example/wake/",
     "https://w.example/wake",
     "http://w.example",
     "http://w.example",
     "wss://w.example",
     {}},
    {keys::relay_enabled, "true", "no", "false", "ON", "true", "", {}},
    {keys::idp_token_url,
     "",
     "https://idp.example/token",
     "https://idp.example/token",
     "http://idp.example",
     "http://idp.example",
     "idp",
     {{"GATEWAY_RELAY_IDP_CLIENT_ID", "c"}, {"GATEWAY_RELAY_IDP_CLIENT_SECRET", "s"}}},
    {keys::idp_client_id, "", "client-1", "client-1", "client-2", "client-2", "", {}},
    {keys::idp_client_secret, "", "s3cr3t-one", "***", "s3cr3t-two", "***", "", {}},
    {keys::idp_scope, "", "relay provision", "relay provision", "other", "other", "", {}},
    {keys::relay_access_token, "", "s3cr3t-one", "***", "s3cr3t-two", "***", "", {}},
    {keys::hermes_portal,
     "",
     "https://portal.example/",
     "https://portal.example",
     "http://127.0.0.1:9",
     "http://127.0.0.1:9",
     "portal",
     {}},
    {keys::nous_portal,
     "",
     "https://portal.example/",
     "https://portal.example",
     "http://127.0.0.1:9",
     "http://127.0.0.1:9",
     "portal",
     {}},
    {keys::slack_reply_in_thread, "true", "off", "false", "Yes", "true", "maybe", {}},
    {keys::slack_top_level_threads, "true", "no", "false", "1", "true", "2", {}},
    {keys::prompts_approval_by, "asker", "Anyone", "anyone", "asker", "asker", "nobody", {}},
    {keys::agent, "link", "echo", "echo", "exec:cat -u", "exec:cat ***", "telepathy", {}},
    {keys::listen, "127.0.0.1:9480", "[::1]:0", "[::1]:0", "localhost:81", "localhost:81", "127.0.0.1", {}},
    {keys::admin_token, "", "s3cr3t-one", "***", "s3cr3t-two", "***", "", {}},
    {keys::read_token, "", "s3cr3t-one", "***", "s3cr3t-two", "***", "", {}},
    {keys::metrics_listen, "", "127.0.0.1:9090", "127.0.0.1:9090", "[::]:0", "[::]:0", "9090", {}},
    {keys::state_dir, "/home/u/.hermes/relay", "/var/lib/relay", "/var/lib/relay", "None", "none", "", {}},
    {keys::fleet, "", "/etc/relay/fleet", "/etc/relay/fleet", "fleet.d", "fleet.d", "", {}},
    {keys::log_level, "info", "DEBUG", "debug", "warning", "warn", "loud", {}},
    {keys::log_format, "auto", "JSON", "json", "text", "text", "xml", {}},
    {keys::scheduler, "io", "pool", "pool", "IO", "io", "sharing", {}},
    {keys::grace, "25s", "5s", "5s", "1500ms", "1500ms", "soon", {}},
    {keys::idle_after, "0s", "5m", "5m", "90s", "90s", "later", {}},
    {keys::idle_action, "dormant", "EXIT", "exit", "dormant", "dormant", "sleep", {}},
    {keys::idle_hold, "20s", "5m", "5m", "0", "0s", "301s", {}},
    {keys::tls_ca_file, "", "/tls/ca.pem", "/tls/ca.pem", "/tls/b.pem", "/tls/b.pem", "", {}},
    {keys::tls_cert_file,
     "",
     "/tls/ca.pem",
     "/tls/ca.pem",
     "/tls/b.pem",
     "/tls/b.pem",
     "",
     {{"GATEWAY_TLS_KEY_FILE", "/tls/b.pem"}}},
    {keys::tls_key_file,
     "",
     "/tls/ca.pem",
     "/tls/ca.pem",
     "/tls/b.pem",
     "/tls/b.pem",
     "",
     {{"GATEWAY_TLS_CERT_FILE", "/tls/b.pem"}}},
    {keys::https_proxy,
     "",
     "http://u:s3cr3t-one@p:3128",
     "http://***@p:3128",
     "p:1",
     "http://p:1",
     "socks5://p",
     {}},
    {keys::http_proxy,
     "",
     "http://u:s3cr3t-one@p:3128",
     "http://***@p:3128",
     "https://p:1",
     "https://p:1",
     "p:x",
     {}},
    {keys::no_proxy, "", "a.example,.b.example", "a.example, .b.example", "*", "*", "", {}},
    {keys::group_sessions, "true", "off", "false", "Yes", "true", "maybe", {}},
    {keys::thread_sessions, "false", "1", "true", "0", "false", "2", {}},
    {keys::reactions, "false", "on", "true", "No", "false", "maybe", {}},
    {keys::commands,
     "",
     R"([{"name":"ask","description":"Ask."}])",
     "ask",
     R"([{"name":"a","description":"A"},{"name":"b","description":"B"}])",
     "a, b",
     R"([{"name":"Ask","description":"Ask."}])",
     {}},
    {keys::openai_model, "", "llama3", "llama3", "gpt-4o", "gpt-4o", "", {}},
    {keys::openai_system, "", "Be brief.", "Be brief.", "Be kind.", "Be kind.", "", {}},
    {keys::openai_api_key, "", "s3cr3t-one", "***", "s3cr3t-two", "***", "", {}},
    {keys::openai_api_key_file, "", "/tls/ca.pem", "/tls/ca.pem", "/tls/b.pem", "/tls/b.pem", "", {}},
    {keys::openai_history, "20", "0", "0", "5", "5", "-1", {}},
    {keys::openai_history_bytes, "64KiB", "1MiB", "1MiB", "1000", "1000B", "0", {}},
    {keys::openai_max_turn, "10m", "1m", "1m", "90s", "90s", "0", {}},
    {keys::openai_first_token_timeout, "2m", "5s", "5s", "1m", "1m", "soon", {}},
    {keys::openai_idle_timeout, "1m", "5s", "5s", "2m", "2m", "0s", {}},
    {keys::openai_stream, "true", "off", "false", "Yes", "true", "maybe", {}},
    {keys::nats_url,
     "",
     "nats://u:s3cr3t@a:1, tls://b:2/",
     "nats://***@a:1,tls://b:2",
     "nats://c:3",
     "nats://c:3",
     "http://a",
     {}},
    {keys::nats_prefix, "relay", "acme", "acme", "a-b_1", "a-b_1", "a.b", {}},
    {keys::nats_credentials_file, "", "/tls/ca.pem", "/tls/ca.pem", "/tls/b.pem", "/tls/b.pem", "", {}},
    {keys::nats_user, "", "ann", "ann", "bob", "bob", "", {}},
    {keys::nats_password, "", "s3cr3t-one", "***", "s3cr3t-two", "***", "", {}},
    {keys::nats_token, "", "s3cr3t-one", "***", "s3cr3t-two", "***", "", {}},
    {keys::nats_replicas, "1", "3", "3", "5", "5", "6", {}},
    {keys::nats_ack_wait, "30s", "5s", "5s", "1m", "1m", "0", {}},
    {keys::nats_max_ack_pending, "1024", "1", "1", "64", "64", "0", {}},
    {keys::nats_room, "16", "1", "1", "64", "64", "0", {}},
    {keys::media_disk, "512MiB", "25MiB", "25MiB", "1GiB", "1GiB", "24MiB", {}},
    {keys::media_at_once, "8", "1", "1", "20", "20", "0", {}},
    {keys::media_per_event, "32", "1", "1", "100", "100", "many", {}},
    {keys::media_wait, "1m", "5s", "5s", "2m", "2m", "0", {}},
    {keys::media_upload_timeout, "1m", "5s", "5s", "2m", "2m", "0s", {}},
    {keys::handshake_timeout, "30s", "5", "5s", "250ms", "250ms", "0", {}},
    {keys::outbound_timeout, "30s", "1m", "1m", "90 s", "90s", "-1s", {}},
    {keys::http_timeout, "15s", "0.5s", "500ms", "2h", "2h", "1d", {}},
    {keys::ping_interval, "10s", "20s", "20s", "1s", "1s", "ten", {}},
    {keys::ping_timeout, "25s", "30s", "30s", "11s", "11s", "1.s", {}},
    {keys::stable_after, "30s", "1m", "1m", "1ms", "1ms", "s", {}},
    {keys::backoff_min, "1s", "2s", "2s", "30s", "30s", "1s2", {}},
    {keys::backoff_max, "30s", "1m", "1m", "1s", "1s", "1e3", {}},
    {keys::idle_ack_timeout, "10s", "3s", "3s", "4s", "4s", "99999999999999999999", {}},
    {keys::max_frame, "8MiB", "1MiB", "1MiB", "1000", "1000B", "8MB", {}},
    {keys::max_pending, "10000", "5", "5", "7", "7", "0", {}},
    {keys::max_chats, "1000000", "5", "5", "7", "7", "-1", {}},
    {keys::chat_idle, "30m", "1h", "1h", "61s", "61s", "1 fortnight", {}},
    {keys::agent_ack_timeout, "1m", "5s", "5s", "6s", "6s", "+5s", {}},
    {keys::agent_max_deliveries, "5", "1", "1", "9", "9", "1.5", {}},
    {keys::dedupe_window, "10m", "1m", "1m", "2m", "2m", "1..5m", {}},
    {keys::dedupe_entries, "100000", "5", "5", "7", "7", "10k", {}},
    {keys::egress_hold, "30s", "1s", "1s", "2s", "2s", "0ms", {}},
    {keys::max_in_memory, "4096", "5", "5", "7", "7", "10k", {}},
    {keys::chat_in_memory, "64", "5", "5", "7", "7", "0", {}},
    {keys::max_prompts, "10000", "5", "5", "7", "7", "-1", {}},
    {keys::prompt_lifetime, "1h", "1s", "1s", "2s", "2s", "0ms", {}},
    {keys::route_age, "720h", "1h", "1h", "90m", "90m", "30d", {}},
    {keys::turn_age, "24h", "1m", "1m", "2h", "2h", "0", {}},
};

/// `gateway.log.level` and a value as nested maps; the value stands on the line of the last part.
std::string nested(const std::string& key, const std::string& value) {
  std::string result, indent;
  std::size_t start = 0;
  for (auto dot = key.find('.'); dot != std::string::npos; dot = key.find('.', start)) {
    result += indent + key.substr(start, dot - start) + ":\n";
    indent += "  ";
    start = dot + 1;
  }
  std::string quoted = value;
  for (std::size_t at = 0; (at = quoted.find('\'', at)) != std::string::npos; at += 2) quoted.insert(at, "'");
  return result + indent + key.substr(start) + ": '" + quoted + "'\n";
}

class settings_row : public ::testing::TestWithParam<row> {
protected:
  config_inputs here() const {
    config_inputs x;
    x.file("/tls/ca.pem", "pem").file("/tls/b.pem", "pem");
    for (const auto& [name, value] : GetParam().with) x.env(name, value);
    return x;
  }
  std::string line() const {
    std::string key = GetParam().at.key;
    return config_yaml + std::string{":"} + std::to_string(1 + std::count(key.begin(), key.end(), '.'));
  }
  void expect(const config_inputs& x, const std::string& value, const std::string& source) const {
    auto result = x.resolved();
    auto found = row_of(result, GetParam().at.key);
    EXPECT_EQ(found.value, value);
    EXPECT_EQ(found.source, source);
    EXPECT_EQ(problems_text(result), "");
    EXPECT_THAT(everything_shown(result), ::testing::Not(::testing::HasSubstr("s3cr3t")));
  }
};

TEST_P(settings_row, default_when_unset_or_empty) {
  const auto& p = GetParam();
  auto x = here();
  auto found = row_of(x.resolved(), p.at.key);
  EXPECT_EQ(found.value, p.standard);
  EXPECT_EQ(found.source, "default");
  if (*p.at.variable != '\0') x.env(p.at.variable, " \t").dotenv(std::string{p.at.variable} + "=\n");
  if (p.at.in_file) x.yaml(nested(p.at.key, "  "));
  if (*p.at.flag != '\0') x.flag(p.at.flag, " ");
  found = row_of(x.resolved(), p.at.key);
  EXPECT_EQ(found.value, p.standard);
  EXPECT_EQ(found.source, "default");
}

TEST_P(settings_row, environment_trimmed) {
  const auto& p = GetParam();
  if (*p.at.variable == '\0') return;
  expect(here().env(p.at.variable, " " + p.first + "\n"), p.shown,
         std::string{"environment "} + p.at.variable);
  expect(here().env(p.at.variable, p.second), p.shown2, std::string{"environment "} + p.at.variable);
}

TEST_P(settings_row, dotenv_below_environment) {
  const auto& p = GetParam();
  if (*p.at.variable == '\0') return;
  auto x = here().dotenv("# mine\n" + std::string{p.at.variable} + "='" + p.first + "'\n");
  expect(x, p.shown, std::string{".env "} + dot_env + ":2");
  expect(x.env(p.at.variable, p.second), p.shown2, std::string{"environment "} + p.at.variable);
}

TEST_P(settings_row, config_file_below_all) {
  const auto& p = GetParam();
  if (!p.at.in_file) {
    expect(here().yaml(nested(p.at.key, p.first)), p.standard, "default");
    return;
  }
  auto x = here().yaml(nested(p.at.key, " " + p.first + " "));
  expect(x, p.shown, line());
  if (*p.at.variable == '\0') return;
  expect(x.dotenv(std::string{p.at.variable} + "='" + p.second + "'"), p.shown2,
         std::string{".env "} + dot_env + ":1");
}

TEST_P(settings_row, substitution_in_the_config_file) {
  const auto& p = GetParam();
  if (!p.at.in_file) return;
  expect(here().yaml(nested(p.at.key, "${MINE}")).env("MINE", p.first), p.shown, line());
  auto result = here().yaml(nested(p.at.key, "${MINE}")).resolved();
  EXPECT_EQ(problem_of(result, p.at.key).where, line());
  EXPECT_THAT(problem_of(result, p.at.key).reason, ::testing::HasSubstr("MINE"));
}

TEST_P(settings_row, command_line_above_all) {
  const auto& p = GetParam();
  if (*p.at.flag == '\0') return;
  auto x = here().flag(p.at.flag, p.first).env(p.at.variable, p.second).yaml(nested(p.at.key, p.second));
  expect(x, p.shown, "flag " + flag_name(p.at.flag));
}

TEST_P(settings_row, bad_value_is_named_and_not_used) {
  const auto& p = GetParam();
  if (p.bad.empty()) return;
  auto check = [&](const config_inputs& x, const std::string& where) {
    auto result = x.resolved();
    EXPECT_EQ(problem_of(result, p.at.key).where, where);
    EXPECT_EQ(row_of(result, p.at.key).value, p.standard);
    EXPECT_EQ(row_of(result, p.at.key).source, "default");
    EXPECT_EQ(check_exit_code(result), 78);
    EXPECT_FALSE(stops_run(result));
  };
  // A bad value hides the good one below it: the default is the rule, not whatever else lies around.
  if (*p.at.variable != '\0')
    check(here().env(p.at.variable, p.bad).yaml(nested(p.at.key, p.first)), p.at.variable);
  if (p.at.in_file) check(here().yaml(nested(p.at.key, p.bad)), line());
  if (*p.at.flag != '\0') check(here().flag(p.at.flag, p.bad), flag_name(p.at.flag));
}

TEST_P(settings_row, wrong_shape_in_the_config_file) {
  const auto& p = GetParam();
  if (!p.at.in_file) return;
  auto text = nested(p.at.key, "X");
  text.replace(text.find("'X'"), 3, "[[a]]");
  auto result = here().yaml(text).resolved();
  EXPECT_EQ(problem_of(result, p.at.key).where, line());
}

TEST_P(settings_row, secret_from_a_file) {
  const auto& p = GetParam();
  std::string name = p.at.variable;
  if (!p.at.secret) {
    if (name.empty()) return;
    EXPECT_EQ(row_of(here().env(name + "_FILE", "/run/x").resolved(), p.at.key).source, "default");
    return;
  }
  auto x = here().env(name + "_FILE", " /run/x ").file("/run/x", "\n" + p.first + "\n");
  expect(x, p.shown, "file of " + name + "_FILE");
  EXPECT_EQ(row_of(here().file("/run/x", p.first).dotenv(name + "_FILE=/run/x").resolved(), p.at.key).source,
            "file of " + name + "_FILE");
  x.env(name, p.second);
  auto both = x.resolved();
  EXPECT_EQ(problem_of(both, p.at.key).where, name);
  EXPECT_EQ(row_of(both, p.at.key).source, "environment " + name);
  auto missing = here().env(name + "_FILE", "/run/none").resolved();
  EXPECT_EQ(problem_of(missing, p.at.key).where, name + "_FILE");
  auto empty = here().env(name + "_FILE", "/run/x").file("/run/x", " \n").resolved();
  EXPECT_EQ(problem_of(empty, p.at.key).where, name + "_FILE");
}

TEST_P(settings_row, more_than_one_line_is_refused) {
  const auto& p = GetParam();
  if (*p.at.variable == '\0' || std::string_view{p.at.key} == keys::relay_bot_ids.key) return;
  // A prompt is a text that may have lines; it stands in no header.
  const bool has_lines = std::string{p.at.key} == keys::openai_system.key;
  for (std::string text : {has_lines ? "s3cr3t\x01" : "s3cr3t\r\nX-Evil: 1", "s3cr3t\xff"}) {
    auto result = here().env(p.at.variable, text).resolved();
    EXPECT_EQ(problem_of(result, p.at.key).where, p.at.variable);
    EXPECT_THAT(everything_shown(result), ::testing::Not(::testing::HasSubstr("s3cr3t")));
  }
}

std::string test_name(const ::testing::TestParamInfo<row>& info) {
  std::string name = info.param.at.key;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(all, settings_row, ::testing::ValuesIn(rows), test_name);

TEST(settings_table, covers_the_catalogue_in_its_order) {
  ASSERT_EQ(rows.size(), catalogue().size());
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_STREQ(rows[i].at.key, catalogue()[i].key);
}

TEST(settings_table, listing_holds_every_setting_in_that_order) {
  auto result = config_inputs{}.resolved();
  std::size_t next = 0;
  for (const auto& shown : result.listing)
    if (next < catalogue().size() && shown.key == catalogue()[next].key) ++next;
  EXPECT_EQ(next, catalogue().size()) << "missing or out of order: " << catalogue()[next].key;
}

TEST(settings_table, standard_values_are_those_of_the_structs) {
  auto result = config_inputs{}.resolved();
  EXPECT_EQ(result.values.limits, limits{});
  service_settings standard;
  standard.state_dir = "/home/u/.hermes/relay";
  EXPECT_EQ(result.values.service, standard);
  EXPECT_EQ(result.values.slack, slack_settings{});
  EXPECT_EQ(result.values.prompts, prompt_settings{});
  EXPECT_TRUE(result.problems.empty());
}

TEST(settings_table, typed_values_arrive) {
  auto x = config_inputs{}.yaml(
      "gateway:\n  limits: {max_frame: 1KiB, chat_idle: 2m, dedupe_entries: 9}\n  grace: 0\n");
  auto v = x.resolved().values;
  EXPECT_EQ(v.limits.max_frame, 1024U);
  EXPECT_EQ(v.limits.chat_idle, milliseconds{120'000});
  EXPECT_EQ(v.limits.dedupe_entries, 9U);
  EXPECT_EQ(v.service.grace.count(), 0);
}

} // namespace
} // namespace relay::config
