#include "relay_gateway/messages/wire/http/iso8601.hpp"
#include "relay_gateway/messages/wire/http/login_store.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace relay::wire {
namespace login_store_test {

constexpr std::int64_t at = 1'790'000'000; // 2026-09-21T14:13:20Z

std::string store(const std::string& nous = R"("access_token": "acc-1", "refresh_token": "ref-1",
      "expires_at": "2026-09-21T15:13:20+00:00", "portal_base_url": "https://portal.nousresearch.com",
      "client_id": "cli")") {
  return R"({
  "version": 1, "big": 12345678901234567890123, "pi": 3.10,
  "providers": {
    "other": {"access_token": "not-ours", "x": [1, {"access_token": "nor-this"}]},
    "nous": {
      )" +
         nous + R"(, "agent_key": "kept", "nested": {"expires_at": "kept too"}
    }
  },
  "active_provider": "nous"
})";
}

TEST(LoginStore, WhatAnEntryHolds) {
  auto x = read_login(store());
  EXPECT_EQ(x.error, "");
  EXPECT_EQ(x.access_token.reveal(), "acc-1");
  EXPECT_EQ(x.refresh_token.reveal(), "ref-1");
  EXPECT_EQ(x.expires_at, at + 3600);
  EXPECT_EQ(x.portal_base_url, "https://portal.nousresearch.com");
  EXPECT_EQ(x.client_id, "cli");
}

TEST(LoginStore, NoLoginIsSaidAndNothingIsQuoted) {
  for (const std::string text :
       {"", "[]", "{", "not json s3cret", "{}", R"({"providers":{}})", R"({"providers":{"nous":[]}})",
        R"({"providers":{"nous":{}}})", R"({"providers":{"nous":{"access_token":7,"refresh_token":null}}})",
        R"({"providers":{"nous":{"access_token":"s3cret\n","refresh_token":"s3cret x"}}})"}) {
    auto x = read_login(text);
    EXPECT_FALSE(x.error.empty()) << text;
    EXPECT_EQ(x.error.find("s3cret"), std::string::npos);
  }
}

TEST(LoginStore, ANewPairReplacesTheOldOneAndNothingElse) {
  std::string error;
  auto out = with_login(store(), secret{"acc-2"}, secret{"ref\n2"}, at + 7200, error);
  EXPECT_EQ(error, "the login store cannot be changed without harm") << "a token that fits no header";
  error.clear();
  out = with_login(store(), secret{"acc-2"}, secret{"ref-2"}, at + 7200, error);
  EXPECT_EQ(error, "");
  EXPECT_EQ(out.reveal(), store(R"("access_token": "acc-2", "refresh_token": "ref-2",
      "expires_at": "2026-09-21T16:13:20+00:00", "portal_base_url": "https://portal.nousresearch.com",
      "client_id": "cli")"));
}

TEST(LoginStore, WhatIsMissingIsAdded) {
  std::string error;
  auto out = with_login(store(R"("refresh_token": "ref-1")"), secret{"acc-2"}, {}, at, error);
  ASSERT_EQ(error, "");
  auto x = read_login(out.reveal());
  EXPECT_EQ(x.access_token.reveal(), "acc-2");
  EXPECT_EQ(x.refresh_token.reveal(), "ref-1") << "the old one stays";
  EXPECT_EQ(x.expires_at, at);
  EXPECT_NE(out.reveal().find("\"agent_key\": \"kept\""), std::string::npos);
}

TEST(LoginStore, AnExpiryThatNobodyKnowsIsNull) {
  std::string error;
  auto out = with_login(store(), secret{"acc-2"}, {}, 0, error);
  ASSERT_EQ(error, "");
  EXPECT_NE(out.reveal().find("\"expires_at\": null"), std::string::npos);
  EXPECT_EQ(read_login(out.reveal()).expires_at, 0);
}

TEST(LoginStore, AStoreThatCannotBeReadIsNotChanged) {
  for (const std::string text : {"", "{}", "[1]", R"({"providers":{"nous":{}}})",
                                 R"({"prov\u0069ders":{"nous":{"access_token":"a"}}})"}) {
    std::string error;
    EXPECT_TRUE(with_login(text, secret{"a"}, secret{"b"}, at, error).empty()) << text;
    EXPECT_FALSE(error.empty()) << text;
  }
}

TEST(LoginStore, RenewedTwoMinutesBeforeItsEnd) {
  login_entry x;
  x.access_token = secret{"a"};
  x.expires_at = at + 121;
  EXPECT_FALSE(login_stale(x, at));
  x.expires_at = at + 120;
  EXPECT_TRUE(login_stale(x, at));
  x.expires_at = 0;
  EXPECT_TRUE(login_stale(x, at)) << "no readable expiry";
  x = {};
  x.expires_at = at + 999;
  EXPECT_TRUE(login_stale(x, at)) << "no token";
}

TEST(LoginStore, TheRefreshTokenGoesToTheKnownPortalOrThisMachineOnly) {
  const std::string known = "https://portal.nousresearch.com";
  EXPECT_EQ(portal_of("", ""), known);
  EXPECT_EQ(portal_of("", known + "/"), known);
  EXPECT_EQ(portal_of("", "http://127.0.0.1:8080/"), "http://127.0.0.1:8080");
  EXPECT_EQ(portal_of("", "http://localhost:9"), "http://localhost:9");
  EXPECT_EQ(portal_of("", "http://[::1]:9"), "http://[::1]:9");
  EXPECT_EQ(portal_of("https://staging.example", known), "https://staging.example") << "the operator's word";
  for (const char* stored :
       {"https://evil.example", "https://portal.nousresearch.com.evil.example",
        "https://127.0.0.1.evil.example", "http://portal.nousresearch.com",
        "https://evil.example/portal.nousresearch.com", "https://portal.nousresearch.com@evil.example",
        "ws://127.0.0.1", "file:///etc/passwd", "nonsense"})
    EXPECT_EQ(portal_of("", stored), known) << stored;
}

TEST(Iso8601, WhatIsReadAndWhatIsNot) {
  EXPECT_EQ(iso8601(at), "2026-09-21T14:13:20+00:00");
  EXPECT_EQ(read_iso8601("2026-09-21T14:13:20Z"), at);
  EXPECT_EQ(read_iso8601("2026-09-21T14:13:20"), at) << "UTC without an offset";
  EXPECT_EQ(read_iso8601("2026-09-21 14:13:20.123456+00:00"), at);
  EXPECT_EQ(read_iso8601("2026-09-21T15:43:20+01:30"), at);
  EXPECT_EQ(read_iso8601("2026-09-21T09:13:20-0500"), at);
  EXPECT_EQ(read_iso8601("2026-09-21T09:13:20-05"), at);
  for (const char* text :
       {"", "soon", "2026-09-21", "2026-13-21T14:13:20Z", "2026-02-30T00:00:00Z", "2026-09-21T24:00:00Z",
        "2026-09-21T14:13:20Zz", "2026-09-21T14:13:20+1", "1790000000", "2026-9-21T14:13:20Z"})
    EXPECT_EQ(read_iso8601(text), 0) << text;
}

RC_GTEST_PROP(Iso8601Property, EverySecondSurvivesTheRoundTrip, ()) {
  auto x = *rc::gen::inRange<std::int64_t>(1, 4'000'000'000);
  RC_ASSERT(read_iso8601(iso8601(x)) == x);
}

} // namespace login_store_test
} // namespace relay::wire
