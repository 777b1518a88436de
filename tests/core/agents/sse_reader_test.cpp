// Server-sent events, cut anywhere.
#include "relay_gateway/actors/agents/core/sse_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace relay::core {
namespace sse_reader_test {

using strings = std::vector<std::string>;

strings read(const std::string& bytes, std::size_t piece = std::string::npos, bool finish = true) {
  sse_reader x;
  strings out;
  for (std::size_t at = 0; at < bytes.size(); at += std::min(piece, bytes.size()))
    EXPECT_TRUE(x.read(std::string_view{bytes}.substr(at, piece), out));
  if (finish) x.finish(out);
  return out;
}

TEST(SseReader, TheDataOfEachEvent) {
  EXPECT_EQ(read("data: a\n\ndata:b\n\ndata:  c\n\n"), (strings{"a", "b", " c"}));
  EXPECT_EQ(read("data: a\ndata: b\n\n"), (strings{"a\nb"}));
  EXPECT_EQ(read(": a comment\nevent: x\nid: 1\nretry: 5\n\ndata: a\n\n"), (strings{"a"}));
  EXPECT_EQ(read("data\n\n"), (strings{""}));
  EXPECT_EQ(read("database: a\n\n"), strings{});
}

TEST(SseReader, LinesEndInThreeWaysAndPiecesAnywhere) {
  const strings wanted{"one", "t\xC3\xA9o", "3"};
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const auto whole = "\xEF\xBB\xBF"
                       "data: one" +
                       end + end + ": ping" + end + end + "data: t\xC3\xA9o" + end + end + "data: 3" + end +
                       end;
    for (std::size_t piece = 1; piece <= whole.size(); ++piece)
      EXPECT_EQ(read(whole, piece), wanted) << piece;
  }
}

TEST(SseReader, AnEventComesWithItsLastByte) {
  EXPECT_EQ(read("data: a\n", 1, false), strings{});
  EXPECT_EQ(read("data: a\n\n", 1, false), strings{"a"});
  EXPECT_EQ(read("data: a", 1, true), strings{"a"}) << "the server hung up right behind it";
}

TEST(SseReader, WhatNeverEndsIsRefused) {
  sse_reader x{100};
  strings out;
  EXPECT_FALSE(x.read("data: " + std::string(200, 'x'), out));
  EXPECT_FALSE(x.read("\n\ndata: a\n\n", out));
  x.finish(out);
  EXPECT_EQ(out, strings{});
  sse_reader y{100};
  bool fine = true;
  for (int i = 0; i < 20; ++i) fine = y.read("data: 0123456789\n", out) && fine;
  EXPECT_FALSE(fine) << "many lines of one event";
}

} // namespace sse_reader_test
} // namespace relay::core
