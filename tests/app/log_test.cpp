// Lines that people and machines read: formats, escapes, bounds, and that a reader who sleeps holds up
// nobody.
#include "relay_gateway/app/log/log.hpp"
#include "relay_gateway/app/log/log_line.hpp"
#include "relay_gateway/app/log/recent_lines.hpp"
#include "relay_gateway/app/log/repeat_limiter.hpp"
#include "relay_gateway/messages/secret.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"

#include <gmock/gmock.h>

#include <array>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace relay {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::chrono::system_clock::time_point moment{std::chrono::milliseconds{1'767'323'045'678}};

std::string text(std::vector<log_field> fields, std::string_view id = "link.lost") {
  return text_line(moment, severity::warn, id, fields);
}
std::string json(std::vector<log_field> fields, std::string_view id = "link.lost") {
  return json_line(moment, severity::warn, id, fields);
}

TEST(LogLine, TextIsOneReadableLine) {
  EXPECT_EQ(text({{"reason", "closed by peer"}, {"epoch", "3"}}),
            R"(2026-01-02T03:04:05.678Z warn  link.lost reason="closed by peer" epoch=3)");
  EXPECT_EQ(text({{"empty", ""}}), R"(2026-01-02T03:04:05.678Z warn  link.lost)");
  EXPECT_EQ(text({{"epoch", 3}, {"planned", false}}),
            R"(2026-01-02T03:04:05.678Z warn  link.lost epoch=3 planned=false)");
}

TEST(LogLine, JsonIsOneObject) {
  EXPECT_EQ(
      json({{"reason", "closed \"by\" peer"}, {"epoch", "3"}}),
      R"({"ts":"2026-01-02T03:04:05.678Z","level":"warn","event":"link.lost","reason":"closed \"by\" peer","epoch":"3"})");
}

TEST(LogLine, NumbersAreNumbersAndIdsStayText) {
  EXPECT_EQ(
      json({{"epoch", 3U}, {"offset", -5}, {"ok", true}, {"chat", "42"}, {"reason", ""}}),
      R"({"ts":"2026-01-02T03:04:05.678Z","level":"warn","event":"link.lost","epoch":3,"offset":-5,"ok":true,"chat":"42"})");
}

TEST(LogLine, FieldsCannotPoseAsTheFixedMembers) {
  EXPECT_THAT(json({{"level", "debug"}}), HasSubstr(R"("level_":"debug")"));
}

TEST(LogLine, NothingBreaksTheLineOrFoolsATerminal) {
  std::string evil = "a\nb\rc\td\x1b[31m\x7f\xC2\x9B"
                     "5m\xE2\x80\xAEtxt\xFF\xC0\xAF end";
  evil += '\0';
  for (const auto& line : {text({{"x", evil}}), json({{"x", evil}})}) {
    EXPECT_THAT(line, HasSubstr("a\\nb\\rc\\td\\u001b[31m\\u007f\\u009b5m\\u202etxt"));
    EXPECT_THAT(line, HasSubstr("\xEF\xBF\xBD end\\u0000"));
    for (char c : line) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
  }
  wire::json::document doc;
  ASSERT_TRUE(doc.parse(json({{"x", evil}})));
  EXPECT_THAT(wire::json::text(doc.root(), "x"), HasSubstr("a\nb\rc\td\x1b[31m"));
}

TEST(LogLine, EveryLineIsBoundedAndStaysWhole) {
  std::vector<log_field> fields;
  const std::vector<std::string> keys{"a", "b", "c", "d", "e", "f", "g", "h"};
  for (const auto& key : keys) fields.push_back({key, std::string(100'000, '\x01')});
  EXPECT_LT(text(fields).size(), longest_line);
  auto line = json(fields);
  EXPECT_LT(line.size(), longest_line);
  wire::json::document doc;
  ASSERT_TRUE(doc.parse(line));
  EXPECT_THAT(wire::json::text(doc.root(), "a"), EndsWith("\xE2\x80\xA6"));
  EXPECT_EQ(wire::json::text(doc.root(), "truncated").empty(), true);
  EXPECT_TRUE(wire::json::flag(doc.root(), "truncated"));
}

TEST(LogLine, ACutNeverSplitsACharacter) {
  for (std::size_t n = 0; n < 4; ++n) {
    std::string value(n, 'x');
    for (int i = 0; i < 500; ++i) value += "\xF0\x9F\x8E\x89";
    wire::json::document doc;
    ASSERT_TRUE(doc.parse(json({{"x", value}})));
    EXPECT_THAT(wire::json::text(doc.root(), "x"), EndsWith("\x89\xE2\x80\xA6"));
  }
}

TEST(LogLine, TimesBeforeTheEpochDoNotTrip) {
  EXPECT_EQ(rfc3339(std::chrono::system_clock::time_point{std::chrono::milliseconds{-1}}),
            "1969-12-31T23:59:59.999Z");
}

/// Takes lines while it is `willing`.
class lines final : public line_output {
public:
  bool write(std::string_view line) noexcept override {
    if (!willing) return false;
    all.emplace_back(line);
    return true;
  }
  bool terminal() const noexcept override { return tty; }
  bool willing = true, tty = false;
  std::vector<std::string> all;
};

TEST(Log, ChoosesTheFormatByWhoReads) {
  auto to = std::make_shared<lines>();
  auto log = make_log(to);
  log->write(severity::info, "a.b", {});
  to->tty = true;
  make_log(to)->write(severity::info, "a.b", {});
  make_log(to, "info", config::log_format::json)->write(severity::info, "a.b", {});
  ASSERT_THAT(to->all, SizeIs(3));
  EXPECT_EQ(to->all[0].front(), '{');
  EXPECT_NE(to->all[1].front(), '{');
  EXPECT_EQ(to->all[2].front(), '{');
  for (const auto& line : to->all) EXPECT_THAT(line, EndsWith("\n"));
}

TEST(Log, LevelsChangeWhileItRuns) {
  auto to = std::make_shared<lines>();
  auto log = make_log(to, "warn");
  EXPECT_FALSE(log->wants(severity::info));
  log->write(severity::info, "quiet", {});
  EXPECT_THAT(to->all, SizeIs(0));
  log->configure("debug", config::log_format::text);
  EXPECT_TRUE(log->wants(severity::debug));
  log->write(severity::debug, "loud", {});
  EXPECT_THAT(to->all, SizeIs(1));
  log->configure("off", config::log_format::text);
  EXPECT_FALSE(log->wants(severity::error));
}

TEST(Log, CountsWhatNobodyTakesAndSaysSo) {
  auto to = std::make_shared<lines>();
  auto log = make_log(to);
  to->willing = false;
  for (int i = 0; i < 5; ++i) log->write(severity::error, "lost", {});
  EXPECT_EQ(log->dropped(), 5U);
  to->willing = true;
  log->write(severity::error, "kept", {});
  ASSERT_THAT(to->all, SizeIs(2));
  EXPECT_THAT(to->all[0], HasSubstr(R"("event":"log.dropped","count":5)"));
  EXPECT_THAT(to->all[1], HasSubstr("kept"));
  log->write(severity::error, "again", {});
  EXPECT_THAT(to->all, SizeIs(3));
}

TEST(Log, ASecretShowsAsStars) {
  auto to = std::make_shared<lines>();
  auto log = make_log(to);
  log->write(severity::info, "x", {{"key", to_string(secret{"hunter2"})}});
  EXPECT_THAT(to->all.at(0), HasSubstr("***"));
  EXPECT_THAT(to->all.at(0), Not(HasSubstr("hunter2")));
}

struct pipe_ends {
  std::array<int, 2> fd{-1, -1};
  pipe_ends() { EXPECT_EQ(::pipe2(fd.data(), O_CLOEXEC), 0); }
  pipe_ends(const pipe_ends&) = delete;
  pipe_ends& operator=(const pipe_ends&) = delete;
  ~pipe_ends() {
    ::close(fd[0]);
    ::close(fd[1]);
  }
};

TEST(LogOutput, APipeThatNobodyReadsHoldsUpNobody) {
  pipe_ends pipe;
  auto out = make_descriptor_output(pipe.fd[1]);
  std::string line(1000, 'x');
  line.back() = '\n';
  std::size_t taken = 0;
  while (taken < 10'000 && out->write(line)) ++taken;
  EXPECT_LT(taken, 10'000U); // full, and we are still here
  EXPECT_EQ(::fcntl(pipe.fd[1], F_GETFL) & O_NONBLOCK, 0) << "others share this descriptor's flags";
  std::string got(taken * line.size(), '\0');
  std::size_t n = 0;
  while (n < got.size()) {
    auto some = ::read(pipe.fd[0], got.data() + n, got.size() - n);
    ASSERT_GT(some, 0);
    n += static_cast<std::size_t>(some);
  }
  for (std::size_t i = 0; i < taken; ++i)
    ASSERT_EQ(got.compare(i * line.size(), line.size(), line), 0) << "line " << i;
  EXPECT_TRUE(out->write(line)) << "room again";
}

TEST(RepeatLimiter, ABurstPassesAndTheRestIsCounted) {
  repeat_limiter x;
  const repeat_limiter::clock::time_point start{std::chrono::hours{1}};
  std::uint64_t written = 0;
  for (int i = 0; i < 3'000; ++i)
    written += x.admit("frame.refused", start + std::chrono::milliseconds{i}) ? 1 : 0;
  EXPECT_EQ(written, repeat_limiter::burst);
  EXPECT_TRUE(x.admit("link.lost", start)) << "another event has a count of its own";
  EXPECT_THAT(x.finished(start + std::chrono::seconds{29}), ::testing::IsEmpty());
  EXPECT_EQ(x.due(), start + repeat_limiter::window);
  const auto told = x.finished(start + repeat_limiter::window);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].id, "frame.refused");
  EXPECT_EQ(told[0].count, 3'000 - repeat_limiter::burst);
  EXPECT_EQ(told[0].within, repeat_limiter::window);
  EXPECT_EQ(x.due(), repeat_limiter::clock::time_point::max());
  EXPECT_TRUE(x.admit("frame.refused", start + repeat_limiter::window)) << "a new window";
}

TEST(RepeatLimiter, WhatIsNotRepeatedIsNeverHeldBack) {
  repeat_limiter x;
  repeat_limiter::clock::time_point now{std::chrono::hours{1}};
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_TRUE(x.admit("link.lost", now));
    now += std::chrono::seconds{2};
  }
  EXPECT_THAT(x.all(now), ::testing::IsEmpty());
}

TEST(RepeatLimiter, TheEndTellsWhatIsOpen) {
  repeat_limiter x;
  const repeat_limiter::clock::time_point start{std::chrono::hours{1}};
  for (std::uint64_t i = 0; i < repeat_limiter::burst + 5; ++i) x.admit("a", start);
  const auto told = x.all(start + std::chrono::seconds{3});
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].count, 5U);
  EXPECT_EQ(told[0].within, std::chrono::seconds{3});
}

TEST(RecentLines, TheNewestAreKeptOldestFirst) {
  recent_lines x;
  for (std::size_t i = 0; i < recent_lines::most + 10; ++i) x.add(std::to_string(i));
  EXPECT_THAT(x.last(2), ::testing::ElementsAre("208", "209"));
  EXPECT_THAT(x.last(1'000), SizeIs(recent_lines::most));
}

TEST(NumberedLines, AReaderGoesOnWhereItWas) {
  numbered_lines x{1'000};
  EXPECT_THAT(x.after(0).lines, SizeIs(0));
  EXPECT_EQ(x.after(0).last, 1'000U);
  x.add("a");
  x.add("b");
  const auto all = x.after(0);
  EXPECT_THAT(all.lines, ::testing::ElementsAre("a", "b"));
  EXPECT_EQ(all.last, 1'002U);
  EXPECT_THAT(x.after(all.last).lines, SizeIs(0));
  x.add("c");
  EXPECT_THAT(x.after(all.last).lines, ::testing::ElementsAre("c"));
  EXPECT_EQ(x.after(all.last).missed, 0U);
}

TEST(NumberedLines, WhatIsNotKeptIsCountedAndANumberOfAnotherProcessIsNone) {
  numbered_lines x{1'000};
  x.add("first");
  const auto seen = x.after(0).last;
  for (std::size_t i = 0; i < numbered_lines::most + 10; ++i) x.add("later");
  EXPECT_EQ(x.after(seen).missed, 10U);
  EXPECT_THAT(x.after(seen).lines, SizeIs(numbered_lines::most));
  for (const std::uint64_t of_another : {std::uint64_t{0}, std::uint64_t{999}, std::uint64_t{9'999'999}}) {
    EXPECT_THAT(x.after(of_another).lines, SizeIs(numbered_lines::most));
    EXPECT_EQ(x.after(of_another).missed, 0U);
  }
}

} // namespace
} // namespace relay
