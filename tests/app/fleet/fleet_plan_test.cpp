// Which gateways of a fleet are started, reloaded and stopped.
#include "relay_gateway/app/fleet/fleet_plan.hpp"
#include "relay_gateway/app/fleet/gateway_files.hpp"

#include <gmock/gmock.h>

namespace relay::fleet {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

using what = order::what;

struct plan_test : ::testing::Test {
  fleet_plan plan{{2, 1'000ms, 60'000ms}};
  fleet_plan::clock::time_point now{};

  std::vector<order> take() { return plan.take(now); }
  void works(const std::string& name) { plan.started(name, start_outcome::running, "", now, 0); }
  void fails(const std::string& name, start_outcome how = start_outcome::failed, std::uint64_t chance = 0) {
    plan.started(name, how, "no", now, chance);
  }
  void run(const std::map<std::string, std::uint64_t>& files) {
    plan.files(files);
    for (auto some = take(); !some.empty(); some = take())
      for (const auto& x : some) works(x.name);
  }
  phase of(const std::string& name) { return plan.members().at(name).phase; }
};

TEST_F(plan_test, starts_some_at_once_and_the_others_after_them) {
  plan.files({{"a", 1}, {"b", 1}, {"c", 1}});
  EXPECT_THAT(take(), ElementsAre(order{what::start, "a"}, order{what::start, "b"}));
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_FALSE(plan.settled());
  fails("a", start_outcome::bad_file);
  EXPECT_THAT(take(), ElementsAre(order{what::start, "c"}));
  works("b");
  works("c");
  EXPECT_TRUE(plan.settled());
  EXPECT_EQ(of("a"), phase::failed);
  EXPECT_EQ(of("b"), phase::running);
}

TEST_F(plan_test, follows_files_that_are_added_changed_and_removed) {
  run({{"a", 1}, {"b", 1}});
  plan.files({{"a", 2}, {"c", 1}});
  EXPECT_THAT(take(), ElementsAre(order{what::reload, "a"}, order{what::stop, "b"}, order{what::start, "c"}));
  works("c");
  plan.reloaded("a", true, false, "");
  plan.ended("b", true, "", now, 0);
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_EQ(plan.members().count("b"), 0U);
}

TEST_F(plan_test, a_change_during_a_reload_is_taken_after_it) {
  run({{"a", 1}});
  plan.files({{"a", 2}});
  EXPECT_THAT(take(), ElementsAre(order{what::reload, "a"}));
  plan.files({{"a", 3}});
  EXPECT_THAT(take(), IsEmpty());
  plan.reloaded("a", true, false, "");
  EXPECT_THAT(take(), ElementsAre(order{what::reload, "a"}));
}

TEST_F(plan_test, a_refused_change_leaves_the_gateway_alone_until_the_file_is_mended) {
  run({{"a", 1}});
  plan.files({{"a", 2}});
  (void)take();
  plan.reloaded("a", false, false, "line 3");
  EXPECT_EQ(plan.members().at("a").problem, "line 3");
  EXPECT_EQ(of("a"), phase::running);
  EXPECT_THAT(take(), IsEmpty());
  plan.files({{"a", 3}});
  EXPECT_THAT(take(), ElementsAre(order{what::reload, "a"}));
  plan.reloaded("a", true, false, "");
  EXPECT_EQ(plan.members().at("a").problem, "");
}

TEST_F(plan_test, what_takes_effect_at_a_start_restarts_that_gateway) {
  run({{"a", 1}, {"b", 1}});
  plan.files({{"a", 2}, {"b", 1}});
  (void)take();
  plan.reloaded("a", true, true, "");
  EXPECT_THAT(take(), ElementsAre(order{what::stop, "a"}));
  plan.ended("a", true, "", now, 0);
  EXPECT_THAT(take(), ElementsAre(order{what::start, "a"}));
}

TEST_F(plan_test, a_bad_file_waits_for_its_change_and_a_failed_start_for_its_time) {
  plan.files({{"a", 1}, {"b", 1}});
  (void)take();
  fails("a", start_outcome::bad_file);
  fails("b");
  now += 24h;
  EXPECT_THAT(take(), ElementsAre(order{what::start, "b"}));
  fails("b");
  plan.files({{"a", 2}, {"b", 1}});
  EXPECT_THAT(take(), ElementsAre(order{what::start, "a"}));
}

TEST_F(plan_test, retries_wait_longer_each_time_and_are_spread) {
  plan.files({{"a", 1}});
  (void)take();
  for (auto longest : {1'000ms, 2'000ms, 4'000ms, 8'000ms, 16'000ms, 32'000ms, 60'000ms, 60'000ms}) {
    fails("a", start_outcome::failed, ~std::uint64_t{0});
    const auto wait = *plan.due() - now;
    EXPECT_GE(wait, longest / 2);
    EXPECT_LE(wait, longest);
    now = *plan.due() - 1ms;
    EXPECT_THAT(take(), IsEmpty());
    now += 1ms;
    EXPECT_THAT(take(), SizeIs(1));
  }
  std::set<fleet_plan::clock::time_point> moments;
  for (std::uint64_t chance = 0; chance < 200; ++chance) {
    fails("a", start_outcome::failed, chance * 0x9e3779b97f4a7c15);
    moments.insert(now + (*plan.due() - now));
    now = *plan.due();
    (void)take();
  }
  EXPECT_GT(moments.size(), 100U);
}

TEST_F(plan_test, a_file_that_changed_during_its_failed_start_is_tried_at_once) {
  plan.files({{"a", 1}});
  (void)take();
  plan.files({{"a", 2}});
  fails("a", start_outcome::bad_file);
  EXPECT_THAT(take(), ElementsAre(order{what::start, "a"}));
}

TEST_F(plan_test, a_file_that_went_during_its_start_stops_the_gateway) {
  plan.files({{"a", 1}});
  (void)take();
  plan.files({});
  EXPECT_EQ(plan.members().count("a"), 1U);
  works("a");
  EXPECT_THAT(take(), ElementsAre(order{what::stop, "a"}));
  plan.ended("a", true, "", now, 0);
  EXPECT_THAT(plan.members(), IsEmpty());
}

TEST_F(plan_test, a_file_that_is_back_before_the_end_is_started_again) {
  run({{"a", 1}});
  plan.files({});
  EXPECT_THAT(take(), ElementsAre(order{what::stop, "a"}));
  plan.files({{"a", 1}});
  EXPECT_THAT(take(), IsEmpty()) << "not before the former one has ended";
  plan.ended("a", true, "", now, 0);
  EXPECT_THAT(take(), ElementsAre(order{what::start, "a"}));
}

TEST_F(plan_test, one_that_dies_is_started_again_after_a_pause) {
  run({{"a", 1}, {"b", 1}});
  plan.ended("a", false, "died", now, 0);
  EXPECT_EQ(of("a"), phase::failed);
  EXPECT_EQ(plan.members().at("a").why, "died");
  EXPECT_THAT(take(), IsEmpty());
  now += 1s;
  EXPECT_THAT(take(), ElementsAre(order{what::start, "a"}));
}

TEST_F(plan_test, one_that_was_stopped_stays_so_until_it_is_wanted) {
  run({{"a", 1}});
  EXPECT_TRUE(plan.stop("a"));
  EXPECT_THAT(take(), ElementsAre(order{what::stop, "a"}));
  plan.ended("a", true, "", now, 0);
  plan.renew_all();
  now += 24h;
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_FALSE(plan.stop("a"));
  EXPECT_TRUE(plan.renew("a"));
  EXPECT_THAT(take(), ElementsAre(order{what::start, "a"}));
  EXPECT_FALSE(plan.renew("b"));
}

TEST_F(plan_test, renewal_reloads_though_the_file_is_the_same_and_tries_failed_ones) {
  run({{"a", 1}});
  plan.files({{"a", 1}, {"b", 1}});
  (void)take();
  fails("b", start_outcome::bad_file);
  plan.renew_all();
  EXPECT_THAT(take(), ElementsAre(order{what::reload, "a"}, order{what::start, "b"}));
}

TEST_F(plan_test, a_secret_that_changed_reloads_what_runs_and_starts_nothing_that_was_to_end) {
  run({{"a", 1}, {"b", 1}});
  EXPECT_TRUE(plan.stop("b"));
  EXPECT_THAT(take(), ElementsAre(order{what::stop, "b"}));
  for (const auto* x : {"a", "b", "c"}) plan.secrets_changed(x);
  EXPECT_THAT(take(), ElementsAre(order{what::reload, "a"}));
  plan.ended("b", true, "", now, 0);
  plan.secrets_changed("b");
  now += 24h;
  EXPECT_THAT(take(), IsEmpty());
}

TEST_F(plan_test, a_drain_stops_all_and_starts_nothing) {
  run({{"a", 1}, {"b", 1}});
  plan.files({{"a", 2}, {"b", 1}, {"c", 1}, {"d", 1}, {"e", 1}});
  plan.reloaded("a", true, true, "");
  (void)take(); // c and d are being started
  plan.drain();
  EXPECT_FALSE(plan.over());
  EXPECT_THAT(take(), ElementsAre(order{what::stop, "b"})) << "a is being stopped already";
  plan.ended("a", true, "", now, 0);
  plan.ended("b", true, "", now, 0);
  fails("c");
  works("d");
  EXPECT_THAT(take(), ElementsAre(order{what::stop, "d"}));
  plan.files({{"f", 1}});
  plan.ended("d", true, "", now, 0);
  now += 24h;
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_TRUE(plan.over());
  EXPECT_EQ(plan.due(), std::nullopt);
}

// -- files -------------------------------------------------------------------------------------------------

TEST(gateway_files, names_are_safe_in_urls_and_paths) {
  for (const char* good : {"a", "acme", "A-1_b.c", "0"}) EXPECT_TRUE(is_gateway_name(good)) << good;
  for (const char* bad : {"", ".", "..", "-a", "_a", "a/b", "a b", "a%", "\xc3\xa4", "a\n", "a?"})
    EXPECT_FALSE(is_gateway_name(bad)) << bad;
  EXPECT_TRUE(is_gateway_name(std::string(63, 'a')));
  EXPECT_FALSE(is_gateway_name(std::string(64, 'a')));
}

TEST(gateway_files, yaml_files_are_gateways_and_nothing_else) {
  auto x = sorted_files({"b.yml", "a.yaml", ".c.yaml", "..data", "notes.txt", "a.yaml.swp", ".yaml",
                         "d.yaml~", "b b.yaml", "a.yml"});
  EXPECT_EQ(x.names, (std::map<std::string, std::string>{{"a", "a.yaml"}, {"b", "b.yml"}}));
  ASSERT_THAT(x.refused, SizeIs(2));
  EXPECT_EQ(x.refused[0].file, "a.yml");
  EXPECT_EQ(x.refused[1].file, "b b.yaml");
}

// Metrics of the gateways beyond the bound have that name.
TEST(gateway_files, no_gateway_is_called_other) {
  auto x = sorted_files({"other.yaml", "others.yaml"});
  EXPECT_EQ(x.names, (std::map<std::string, std::string>{{"others", "others.yaml"}}));
  ASSERT_THAT(x.refused, SizeIs(1));
}

// gateway.idle with action exit: its connector calls the wake URL.
TEST_F(plan_test, one_that_ended_by_itself_is_woken) {
  run({{"a", 1}});
  plan.ended("a", true, "idle", now, 0);
  EXPECT_EQ(of("a"), phase::asleep);
  plan.renew_all();
  EXPECT_THAT(take(), IsEmpty()) << "a reload of all wakes nobody";
  EXPECT_TRUE(plan.settled());
  EXPECT_TRUE(plan.wake("a"));
  EXPECT_TRUE(plan.wake("a")) << "it starts already";
  EXPECT_THAT(take(), ElementsAre(order{what::start, "a"}));
  works("a");
  EXPECT_FALSE(plan.wake("b"));
}

TEST_F(plan_test, one_that_is_woken_while_it_ends_starts_anew) {
  run({{"a", 1}});
  EXPECT_TRUE(plan.wake("a"));
  plan.ended("a", true, "idle", now, 0);
  EXPECT_THAT(take(), ElementsAre(order{what::start, "a"}));
  works("a");
  EXPECT_TRUE(plan.wake("a"));
  plan.awake("a");
  plan.ended("a", true, "idle", now, 0);
  EXPECT_EQ(of("a"), phase::asleep) << "it was ready again since";
}

// Anybody may call the wake URL; an operator's stop is undone by an operator.
TEST_F(plan_test, one_that_was_stopped_is_not_woken) {
  run({{"a", 1}});
  EXPECT_TRUE(plan.wake("a"));
  EXPECT_TRUE(plan.stop("a"));
  EXPECT_THAT(take(), ElementsAre(order{what::stop, "a"}));
  EXPECT_FALSE(plan.wake("a"));
  plan.ended("a", true, "stopped in order", now, 0);
  EXPECT_EQ(of("a"), phase::stopped);
  EXPECT_FALSE(plan.wake("a"));
  EXPECT_THAT(take(), IsEmpty());
}

TEST_F(plan_test, one_that_is_asleep_starts_when_its_file_changes_and_not_at_the_end) {
  run({{"a", 1}, {"b", 1}});
  plan.ended("a", true, "idle", now, 0);
  plan.ended("b", true, "idle", now, 0);
  plan.files({{"a", 2}, {"b", 1}});
  EXPECT_THAT(take(), ElementsAre(order{what::start, "a"}));
  works("a");
  plan.drain();
  EXPECT_FALSE(plan.wake("b"));
  EXPECT_THAT(take(), ElementsAre(order{what::stop, "a"}));
  plan.ended("a", true, "", now, 0);
  EXPECT_TRUE(plan.over());
}

} // namespace
} // namespace relay::fleet
