// A fleet that ends while its files are read, and what becomes of a file that cannot be read.
#include "relay_gateway/app/files/file_secrets.hpp"
#include "relay_gateway/app/fleet/fleet.hpp"
#include "relay_gateway/app/fleet/gateway_source.hpp"
#include "relay_gateway/app/fleet/gateway_start.hpp"
#include "relay_gateway/app/net/io/io_scheduler.hpp"
#include "relay_gateway/app/service_parts.hpp"
#include "relay_gateway/config/fleet.hpp"

#include <boost/asio/io_context.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace relay::fleet {
namespace {

struct no_output final : line_output {
  bool write(std::string_view) noexcept override { return true; }
};

TEST(FleetEnd, MayComeWhileTheDirectoryIsRead) {
  std::string folder = "/tmp/relay-fleet-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::ofstream{folder + "/a.yaml"} << "gateway: {agent: echo}";
  boost::asio::io_context io{1};
  const auto config = actor_config(config::scheduler_kind::io, io);
  caf::actor_system system{*config};
  bool over = false, answered = false;
  {
    fleet_options what;
    what.directory = folder;
    what.process = [] { return config::sources{}; };
    what.log = make_log(std::make_shared<no_output>());
    what.counts = std::make_shared<fleet_metrics>();
    what.over = [&] { over = true; };
    running_fleet all{io, system, std::move(what)};
    all.start();
    all.reload([&](const admin::reload_answer& x) { answered = !x.accepted; });
    all.drain(); // what was read is told only now
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    const auto work = boost::asio::make_work_guard(io);
    while (!answered && std::chrono::steady_clock::now() < limit) io.run_one_for(std::chrono::seconds{1});
    EXPECT_TRUE(answered) << "whoever asked for a reload hears that it is too late";
    EXPECT_TRUE(over);
    EXPECT_TRUE(all.report().gateways.empty());
  }
  net::drain_actors(system);
  std::filesystem::remove_all(folder);
}

// That it cannot be read may pass without a change of it: a disk that was away, too many open files.
TEST(FleetStart, AFileThatCannotBeReadIsTriedAgainAndABadOneIsNot) {
  auto outcome_of = [](const std::optional<std::string>& text) {
    const watching_resolver from{[text] {
                                   config::sources out;
                                   out.config_file = "/fleet/a.yaml";
                                   out.reader = [text](const std::string& path) {
                                     return path == "/fleet/a.yaml"
                                                ? config::file_content{text, "Input/output error"}
                                                : config::file_content{std::nullopt};
                                   };
                                   return out;
                                 },
                                 config::resolve_file_first};
    return prepare_gateway(from, {}, make_log(std::make_shared<no_output>()), fleet_metrics{}.of("a"));
  };
  const auto away = outcome_of(std::nullopt);
  EXPECT_EQ(away.outcome, start_outcome::failed);
  EXPECT_NE(away.why.find("cannot be read: Input/output error"), std::string::npos) << away.why;
  const auto bad = outcome_of("gateway: [");
  EXPECT_EQ(bad.outcome, start_outcome::bad_file) << bad.why;
}

} // namespace
} // namespace relay::fleet
