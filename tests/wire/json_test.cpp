// The pieces under the codecs: scanning, UTF-8, writing.
#include "relay_gateway/messages/wire/json/json_read.hpp"
#include "relay_gateway/messages/wire/json/json_scan.hpp"
#include "relay_gateway/messages/wire/json/json_sorted.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"

#include <gtest/gtest.h>

namespace relay::wire::json {
namespace json_test {

TEST(json, member_text) {
  const std::string_view text = R"( {"a":1 ,"b" : {"a":[2,"}"]}, "c":"\"x\\", "d":[{"e":3}],"a":9})";
  EXPECT_EQ(member_text(text, "a"), "1");
  EXPECT_EQ(member_text(text, "b"), R"({"a":[2,"}"]})");
  EXPECT_EQ(member_text(text, "c"), R"("\"x\\")");
  EXPECT_EQ(member_text(text, "d"), R"([{"e":3}])");
  EXPECT_EQ(member_text(text, "e"), "");
  EXPECT_EQ(member_text(R"({"\u0061":1,"b":2})", "b"), "") << "not certain, so not told";
  for (const auto* broken : {"", "[", "{", "{\"", "{\"b\"", "{\"b\":", "{\"b\":{", "{\"b\":\"", "{\"b\":[\"]",
                             "{b:1}", "{\"a\":1 \"b\":2}"})
    EXPECT_EQ(member_text(broken, "b"), "") << broken;
}

TEST(json, members_and_items_one_by_one) {
  const auto members = [](std::string_view text) {
    std::string out;
    for (member_walk x{text}; x.next();) out.append(x.name()).append("=").append(x.text()).append(";");
    return out;
  };
  EXPECT_EQ(members(R"( { "\u0061" : [1, "]"] ,"b":-1.0e5 , "b" :{ } } )"),
            R"(\u0061=[1, "]"];b=-1.0e5;b={ };)");
  EXPECT_EQ(members("{}") + members("") + members("[1]") + members("{\"a\"") + members("{\"a\":[1"), "");
  EXPECT_EQ(members("{\"a\":1 \"b\":2}"), "a=1;");
  const auto items = [](std::string_view text) {
    std::string out;
    for (item_walk x{text}; x.next();) out.append(x.text()).append(";");
    return out;
  };
  EXPECT_EQ(items(R"( [ 1.0 ,{"a":[2,3]} , "x,]" ] )"), R"(1.0;{"a":[2,3]};"x,]";)");
  EXPECT_EQ(items("[]") + items("[ ]") + items("") + items("{}") + items("[\"a") + items("[[1"), "");
}

TEST(json, white_space_between_tokens_goes) {
  const auto compact = [](std::string_view text) {
    std::string out = "x";
    append_compact(out, text);
    return out;
  };
  EXPECT_EQ(compact(" {\r\n\t\"a \\\" b\" : [ 1 , -0.10E+5 ,\" \\\\\" , null ] } "),
            "x{\"a \\\" b\":[1,-0.10E+5,\" \\\\\",null]}");
  EXPECT_EQ(compact(""), "x");
  EXPECT_EQ(compact(" \n"), "x");
}

TEST(json, text_checks_see_every_byte_of_a_word) {
  for (std::size_t size = 1; size <= 300; size += size < 40 ? 1 : 37) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'x');
      EXPECT_EQ(check_text(text, 0), text_fault::none);
      text[at] = '\0';
      EXPECT_EQ(check_text(text, 0), text_fault::nul);
      text[at] = '\xFF';
      EXPECT_EQ(check_text(text, 0), text_fault::utf8);
      for (const char c : {'{', '['}) {
        text[at] = c;
        EXPECT_EQ(check_text(text, 0), text_fault::depth);
        EXPECT_EQ(check_text(text, 1), text_fault::none);
      }
    }
  }
}

TEST(json, a_lone_surrogate_is_seen_at_every_place) {
  for (std::size_t before = 0; before <= 300; ++before) {
    const std::string space(before, ' ');
    EXPECT_EQ(check_text(space + R"("\udc00")", 0), text_fault::utf8) << before;
    EXPECT_EQ(check_text(space + R"("\ud800")", 0), text_fault::utf8) << before;
    EXPECT_EQ(check_text(space + R"("\ud83d\udd0c")", 0), text_fault::none) << before;
    EXPECT_EQ(check_text(space + R"("\\udc00")", 0), text_fault::none) << before;
  }
}

TEST(json, what_means_the_same_has_one_sorted_form) {
  EXPECT_EQ(sorted(R"( {"b" : [ {"d":1.50, "c":"\u00e9\/"}, null ], "a":1e2} )"),
            "{\"a\":1e2,\"b\":[{\"c\":\"\xC3\xA9/\",\"d\":1.50},null]}");
  const std::string once = sorted(R"({"z":{"y":1,"x":[true,{"b":"","a":{}}]},"":12345678901234567890123})");
  EXPECT_EQ(sorted(once), once);
  EXPECT_EQ(sorted(R"({"":12345678901234567890123,"z":{"x":[true,{"a":{},"b":""}],"y":1}})"), once);
  EXPECT_EQ(sorted(R"({"a":2,"a":1})"), R"({"a":2,"a":1})") << "the first one counts";
  EXPECT_EQ(sorted("no JSON"), "no JSON");
}

TEST(json, strings_are_escaped) {
  std::string out;
  append_string(out, std::string("a\"\\\b\f\n\r\t\x01\x1f/\x7f é🔌\0", 20));
  EXPECT_EQ(out, "\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/\x7f é🔌\\u0000\"");
}

TEST(json, what_is_not_utf8_is_replaced_on_the_way_out) {
  std::string out;
  append_string(out, "a\xFF\xE2\x82z\xED\xA0\x80\xC3");
  EXPECT_EQ(out, "\"a\uFFFD\uFFFD\uFFFDz\uFFFD\uFFFD\uFFFD\uFFFD\"");
  EXPECT_TRUE(is_utf8(out));
}

TEST(json, utf8_prefix_cuts_no_sequence) {
  EXPECT_EQ(utf8_prefix("aé", 2), "a");
  EXPECT_EQ(utf8_prefix("aé", 3), "aé");
  EXPECT_EQ(utf8_prefix("🔌", 3), "");
  EXPECT_EQ(utf8_prefix("abc", 0), "");
}

TEST(json, every_two_byte_text_is_judged_like_the_standard_says) {
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b) {
      const std::string text{char(a), char(b)};
      const bool expected = (a < 0x80 && b < 0x80) || (a >= 0xC2 && a <= 0xDF && (b & 0xC0) == 0x80);
      EXPECT_EQ(is_utf8(text), expected) << a << " " << b;
    }
}

TEST(json, a_document_can_be_used_again_and_wiped) {
  document doc{document::content::sensitive};
  EXPECT_TRUE(doc.root().IsNull());
  const std::string longer(10'000, 'x');
  EXPECT_TRUE(doc.parse("{\"secret\":\"" + longer + "\"}"));
  EXPECT_EQ(text(doc.root(), "secret"), longer);
  EXPECT_FALSE(doc.parse("{"));
  EXPECT_TRUE(doc.root().IsNull());
  EXPECT_TRUE(doc.parse("{\"secret\":\"s\"}"));
  EXPECT_EQ(text(doc.root(), "secret"), "s");
}

TEST(json, numbers_have_their_values) {
  const auto real = [](const std::string& text) {
    document doc;
    EXPECT_TRUE(doc.parse("[" + text + "]")) << text;
    EXPECT_TRUE(doc.root()[0].IsDouble()) << text;
    return doc.root()[0].GetDouble();
  };
  // RapidJSON's own conversion is undefined for the first ones.
  for (const auto* zero : {"0e308", "-0E-99", "0.0000000000000000000000000000000000000e0", "0.0", "1e-999"})
    EXPECT_EQ(real(zero), 0.0) << zero;
  EXPECT_EQ(real("184467440737095516155"), 184467440737095516155.0);
  EXPECT_EQ(real("1844674407370955161555e-21"), 1.844674407370955161555);
  EXPECT_EQ(real("18446744073709551616"), 18446744073709551616.0);
  EXPECT_EQ(real("-9223372036854775809"), -9223372036854775809.0);
  EXPECT_EQ(real("0.1"), 0.1);
  EXPECT_EQ(real("-1.7976931348623157e308"), -1.7976931348623157e308);
  EXPECT_EQ(real("5e-324"), 5e-324);

  document whole;
  ASSERT_TRUE(whole.parse("[0,-0,7,-7,2147483648,18446744073709551615,-9223372036854775808]"));
  const auto& x = whole.root();
  EXPECT_TRUE(x[0].IsInt() && x[1].IsInt() && x[2].IsUint() && x[3].IsInt());
  EXPECT_EQ(x[2].GetInt(), 7);
  EXPECT_EQ(x[3].GetInt(), -7);
  EXPECT_TRUE(!x[4].IsInt() && x[4].IsUint());
  EXPECT_EQ(x[5].GetUint64(), 18446744073709551615U);
  EXPECT_EQ(x[6].GetInt64(), INT64_MIN);

  for (const std::string bad : {"1e309", "-2e308", "[1e999]", "01", "1.", "-", "+1", "0x1", "1e", ".5", "NaN",
                                "00e55", "0e5e5", "1 2"}) {
    document doc;
    EXPECT_FALSE(doc.parse(bad)) << bad;
    EXPECT_TRUE(doc.root().IsNull()) << bad;
  }
}

} // namespace json_test
} // namespace relay::wire::json
