// What the reader remembers and skips, so that nothing is searched twice: member texts, names, repeats.
#include "relay_gateway/messages/wire/json/json_document.hpp"
#include "relay_gateway/messages/wire/json/json_unique.hpp"
#include "relay_gateway/messages/wire/json/json_write.hpp"
#include "relay_gateway/messages/wire/json/name_table.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace relay::wire::json {
namespace json_members_test {

TEST(json_members, texts_of_objects_and_arrays_are_remembered) {
  document doc;
  ASSERT_TRUE(doc.parse(
      R"( { "n":1, "a" : {"a":[{}, "}"], "b":{}} ,"l":[ 1,[2] ],"e":{},"f":[],"a":{"x":1}, "s":"{}"} )"));
  EXPECT_EQ(doc.member_text("a"), R"({"a":[{}, "}"], "b":{}})") << "the first of that name";
  EXPECT_EQ(doc.member_text("l"), "[ 1,[2] ]");
  EXPECT_EQ(doc.member_text("e"), "{}");
  EXPECT_EQ(doc.member_text("f"), "[]");
  for (const auto* name : {"n", "s", "b", "x", ""}) EXPECT_EQ(doc.member_text(name), "") << name;
}

TEST(json_members, a_name_with_escapes_hides_nothing_behind_it) {
  document doc;
  ASSERT_TRUE(doc.parse(R"({"\u0074ype":{"q":1},"event":{"text":"a"}})"));
  EXPECT_EQ(doc.member_text("event"), R"({"text":"a"})");
  EXPECT_EQ(doc.member_text("type"), R"({"q":1})");
}

TEST(json_members, more_of_them_than_are_remembered) {
  std::string text = "{";
  for (int i = 0; i < 20; ++i) text += "\"k" + std::to_string(i) + "\":[" + std::to_string(i) + "],";
  text.back() = '}';
  document doc;
  ASSERT_TRUE(doc.parse(text));
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(doc.member_text("k" + std::to_string(i)), "[" + std::to_string(i) + "]");
}

TEST(json_members, of_another_text_nothing_is_left) {
  document doc;
  ASSERT_TRUE(doc.parse(R"({"a":{"x":1},"b":[2]})"));
  ASSERT_TRUE(doc.parse(R"({"b":[3]})"));
  EXPECT_EQ(doc.member_text("a"), "");
  EXPECT_EQ(doc.member_text("b"), "[3]");
  EXPECT_FALSE(doc.parse(R"({"b":[3})"));
  EXPECT_EQ(doc.member_text("b"), "");
  ASSERT_TRUE(doc.parse(R"([{"b":[3]}])"));
  EXPECT_EQ(doc.member_text("b"), "");
}

TEST(json_members, names_are_found_and_others_are_not) {
  constexpr name_table table{std::array<std::string_view, 5>{"id", "di", "message_id", "", "x"}};
  static_assert(table.find("message_id") == 2 && table.find("di") == 1);
  EXPECT_EQ(table.find(""), 3U);
  EXPECT_EQ(table.find("x"), 4U);
  for (const auto* other : {"i", "idx", "message_ix", "y", "message_id "})
    EXPECT_EQ(table.find(other), table.none);
}

TEST(json_members, repeats_are_seen_among_names_that_look_alike) {
  const auto repeats = [](const std::string& members) {
    document doc;
    EXPECT_TRUE(doc.parse("{" + members + "}"));
    return has_repeated_names(doc.root());
  };
  EXPECT_FALSE(repeats(""));
  EXPECT_FALSE(repeats(R"("":1,"a":2,"aa":3,"ab_a":4,"ac_a":5,"aba":6,"aca":7)"));
  EXPECT_TRUE(repeats(R"("":1,"a":2,"":3)"));
  EXPECT_TRUE(repeats(R"("ab_a":4,"ac_a":5,"ab_\u0061":6)"));
  EXPECT_TRUE(repeats(R"("a":{"b":[{"c":1,"c":2}]})"));
  std::string many;
  for (int i = 0; i < 40; ++i) many += "\"n" + std::to_string(i) + "\":0,";
  EXPECT_FALSE(repeats(many + "\"m\":0"));
  EXPECT_TRUE(repeats(many + "\"n17\":0"));
}

TEST(json_members, a_member_is_written_alike_whatever_its_length) {
  for (std::size_t name_size = 1; name_size < 140; name_size += 9) {
    for (std::size_t size = 0; size < 140; ++size) {
      const std::string name(name_size, 'n'), text(size, 't');
      std::string out = "[";
      object_writer to{out};
      to.text(name, text)
          .text(name, text + "\"")
          .text(name, text + "\x01")
          .text(name, text + "\xC3\xA4")
          .json(name, "1");
      to.end();
      const auto member = [&](const std::string& value) { return "\"" + name + "\":" + value; };
      EXPECT_EQ(out, "[{" + member("\"" + text + "\"") + "," + member("\"" + text + "\\\"\"") + "," +
                         member("\"" + text + "\\u0001\"") + "," + member("\"" + text + "\xC3\xA4\"") + "," +
                         member("1") + "}");
    }
  }
}

} // namespace json_members_test
} // namespace relay::wire::json
