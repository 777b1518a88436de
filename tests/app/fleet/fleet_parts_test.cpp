// What a fleet is made of: the settings of one gateway, metrics with a label, log lines with a name, status.
#include "relay_gateway/app/child/environment.hpp"
#include "relay_gateway/app/fleet/directory.hpp"
#include "relay_gateway/app/fleet/fleet_status.hpp"
#include "relay_gateway/app/fleet/gateway_source.hpp"
#include "relay_gateway/app/log/log.hpp"
#include "relay_gateway/app/metrics/fleet_metrics.hpp"
#include "relay_gateway/config/fleet.hpp"
#include "relay_gateway/config/render.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

namespace relay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// -- settings ----------------------------------------------------------------------------------------------

struct fleet_file {
  std::map<std::string, std::string> files;
  config::sources process;
  config::settings common;

  explicit fleet_file(const std::string& text) {
    files["/fleet/acme.yaml"] = text;
    process.environment = {{"HOME", "/home/u"}};
    process.hostname = "box";
    common.service.state_dir = "/state";
    common.service.log_level = "warn";
    common.service.grace = std::chrono::seconds{3};
  }
  config::resolution found() {
    process.reader = [this](const std::string& path) -> std::optional<std::string> {
      auto it = files.find(path);
      if (it == files.end()) return std::nullopt;
      return it->second;
    };
    return fleet::for_gateway(
        config::resolve_file_first(fleet::sources_of(process, common, "acme", "/fleet/acme.yaml")), common);
  }
};

// The environment is the process's, so each agent would inherit all gateways' secrets.
TEST(FleetSettings, WhatOthersSecretsAreMadeOfIsKeptFromItsAgent) {
  fleet_file x{"gateway: {agent: echo, openai: {api_key: '${MINE}'}}"};
  x.common.service.secret_variables = {"OTHERS"};
  EXPECT_THAT(child::child_environment({"MINE=a-secret", "OTHERS=b-secret", "PATH=/bin"}, x.found().values),
              ElementsAre("PATH=/bin"));
}

TEST(FleetDirectory, TellsFilesApartAndWhatTheirSecretsAreMadeOf) {
  std::string folder = "/tmp/relay-fleet-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::ofstream{folder + "/a.yml"} << "gateway: {openai: {api_key: 'x-${ONE}', model: '${TWO}'}}";
  std::ofstream{folder + "/b.yaml"} << "gateway: [";
  const auto first = fleet::read_directory(folder);
  EXPECT_THAT(first.secret_variables, ElementsAre("ONE"));
  std::filesystem::rename(folder + "/a.yml", folder + "/a.yaml");
  const auto second = fleet::read_directory(folder);
  EXPECT_NE(first.digests.at("a"), second.digests.at("a")) << "its settings are elsewhere now";
  EXPECT_EQ(first.digests.at("b"), second.digests.at("b"));
  std::filesystem::remove_all(folder);
}

TEST(FleetSettings, TheFileSaysWhatTheGatewayIs) {
  fleet_file x{"gateway: {relay_url: http://c.example, relay_id: gw-acme, agent: echo, state_dir: /own}"};
  x.process.environment["GATEWAY_RELAY_ID"] = "gw-all";
  x.process.environment["GATEWAY_RELAY_PLATFORMS"] = "discord";
  x.process.flags["agent"] = "link";
  auto found = x.found();
  EXPECT_THAT(found.problems, IsEmpty()) << config::problems_text(found);
  EXPECT_EQ(found.values.relay.gateway_id, "gw-acme");
  EXPECT_EQ(found.values.service.agent.kind, config::agent_kind::echo);
  EXPECT_EQ(found.values.service.state_dir, "/own");
  EXPECT_EQ(found.values.relay.identities.front().platform, "discord") << "what all have in common";
  EXPECT_EQ(fleet::file_fault(found), "");
}

TEST(FleetSettings, NamesMakeDefaultsThatDiffer) {
  fleet_file x{"gateway: {relay_url: http://c.example}"};
  EXPECT_EQ(x.found().values.relay.default_gateway_id, "gw-box-acme");
  EXPECT_EQ(x.found().values.service.state_dir, "/state/acme");
  x.common.service.state_dir.clear();
  EXPECT_EQ(x.found().values.service.state_dir, "") << "memory only";
}

TEST(FleetSettings, TheProcessKeepsWhatIsItsOwn) {
  fleet_file x{"gateway:\n  listen: 0.0.0.0:1\n  admin_token: t\n  grace: 1h\n  log: {level: debug}\n"};
  auto found = x.found();
  EXPECT_EQ(found.values.service.listen_host, "127.0.0.1");
  EXPECT_TRUE(found.values.service.admin_token.empty());
  EXPECT_EQ(found.values.service.grace, std::chrono::seconds{3});
  EXPECT_EQ(found.values.service.log_level, "warn");
  EXPECT_THAT(config::problems_text(found), HasSubstr("gateway.listen belongs to the process"));
  EXPECT_EQ(fleet::file_fault(found), "") << "and that keeps no gateway from running";
}

TEST(FleetSettings, AFileThatCannotBeUnderstoodMakesNoGateway) {
  EXPECT_THAT(fleet::file_fault(fleet_file{"gateway: ["}.found()), HasSubstr("/fleet/acme.yaml:"));
  EXPECT_THAT(fleet::file_fault(fleet_file{"- a list"}.found()), HasSubstr("not a map"));
  EXPECT_THAT(fleet::file_fault(fleet_file{"gateway: {agent: \"exec:'open\"}"}.found()),
              HasSubstr("command line"));
  fleet_file missing{""};
  missing.files.clear();
  EXPECT_THAT(fleet::file_fault(missing.found()), HasSubstr("cannot be read"));
  EXPECT_EQ(fleet::file_fault(fleet_file{"gateway: {relay_platforms: 7, agent: echo}"}.found()), "");
}

TEST(FleetSettings, WhatIsWrongWithTheProcessIsNotToldByEachGateway) {
  fleet_file x{"gateway: {agent: echo}"};
  x.process.environment["GATEWAY_GRACE"] = "long";
  x.process.environment["GATEWAY_RELAY_URI"] = "http://c";
  EXPECT_THAT(x.found().problems, IsEmpty());
}

// -- metrics -----------------------------------------------------------------------------------------------

TEST(FleetMetrics, EachGatewayHasItsLabel) {
  fleet_metrics all;
  all.of("a")->add(counter::handshakes, 2);
  all.of("b")->add(counter::dials, "backoff", 3);
  all.of("b")->set(gauge::connected, 1);
  all.of("b")->observe(histogram::dial, std::chrono::milliseconds{20});
  all.states({{"running", 2}, {"failed", 0}});
  all.failed("b", "start");
  auto text = all.expose();
  EXPECT_THAT(text, HasSubstr("relay_gateway_handshakes_total{gateway=\"a\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("relay_gateway_dials_total{gateway=\"b\",cause=\"backoff\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("relay_gateway_connected{gateway=\"a\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("relay_gateway_connected{gateway=\"b\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("relay_gateway_dial_seconds_count{gateway=\"b\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("relay_gateway_handshakes_total{gateway=\"b\"}"))) << "nothing was counted";
  EXPECT_THAT(text, HasSubstr("relay_gateway_fleet_gateways{state=\"running\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("relay_gateway_fleet_failures_total{gateway=\"b\",cause=\"start\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nprocess_resident_memory_bytes "));
  EXPECT_THAT(all.of("a")->expose(), HasSubstr("relay_gateway_handshakes_total 2\n"));
  all.forget("b");
  EXPECT_THAT(all.expose(), Not(HasSubstr("gateway=\"b\"")));
}

TEST(FleetMetrics, LabelsAreBounded) {
  fleet_metrics all;
  for (std::size_t i = 0; i < fleet_metrics::most_labels + 500; ++i)
    all.of("g" + std::to_string(10'000 + i))->add(counter::handshakes);
  auto text = all.expose();
  EXPECT_THAT(text, HasSubstr("relay_gateway_handshakes_total{gateway=\"other\"} 500\n"));
  EXPECT_THAT(text, HasSubstr("{gateway=\"g10999\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("g11000")));
}

// -- log
// -----------------------------------------------------------------------------------------------------

struct kept_output final : line_output {
  bool write(std::string_view line) noexcept override {
    lines.emplace_back(line);
    return true;
  }
  std::vector<std::string> lines;
};

TEST(FleetLog, LinesSayWhoseTheyAre) {
  auto to = std::make_shared<kept_output>();
  auto log = make_log(to, "info", config::log_format::json);
  auto of_a = log_of_gateway(log, "a"), of_b = log_of_gateway(log, "b");
  of_a->write(severity::info, "link.up", {{"epoch", 3}});
  of_b->write(severity::info, "link.up", {{"why", R"(,"gateway":"a")"}});
  log->write(severity::info, "service.started", {});
  ASSERT_THAT(to->lines, SizeIs(3));
  EXPECT_THAT(to->lines[0], HasSubstr(R"("event":"link.up","gateway":"a","epoch":3)"));
  EXPECT_THAT(lines_of_gateway(log->recent(10), "a"), SizeIs(1));
  EXPECT_THAT(lines_of_gateway(log->recent(10), "b"), SizeIs(1));
  EXPECT_THAT(lines_of_gateway(log->recent(10), "service"), IsEmpty());
}

TEST(FleetLog, AFloodOfOneDoesNotHideTheOther) {
  auto to = std::make_shared<kept_output>();
  auto log = make_log(to, "info", config::log_format::json);
  auto of_a = log_of_gateway(log, "a"), of_b = log_of_gateway(log, "b");
  for (int i = 0; i < 1000; ++i) of_a->write(severity::warn, "link.lost", {});
  of_b->write(severity::warn, "link.lost", {});
  EXPECT_THAT(lines_of_gateway(to->lines, "a"), SizeIs(20));
  EXPECT_THAT(lines_of_gateway(to->lines, "b"), SizeIs(1));
}

// -- status
// --------------------------------------------------------------------------------------------------

TEST(FleetStatus, TellsEachGatewayAndWhichFilesAreNone) {
  fleet::fleet_report x;
  x.directory = "/fleet";
  x.settled = true;
  x.gateways = {{"a", "a.yaml", "running", true, true, "", ""},
                {"b", "b.yaml", "failed", false, false, "line 3", ""},
                {"c", "c.yml", "running", false, false, "unreachable", "line 9"}};
  x.refused = {{"x y.yaml", "name"}};
  wire::json::document doc;
  ASSERT_TRUE(doc.parse(fleet::status_json(x)));
  EXPECT_EQ(wire::json::text(doc.root(), "state"), "ready");
  const auto* all = wire::json::array(doc.root(), "gateways");
  ASSERT_EQ(all->Size(), 3U);
  EXPECT_EQ(wire::json::text((*all)[1], "name"), "b");
  EXPECT_EQ(wire::json::text((*all)[1], "state"), "failed");
  EXPECT_EQ(wire::json::text((*all)[1], "reason"), "line 3");
  EXPECT_EQ(wire::json::text((*all)[2], "file_problem"), "line 9");
  EXPECT_EQ(wire::json::find(*wire::json::object(doc.root(), "counts"), "ready")->GetUint64(), 1U);
  EXPECT_EQ(wire::json::find(*wire::json::object(doc.root(), "counts"), "failed")->GetUint64(), 1U);
  EXPECT_EQ(wire::json::array(doc.root(), "refused")->Size(), 1U);
  EXPECT_EQ(fleet::summary(x), "3 gateways, 2 running, 1 failed, 1 ready");
}

TEST(FleetStatus, OneThatFailsDoesNotTakeTheOthersOutOfService) {
  fleet::fleet_report x;
  EXPECT_EQ(fleet::readiness(x).first, 503) << "the directory was not read yet";
  EXPECT_EQ(fleet::startup(x).first, 503);
  x.settled = true;
  EXPECT_EQ(fleet::readiness(x).first, 200) << "it has no gateway, as it should";
  x.gateways = {{"a", "a.yaml", "failed", false, false, "", ""},
                {"b", "b.yaml", "running", true, false, "", ""}};
  EXPECT_EQ(fleet::readiness(x).first, 503);
  x.gateways[1].ready = true;
  EXPECT_EQ(fleet::readiness(x).first, 200);
  EXPECT_EQ(fleet::startup(x).first, 200);
  x.draining = true;
  EXPECT_EQ(fleet::readiness(x).first, 503);
}

} // namespace
} // namespace relay
