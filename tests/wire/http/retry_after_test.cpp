// How long a peer asks to wait (protocol.md 6, Waiting when told to).
#include "relay_gateway/messages/wire/frames/frames.hpp"
#include "relay_gateway/messages/wire/http/retry_after.hpp"

#include <gtest/gtest.h>

#include <string>

namespace relay::wire {
namespace retry_after_test {

using namespace std::chrono_literals;

constexpr std::int64_t wall_ms = 784'111'777'000; // Sun, 06 Nov 1994 08:49:37 GMT
constexpr const char* in_a_minute = "Sun, 06 Nov 1994 08:50:37 GMT";

TEST(RetryAfter, OnlyTooManyRequestsAndUnavailableNameOne) {
  EXPECT_EQ(retry_after(429, "7", "", wall_ms), 7s);
  EXPECT_EQ(retry_after(503, "7", "", wall_ms), 7s);
  for (int status : {0, 101, 200, 301, 401, 403, 404, 413, 428, 430, 500, 502, 504})
    EXPECT_EQ(retry_after(status, "7", "", wall_ms), 0s) << status;
}

TEST(RetryAfter, Seconds) {
  EXPECT_EQ(retry_after(429, " 12\t", "", wall_ms), 12s);
  EXPECT_EQ(retry_after(429, "0", "", wall_ms), 0s);
  EXPECT_EQ(retry_after(429, "0.25", "", wall_ms), 250ms);
  EXPECT_EQ(retry_after(429, "300", "", wall_ms), 300s);
  for (const auto* much : {"301", "86400", "99999999999999999999",
                           "1"
                           "00000000000000000000000000000000000000000"})
    EXPECT_EQ(retry_after(429, much, "", wall_ms), 300s) << much;
  for (const auto* none : {"", " ", "-5", "5s", "soon", "1.2.3", "0x10", "1e3", "nan"})
    EXPECT_EQ(retry_after(429, none, "", wall_ms), 0s) << none;
}

TEST(RetryAfter, ADateCountsFromTheAnswersOwnClock) {
  EXPECT_EQ(retry_after(503, in_a_minute, "", wall_ms), 60s);
  EXPECT_EQ(retry_after(503, in_a_minute, "nonsense", wall_ms), 60s);
  EXPECT_EQ(retry_after(503, in_a_minute, "Sun, 06 Nov 1994 08:50:07 GMT", wall_ms), 30s);
  EXPECT_EQ(retry_after(503, in_a_minute, "", wall_ms + 61'000), 0s) << "it is over";
  EXPECT_EQ(retry_after(503, "Mon, 07 Nov 1994 08:49:37 GMT", "", wall_ms), 300s);
}

TEST(RetryAfter, DatesOfAllThreeForms) {
  EXPECT_EQ(read_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784'111'777);
  EXPECT_EQ(read_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), 784'111'777);
  EXPECT_EQ(read_http_date("Sun Nov  6 08:49:37 1994"), 784'111'777);
  for (const auto* none :
       {"", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nox 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:4A:37 GMT", "Sun, 06 Nov 1994 08:49:3/ GMT", "Sun, 06 Nov 1994 08:49:37 GMT x"})
    EXPECT_EQ(read_http_date(none), 0) << none;
}

std::int64_t asked(const std::string& members) {
  return decode_result("{\"success\":false" + members + "}").retry_after_ms;
}

TEST(RetryAfter, OfAResult) {
  EXPECT_EQ(asked(R"(,"retry_after":5)"), 5'000);
  EXPECT_EQ(asked(R"(,"retry_after":0.35)"), 350);
  EXPECT_EQ(asked(R"(,"retryAfter":2)"), 2'000);
  EXPECT_EQ(asked(R"(,"retry_after":"soon","retryAfter":2)"), 2'000);
  EXPECT_GT(asked(R"(,"retry_after":0)"), 0) << "at once is another try, too";
  for (const auto* none : {"", R"(,"retry_after":"5")", R"(,"retry_after":-1)", R"(,"retry_after":null)",
                           R"(,"retry_after":true)", R"(,"retry_after":[5])"})
    EXPECT_EQ(asked(none), 0) << none;
  EXPECT_GT(asked(R"(,"retry_after":1e300)"), 0) << "and nothing overflows";
  EXPECT_EQ(asked(R"(,"retry_after":5,"ambiguous":true)"), 0);
  EXPECT_EQ(asked(R"(,"retry_after":5,"code":"egress_declined")"), 0) << "a refusal is final (F54)";
  EXPECT_EQ(decode_result(R"({"success":true,"retry_after":5})").retry_after_ms, 0);
}

} // namespace retry_after_test
} // namespace relay::wire
