// What `relay-gateway top` makes of two looks at a gateway.
#include "relay_gateway/app/commands/top/page.hpp"
#include "relay_gateway/app/metrics/metrics.hpp"

#include <gmock/gmock.h>

#include <limits>

namespace relay::commands::top {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string all_text(const page& x) {
  std::string out;
  for (const auto& one : x) out += one.text + "\n";
  return out;
}

TEST(TopScrape, ReadsSamplesWithAndWithoutLabels) {
  const auto x = read_scrape(
      "# HELP a b\n# TYPE a counter\na 3\nb{k=\"x}y z\"} 1.5\nb{k=\"w\"} 2\nnonsense\nc NaN\n\nd{", 10);
  EXPECT_EQ(total(x, "a"), 3);
  EXPECT_EQ(total(x, "b"), 3.5);
  EXPECT_EQ(labelled(x, "b", "k", "w"), 2);
  EXPECT_EQ(labelled(x, "b", "k", "x}y z"), 1.5);
  EXPECT_EQ(total(x, "nonsense"), 0);
  EXPECT_EQ(total(x, "d"), 0);
}

TEST(TopScrape, RatesAreTheGrowthASecond) {
  const auto before = read_scrape("n_total 10\nprocess_start_time_seconds 5\n", 100),
             now = read_scrape("n_total 16\nprocess_start_time_seconds 5\n", 104);
  EXPECT_DOUBLE_EQ(rate(before, now, "n_total"), 1.5);
  EXPECT_EQ(rate(now, now, "n_total"), 0) << "no time has passed";
  EXPECT_EQ(rate(before, now, "unknown"), 0);
}

TEST(TopScrape, AGatewayThatRestartedCountsFromNothing) {
  const auto before = read_scrape("n_total 10\nprocess_start_time_seconds 5\n", 100),
             now = read_scrape("n_total 16\nprocess_start_time_seconds 101\n", 104);
  EXPECT_DOUBLE_EQ(rate(before, now, "n_total"), 4);
}

TEST(TopScrape, LatenciesOfTheIntervalLeaveOutWhatWasBefore) {
  const auto before = read_scrape(
                 "h_bucket{le=\"0.1\"} 100\nh_bucket{le=\"1\"} 100\nh_bucket{le=\"+Inf\"} 100\n", 1),
             now = read_scrape(
                 "h_bucket{le=\"0.1\"} 100\nh_bucket{le=\"1\"} 110\nh_bucket{le=\"+Inf\"} 110\n", 2);
  const auto all = latencies_of(now, "h"), fresh = latencies_between(before, now, "h");
  EXPECT_EQ(all.count, 110U);
  EXPECT_LT(all.p50, 0.1);
  EXPECT_EQ(fresh.count, 10U);
  EXPECT_DOUBLE_EQ(fresh.p50, 0.55);
  EXPECT_EQ(latencies_between(now, now, "h").count, 0U);
  EXPECT_EQ(latencies_of(now, "other").count, 0U);
}

TEST(TopScrape, UnderstandsWhatTheGatewayExposes) {
  metrics counts;
  const auto before = read_scrape(counts.expose(), 1);
  counts.add(counter::events_received, 5);
  counts.add(counter::actions_settled, "unknown", 2);
  counts.observe(histogram::dial, std::chrono::milliseconds{30});
  const auto now = read_scrape(counts.expose(), 2);
  EXPECT_DOUBLE_EQ(rate(before, now, describe(counter::events_received).name), 5);
  EXPECT_EQ(labelled(now, describe(counter::actions_settled).name, "outcome", "unknown"), 2);
  const auto dial = latencies_between(before, now, describe(histogram::dial).name);
  EXPECT_EQ(dial.count, 1U);
  EXPECT_NEAR(dial.p50, 0.03, 0.02);
}

TEST(TopQuantile, StaysWithinTheFiniteBounds) {
  const auto infinite = std::numeric_limits<double>::infinity();
  EXPECT_EQ(quantile({}, 0.5), 0);
  EXPECT_EQ(quantile({{1, 0}, {infinite, 0}}, 0.5), 0);
  EXPECT_EQ(quantile({{1, 0}, {infinite, 4}}, 0.5), 1);
  EXPECT_DOUBLE_EQ(quantile({{1, 2}, {2, 4}, {infinite, 4}}, 0.75), 1.5);
}

constexpr auto status_text =
    R"({"state":"waiting","reason":"bad\u001b[31m news","ready":false,"gateway_id":"gw-1",
  "version":"1.2.3","agent":"link","connector":"https://c.example","waiting_for_restart":["gateway.listen"],
  "platforms":[{"name":"discord","bot_id":"42","provisioning":"failed","provisioning_error":"401","policy":"pending"},
               {"name":"telegram","bot_id":"7","provisioning":"done","policy":"done"}]})";

TEST(TopPage, ShowsStatePlatformsRatesLatenciesQueuesAndWhatWaits) {
  const auto before = read_scrape("relay_gateway_events_received_total 10\n", 100),
             now = read_scrape("relay_gateway_events_received_total 30\nrelay_gateway_events_pending 3\n"
                               "relay_gateway_events_oldest_age_seconds 75\nrelay_gateway_store_queue 9\n"
                               "relay_gateway_agents 2\n",
                               104);
  const auto shown = make_page(status_text, before, now);
  const auto text = all_text(shown);
  EXPECT_THAT(text, HasSubstr("waiting, not ready (bad"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b"))) << "a peer's words move no cursor";
  EXPECT_THAT(text, ::testing::ContainsRegex("events received +5\\.0 +30"));
  EXPECT_THAT(text, HasSubstr("link, 2 attached"));
  EXPECT_THAT(text, HasSubstr("9 queued"));
  EXPECT_THAT(shown, Contains(line{"oldest      75.0 s", tone::bad}));
  EXPECT_THAT(shown, Contains(line{"waits for a restart: gateway.listen", tone::bad}));
  EXPECT_THAT(shown, Contains(::testing::AllOf(Field(&line::text, StartsWith("discord ")),
                                               Field(&line::text, HasSubstr("failed (401)")),
                                               Field(&line::how, tone::bad))));
  EXPECT_THAT(shown, Contains(::testing::AllOf(Field(&line::text, StartsWith("telegram ")),
                                               Field(&line::how, tone::plain))));
}

TEST(TopPage, SomethingElseAtTheListenerIsOneLine) {
  for (const auto* body : {"", "[]", "<html>"}) {
    const auto shown = make_page(body, {}, {});
    ASSERT_EQ(shown.size(), 1U);
    EXPECT_THAT(shown[0].text, HasSubstr("not a relay-gateway"));
  }
}

TEST(TopPage, IsDrawnWithinTheTerminalAndPlainElsewhere) {
  const page x{{"ab\xC3\xA9\x64", tone::bad}, {"second"}, {"third"}};
  EXPECT_EQ(draw(x, {}), "ab\xC3\xA9\x64\nsecond\nthird\n");
  EXPECT_EQ(draw(x, {true, false, 3, 3}), "\x1b[Hab\xC3\xA9\x1b[K\nsec\x1b[K\n\x1b[J");
  EXPECT_EQ(draw({{"x", tone::bad}}, {true, true, 0, 0}), "\x1b[H\x1b[31mx\x1b[0m\x1b[K\n\x1b[J");
}

} // namespace
} // namespace relay::commands::top
