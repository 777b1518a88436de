// The actions of protocol.md 6: one valid example of each op, what each needs, and the discriminators.
#include "relay_gateway/messages/wire/actions/action_codec.hpp"
#include "relay_gateway/messages/wire/actions/actions.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"
#include "relay_gateway/messages/wire/json/json_scan.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace relay::wire {
namespace actions_test {

struct example {
  op kind;
  std::string_view text; ///< as this project writes it
};
constexpr example examples[] = {
    {op::send, R"({"op":"send","chat_id":"c","content":"hi","reply_to":"m"})"},
    {op::edit, R"({"op":"edit","chat_id":"c","message_id":"m","content":"hi"})"},
    {op::typing, R"({"op":"typing","chat_id":"c"})"},
    {op::follow_up,
     R"({"op":"follow_up","session_key":"agent:main:discord:dm:5","kind":"discord.reply","content":"hi"})"},
    {op::get_chat_info, R"({"op":"get_chat_info","chat_id":"c"})"},
    {op::send_media,
     R"({"op":"send_media","chat_id":"c","content":"cap","reply_to":"m","media_kind":"image","source_url":"https://a/b","filename":"f"})"},
    {op::prompt,
     R"({"op":"prompt","chat_id":"c","content":"ok?","prompt_kind":"approval","prompt_id":"n.00000001","options":[{"id":"yes","label":"Yes","style":"primary"},{"id":"no","label":"No"}],"timeout_s":1.5})"},
    {op::react, R"({"op":"react","chat_id":"c","message_id":"m","emoji":"👀","remove":true})"},
    {op::remove, R"({"op":"delete","chat_id":"c","message_id":"m"})"},
    {op::draft, R"({"op":"draft","chat_id":"c","content":"","draft_id":7,"final":false})"},
    {op::task_card, R"({"op":"task_card","chat_id":"c","card_id":"k","chunks":[{"a":1}]})"},
    {op::task_card_stop, R"({"op":"task_card_stop","chat_id":"c","card_id":"k"})"},
    {op::thread_create, R"({"op":"thread_create","chat_id":"c","message_id":"m","thread_name":"t"})"},
    {op::thread_rename,
     R"({"op":"thread_rename","chat_id":"c","message_id":"m","thread_name":"t","only_if_current_name":"old","only_if_connector_created":true})"}};

std::string error_of(std::string_view text) { return decode_action(text).error; }

TEST(actions, every_op_survives_decoding_and_encoding) {
  static_assert(std::size(examples) == op_count);
  for (const auto& x : examples) {
    const auto decoded = decode_action(x.text);
    ASSERT_TRUE(decoded) << x.text << decoded.error;
    EXPECT_EQ(decoded.value.kind, x.kind);
    EXPECT_EQ(encode_action(decoded.value), x.text);
    EXPECT_EQ(decode_action(encode_action(decoded.value)).value, decoded.value);
  }
}

TEST(actions, unknown_fields_travel_along) {
  const auto x = decode_action(
      R"({"op":"react","chat_id":"c","message_id":"m","emoji":"x","é\n":[1,{"a":2.5}],"n":null})");
  ASSERT_TRUE(x) << x.error;
  EXPECT_EQ(encode_action(x.value),
            R"({"op":"react","chat_id":"c","message_id":"m","emoji":"x","é\n":[1,{"a":2.5}],"n":null})");
}

TEST(actions, ids_may_be_numbers) {
  const auto x =
      decode_action(R"({"op":"edit","chat_id":-100,"message_id":18446744073709551615,"content":"t"})");
  ASSERT_TRUE(x) << x.error;
  EXPECT_EQ(x.value.chat_id, "-100");
  EXPECT_EQ(x.value.message_id, "18446744073709551615");
}

TEST(actions, the_first_of_two_members_is_checked_and_sent) {
  const auto x = decode_action(
      R"({"op":"react","op":"delete","chat_id":"c","chat_id":"other","message_id":"m","emoji":"a","emoji":5})");
  ASSERT_TRUE(x) << x.error;
  EXPECT_EQ(encode_action(x.value), R"({"op":"react","chat_id":"c","message_id":"m","emoji":"a"})");
}

TEST(actions, an_empty_typing_text_is_not_a_missing_one_F65) {
  EXPECT_EQ(encode_action(decode_action(R"({"op":"typing","chat_id":"c","content":""})").value),
            R"({"op":"typing","chat_id":"c","content":""})");
  EXPECT_EQ(encode_action(decode_action(R"({"op":"typing","chat_id":"c","content":"works"})").value),
            R"({"op":"typing","chat_id":"c","content":"works"})");
}

TEST(actions, errors_name_the_field) {
  EXPECT_EQ(error_of(""), "action: not JSON");
  EXPECT_EQ(error_of("[]"), "action: must be an object");
  EXPECT_EQ(error_of("{}"), "action: op must name an operation of the contract");
  EXPECT_EQ(error_of(R"({"op":"teleport"})"), "action: op must name an operation of the contract");
  EXPECT_EQ(error_of(R"({"op":7})"), "action: op must name an operation of the contract");
  EXPECT_EQ(error_of(R"({"op":"send","content":"x"})"), "send: chat_id must be a non-empty string");
  EXPECT_EQ(error_of(R"({"op":"send","chat_id":"","content":"x"})"),
            "send: chat_id must be a non-empty string");
  EXPECT_EQ(error_of(R"({"op":"send","chat_id":1.5,"content":"x"})"),
            "send: chat_id must be a non-empty string");
  EXPECT_EQ(error_of(R"({"op":"send","chat_id":"c","content":null})"), "send: content must be a string");
  EXPECT_EQ(error_of(R"({"op":"send","chat_id":"c","content":"x","reply_to":{}})"),
            "send: reply_to must be a non-empty string");
  EXPECT_EQ(error_of(R"({"op":"send","chat_id":"c","content":"x","metadata":[]})"),
            "send: metadata must be an object");
  EXPECT_EQ(error_of(R"({"op":"react","chat_id":"c","message_id":"m","emoji":"x","remove":"false"})"),
            "react: remove must be true or false");
  EXPECT_EQ(error_of(R"({"op":"draft","chat_id":"c","draft_id":"1","content":"","final":true})"),
            "draft: draft_id must be an integer");
  EXPECT_EQ(error_of(R"({"op":"send_media","chat_id":"c","media_kind":"hologram","source_url":"x"})"),
            "send_media: media_kind must be one of image voice audio video document");
}

TEST(actions, every_required_field_is_missed) {
  // Taking any one member out of a valid example is refused by name, unless the contract lets it be left out.
  const std::vector<std::string_view> may_lack{"reply_to",
                                               "metadata",
                                               "filename",
                                               "prompt_id",
                                               "timeout_s",
                                               "remove",
                                               "only_if_current_name",
                                               "only_if_connector_created"};
  for (const auto& x : examples) {
    json::document doc;
    ASSERT_TRUE(doc.parse(x.text));
    for (const auto& member : doc.root().GetObject()) {
      const std::string name{json::view(member.name)};
      const auto value = json::member_text(x.text, name);
      const auto key = "\"" + name + "\":" + std::string{value};
      std::string without{x.text};
      without.replace(without.find(key), key.size(), "\"x\":0");
      const auto left_out = std::find(may_lack.begin(), may_lack.end(), name) != may_lack.end() ||
                            (x.kind == op::send_media && name == "content") ||
                            (x.kind == op::thread_create && name == "message_id");
      EXPECT_EQ(error_of(without).empty(), left_out) << without;
      EXPECT_TRUE(left_out || error_of(without).find(name) != std::string::npos) << without;
    }
  }
}

TEST(actions, prompts_fit_a_button) {
  const auto prompt = [](const std::string& id, const std::string& options) {
    return error_of(R"({"op":"prompt","chat_id":"c","content":"","prompt_kind":"choice","prompt_id":")" + id +
                    R"(","options":)" + options + "}");
  };
  EXPECT_EQ(prompt("n.1", "[]"), "");
  EXPECT_EQ(prompt("n.1", R"([{"id":"a","label":""}])"), "");
  for (const auto* bad :
       {"{}", R"([{"id":"a"}])", R"([{"label":"a"}])", R"([{"id":"","label":"a"}])", R"(["a"])",
        R"([{"id":"a b","label":"a"}])", R"([{"id":"a:b","label":"a"}])", R"([{"id":1,"label":"a"}])",
        R"([{"id":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","label":"a"}])",
        R"([{"id":"a","label":"a","style":1}])"})
    EXPECT_NE(prompt("n.1", bad).find("prompt: options"), std::string::npos) << bad;
  EXPECT_EQ(prompt("a:b", "[]"), "prompt: prompt_id must not contain a colon");
  const std::string longest(57, 'p'); // hp1: + 57 + : + 2 = 64
  EXPECT_EQ(prompt(longest, R"([{"id":"ab","label":""}])"), "");
  EXPECT_EQ(prompt(longest, R"([{"id":"abc","label":""}])"),
            "prompt: prompt_id and an option id are too long together");
  EXPECT_EQ(prompt("n.1", R"([{"id":"a","label":"x"},{"id":"b","label":"y"},{"id":"a","label":"z"}])"),
            "prompt: options must have different ids");
}

TEST(actions, a_prompt_without_an_id_is_named_by_the_gateway) {
  const auto prompt = [](const std::string& id) {
    return error_of(R"({"op":"prompt","chat_id":"c","content":"","prompt_kind":"choice","options":[])" + id +
                    "}");
  };
  EXPECT_EQ(prompt(""), "");
  EXPECT_EQ(prompt(R"(,"prompt_id":null)"), "");
  EXPECT_EQ(prompt(R"(,"prompt_id":"")"), "prompt: prompt_id must be a non-empty string");
  EXPECT_EQ(prompt(R"(,"prompt_id":7)"), "prompt: prompt_id must be a non-empty string");
}

TEST(actions, too_many_fields_are_refused) {
  std::string text = R"({"op":"typing","chat_id":"c")";
  for (int i = 0; i < 100; ++i) text += ",\"k" + std::to_string(i) + "\":0";
  EXPECT_EQ(error_of(text + "}"), "action: has too many fields");
}

// -- discriminators (protocol.md 6, routing rule 2) --------------------------

std::string with(const std::string& metadata, const discriminators& who) {
  return encode_action(typing("c", metadata), who)
      .substr(std::string_view{R"({"op":"typing","chat_id":"c")"}.size());
}

TEST(discriminators, are_attached_where_they_lack_F35_F36) {
  const discriminators all{"g", "u", "p"};
  EXPECT_EQ(with("", {}), "}");
  EXPECT_EQ(with("", all), R"(,"metadata":{"scope_id":"g","guild_id":"g","user_id":"u","profile":"p"}})");
  EXPECT_EQ(with("", {"", "u", ""}), R"(,"metadata":{"user_id":"u"}})");
  EXPECT_EQ(with(R"({"k":[1]})", {"g", "", ""}), R"(,"metadata":{"k":[1],"scope_id":"g","guild_id":"g"}})");
}

TEST(discriminators, never_replace_what_is_there_F41) {
  const discriminators all{"g", "u", "p"};
  EXPECT_EQ(with(R"({"scope_id":"mine","user_id":"me","profile":"x"})", all),
            R"(,"metadata":{"scope_id":"mine","user_id":"me","profile":"x"}})");
  EXPECT_EQ(with(R"({"guild_id":"mine"})", all),
            R"(,"metadata":{"guild_id":"mine","user_id":"u","profile":"p"}})");
  EXPECT_EQ(with(R"({"user_id":""})", {"", "u", ""}), R"(,"metadata":{"user_id":""}})");
}

TEST(discriminators, a_null_is_lacking) {
  EXPECT_EQ(with(R"({"user_id":null,"k":null})", {"", "u", ""}), R"(,"metadata":{"k":null,"user_id":"u"}})");
  EXPECT_EQ(with(R"({"user_id":null})", {}), R"(,"metadata":{"user_id":null}})");
}

// -- threads (protocol.md 6, routing rules 5 and 6) ---------------------------

std::string to_thread(action x, const std::string& thread, bool flat = false) {
  std::string out;
  append_action(out, x, {{}, {}, {}, thread, flat});
  return out;
}

TEST(threads, are_attached_where_the_action_names_none) {
  EXPECT_EQ(to_thread(typing("c"), "t"), R"({"op":"typing","chat_id":"c","metadata":{"thread_id":"t"}})");
  EXPECT_EQ(to_thread(typing("c", R"({"k":1,"thread_id":null})"), "t"),
            R"({"op":"typing","chat_id":"c","metadata":{"k":1,"thread_id":"t"}})");
  EXPECT_EQ(to_thread(typing("c", R"({"thread_id":"own"})"), "t"),
            R"({"op":"typing","chat_id":"c","metadata":{"thread_id":"own"}})");
  EXPECT_EQ(to_thread(typing("c", R"({"thread_id":""})"), "t"),
            R"({"op":"typing","chat_id":"c","metadata":{"thread_id":""}})")
      << "it says that it goes to none";
}

TEST(threads, a_flat_chat_loses_the_reply_that_would_open_one) {
  const auto* meta = R"({"reply_to_message_id":"m","k":1})";
  EXPECT_EQ(to_thread(send("c", "x", "m", meta), "", true),
            R"({"op":"send","chat_id":"c","content":"x","reply_to":null,"metadata":{"k":1}})");
  EXPECT_EQ(to_thread(send("c", "x", "m"), "", true),
            R"({"op":"send","chat_id":"c","content":"x","reply_to":null})");
  EXPECT_EQ(to_thread(send("c", "x", "m"), ""),
            R"({"op":"send","chat_id":"c","content":"x","reply_to":"m"})");
  EXPECT_EQ(to_thread(send("c", "x", "m", R"({"thread_id":"own","reply_to_message_id":"m"})"), "", true),
            R"({"op":"send","chat_id":"c","content":"x","reply_to":"m","metadata":)"
            R"({"thread_id":"own","reply_to_message_id":"m"}})")
      << "it says where it goes";
}

TEST(discriminators, metadata_that_is_none_cannot_break_the_frame) {
  for (const auto* bad : {"[]", "}", "{\"a\":1}{", "null", "{", "\"", "{\"a\":\"\xFF\"}"})
    EXPECT_EQ(with(bad, {}), "}");
  EXPECT_EQ(with("{}", {}), "}");
  EXPECT_EQ(with("{\n\"a\" : 1\n}", {}), R"(,"metadata":{"a":1}})");
  EXPECT_EQ(with("x", {"", "u", ""}), R"(,"metadata":{"user_id":"u"}})");
}

TEST(actions, built_ones_are_valid) {
  for (const auto& x : {send("c", "t"), send("c", "", "m", R"({"a":1})"), edit("c", "m", "t"), typing("c"),
                        react("c", "m", "👀"), react("c", "m", "\"", true)}) {
    const auto back = decode_action(encode_action(x));
    EXPECT_TRUE(back) << back.error;
    EXPECT_EQ(back.value, x);
  }
}

} // namespace actions_test
} // namespace relay::wire
