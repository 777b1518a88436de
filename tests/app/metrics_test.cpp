// What Prometheus and the status page see.
#include "relay_gateway/app/metrics/metrics.hpp"
#include "relay_gateway/app/version.hpp"

#include <gmock/gmock.h>

#include <map>
#include <sstream>
#include <thread>

namespace relay {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::map<std::string, std::uint64_t> by_name(const metrics& x) {
  auto all = x.values();
  return {all.begin(), all.end()};
}

TEST(Metrics, EveryNameIsThereFromTheStart) {
  metrics counts;
  auto text = counts.expose();
  for (std::size_t i = 0; i < static_cast<std::size_t>(counter::count_); ++i) {
    auto what = describe(static_cast<counter>(i));
    if (what.label.empty()) {
      EXPECT_THAT(text, HasSubstr("\n" + std::string{what.name} + " 0\n"));
      continue;
    }
    std::istringstream values{std::string{what.values}};
    for (std::string value; values >> value;)
      EXPECT_THAT(text, HasSubstr("\n" + std::string{what.name} + "{" + std::string{what.label} + "=\"" +
                                  value + "\"} 0\n"));
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(gauge::count_); ++i) {
    auto name = std::string{describe(static_cast<gauge>(i)).name};
    EXPECT_THAT(text, HasSubstr("# TYPE " + name + " gauge\n" + name + " 0\n"));
  }
  EXPECT_THAT(text, HasSubstr("version=\"" + std::string{version()} + "\"} 1\n"));
}

TEST(Metrics, TheProcessIsDescribed) {
  auto text = metrics{}.expose();
  for (const char* name : {"process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds",
                           "process_max_fds", "process_start_time_seconds"})
    EXPECT_THAT(text, HasSubstr(std::string{"\n"} + name + " "));
}

TEST(Metrics, CountsWithAndWithoutLabels) {
  metrics counts;
  counts.add(counter::handshakes);
  counts.add(counter::dials, "start");
  counts.add(counter::dials, "backoff", 4);
  counts.set(gauge::connected, 1);
  auto text = counts.expose();
  EXPECT_THAT(text, HasSubstr("relay_gateway_handshakes_total 1\n"));
  EXPECT_THAT(text, HasSubstr("relay_gateway_dials_total{cause=\"backoff\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("relay_gateway_connected 1\n"));
  auto values = by_name(counts);
  EXPECT_EQ(values.at("handshakes"), 1U);
  EXPECT_EQ(values.at("dials"), 5U);
  EXPECT_EQ(values.at("dials.start"), 1U);
  EXPECT_EQ(values.at("events_received"), 0U);
}

TEST(Metrics, LabelValuesAreBounded) {
  metrics counts;
  for (int i = 0; i < 1000; ++i) counts.add(counter::events_dropped, "reason" + std::to_string(i));
  auto text = counts.expose();
  EXPECT_THAT(text, HasSubstr("relay_gateway_events_dropped_total{reason=\"other\"} 1000\n"));
  EXPECT_THAT(text, Not(HasSubstr("reason500")));
  EXPECT_EQ(by_name(counts).at("events_dropped"), 1000U);
}

TEST(Metrics, TimesAreHistogramsInSeconds) {
  metrics counts;
  counts.observe(histogram::dial, std::chrono::milliseconds{20});
  counts.observe(histogram::dial, std::chrono::minutes{2});
  const auto text = counts.expose();
  EXPECT_THAT(text, HasSubstr("# TYPE relay_gateway_dial_seconds histogram\n"));
  EXPECT_THAT(text, HasSubstr("relay_gateway_dial_seconds_count 2\n"));
  EXPECT_THAT(text, HasSubstr("relay_gateway_dial_seconds_sum 120.02\n"));
  EXPECT_THAT(text, HasSubstr("relay_gateway_dial_seconds_bucket{le=\"0.025\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("relay_gateway_dial_seconds_bucket{le=\"60\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("relay_gateway_store_commit_seconds_count 0\n"));
}

TEST(Metrics, LatenciesAreToldWithTheirQuantiles) {
  metrics counts;
  EXPECT_EQ(counts.latencies().at(static_cast<std::size_t>(histogram::dial)).p99, 0);
  for (int i = 0; i < 98; ++i)
    counts.observe(histogram::dial, std::chrono::milliseconds{8}); // between 5 and 10
  counts.observe(histogram::dial, std::chrono::seconds{4});        // between 2.5 and 5
  counts.observe(histogram::dial, std::chrono::minutes{5});        // beyond all bounds
  const auto all = counts.latencies();
  ASSERT_EQ(all.size(), static_cast<std::size_t>(histogram::count_));
  const auto& dial = all.at(static_cast<std::size_t>(histogram::dial));
  EXPECT_EQ(dial.name, "dial");
  EXPECT_EQ(dial.count, 100U);
  EXPECT_NEAR(dial.sum, 98 * 0.008 + 304, 1e-6);
  EXPECT_NEAR(dial.p50, 0.0075, 0.0005);
  EXPECT_NEAR(dial.p99, 5, 1e-6);
  counts.observe(histogram::store_commit, std::chrono::minutes{5});
  EXPECT_EQ(counts.latencies().at(static_cast<std::size_t>(histogram::store_commit)).p50, 60);
}

TEST(Metrics, AReportMakesTheGaugesFresh) {
  metrics counts;
  gateway_report now;
  now.inbound.agents = 1;
  now.egress.turns = 3;
  now.inbound.oldest_ms = 61'500;
  now.link.next_dial_ms = 1'700'000'000'900;
  now.waiting_for_restart = {"gateway.listen"};
  now.store.ok = now.store.room = true;
  platform_report discord;
  discord.who.platform = "discord";
  discord.provisioning.step = platform_step::failed;
  now.platforms = {discord};
  counts.apply(now);
  auto text = counts.expose();
  EXPECT_THAT(text, HasSubstr("relay_gateway_agents 1\n"));
  EXPECT_THAT(text, HasSubstr("relay_gateway_turns_open 3\n"));
  EXPECT_THAT(text, HasSubstr("relay_gateway_events_oldest_age_seconds 61\n"));
  EXPECT_THAT(text, HasSubstr("relay_gateway_link_next_dial_timestamp_seconds 1700000000\n"));
  EXPECT_THAT(text, HasSubstr("relay_gateway_restart_pending 1\n"));
  EXPECT_THAT(text, HasSubstr("relay_gateway_store_ok 1\n"));
  EXPECT_THAT(text, HasSubstr("relay_gateway_platform_state{platform=\"discord\",stage=\"failed\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("relay_gateway_platform_state{platform=\"discord\",stage=\"done\"} 0\n"));
  now.platforms.clear();
  now.egress.turns = 0;
  counts.apply(now);
  text = counts.expose();
  EXPECT_THAT(text, HasSubstr("relay_gateway_turns_open 0\n"));
  EXPECT_THAT(text, HasSubstr("relay_gateway_platform_state{platform=\"discord\",stage=\"failed\"} 0\n"));
}

TEST(Metrics, ThereAreFewSeries) {
  metrics counts;
  for (int i = 0; i < 1000; ++i) counts.add(counter::actions_refused, "code" + std::to_string(i));
  const auto text = counts.expose();
  std::size_t series = 0;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) series += !line.empty() && line.front() != '#' ? 1 : 0;
  EXPECT_LT(series, 350U);
}

TEST(Metrics, MistakesInLabelsStillCount) {
  metrics counts;
  counts.add(counter::dials);
  counts.add(counter::handshakes, "label");
  EXPECT_EQ(by_name(counts).at("dials.other"), 1U);
  EXPECT_EQ(by_name(counts).at("handshakes"), 1U);
}

TEST(Metrics, ManyThreadsLoseNothing) {
  metrics counts;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&counts] {
      for (int i = 0; i < 2000; ++i) {
        counts.add(counter::frames_sent);
        counts.add(counter::dials, "v" + std::to_string(i % 60));
      }
    });
  for (auto& x : threads) x.join();
  EXPECT_EQ(by_name(counts).at("frames_sent"), 8000U);
  EXPECT_EQ(by_name(counts).at("dials"), 8000U);
}

TEST(Metrics, OthersCountersAreReadAtEachLook) {
  metrics counts;
  std::uint64_t lines = 0;
  counts.watch({"relay_gateway_log_lines_dropped_total", "Lost.", "", ""}, [&lines] { return lines; });
  lines = 7;
  EXPECT_THAT(counts.expose(), HasSubstr("# TYPE relay_gateway_log_lines_dropped_total counter\n"
                                         "relay_gateway_log_lines_dropped_total 7\n"));
  EXPECT_EQ(by_name(counts).at("log_lines_dropped"), 7U);
}

TEST(Metrics, TheTextIsWellFormed) {
  metrics counts;
  counts.add(counter::links_ended, "a\"b\\c\nd");
  std::istringstream text{counts.expose()};
  for (std::string line; std::getline(text, line);) {
    if (line.empty() || line.front() == '#') continue;
    auto space = line.rfind(' ');
    ASSERT_NE(space, std::string::npos) << line;
    EXPECT_NO_THROW((void)std::stod(line.substr(space + 1))) << line;
  }
}

} // namespace
} // namespace relay
