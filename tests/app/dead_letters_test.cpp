// The dead letters as a person asks for them over HTTP.
#include "relay_gateway/app/admin/dead_letters.hpp"
#include "relay_gateway/messages/wire/json/json_read.hpp"

#include <gtest/gtest.h>

namespace relay::admin {
namespace {

net::server_request get(std::vector<std::pair<std::string, std::string>> query) {
  net::server_request x;
  x.method = "GET";
  x.path = "/v1/dlq";
  x.query = std::move(query);
  return x;
}
net::server_request post(const std::string& verb, const std::string& body) {
  net::server_request x;
  x.method = "POST";
  x.path = "/v1/dlq/" + verb;
  x.body = body;
  return x;
}

TEST(DeadLetters, AListHasPages) {
  auto all = read_dead_letter_request(get({}));
  EXPECT_TRUE(all.error.empty());
  EXPECT_EQ(all.what.what, dead_letter_ask::wish::list);
  EXPECT_EQ(all.what.seq, 0U);
  EXPECT_EQ(all.what.limit, 100U);
  auto page = read_dead_letter_request(get({{"after", "7"}, {"limit", "5"}}));
  EXPECT_EQ(page.what.seq, 7U);
  EXPECT_EQ(page.what.limit, 5U);
  EXPECT_EQ(read_dead_letter_request(get({{"limit", "999999"}})).what.limit, 1'000U);
  for (auto& bad :
       {get({{"after", "x"}}), get({{"limit", "0"}}), get({{"limit", "-1"}}), get({{"id", "d-x"}})})
    EXPECT_FALSE(read_dead_letter_request(bad).error.empty());
}

TEST(DeadLetters, OneIsNamedByItsDeliveryOrItsNumber) {
  for (auto id : {"dabc-12", "12"}) {
    auto show = read_dead_letter_request(get({{"id", id}}));
    EXPECT_EQ(show.what.seq, 11U) << "behind the one before it";
    EXPECT_EQ(show.what.limit, 1U);
    EXPECT_TRUE(show.whole);
    auto body = std::string{R"({"id":")"} + id + R"("})";
    EXPECT_EQ(read_dead_letter_request(post("retry", body)).what.what, dead_letter_ask::wish::retry);
    EXPECT_EQ(read_dead_letter_request(post("drop", body)).what.what, dead_letter_ask::wish::drop);
    EXPECT_EQ(read_dead_letter_request(post("drop", body)).what.seq, 12U);
  }
  for (auto body : {"", "[]", "{}", R"({"id":"0"})", R"({"id":"d1-"})"})
    EXPECT_FALSE(read_dead_letter_request(post("drop", body)).error.empty()) << body;
}

TEST(DeadLetters, AListShowsTheBeginningOneShowsAll) {
  inbound_event event;
  event.source.platform = "discord";
  event.source.chat_id = "c";
  event.text = std::string(119, 'x') + "\u00e9\u00e9";
  event.raw = R"({"text":"as it came"})";
  dead_letter_answer x{true, {{12, "dabc-12", event_ref{event}, 5, 61'000}}};
  wire::json::document doc;
  auto list = dead_letters_json(x, false);
  ASSERT_TRUE(doc.parse(list));
  auto& dead = (*wire::json::array(doc.root(), "letters"))[0];
  EXPECT_EQ(wire::json::text(dead, "id"), "dabc-12");
  EXPECT_EQ(wire::json::text(dead, "text"), std::string(119, 'x')) << "no half of a character";
  EXPECT_EQ(wire::json::id(dead, "age_s"), "61");
  EXPECT_EQ(wire::json::find(dead, "event"), nullptr);
  auto whole = dead_letters_json(x, true);
  ASSERT_TRUE(doc.parse(whole));
  auto& one = (*wire::json::array(doc.root(), "letters"))[0];
  EXPECT_EQ(wire::json::text(one, "text"), event.text);
  EXPECT_NE(wire::json::object(one, "event"), nullptr);
}

TEST(DeadLetters, ALineThatNobodyCouldReadSaysSo) {
  inbound_event line;
  line.text = "{\"type\":NaN";
  line.context_error = "not_json: not JSON";
  line.unreadable = true;
  wire::json::document doc;
  const auto text = dead_letters_json({true, {{12, "dabc-12", event_ref{line}, 0, 0}}}, true);
  ASSERT_TRUE(doc.parse(text));
  auto& dead = (*wire::json::array(doc.root(), "letters"))[0];
  EXPECT_TRUE(wire::json::flag(dead, "unreadable"));
  EXPECT_EQ(wire::json::text(dead, "text"), line.text);
  EXPECT_EQ(wire::json::text(dead, "error"), line.context_error);
}

} // namespace
} // namespace relay::admin
