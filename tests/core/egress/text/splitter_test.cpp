#include "relay_gateway/actors/egress/core/text/splitter.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace relay::core {
namespace splitter_test {

using ::testing::ElementsAre;
using pieces = std::vector<std::string>;

constexpr auto chars = length_unit::chars;
constexpr auto utf16 = length_unit::utf16;
constexpr const char* rocket = "\xF0\x9F\x9A\x80";

std::size_t fences_in(std::string_view s) {
  std::size_t n = 0;
  for (auto i = s.find("```"); i != std::string_view::npos; i = s.find("```", i)) {
    ++n;
    i = std::min(s.find_first_not_of('`', i), s.size());
  }
  return n;
}

std::string without(std::string_view s, std::string_view dropped) {
  std::string out;
  for (auto c : s)
    if (dropped.find(c) == std::string_view::npos) out += c;
  return out;
}

std::string joined(const pieces& all) {
  std::string out;
  for (auto& x : all) out += x;
  return out;
}

bool valid_utf8(std::string_view s) {
  for (std::size_t i = 0; i < s.size();) {
    auto lead = static_cast<unsigned char>(s[i]);
    std::size_t n = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 0;
    if (n == 0 || i + n > s.size()) return false;
    for (std::size_t k = 1; k < n; ++k)
      if ((static_cast<unsigned char>(s[i + k]) & 0xc0) != 0x80) return false;
    i += n;
  }
  return true;
}

TEST(splitter, BlanksOfAnyKindAreNoPiece) {
  for (const std::string blank :
       {"\xE3\x80\x80", "\xC2\xA0", "\xE2\x80\xA8", "\xE2\x80\x83", "\x0B", "\xC2\x85"}) {
    std::string many;
    for (int i = 0; i < 30; ++i) many += blank;
    const std::string text(10, 'x');
    const auto behind = split_text(text + many, 10, chars, "plain");
    EXPECT_THAT(behind, ElementsAre(text));
    const auto before = split_text(many + text, 10, chars, "plain");
    ASSERT_FALSE(before.empty());
    for (const auto& piece : before) EXPECT_FALSE(wire::is_blank(piece));
    EXPECT_EQ(std::count(before.back().begin(), before.back().end(), 'x'), 10);
  }
}

TEST(Measure, CountsInThePlatformsUnit) {
  auto text = std::string{"a\xC3\xA9\xE2\x82\xAC"} + rocket;
  EXPECT_EQ(measure(text, chars), 4U);
  EXPECT_EQ(measure(text, utf16), 5U);
  EXPECT_EQ(measure("", utf16), 0U);
}

TEST(Measure, AnInvalidByteCountsAsOne) {
  EXPECT_EQ(measure("\xFF\x80", chars), 2U);
  EXPECT_EQ(measure("\xF0\x9F", utf16), 2U) << "a sequence that is cut off";
  EXPECT_EQ(measure("\xC3(", chars), 2U) << "a lead byte without its tail";
}

TEST(Splitter, WhatFitsIsLeftAlone) {
  EXPECT_THAT(split_text("  spaced\n", 9, chars), ElementsAre("  spaced\n"));
  EXPECT_THAT(split_text("", 5, chars), ElementsAre(""));
  EXPECT_THAT(split_text("```\nopen", 8, chars), ElementsAre("```\nopen"));
  EXPECT_THAT(split_text(std::string{rocket} + rocket, 2, chars), ElementsAre(std::string{rocket} + rocket));
}

TEST(Splitter, F38_TheUnitDecides) {
  EXPECT_THAT(split_text(std::string{rocket} + rocket, 2, utf16), ElementsAre(rocket, rocket));
  EXPECT_EQ(split_text(std::string(4096, 'x'), 2000, chars).size(), 3U);
  EXPECT_EQ(split_text(std::string(4096, 'x'), 4096, chars).size(), 1U);
}

TEST(Splitter, PrefersParagraphThenLineThenWord) {
  EXPECT_THAT(split_text("aaaa bb\n\ncc dd\nee", 12, chars), ElementsAre("aaaa bb", "cc dd\nee"));
  EXPECT_THAT(split_text("aaaa bbbb\ncc dd ee", 14, chars), ElementsAre("aaaa bbbb", "cc dd ee"));
  EXPECT_THAT(split_text("aaaa bbbb cccc", 10, chars), ElementsAre("aaaa bbbb", "cccc"));
  EXPECT_THAT(split_text("aaaaaaaaaa", 4, chars), ElementsAre("aaaa", "aaaa", "aa"));
}

TEST(Splitter, ACarriageReturnIsPartOfTheLineEnd) {
  EXPECT_THAT(split_text("aaaa bb\r\n\r\ncc dd\r\nee", 14, chars), ElementsAre("aaaa bb", "cc dd\r\nee"));
}

TEST(Splitter, IndentationOfTheNextLineStays) {
  EXPECT_THAT(split_text("- first item\n  - nested", 16, chars), ElementsAre("- first item", "  - nested"));
  EXPECT_THAT(split_text("first item\n\n\n   second", 14, chars), ElementsAre("first item", "   second"));
}

TEST(Splitter, WhiteSpaceAloneIsNoPiece) {
  EXPECT_THAT(split_text("word" + std::string(50, ' ') + "next", 10, chars), ElementsAre("word", "next"));
  EXPECT_THAT(split_text(std::string(50, '\n'), 10, chars), ElementsAre(""));
}

TEST(Splitter, FencesAreClosedAndReopenedWithTheirLanguage) {
  EXPECT_THAT(split_text("```cpp\nline one;\nline two;\nline three;\n```\n", 32, chars),
              ElementsAre("```cpp\nline one;\nline two;\n```", "```cpp\nline three;\n```"));
}

TEST(Splitter, NoEmptyCodeBlockAtACut) {
  // The block would open at the very end of the first piece, or close at the very beginning of the second.
  for (std::size_t limit = 20; limit < 60; ++limit)
    for (auto& x : split_text("some words before\n```py\nalpha = 1\nbeta = 2\n```\nand some words behind",
                              limit, chars)) {
      EXPECT_EQ(x.find("```\n```"), std::string::npos) << limit << ": " << x;
      EXPECT_EQ(x.find("```py\n```"), std::string::npos) << limit << ": " << x;
    }
}

TEST(Splitter, WhatStandsBehindCodeStaysOutsideOfIt) {
  for (std::size_t limit = 20; limit < 60; ++limit) {
    auto found = 0;
    for (auto& x :
         split_text("some words before\n```py\nalpha = 1\nbeta = 2\n```\nand words behind", limit, chars)) {
      auto at = x.find("behind");
      if (at == std::string::npos) continue;
      ++found;
      EXPECT_EQ(fences_in(x.substr(0, at)) % 2, 0U) << limit << ": " << x;
    }
    EXPECT_EQ(found, 1) << limit;
  }
}

TEST(Splitter, AnUnclosedFenceIsClosedInEveryPiece) {
  for (auto& x : split_text("```\n" + std::string(100, 'x'), 20, chars)) EXPECT_EQ(fences_in(x), 2U) << x;
}

TEST(Splitter, ALanguageThatLeavesNoRoomIsLeftOut) {
  auto all = split_text("```averyveryverylonglanguage\n" + std::string(60, 'x') + "\n```", 40, chars);
  ASSERT_GE(all.size(), 2U);
  EXPECT_TRUE(all[1].starts_with("```\nx")) << all[1];
}

TEST(Splitter, AFenceIsNotCutApart) {
  // A cut after 18 would fall between the backticks.
  EXPECT_THAT(split_text("aaaaaaaaaaaaaaaa```\nbbbbbbbb\n```", 18, chars).front(), "aaaaaaaaaaaaaaaa");
}

TEST(Splitter, ALimitOfZeroCountsAsOne) { EXPECT_THAT(split_text("ab", 0, chars), ElementsAre("a", "b")); }

TEST(Splitter, HugeTextTakesTimeInProportion) {
  // 4 MiB in pieces of 100: quadratic work would not come back before the suite's time-out.
  std::string text;
  while (text.size() < 4U << 20) text += "some words of text and ```code``` ";
  EXPECT_GT(split_text(text, 100, utf16).size(), 40'000U);
}

// -- properties -------------------------------------------------------------------------------------

rc::Gen<std::string> text_of(std::vector<std::string> atoms) {
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(std::move(atoms))),
                      [](const std::vector<std::string>& xs) { return joined(xs); });
}

/// Everything that ever stood in a message. Every word begins with a parenthesis, so that only "zz" is ever a
/// language: it can be told from content when a fence is opened again.
rc::Gen<std::string> rich_text() {
  return rc::gen::scale(5.0, text_of({"(a",
                                      "(bc",
                                      "(word ",
                                      " ",
                                      "  ",
                                      "\n",
                                      "\n\n",
                                      "\r\n",
                                      "\r\n\r\n",
                                      "\t",
                                      "```",
                                      "```\n",
                                      "```zz\n",
                                      "\n```zz\n",
                                      "\n```\n",
                                      "````\n",
                                      "`",
                                      "``",
                                      "`(`",
                                      rocket,
                                      "\xC3\xA9",
                                      "(e\xCC\x81",
                                      "\xE2\x82\xAC",
                                      "\xE2\x80\x8D",
                                      "(averylongwordwithoutabreak",
                                      "    (indented\n"}));
}

RC_GTEST_PROP(SplitterProperty, EveryPieceIsWithinTheLimitInBothUnits, ()) {
  auto text = *rich_text();
  auto limit = *rc::gen::inRange<std::size_t>(1, 201);
  for (auto unit : {chars, utf16}) {
    auto all = split_text(text, limit, unit);
    RC_ASSERT(!all.empty());
    for (auto& x : all) {
      RC_ASSERT(measure(x, unit) <= std::max<std::size_t>(limit, x == rocket ? 2 : 1));
      RC_ASSERT(valid_utf8(x));
      RC_ASSERT(all.size() == 1 || !x.empty());
    }
  }
}

RC_GTEST_PROP(SplitterProperty, NothingIsLostOrReordered, ()) {
  auto text = *rich_text();
  auto limit = *rc::gen::inRange<std::size_t>(1, 201);
  auto all = split_text(text, limit, *rc::gen::element(chars, utf16));
  constexpr std::string_view noise = " \t\r\n`z";
  RC_ASSERT(without(joined(all), noise) == without(text, noise));
}

RC_GTEST_PROP(SplitterProperty, OutsideCodeOnlyWhiteSpaceAtTheCutsGoes, ()) {
  auto text =
      *rc::gen::scale(5.0, text_of({"a", "bc", "word ", " ", "\n", "\n\n", "\r\n", "`", "\xC3\xA9", rocket}));
  RC_PRE(text.find("```") == std::string::npos);
  auto all = split_text(text, *rc::gen::inRange<std::size_t>(1, 201), *rc::gen::element(chars, utf16));
  std::size_t at = 0;
  for (auto& x : all) {
    auto found = text.find(x, at);
    RC_ASSERT(found != std::string::npos);
    RC_ASSERT(without(text.substr(at, found - at), " \t\r\n").empty());
    at = found + x.size();
  }
  RC_ASSERT(without(text.substr(at), " \t\r\n").empty());
}

RC_GTEST_PROP(SplitterProperty, FencesAreBalancedInEveryPiece, ()) {
  auto text = *rich_text();
  auto limit = *rc::gen::inRange<std::size_t>(16, 201);
  auto all = split_text(text, limit, *rc::gen::element(chars, utf16));
  if (all.size() == 1) return; // what fits is left alone
  for (auto& x : all) RC_ASSERT(fences_in(x) % 2 == 0);
}

RC_GTEST_PROP(SplitterProperty, AnyBytesAtAnyLimitTerminate, ()) {
  auto bytes = *rc::gen::scale(5.0, rc::gen::string<std::string>());
  auto limit = *rc::gen::inRange<std::size_t>(1, 201);
  auto all = split_text(bytes, limit, *rc::gen::element(chars, utf16));
  // Whatever is a blank may go at a cut, in as many bytes as it has.
  const auto said = [](std::string_view x) {
    std::string out;
    while (!x.empty()) {
      std::size_t n = 1;
      while (n < 3 && n < x.size() && !wire::is_blank(x.substr(0, n))) ++n;
      const bool goes = x.front() == '`' || wire::is_blank(x.substr(0, n));
      if (x.front() == '`' || !goes) n = 1;
      if (!goes) out += x.front();
      x.remove_prefix(n);
    }
    return out;
  };
  RC_ASSERT(said(joined(all)) == said(bytes));
}

} // namespace splitter_test
} // namespace relay::core
