// The chat completions API: requests, chunks, whole answers, sessions of the store.
#include "relay_gateway/messages/wire/chat/chat_completion.hpp"
#include "relay_gateway/messages/wire/chat/conversation_codec.hpp"
#include "relay_gateway/messages/wire/json/json_document.hpp"

#include <gtest/gtest.h>

#include <string>

namespace relay::wire {
namespace chat_test {

using namespace std::string_literals;

TEST(chat, a_request) {
  chat_request x;
  x.model = "llama3";
  x.messages = {{"system", chat_content("Be \"brief\".")}, {"user", chat_content("hi\n")}};
  EXPECT_EQ(encode_chat_request(x),
            R"({"model":"llama3","messages":[{"role":"system","content":"Be \"brief\"."},)"
            R"({"role":"user","content":"hi\n"}],"stream":true})");
  EXPECT_EQ(encode_chat_request({{}, {}, false}), R"({"messages":[],"stream":false})");
}

TEST(chat, images_are_data_urls) {
  const auto content = chat_content("what is it?", {{"image/png", "\x89PNG"s}});
  EXPECT_EQ(content, R"([{"type":"text","text":"what is it?"},)"
                     R"({"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw=="}}])");
  EXPECT_TRUE(has_images(content));
  EXPECT_FALSE(has_images(chat_content("[text]")));
  EXPECT_EQ(content_without_images(content, "[image]"), R"("what is it?\n[image]")");
  EXPECT_EQ(content_without_images(R"("x")", "[image]"), R"("x")");
}

TEST(chat, images_are_known_by_their_bytes) {
  EXPECT_EQ(image_type("\x89PNG\r\n\x1A\nrest"), "image/png");
  EXPECT_EQ(image_type("\xFF\xD8\xFF\xE0"), "image/jpeg");
  EXPECT_EQ(image_type("GIF89a..."), "image/gif");
  EXPECT_EQ(image_type("RIFF\x01\x02\x03\x04WEBPVP8 "), "image/webp");
  for (const auto& other : {""s, "RIFF"s, "<svg/>"s, "%PDF"s, "\x89PN"s})
    EXPECT_EQ(image_type(other), "") << other;
}

TEST(chat, chunks) {
  auto x =
      decode_chat_chunk(R"({"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}]})");
  EXPECT_TRUE(x.readable);
  EXPECT_FALSE(x.token) << "the model has said nothing yet";
  x = decode_chat_chunk(R"({"choices":[{"delta":{"content":"Hé"}}]})");
  EXPECT_EQ(x.text, "Hé");
  EXPECT_TRUE(x.token);
  x = decode_chat_chunk(R"({"choices":[{"delta":{"reasoning_content":"hm"}}]})");
  EXPECT_EQ(x.text, "");
  EXPECT_TRUE(x.token) << "it thinks";
  x = decode_chat_chunk(R"({"choices":[{"delta":{},"finish_reason":"stop"}]})");
  EXPECT_EQ(x.finish, "stop");
  EXPECT_FALSE(x.done);
  EXPECT_TRUE(decode_chat_chunk(" [DONE]").done);
  EXPECT_TRUE(decode_chat_chunk(R"({"choices":[],"usage":{"total_tokens":5}})").readable);
  EXPECT_TRUE(decode_chat_chunk("").readable);
  for (const char* bad : {"{", "hello", "[1]", "{\"a\":}"})
    EXPECT_FALSE(decode_chat_chunk(bad).readable) << bad;
}

TEST(chat, errors_are_one_line) {
  EXPECT_EQ(decode_chat_chunk(R"({"error":{"message":"out of\nmemory","code":500}})").error, "out of memory");
  EXPECT_EQ(decode_chat_chunk(R"({"error":"gone"})").error, "gone");
  EXPECT_NE(decode_chat_chunk(R"({"error":{}})").error, "");
  EXPECT_EQ(decode_chat_chunk(R"({"error":null,"choices":[]})").error, "");
  EXPECT_EQ(chat_error(R"({"error":{"message":"no such model"}})"), "no such model");
  EXPECT_EQ(chat_error(R"({"message":"m"})"), "m");
  EXPECT_EQ(chat_error(R"({"detail":"Not Found"})"), "Not Found");
  EXPECT_EQ(chat_error("<html>"), "");
  EXPECT_LE(chat_error(R"({"error":")" + std::string(5000, 'x') + "\"}").size(), 300U);
}

TEST(chat, whole_answers) {
  auto x = decode_chat_answer(
      R"({"choices":[{"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}]})");
  EXPECT_TRUE(x.readable && x.done);
  EXPECT_EQ(x.text, "hello");
  x = decode_chat_answer(
      R"({"choices":[{"message":{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}}]})");
  EXPECT_EQ(x.text, "ab");
  EXPECT_EQ(decode_chat_answer(R"({"choices":[{"message":{"content":null,"refusal":"no"}}]})").text, "no");
  EXPECT_EQ(decode_chat_answer(R"({"error":{"message":"bad"}})").error, "bad");
  for (const char* bad : {"", "<html></html>", "[]", "{}", R"({"choices":7})"})
    EXPECT_FALSE(decode_chat_answer(bad).readable) << bad;
}

TEST(chat, a_session_comes_back_as_it_was) {
  conversation x;
  x.past = {{"hi", "hello"}, {"two\nlines", "\"quoted\""}};
  open_question q{"d1-5", "discord", "42", "u", "and now?", chat_content("and now?")};
  x.open = {q};
  q.delivery_id = "d1-6";
  q.shown_id = "m7";
  q.answer = "so";
  q.decided = true;
  q.said_as = "edit";
  q.remembered = "so";
  x.open.push_back(q);
  conversation read;
  ASSERT_TRUE(decode_conversation(encode_conversation(x), read));
  EXPECT_EQ(read, x);
  EXPECT_TRUE(decode_conversation("{}", read) && read.empty());
  EXPECT_FALSE(decode_conversation("[", read));
}

} // namespace chat_test
} // namespace relay::wire
