#include "relay_gateway/actors/inbound/core/attachment_cache.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace relay::core {
namespace attachment_cache_test {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string base = "https://c.example/relay/media";
std::string at(const std::string& id) { return base + "/" + id; }

class cache : public ::testing::Test {
protected:
  media_rules rules = [] {
    media_rules x;
    x.max_bytes = 10;
    x.max_total = 40;
    x.max_at_once = 2;
    x.max_items = 3;
    return x;
  }();
  attachment_cache it{rules};
  instant now{1h};
  media_step step;

  media_step wanted(const std::string& id, const std::vector<std::string>& urls) {
    media_step out;
    it.wanted({id, urls}, base, now, out);
    return out;
  }
  media_step fetched(std::uint64_t call, const std::string& path, std::uint64_t bytes = 5,
                     const std::string& error = {}) {
    media_step out;
    it.fetched(call, path, bytes, error, now, out);
    return out;
  }
  media_step released(const std::string& id) {
    media_step out;
    it.released(id, now, out);
    return out;
  }
  static std::vector<std::string> urls(const media_step& x) {
    std::vector<std::string> out;
    for (auto& y : x.start) out.push_back(y.url);
    return out;
  }
};

TEST_F(cache, a_store_that_asks_to_wait_is_asked_again_after_it) {
  auto out = wanted("d", {at("1"), at("2"), at("3")});
  ASSERT_EQ(out.start.size(), 2U);
  media_step none;
  it.fetched(out.start[0].call, "", 0, "HTTP status 429", now, none, 5s);
  EXPECT_THAT(urls(none), IsEmpty()) << "nothing else is fetched meanwhile";
  EXPECT_THAT(none.ready, IsEmpty());
  EXPECT_THAT(urls(fetched(out.start[1].call, "/f2")), IsEmpty());
  EXPECT_EQ(it.due(), deadline{now + 5s});
  now += 5s;
  media_step again;
  it.timer(now, again);
  EXPECT_THAT(urls(again), ElementsAre(at("1"), at("3")));
  fetched(again.start[0].call, "/f1");
  out = fetched(again.start[1].call, "/f3");
  ASSERT_EQ(out.ready.size(), 1U);
  EXPECT_EQ(out.ready[0].second.files[0].path, "/f1");
}

TEST_F(cache, a_wait_beyond_the_patience_is_a_failure_at_once) {
  auto out = wanted("d", {at("1")});
  media_step over;
  it.fetched(out.start[0].call, "", 0, "HTTP status 503", now, over, rules.patience);
  ASSERT_EQ(over.ready.size(), 1U);
  EXPECT_EQ(over.ready[0].second.files[0].error, "HTTP status 503");
}

TEST_F(cache, F49_only_the_connectors_own_store_is_asked) {
  auto out = wanted("d", {"https://evil.example/relay/media/1", "http://c.example/relay/media/1",
                          "file:///etc/passwd", base + "/../x", at("1")});
  EXPECT_THAT(urls(out), ElementsAre(at("1")));
  EXPECT_THAT(out.ready, IsEmpty());
  out = fetched(out.start[0].call, "/f1");
  ASSERT_EQ(out.ready.size(), 1U);
  EXPECT_EQ(out.ready[0].first, "d");
  EXPECT_THAT(out.ready[0].second.files, ElementsAre(media_file{at("1"), "/f1", ""}));
}

TEST_F(cache, nothing_to_fetch_is_ready_at_once) {
  auto out = wanted("d", {"https://cdn.example/a.png"});
  ASSERT_EQ(out.ready.size(), 1U);
  EXPECT_THAT(out.ready[0].second.files, IsEmpty());
  EXPECT_THAT(released("d").remove, IsEmpty());
}

TEST_F(cache, a_failure_is_noted_and_the_others_count) {
  auto out = wanted("d", {at("1"), at("2")});
  EXPECT_THAT(fetched(out.start[0].call, "", 0, "HTTP status 404").ready, IsEmpty()) << "one is still open";
  out = fetched(out.start[1].call, "/f2");
  ASSERT_EQ(out.ready.size(), 1U);
  EXPECT_THAT(out.ready[0].second.files,
              ElementsAre(media_file{at("1"), "", "HTTP status 404"}, media_file{at("2"), "/f2", ""}));
}

TEST_F(cache, files_stay_until_released_and_go_then) {
  auto out = wanted("d", {at("1")});
  fetched(out.start[0].call, "/f1");
  EXPECT_EQ(it.bytes(), 5U);
  EXPECT_THAT(released("d").remove, ElementsAre("/f1"));
  EXPECT_EQ(it.bytes(), 0U);
  EXPECT_THAT(released("d").remove, IsEmpty());
}

TEST_F(cache, few_at_a_time_and_a_bounded_total) {
  auto a = wanted("a", {at("1"), at("2"), at("3")});
  EXPECT_EQ(a.start.size(), 2U) << "two at once";
  auto next = fetched(a.start[0].call, "/1", 10);
  ASSERT_EQ(next.start.size(), 1U);
  EXPECT_THAT(fetched(a.start[1].call, "/2", 10).start, IsEmpty());
  auto b = wanted("b", {at("4"), at("5")});
  EXPECT_EQ(b.start.size(), 1U) << "20 on disk, 10 each for two that run: 40";
  EXPECT_THAT(fetched(next.start[0].call, "/3", 10).start, IsEmpty());
  EXPECT_THAT(fetched(b.start[0].call, "/4", 10).start, IsEmpty()) << "full";
  EXPECT_EQ(released("a").start.size(), 1U) << "room again";
}

TEST_F(cache, other_rules_count_at_once_for_what_waits) {
  auto a = wanted("a", {at("1"), at("2"), at("3")});
  ASSERT_EQ(a.start.size(), 2U);
  rules.max_at_once = 3;
  rules.patience = 5s;
  media_step out;
  it.go_by(rules, now, out);
  EXPECT_THAT(urls(out), ElementsAre(at("3")));
  EXPECT_EQ(it.due(), now + 60s) << "who waits keeps its time";
  rules.max_at_once = 10;
  rules.max_total = 10;
  out = {};
  it.go_by(rules, now, out);
  EXPECT_THAT(wanted("b", {at("4")}).start, IsEmpty()) << "there is more under way than may be";
}

TEST_F(cache, an_event_has_so_many_at_most) {
  auto out = wanted("d", {at("1"), at("2"), at("3"), at("4")});
  auto third = fetched(out.start[0].call, "/1").start;
  ASSERT_EQ(third.size(), 1U);
  fetched(out.start[1].call, "/2");
  out = fetched(third[0].call, "/3");
  ASSERT_EQ(out.ready.size(), 1U);
  ASSERT_EQ(out.ready[0].second.files.size(), 4U);
  EXPECT_NE(out.ready[0].second.files[3].error.find("too many"), std::string::npos);
}

TEST_F(cache, an_event_waits_no_longer_than_patience_and_late_files_are_thrown_away) {
  auto out = wanted("d", {at("1"), at("2")});
  EXPECT_EQ(out.start[0].timeout, 60s);
  EXPECT_EQ(it.due(), now + 60s);
  fetched(out.start[0].call, "/1");
  now += 60s;
  media_step late;
  it.timer(now, late);
  ASSERT_EQ(late.ready.size(), 1U);
  EXPECT_THAT(late.ready[0].second.files,
              ElementsAre(media_file{at("1"), "/1", ""}, media_file{at("2"), "", "not fetched in time"}));
  EXPECT_FALSE(it.due());
  auto after = fetched(out.start[1].call, "/2");
  EXPECT_THAT(after.remove, ElementsAre("/2"));
  EXPECT_THAT(after.ready, IsEmpty());
  EXPECT_THAT(released("d").remove, ElementsAre("/1"));
  EXPECT_EQ(it.bytes(), 0U);
}

TEST_F(cache, what_nobody_waits_for_any_more_leaves_nothing) {
  auto out = wanted("d", {at("1"), at("2"), at("3")});
  fetched(out.start[0].call, "/1");
  media_step all;
  it.all_released(now, all);
  EXPECT_THAT(all.remove, ElementsAre("/1"));
  EXPECT_THAT(fetched(out.start[1].call, "/2").remove, ElementsAre("/2"));
  EXPECT_EQ(it.bytes(), 0U);
}

class cache_set_aside : public cache {
protected:
  media_step set_aside() {
    media_step out;
    it.set_aside(now, out);
    return out;
  }
  media_step later(milliseconds by) {
    media_step out;
    now += by;
    it.timer(now, out);
    return out;
  }
};

TEST_F(cache_set_aside, F31_files_stay_for_whoever_wants_them_again) {
  auto out = wanted("d", {at("1")});
  fetched(out.start[0].call, "/1");
  EXPECT_THAT(set_aside().remove, IsEmpty());
  EXPECT_EQ(it.bytes(), 0U);
  out = wanted("d", {at("1")});
  ASSERT_EQ(out.start.size(), 1U) << "the port finds it";
  fetched(out.start[0].call, "/1");
  EXPECT_THAT(later(rules.patience).remove, IsEmpty()) << "it was claimed";
  EXPECT_THAT(released("d").remove, ElementsAre("/1"));
}

TEST_F(cache_set_aside, what_nobody_claims_goes_when_the_patience_is_over) {
  auto out = wanted("d", {at("1"), at("2")});
  fetched(out.start[0].call, "/1");
  set_aside();
  EXPECT_THAT(fetched(out.start[1].call, "/2").remove, IsEmpty()) << "it came meanwhile";
  EXPECT_THAT(later(rules.patience - 1ms).remove, IsEmpty());
  ASSERT_TRUE(it.due());
  EXPECT_THAT(later(1ms).remove, ::testing::UnorderedElementsAre("/1", "/2"));
  EXPECT_FALSE(it.due());
}

TEST_F(cache_set_aside, a_late_answer_takes_nothing_from_who_wanted_it_again) {
  auto before = wanted("d", {at("1")});
  set_aside();
  auto after = wanted("d", {at("1")});
  fetched(after.start[0].call, "/1");
  EXPECT_THAT(fetched(before.start[0].call, "/1").remove, IsEmpty());
  EXPECT_THAT(later(rules.patience).remove, IsEmpty());
  EXPECT_THAT(released("d").remove, ElementsAre("/1"));
}

class cache_dead_letters : public cache_set_aside {
protected:
  /// An event with one file that was set aside; its fetch had this number.
  void keep_files(const std::string& id, const std::string& path) {
    auto out = wanted(id, {at("1")});
    fetched(out.start.at(0).call, path);
    EXPECT_THAT(kept(id).remove, IsEmpty());
  }
  media_step kept(const std::string& id) {
    media_step out;
    it.kept(id, now, out);
    return out;
  }
  media_step again(const std::string& id, const std::string& before) {
    media_step out;
    it.wanted({id, {at("1")}, before}, base, now, out);
    return out;
  }
  media_step forgotten(const std::string& id) {
    media_step out;
    it.forgotten(id, now, out);
    return out;
  }
};

TEST_F(cache_dead_letters, F31_files_stay_for_whoever_tries_it_again) {
  keep_files("d1", "/1");
  EXPECT_EQ(it.bytes(), 5U);
  auto out = again("d2", "d1");
  ASSERT_EQ(out.start.size(), 1U);
  EXPECT_EQ(out.start[0].before, "d1");
  EXPECT_THAT(out.remove, IsEmpty()) << "it is looked for first";
  EXPECT_THAT(fetched(out.start[0].call, "/2").remove, ElementsAre("/1"))
      << "it has another name now, or is not needed";
  EXPECT_EQ(it.bytes(), 5U);
  EXPECT_THAT(released("d2").remove, ElementsAre("/2"));
  EXPECT_EQ(it.bytes(), 0U);
}

TEST_F(cache_dead_letters, one_that_kept_its_name_is_not_removed_under_the_agent) {
  keep_files("d1", "/1");
  auto out = again("d2", "d1");
  EXPECT_THAT(fetched(out.start.at(0).call, "/1").remove, IsEmpty());
  EXPECT_EQ(it.bytes(), 5U);
}

TEST_F(cache_dead_letters, whoever_is_not_waited_for_any_more_leaves_nothing) {
  keep_files("d1", "/1");
  auto out = again("d2", "d1");
  EXPECT_THAT(released("d2").remove, ElementsAre("/1"));
  EXPECT_THAT(fetched(out.start.at(0).call, "/2").remove, ElementsAre("/2"));
  EXPECT_EQ(it.bytes(), 0U);
}

TEST_F(cache_dead_letters, they_have_a_quarter_of_the_disk_and_the_oldest_go_first) {
  keep_files("d1", "/1");
  keep_files("d2", "/2");
  auto out = wanted("d3", {at("1")});
  fetched(out.start.at(0).call, "/3");
  EXPECT_THAT(kept("d3").remove, ElementsAre("/1"));
  EXPECT_EQ(it.bytes(), 10U);
}

TEST_F(cache_dead_letters, they_stay_for_a_week) {
  keep_files("d1", "/1");
  EXPECT_EQ(it.due(), now + rules.dead_letters_stay);
  EXPECT_THAT(later(rules.dead_letters_stay - 1ms).remove, IsEmpty());
  EXPECT_THAT(later(1ms).remove, ElementsAre("/1"));
  EXPECT_EQ(it.due(), deadline{});
}

TEST_F(cache_dead_letters, what_is_dropped_goes_and_what_was_never_there_does_no_harm) {
  keep_files("d1", "/1");
  EXPECT_THAT(forgotten("d0").remove, IsEmpty());
  EXPECT_THAT(forgotten("d1").remove, ElementsAre("/1"));
  EXPECT_THAT(forgotten("d1").remove, IsEmpty());
  EXPECT_THAT(kept("d1").remove, IsEmpty());
  EXPECT_EQ(it.bytes(), 0U);
}

TEST_F(cache_dead_letters, they_outlive_whoever_asked) {
  keep_files("d1", "/1");
  set_aside();
  EXPECT_THAT(later(rules.patience).remove, IsEmpty());
  EXPECT_EQ(it.bytes(), 5U);
  media_step all;
  it.all_released(now, all);
  EXPECT_THAT(all.remove, ElementsAre("/1"));
}

TEST_F(cache_dead_letters, a_late_answer_takes_nothing_from_them) {
  auto before = wanted("d1", {at("1")});
  set_aside();
  keep_files("d1", "/1");
  EXPECT_THAT(fetched(before.start.at(0).call, "/1").remove, IsEmpty());
  EXPECT_THAT(later(rules.patience).remove, IsEmpty());
  EXPECT_THAT(forgotten("d1").remove, ElementsAre("/1"));
  EXPECT_EQ(it.bytes(), 0U);
}

TEST(media, types_by_name) {
  EXPECT_EQ(mime_of("/a.b/c.PNG"), "image/png");
  EXPECT_EQ(mime_of("/a.png/c"), "application/octet-stream");
  EXPECT_EQ(mime_of("/a/c.unknown"), "application/octet-stream");
}

TEST(media, urls_of_an_event_are_told_once) {
  inbound_event x;
  x.media_urls = {"u1", "u2", "u1"};
  x.media = {{"u2", "", "", "", "", 0}, {"u3", "", "", "", "", 0}};
  EXPECT_THAT(media_urls(x), ElementsAre("u1", "u2", "u3"));
}

TEST_F(cache, F31_a_delivery_wanted_again_forgets_what_it_waited_for) {
  const auto first = wanted("busy", {at("1"), at("2")});
  wanted("again", {at("3")}); // it waits
  released("again");
  EXPECT_THAT(urls(wanted("again", {at("5"), at("6")})), IsEmpty());
  EXPECT_THAT(urls(fetched(first.start[0].call, "/f1")), ElementsAre(at("5")));
  EXPECT_THAT(urls(fetched(first.start[1].call, "/f2")), ElementsAre(at("6"))) << "each once";
}

} // namespace attachment_cache_test
} // namespace relay::core
