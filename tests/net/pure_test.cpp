// The parts of app/net that decide without sockets.
#include "relay_gateway/app/net/http/http_text.hpp"
#include "relay_gateway/app/net/http/upgrade_gate.hpp"
#include "relay_gateway/app/net/websocket/keepalive.hpp"
#include "relay_gateway/app/net/websocket/least_rate.hpp"
#include "relay_gateway/app/net/websocket/send_bounds.hpp"
#include "relay_gateway/app/net/websocket/send_queue.hpp"

#include <gtest/gtest.h>

namespace relay::net_test {
namespace {

using namespace std::chrono_literals;
using net::keepalive;
using verdict = keepalive::verdict;

class beats : public ::testing::Test {
protected:
  keepalive::time at(std::chrono::milliseconds t) const { return start + t; }
  keepalive::time start{1h};
  keepalive alive{10s, 25s, start};
};

TEST_F(beats, PingsEachIntervalAndGivesUpOnSilence) {
  EXPECT_EQ(alive.due(), at(10s));
  EXPECT_EQ(alive.wake(at(10s), 10s), verdict::ping);
  EXPECT_EQ(alive.due(), at(20s));
  EXPECT_EQ(alive.wake(at(20s), 20s), verdict::ping);
  EXPECT_EQ(alive.due(), at(25s)); // not only at the next ping
  EXPECT_EQ(alive.wake(at(25s), 25s), verdict::dead);
}

TEST_F(beats, AByteStartsTheCountAnew) {
  alive.wake(at(10s), 10s);
  alive.wake(at(20s), 1s);
  EXPECT_EQ(alive.due(), at(30s));
  EXPECT_EQ(alive.wake(at(30s), 11s), verdict::ping);
}

TEST_F(beats, AWakeUpFarTooLateIsAFreezeAndGivesOneFreshInterval) {
  alive.wake(at(10s), 10s);
  EXPECT_EQ(alive.wake(at(300s), 290s), verdict::ping); // asked at once, not condemned
  EXPECT_EQ(alive.due(), at(310s));
  EXPECT_EQ(alive.wake(at(310s), 300s), verdict::dead); // it had its interval
}

TEST_F(beats, AfterAFreezeAnAnswerSavesThePeer) {
  alive.wake(at(10s), 10s);
  alive.wake(at(300s), 290s);
  EXPECT_EQ(alive.wake(at(310s), 9s), verdict::ping);
}

TEST_F(beats, SilenceWhileNotReadingDoesNotCount) {
  alive.reading(false, at(1s));
  for (auto t = 10s; t < 100s; t += 10s) EXPECT_EQ(alive.wake(at(t), t), verdict::ping);
  alive.reading(true, at(95s));
  EXPECT_EQ(alive.wake(at(100s), 100s), verdict::ping);
  EXPECT_EQ(alive.wake(at(110s), 110s), verdict::ping);
  EXPECT_EQ(alive.wake(at(120s), 120s), verdict::dead);
}

TEST_F(beats, NeverAsksToBeWokenInThePast) {
  for (auto t = 10s; t < 500s; t += 7s) {
    alive.wake(at(t), 24s);
    EXPECT_GT(alive.due(), at(t));
  }
}

TEST(gate, LetsTheHeadPassHoweverItIsCut) {
  std::string head = "HTTP/1.1 401 Unauthorized\r\nX: \r\r\n\r\nbody";
  auto size = head.size() - 4;
  for (std::size_t cut = 0; cut <= head.size(); ++cut) {
    net::upgrade_gate gate;
    auto first = gate.pass(std::string_view(head).substr(0, cut));
    EXPECT_EQ(first, std::min(cut, size));
    auto second = gate.pass(std::string_view(head).substr(first));
    EXPECT_EQ(first + second, size);
    EXPECT_TRUE(gate.refused());
    EXPECT_EQ(gate.status(), 401);
    EXPECT_EQ(gate.pass("more"), 0u);
  }
}

TEST(gate, TellsWhenToTryAgain) {
  const std::string head = "HTTP/1.1 429 Too Many\r\nX-Retry-After: 9\r\nretry-after: 7 s \r\nDATE:now\r\n"
                           "Retry-After: 8\r\nLong: " +
                           std::string(2000, 'x') + "\r\n\r\nRetry-After: 6\r\n";
  for (std::size_t cut = 0; cut <= head.size(); ++cut) {
    net::upgrade_gate gate;
    const auto first = gate.pass(std::string_view(head).substr(0, cut));
    gate.pass(std::string_view(head).substr(first));
    EXPECT_EQ(gate.retry_after(), "7 s ") << "the first of its name";
    EXPECT_EQ(gate.date(), "now");
  }
}

TEST(gate, TellsNoStatusOfWhatIsNoHttp) {
  net::upgrade_gate gate;
  gate.pass("SSH-2.0-x\r\n\r\n");
  EXPECT_EQ(gate.status(), 0);
  net::upgrade_gate accepted;
  accepted.pass("HTTP/1.1 101 Switching Protocols\r\n\r\n");
  EXPECT_TRUE(accepted.done());
  EXPECT_FALSE(accepted.refused());
}

TEST(idempotency_cache, CountsAFrameFromItsFirstByte) {
  net::written_frame_counter idempotency_cache;
  idempotency_cache.begin(0);
  idempotency_cache.begin(10);
  idempotency_cache.begin(20);
  EXPECT_EQ(idempotency_cache.written(), 0u);
  idempotency_cache.departed(1);
  EXPECT_EQ(idempotency_cache.written(), 1u);
  idempotency_cache.departed(10);
  EXPECT_EQ(idempotency_cache.written(), 1u); // the second begins there and has not left
  idempotency_cache.departed(21);
  EXPECT_EQ(idempotency_cache.written(), 3u);
}

TEST(inbox, HandsOverOncePerBurst) {
  net::arrival_queue inbox;
  EXPECT_TRUE(inbox.write("a"));
  EXPECT_FALSE(inbox.write("b", true));
  EXPECT_FALSE(inbox.read(false));
  auto burst = inbox.take();
  EXPECT_EQ(burst.frames, (std::vector<net::arrival_queue::frame>{{"a"}, {"b", true}}));
  EXPECT_EQ(burst.read, false);
  EXPECT_FALSE(burst.hold || burst.drop);
  EXPECT_TRUE(inbox.write("c"));
  EXPECT_EQ(inbox.given(), 3u);
}

TEST(inbox, TakesNothingInAfterTheEnd) {
  net::arrival_queue inbox;
  inbox.close({1000, "", 1s});
  EXPECT_FALSE(inbox.write("too late"));
  inbox.drop("why");
  EXPECT_FALSE(inbox.read(true));
  EXPECT_EQ(inbox.given(), 0u);
  EXPECT_TRUE(inbox.take().drop);
}

TEST(send_bounds, ReadingStopsAtTheBoundAndGoesOnAtAQuarter) {
  net::send_bounds x{1000, 5000};
  EXPECT_FALSE(x.chokes(1000, false));
  EXPECT_TRUE(x.chokes(1001, false));
  EXPECT_TRUE(x.chokes(251, true));
  EXPECT_FALSE(x.chokes(250, true));
}

TEST(stalls, APeerThatTakesNothingIsGivenUpAndOneThatTakesAByteIsNot) {
  net::stall_detector x;
  const std::chrono::steady_clock::time_point start{1h};
  auto look = [&](std::chrono::seconds at, std::uint64_t taken, bool waits = true, bool late = false) {
    return x.look(waits, taken, start + at, 25s, late);
  };
  EXPECT_FALSE(look(0s, 10));
  EXPECT_FALSE(look(20s, 10));
  EXPECT_FALSE(look(24s, 11)) << "one byte starts the count anew";
  EXPECT_FALSE(look(48s, 11));
  EXPECT_TRUE(look(49s, 11));
  EXPECT_FALSE(look(50s, 11, false)) << "nothing waits for it";
  EXPECT_FALSE(look(60s, 11));
  EXPECT_FALSE(look(100s, 11, true, true)) << "we were frozen, not the peer";
  EXPECT_FALSE(look(124s, 11));
  EXPECT_TRUE(look(125s, 11));
}

TEST(least_rate, APeerMayBeSlowAndMayNotTrickle) {
  using namespace std::chrono;
  net::least_rate x{25s};
  const steady_clock::time_point start{1h};
  const auto look = [&](seconds at, std::uint64_t position, bool begun = true) {
    return x.look(begun, position, start + at);
  };
  EXPECT_EQ(x.patience(), 75s);
  EXPECT_FALSE(look(0s, 0, false));
  for (int i = 1; i < 1000; ++i)
    EXPECT_FALSE(look(seconds(i), i * 256)) << "as fast as it must be, for as long as it takes";
  EXPECT_FALSE(look(1074s, 1000 * 256)) << "a pause within its patience";
  EXPECT_TRUE(look(1076s, 1000 * 256 + 1)) << "a byte now and then is no progress";
  x.begin_anew();
  EXPECT_FALSE(look(1100s, 1000 * 256 + 1)) << "that frame has ended";
  EXPECT_FALSE(look(1174s, 1000 * 256 + 2));
  EXPECT_TRUE(look(1176s, 1000 * 256 + 3));
  EXPECT_FALSE(look(1177s, 1000 * 256 + 3, false)) << "nothing is under way";
  EXPECT_FALSE(look(2000s, 1000 * 256 + 3, false));
  EXPECT_FALSE(look(2001s, 8 << 20)) << "credit is not kept";
  EXPECT_FALSE(look(2070s, 8 << 20));
  EXPECT_TRUE(look(2077s, 8 << 20));
}

TEST(text, DecodesEscapes) {
  EXPECT_EQ(net::percent_decode("a%20b+c%2", false), "a b+c%2");
  EXPECT_EQ(net::percent_decode("a%20b+c%g1", true), "a b c%g1");
}

TEST(text, TakesTargetsApart) {
  net::server_request x;
  x.target = "/p%2Fq?&a=1&b&a=2=3#f";
  net::take_target_apart(x);
  EXPECT_EQ(x.path, "/p%2Fq") << "an escaped slash is no separator";
  ASSERT_EQ(x.query.size(), 3u);
  EXPECT_EQ(x.parameter("a"), "1");
  EXPECT_EQ(x.parameter("b"), "");
  EXPECT_EQ(x.query[2].second, "2=3");
}

TEST(text, AnEscapedSlashStaysAndNothingElseDoes) {
  for (auto [target, path] : {std::pair{"/v1%2fstatus", "/v1%2fstatus"},
                              {"/%76%31/st%61tus", "/v1/status"},
                              {"/%2F%2f%20%2", "/%2F%2f %2"},
                              {"/%252f", "/%2f"}}) {
    net::server_request x;
    x.target = target;
    net::take_target_apart(x);
    EXPECT_EQ(x.path, path);
  }
}

TEST(text, AnswersWithoutABodyHaveNoLength) {
  net::server_response x;
  x.status = 204;
  x.body = "ignored";
  EXPECT_EQ(net::answer_text(x, true, false), "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n");
}

TEST(http_date, IsWrittenAsRfc9110Says) {
  EXPECT_EQ(net::http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(net::http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(net::http_date(1709164800), "Thu, 29 Feb 2024 00:00:00 GMT");
}

} // namespace
} // namespace relay::net_test
