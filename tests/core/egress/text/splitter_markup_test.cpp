// Inline markup in pieces (protocol.md 6): whole where it fits, closed and opened again where it does not.
#include "relay_gateway/actors/egress/core/text/markup.hpp"
#include "relay_gateway/actors/egress/core/text/splitter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace relay::core {
namespace splitter_markup_test {

using ::testing::ElementsAre;
using pieces = std::vector<std::string>;

constexpr auto chars = length_unit::chars;

pieces cut(std::string_view text, std::size_t limit, std::string_view dialect = "discord") {
  return split_text(text, limit, chars, dialect);
}

/// The texts of the outermost spans.
pieces spans(std::string_view text, std::string_view dialect = "discord") {
  pieces out;
  for (auto& x : find_markup(text, dialect)) out.emplace_back(text.substr(x.begin, x.end - x.begin));
  return out;
}

std::string filler(std::size_t n) { return std::string(n, 'x'); }

TEST(Markup, SpansOfEveryKind) {
  EXPECT_THAT(spans("a *b* _c_ **d** __e__ ~~f~~ ||g|| ***h***"),
              ElementsAre("*b*", "_c_", "**d**", "__e__", "~~f~~", "||g||", "***h***"));
  EXPECT_THAT(spans("`a*b` ``c`d`` [l](http://u/a_(b)) ![i](u) <@12> \\*x\\* https://h/a_b_c, z"),
              ElementsAre("`a*b`", "``c`d``", "[l](http://u/a_(b))", "![i](u)", "<@12>", "\\*", "\\*",
                          "https://h/a_b_c"));
  EXPECT_THAT(spans("**bold *and* more** end"), ElementsAre("**bold *and* more**"));
  EXPECT_EQ(find_markup("**bold *and* more**", "discord")[0].children.size(), 1U);
}

TEST(Markup, WhatOnlyLooksLikeIt) {
  EXPECT_THAT(spans("5 * 3 * 2 snake_case_name a|b|c ----- _____ `open"), ElementsAre());
  EXPECT_THAT(spans("*one [two* three](u)"), ElementsAre("*one [two*"));
  EXPECT_THAT(spans("```\n*code* `x`\n``` *out*"), ElementsAre("*out*")) << "code has no markup";
  EXPECT_THAT(spans("*a ```\nb* c\n``` d*"), ElementsAre()) << "nothing reaches over a fence";
  EXPECT_THAT(spans("*b* `c`", "plain"), ElementsAre());
  EXPECT_THAT(spans("*a\n\nb*", "commonmark"), ElementsAre()) << "a blank line ends a paragraph";
  EXPECT_THAT(spans("*a\n\nb*", "markdown_v2"), ElementsAre("*a\n\nb*"));
}

TEST(SplitterMarkup, NothingThatFitsAPieceIsCut) {
  for (const std::string span :
       {"`code with spaces in it`", "**bold words in a row**", "_some words in italics_",
        "~~words struck out~~", "[a label of words](https://example.org/x)",
        "https://example.org/a/long/path", "||words to be hidden||", "``code with ` in it``",
        "<https://example.org/path>"}) {
    for (std::size_t before = 0; before <= 60; ++before) {
      const auto all = cut(filler(before) + " " + span + " and what follows it, at some length", 60);
      EXPECT_TRUE(
          std::any_of(all.begin(), all.end(), [&](auto& x) { return x.find(span) != std::string::npos; }))
          << span << " behind " << before << ": " << ::testing::PrintToString(all);
    }
  }
}

TEST(SplitterMarkup, AnEscapePairIsNotCut) {
  for (std::size_t n = 0; n < 12; ++n) {
    const auto all = cut(filler(n) + "\\*\\_\\*\\_\\*\\_\\*\\_\\*\\_\\*\\_", 11);
    for (auto& x : all) EXPECT_NE(x.back(), '\\') << n;
  }
}

TEST(SplitterMarkup, AnEmphasisThatMustBeCutIsClosedAndOpenedAgain) {
  EXPECT_THAT(cut("**aaaa bbbb cccc dddd eeee** ff", 16),
              ElementsAre("**aaaa bbbb**", "**cccc dddd**", "**eeee** ff"));
  EXPECT_THAT(cut("**aaaaaaaaaaaaaaaaaaaaaaaa**", 16), ElementsAre("**aaaaaaaaaaaa**", "**aaaaaaaaaaaa**"));
}

TEST(SplitterMarkup, ACodeSpanThatMustBeCutIsClosedAndOpenedAgain) {
  EXPECT_THAT(cut("`aaaa bbbb cccc dddd eeee ffff`", 20),
              ElementsAre("`aaaa bbbb cccc`", "`dddd eeee ffff`"));
}

TEST(SplitterMarkup, SpansInSpansAreClosedFromTheInside) {
  const auto all = cut("**aaaa _bbbb cccc dddd eeee ffff gggg hhhh_ iiii**", 24);
  ASSERT_GE(all.size(), 3U);
  EXPECT_EQ(all[0], "**aaaa _bbbb cccc_**");
  EXPECT_EQ(all[1], "**_dddd eeee ffff_**");
}

TEST(SplitterMarkup, ALinkWithALongLabelKeepsItsTargetInEveryPiece) {
  const auto all = cut("[" + std::string("word word word word word word word word word") + "](u:1)", 32);
  ASSERT_GE(all.size(), 2U);
  for (auto& x : all) {
    EXPECT_EQ(x.front(), '[') << x;
    EXPECT_TRUE(x.ends_with("](u:1)")) << x;
  }
}

TEST(SplitterMarkup, ASpanThatWouldEndEmptyEndsBeforeTheCut) {
  for (std::size_t n = 20; n < 44; ++n) {
    for (auto& x : cut("**" + filler(n) + "     ** tail", 24)) {
      EXPECT_EQ(x.find("****"), std::string::npos) << n << ": " << x;
      EXPECT_LE(x.size(), 24U);
    }
  }
}

TEST(SplitterMarkup, WithoutRoomTheLimitCountsMore) {
  for (auto& x : cut("**`aaaaaaaaaaaaaaaaaaaaaaaa`**", 5)) EXPECT_LE(x.size(), 5U) << x;
}

TEST(SplitterMarkup, LongHostileTextTakesLinearTime) {
  for (const std::string part : {"[", "](", "**a", "` a", "`` ` ", "<a", "\\", "*_~~||", "[a](", "_a *b "}) {
    std::string text;
    while (text.size() < 1U << 20) text += part;
    EXPECT_GE(cut(text, 4096).size(), 200U) << part;
  }
}

// -- properties -------------------------------------------------------------------------------------

/// Words begin with a parenthesis, so that none is ever the language of a fence, which is opened again with
/// it.
rc::Gen<std::string> marked_text() {
  const pieces atoms{"(word",
                     " ",
                     " ",
                     "\n",
                     "\n\n",
                     "*",
                     "**",
                     "_",
                     "__",
                     "~~",
                     "||",
                     "`",
                     "``",
                     "[",
                     "](u)",
                     "](http://h/x)",
                     "\\*",
                     "\\",
                     "<@1>",
                     "(",
                     ")",
                     "```\n",
                     "\n```\n",
                     "\xE2\x82\xAC",
                     "\xF0\x9F\x9A\x80",
                     "(longerword"};
  return rc::gen::scale(
      5.0, rc::gen::map(rc::gen::container<pieces>(rc::gen::elementOf(atoms)), [](const pieces& xs) {
        std::string out;
        for (auto& x : xs) out += x;
        return out;
      }));
}
rc::Gen<std::string> dialects() {
  return rc::gen::element<std::string>("discord", "markdown_v2", "slack", "commonmark");
}

RC_GTEST_PROP(SplitterMarkupProperty, EveryPieceIsWithinTheLimit, ()) {
  const auto text = *marked_text();
  const auto dialect = *dialects();
  const auto limit = *rc::gen::inRange<std::size_t>(2, 201);
  for (auto unit : {chars, length_unit::utf16})
    for (auto& x : split_text(text, limit, unit, dialect)) RC_ASSERT(measure(x, unit) <= limit);
}

RC_GTEST_PROP(SplitterMarkupProperty, NoSpanThatFitsAPieceIsCut, ()) {
  const auto text = *marked_text();
  const auto dialect = *dialects();
  const auto limit = *rc::gen::inRange<std::size_t>(24, 201);
  const auto all = split_text(text, limit, chars, dialect);
  for (auto& x : find_markup(text, dialect)) {
    const auto span = std::string_view{text}.substr(x.begin, x.end - x.begin);
    if (measure(span, chars) > limit) continue;
    RC_ASSERT(
        std::any_of(all.begin(), all.end(), [&](auto& y) { return y.find(span) != std::string::npos; }));
  }
}

RC_GTEST_PROP(SplitterMarkupProperty, WordsAreNeitherLostNorReordered, ()) {
  const auto text = *marked_text();
  const auto words = [](std::string_view x) {
    std::string out;
    for (char c : x)
      if (c >= 'g' && c <= 'w' && c != 'h' && c != 'p' && c != 't' && c != 'u')
        out += c; // of no link's target
    return out;
  };
  std::string joined;
  for (auto& x : split_text(text, *rc::gen::inRange<std::size_t>(2, 201), chars, *dialects())) joined += x;
  RC_ASSERT(words(joined) == words(text));
}

} // namespace splitter_markup_test
} // namespace relay::core
