// The typed fields of actions: read once, and true to the members that leave.
#include "relay_gateway/messages/contract/op_traits.hpp"
#include "relay_gateway/messages/wire/actions/action_fields.hpp"
#include "relay_gateway/messages/wire/actions/action_forms.hpp"
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/actions/prompts.hpp"
#include "relay_gateway/messages/wire/json/object_members.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace relay::wire {
namespace action_fields_test {

action read(const std::string& text) {
  auto out = decode_action(text);
  EXPECT_TRUE(out) << out.error << text;
  return out.value;
}
template <class Fields>
Fields fields_in(const std::string& text) {
  const auto x = read(text);
  const auto* out = std::get_if<Fields>(&x.fields);
  EXPECT_NE(out, nullptr) << text;
  return out != nullptr ? *out : Fields{};
}

TEST(action_fields, are_what_the_op_has_of_its_own) {
  EXPECT_EQ(fields_in<passthrough_fields>(R"({"op":"send","chat_id":"c","content":"x","final":true})"),
            passthrough_fields{});
  EXPECT_FALSE(fields_in<typing_fields>(R"({"op":"typing","chat_id":"c","content":"works"})").clears);
  EXPECT_FALSE(fields_in<typing_fields>(R"({"op":"typing","chat_id":"c","content":null})").clears);
  EXPECT_TRUE(fields_in<typing_fields>(R"({"op":"typing","chat_id":"c","content":""})").clears);
  EXPECT_EQ(fields_in<follow_up_fields>(
                R"({"op":"follow_up","session_key":"s","kind":"discord.reply","content":"x"})"),
            (follow_up_fields{"s", "discord.reply"}));
  EXPECT_EQ(
      fields_in<draft_fields>(R"({"op":"draft","chat_id":"c","content":"","draft_id":-7,"final":true})"),
      (draft_fields{"-7", true}));
  EXPECT_EQ(fields_in<card_fields>(R"({"op":"task_card_stop","chat_id":"c","card_id":7})").id, "7");
  EXPECT_EQ(fields_in<thread_fields>(R"({"op":"thread_create","chat_id":"c","thread_name":"t"})").name, "t");
  EXPECT_EQ(fields_in<media_fields>(
                R"({"op":"send_media","chat_id":"c","media_kind":"image","source_path":"/a/b","mime":"i/p"})")
                .file,
            (local_file{"/a/b", "i/p", "b"}));
  const auto asked = fields_in<prompt_fields>(
      R"({"op":"prompt","chat_id":"c","content":"?","prompt_kind":"approval","options":[{"id":"a","label":"A"}],)"
      R"("timeout_s":2,"metadata":{"thread_id":5,"profile":"work"}})");
  EXPECT_EQ(asked, (prompt_fields{"", {{"a", "A"}}, 2000, true, "5", "work", ""}));
}

TEST(action_fields, of_the_first_of_two_members) {
  const auto x = read(
      R"({"op":"draft","chat_id":"c","content":"","draft_id":1,"final":false,"draft_id":2,"final":true})");
  EXPECT_EQ(*draft_of(x), (draft_fields{"1", false}));
  EXPECT_EQ(x.rest.text(), R"({"draft_id":1,"final":false})");
}

TEST(action_fields, a_hand_made_action_has_none) {
  action x;
  for (int i = 0; i < op_count; ++i) {
    x.kind = static_cast<op>(i);
    EXPECT_EQ(draft_of(x), nullptr);
    EXPECT_EQ(prompt_of(x), nullptr);
    EXPECT_EQ(follow_up_of(x), nullptr);
    EXPECT_EQ(file_of(x), nullptr);
  }
}

// A program that puts an action together is told the same as one that sends it as text.
TEST(action_fields, what_an_action_lacks_is_what_its_text_lacks) {
  for (int i = 0; i < op_count; ++i) {
    const auto kind = static_cast<op>(i);
    if (!traits_of(kind).needs_text) continue;
    action x;
    x.kind = kind;
    EXPECT_EQ(lacks(x), check(x)) << to_string(kind);
    EXPECT_NE(lacks(x), "") << to_string(kind);
    x.chat_id = "c";
    if (kind == op::follow_up) x.fields = follow_up_fields{"s", {}};
    EXPECT_EQ(lacks(x), check(x)) << to_string(kind);
  }
  EXPECT_EQ(lacks(send("c", "")), "");
  EXPECT_EQ(lacks(edit("c", "m", "")), "");
  EXPECT_EQ(lacks(follow_up("s", "k", "")), "");
  EXPECT_EQ(lacks(draft("c", 1, "", true)), "");
}

// -- properties ------------------------------------------------------------------------------------------

/// JSON values of all kinds, as their senders write them.
std::string any_value() {
  return *rc::gen::element<std::string>("null", "true", "1.10", "123456789012345678901", R"("")",
                                        R"("\u00e9\n")", R"([1,{"final":true}])", R"({"a":[]})");
}
struct member {
  std::string name, value;
};
/// A valid action of any op, its own members and unknown ones in any order.
std::string any_action(op& kind) {
  kind = static_cast<op>(*rc::gen::inRange(0, int{op_count}));
  std::vector<member> all{{"chat_id", R"("c")"}};
  const auto add = [&](const char* name, std::string value) { all.push_back({name, std::move(value)}); };
  const auto flag = [] { return std::string{*rc::gen::arbitrary<bool>() ? "true" : "false"}; };
  if (traits_of(kind).needs_text || *rc::gen::arbitrary<bool>()) add("content", R"("text")");
  switch (kind) {
  case op::edit:
  case op::remove: add("message_id", "7"); break;
  case op::react:
    add("message_id", R"("m")");
    add("emoji", R"("x")");
    break;
  case op::follow_up:
    add("session_key", R"("s")");
    add("kind", R"("k.l")");
    break;
  case op::send_media:
    add("media_kind", R"("image")");
    if (*rc::gen::arbitrary<bool>())
      add("source_url", R"("https://a/b")");
    else
      add("source_path", R"("/a/b")");
    break;
  case op::prompt:
    add("prompt_kind", R"("choice")");
    add("options", R"([{"id":"a","label":"A","more":1.0}])");
    if (*rc::gen::arbitrary<bool>()) add("prompt_id", *rc::gen::arbitrary<bool>() ? "null" : R"("own")");
    break;
  case op::draft:
    add("draft_id", "42");
    add("final", flag());
    break;
  case op::task_card: add("chunks", "[1]"); [[fallthrough]];
  case op::task_card_stop: add("card_id", "9"); break;
  case op::thread_create: add("thread_name", R"("n")"); break;
  case op::thread_rename:
    add("message_id", R"("t")");
    add("thread_name", R"("n")");
    break;
  default: break;
  }
  for (const auto* name : {"x", "y z", "\"q\"", "filename_", "é"})
    if (*rc::gen::arbitrary<bool>()) all.push_back({name, any_value()});
  std::vector<std::pair<int, member>> order;
  for (auto& x : all) order.emplace_back(*rc::gen::arbitrary<int>(), std::move(x));
  std::stable_sort(order.begin(), order.end(), [](auto& a, auto& b) { return a.first < b.first; });
  std::string out;
  json::object_writer to{out};
  to.text("op", to_string(kind));
  for (const auto& [at, x] : order) {
    to.foreign_key(x.name);
    out += x.value;
  }
  to.end();
  return out;
}
/// What text says of them, against what was read of it.
bool says_the_same(const action& x) {
  if (file_of(x) != nullptr) return true; // a file is not on the wire
  const auto again = decode_action(encode_action(x));
  return again && again.value == x;
}

RC_GTEST_PROP(action_fields_property, an_action_and_its_text_say_the_same_whatever_becomes_of_it, ()) {
  op kind{};
  const auto text = any_action(kind);
  const auto read = decode_action(text);
  RC_ASSERT(bool(read));
  auto x = read.value;
  RC_ASSERT(x.kind == kind);
  RC_ASSERT(says_the_same(x));
  RC_ASSERT((prompt_of(x) != nullptr) == (kind == op::prompt));
  RC_ASSERT((draft_of(x) != nullptr) == (kind == op::draft));
  RC_ASSERT((follow_up_of(x) != nullptr) == (kind == op::follow_up));
  RC_ASSERT(says_the_same(text_beside(x)));
  if (kind == op::draft) {
    RC_ASSERT(says_the_same(seal_draft(x)));
    RC_ASSERT(draft_of(seal_draft(x))->final);
    RC_ASSERT(says_the_same(draft_as_text(x)));
  }
  if (kind == op::prompt) {
    RC_ASSERT(says_the_same(numbered_prompt(x)));
    name_prompt(x, "n.1");
    RC_ASSERT(says_the_same(x));
    RC_ASSERT(prompt_of(x)->id == "n.1");
  }
  if (file_of(x) != nullptr) {
    with_source(x, "https://c/relay/media/1");
    RC_ASSERT(says_the_same(x));
    RC_ASSERT(file_of(x) == nullptr);
  }
}

RC_GTEST_PROP(action_fields_property, unknown_members_leave_as_they_came, ()) {
  op kind{};
  const auto text = any_action(kind);
  const auto x = decode_action(text).value;
  json::document came, leaves;
  RC_ASSERT(came.parse(text));
  const auto said = encode_action(x);
  RC_ASSERT(leaves.parse(said));
  json::for_each_member(came.root(), came.text(),
                        [&](std::string_view name, const json::value&, std::string_view value) {
                          if (name == "source_path" || name == "prompt_id" || name == "reply_to") return;
                          const auto there = json::member_source(leaves.root(), said, name);
                          // Ids that came as numbers leave as texts, as they always did.
                          RC_ASSERT(there == value || name == "message_id");
                        });
}

RC_GTEST_PROP(action_fields_property, members_come_back_out_of_their_text, ()) {
  op kind{};
  const auto x = decode_action(any_action(kind)).value;
  if (kind == op::follow_up || file_of(x) != nullptr) return; // not all of it is in the rest
  auto again = x;
  again.fields = passthrough_fields{};
  again.rest = {};
  read_rest(again, x.rest.text());
  RC_ASSERT(again == x);
}

// -- object_text
// ---------------------------------------------------------------------------------------------

TEST(object_text, members_are_found_and_taken_out_by_name) {
  object_text x;
  EXPECT_TRUE(x.empty());
  EXPECT_EQ(x.text(), "");
  json::member_writer to{x};
  to.text("a", "1").json("b\"", "[1,2]").boolean("c", true).flag("d", false).optional("e", "");
  EXPECT_EQ(x.text(), R"({"a":"1","b\"":[1,2],"c":true})");
  EXPECT_EQ(x.find("a"), R"("1")");
  EXPECT_EQ(x.find("c"), "true");
  EXPECT_EQ(x.find("b"), "");
  x.add_first(R"("z")", "0");
  EXPECT_EQ(x.text(), R"({"z":0,"a":"1","b\"":[1,2],"c":true})");
  x.remove({"a", "c", "none"});
  EXPECT_EQ(x.text(), R"({"z":0,"b\"":[1,2]})");
  x.add(R"("y")", "{}");
  EXPECT_EQ(x.text(), R"({"z":0,"b\"":[1,2],"y":{}})");
  x.remove({"z", "y"});
  x.remove({"b\\\""});
  EXPECT_TRUE(x.empty());
  EXPECT_EQ(x.text(), "");
}

} // namespace action_fields_test
} // namespace relay::wire
