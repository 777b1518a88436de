// Newline framing (protocol.md 3).
#include "relay_gateway/messages/wire/frames/framing.hpp"
#include "relay_gateway/tests/wire/frames/golden.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace relay::wire {
namespace framing_test {

std::vector<std::string> feed_all(line_splitter& splitter, const std::vector<std::string_view>& chunks) {
  std::vector<std::string> out;
  for (auto chunk : chunks)
    EXPECT_TRUE(splitter.feed(chunk, [&](std::string_view line) { out.emplace_back(line); }));
  return out;
}

TEST(framing, every_split_point_gives_the_same_lines_F15) {
  std::string text;
  std::vector<std::string> expected;
  for (const auto& x : golden_frames) {
    text += std::string{x.line} + "\n";
    expected.emplace_back(x.line);
  }
  text += "\n\r\n  \n"; // blank lines are nothing
  for (std::size_t i = 0; i <= text.size(); ++i) {
    line_splitter splitter{4096};
    const std::string_view all = text;
    EXPECT_EQ(feed_all(splitter, {all.substr(0, i), all.substr(i)}), expected) << "split at " << i;
    EXPECT_EQ(splitter.held(), 0U);
  }
}

TEST(framing, every_pair_of_split_points_of_two_frames_F15) {
  const std::string text =
      "{\"type\":\"going_idle\"}\n{\"type\":\"inbound_ack\",\"bufferId\":\"\xE2\x9C\x93\"}\n";
  const std::string_view all = text;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    for (std::size_t j = i; j <= text.size(); ++j) {
      line_splitter splitter{4096};
      const auto lines = feed_all(splitter, {all.substr(0, i), all.substr(i, j - i), all.substr(j)});
      ASSERT_EQ(lines.size(), 2U) << i << " " << j;
      ASSERT_EQ(decode_as<inbound_ack>(lines[1]).buffer_id, "\xE2\x9C\x93");
    }
  }
}

TEST(framing, single_bytes) {
  line_splitter splitter{64};
  std::vector<std::string> lines;
  for (const char c : std::string_view{"ab\ncd\n\nef"})
    EXPECT_TRUE(splitter.feed({&c, 1}, [&](std::string_view line) { lines.emplace_back(line); }));
  EXPECT_EQ(lines, (std::vector<std::string>{"ab", "cd"}));
  EXPECT_EQ(splitter.held(), 2U);
}

TEST(framing, a_line_beyond_the_bound_breaks_the_stream_F13) {
  const auto ignore = [](std::string_view) {};
  line_splitter splitter{8};
  EXPECT_TRUE(splitter.feed("12345678\n", ignore)) << "exactly the bound is fine";
  EXPECT_FALSE(splitter.feed("123456789\n", ignore));
  EXPECT_FALSE(splitter.feed("ok\n", ignore)) << "it stays broken";
  splitter.reset();
  EXPECT_TRUE(splitter.feed("ok\n", ignore));
}

TEST(framing, a_line_that_never_ends_holds_no_more_than_the_bound_F13) {
  line_splitter splitter{1000};
  bool fine = true;
  std::size_t fed = 0;
  for (int i = 0; i < 100 && fine; ++i) {
    fine = splitter.feed(std::string(64, 'x'), [](std::string_view) { FAIL() << "no line ever ended"; });
    fed += 64;
    EXPECT_LE(splitter.held(), 1000U);
  }
  EXPECT_FALSE(fine);
  EXPECT_EQ(fed, 1024U);
}

TEST(framing, lines_before_an_oversized_one_still_arrive_F13) {
  line_splitter splitter{4};
  std::vector<std::string> lines;
  EXPECT_FALSE(splitter.feed("a\nb\n12345\nc\n", [&](std::string_view line) { lines.emplace_back(line); }));
  EXPECT_EQ(lines, (std::vector<std::string>{"a", "b"}));
}

TEST(framing, reading_on_behind_an_oversized_line_loses_that_line_alone_F13) {
  const std::string all = "a\n12345\nb\n1234567890123\n\n1234\n12345";
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    line_splitter splitter{4};
    std::vector<std::string> lines;
    int lost = 0;
    for (auto& part : {all.substr(0, cut), all.substr(cut)})
      splitter.feed_on(
          part, [&](std::string_view line) { lines.emplace_back(line); }, [&] { ++lost; });
    ASSERT_EQ(lines, (std::vector<std::string>{"a", "b", "1234"})) << cut;
    ASSERT_EQ(lost, 3) << cut;
    ASSERT_LE(splitter.held(), 4U);
  }
}

TEST(framing, a_partial_line_dies_with_its_connection_F13) {
  line_splitter splitter{64};
  std::vector<std::string> lines;
  const auto keep = [&](std::string_view line) { lines.emplace_back(line); };
  splitter.feed("half a li", keep);
  splitter.reset();
  splitter.feed("whole\n", keep);
  EXPECT_EQ(lines, (std::vector<std::string>{"whole"}));
}

} // namespace framing_test
} // namespace relay::wire
