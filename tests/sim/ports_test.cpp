// The simulated world itself: what the oracle relies on must be true.
#include "relay_gateway/messages/wire/http/tokens.hpp"
#include "relay_gateway/tests/sim/models/connector/accounts.hpp"
#include "relay_gateway/tests/sim/ports/sim_socket.hpp"
#include "relay_gateway/tests/sim/run/shrink.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace relay::sim {
namespace {

struct far_side final : far_end {
  std::vector<std::string> lines;
  int ended = 0;
  void heard(std::string_view line) override { lines.emplace_back(line); }
  void over(std::uint16_t) override { ++ended; }
};

struct near_side final : socket_listener {
  std::string bytes;
  std::vector<socket_end> ends;
  bool open = false;
  void on_open() override { open = true; }
  void on_bytes(std::string_view piece) override { bytes += piece; }
  void on_end(const socket_end& why) override { ends.push_back(why); }
};

class cables : public ::testing::TestWithParam<std::uint64_t> {
protected:
  timeline time;
  fault_set faults{1, {}};
  trace log;
  stage on{time, faults, log, 1};
  std::shared_ptr<process> host = std::make_shared<process>(on, 1);
  std::shared_ptr<near_side> near = std::make_shared<near_side>();
  std::shared_ptr<far_side> far = std::make_shared<far_side>();
  std::shared_ptr<sim_socket> wire =
      std::make_shared<sim_socket>(host, socket_setup{}, seeded_rng{GetParam(), "test"});
  std::shared_ptr<line_socket> handle = wire->make_handle();

  cables() {
    wire->listen(near);
    wire->accept(far);
    run(usec{10'000'000});
  }
  void run(usec span) {
    auto end = time.now() + span;
    while (time.next() && *time.next() <= end) time.step();
    time.move_to(end);
  }
};

TEST_P(cables, CarriesFramesInOrder) {
  ASSERT_TRUE(near->open);
  for (int i = 0; i < 20; ++i) {
    handle->write("to " + std::to_string(i) + "\n");
    wire->say("from " + std::to_string(i) + "\n");
    run(usec{100});
  }
  run(usec{60'000'000});
  ASSERT_EQ(far->lines.size(), 20U);
  EXPECT_EQ(far->lines.back(), "to 19");
  EXPECT_NE(near->bytes.find("from 18\nfrom 19\n"), std::string::npos);
}

TEST_P(cables, CutTellsTheTruthAboutWhatMayHaveArrived) {
  for (int i = 0; i < 20; ++i) {
    handle->write("frame " + std::to_string(i) + "\n");
    run(usec{150});
  }
  wire->cut();
  run(usec{60'000'000});
  ASSERT_EQ(near->ends.size(), 1U);
  EXPECT_EQ(far->ended, 1);
  EXPECT_LE(far->lines.size(), near->ends[0].frames_written) << "more arrived than was written";
  EXPECT_LE(near->ends[0].frames_written, 20U);
  for (std::size_t i = 0; i < far->lines.size(); ++i) EXPECT_EQ(far->lines[i], "frame " + std::to_string(i));
}

TEST_P(cables, HalfOpenIsFoundOutBySilenceOnBothSides) {
  wire->darken(true, true);
  handle->write("into the dark\n");
  run(usec{20'000'000});
  EXPECT_TRUE(near->ends.empty());
  run(usec{60'000'000});
  ASSERT_EQ(near->ends.size(), 1U);
  EXPECT_EQ(far->ended, 1);
  EXPECT_TRUE(far->lines.empty());
}

TEST_P(cables, ClosingWaitsForWhatIsQueued) {
  handle->write("last words\n");
  handle->close(1000, "", milliseconds{1'000});
  run(usec{5'000'000});
  ASSERT_EQ(far->lines.size(), 1U);
  ASSERT_EQ(near->ends.size(), 1U);
  EXPECT_EQ(near->ends[0].close_code, 1000);
}

TEST_P(cables, OnlyTheEndOfAPipeEndsItsLine) {
  for (auto pipe : {true, false}) {
    std::vector<std::string> read;
    socket_setup setup;
    setup.end_ends_line = pipe;
    setup.read = [&](std::string_view line) { read.emplace_back(line); };
    auto output = std::make_shared<sim_socket>(host, setup, seeded_rng{GetParam(), "output"});
    auto reader = output->make_handle();
    output->listen(near);
    output->accept(far);
    output->say("one\ntw");
    output->say("o");
    run(usec{1'000'000});
    EXPECT_EQ(read.size(), 1U);
    output->cut();
    run(usec{60'000'000});
    EXPECT_EQ(read, (pipe ? std::vector<std::string>{"one", "two"} : std::vector<std::string>{"one"}));
  }
}

TEST_P(cables, SuspendedProcessHearsLaterAndInOrder) {
  host->suspend_until(time.now() + usec{5'000'000});
  wire->say("one\n");
  wire->say("two\n");
  run(usec{4'000'000});
  EXPECT_EQ(near->bytes, "");
  run(usec{2'000'000});
  EXPECT_EQ(near->bytes, "one\ntwo\n");
}

TEST_P(cables, DeadProcessHearsNothing) {
  wire->say("too late\n");
  host->die();
  run(usec{60'000'000});
  EXPECT_EQ(near->bytes, "");
  EXPECT_TRUE(near->ends.empty());
  EXPECT_EQ(far->ended, 1);
}

INSTANTIATE_TEST_SUITE_P(manyChoices, cables, ::testing::Range<std::uint64_t>(1, 60));

TEST(accounts, JudgesTheGatewaysOwnTokens) {
  accounts history;
  history.arrange("gw:1", "first");
  history.arrange("gw:1", "second");
  std::string id;
  auto good = wire::mint_token("gw:1", secret{"second"}, 1'000).reveal();
  EXPECT_EQ(history.check(good, 999, id), token_verdict::good);
  EXPECT_EQ(id, "gw:1");
  EXPECT_EQ(history.check(good, 1'001, id), token_verdict::expired);
  EXPECT_EQ(history.check(wire::mint_token("gw:1", secret{"third"}, 1'000).reveal(), 999, id),
            token_verdict::forged);
  EXPECT_EQ(history.check(wire::mint_token("gw", secret{"first"}, 1'000).reveal(), 999, id),
            token_verdict::unknown);
  EXPECT_EQ(history.check("%", 999, id), token_verdict::malformed);
  EXPECT_EQ(history.check("", 999, id), token_verdict::none);
  history.revoke_all();
  EXPECT_EQ(history.check(good, 999, id), token_verdict::forged);
}

TEST(shrinking, LeavesTheFewestFaultsThatStillFail) {
  run_result failed;
  failed.violations.push_back({"rule", "what", usec{0}});
  failed.armed.set();
  failed.fired.set(1).set(2).set(3).set(7);
  auto least = shrink(failed, [](const fault_mask& with) {
    run_result out;
    if (with.test(2) && with.test(7)) out.violations.push_back({"rule", "again", usec{0}});
    if (with.test(3) && !with.test(2)) out.violations.push_back({"another rule", "not this one", usec{0}});
    return out;
  });
  EXPECT_EQ(least, fault_mask{}.set(2).set(7));
}

TEST(faults, AreNamedAndFound) {
  for (std::size_t i = 0; i < fault_count; ++i) {
    auto text = describe(static_cast<fault>(i));
    fault back{};
    ASSERT_TRUE(from_string(text.name, back)) << i;
    EXPECT_EQ(static_cast<std::size_t>(back), i);
    EXPECT_FALSE(text.what.empty());
  }
  fault x{};
  EXPECT_FALSE(from_string("no_such_fault", x));
}

TEST(faults, DisarmingOneLeavesTheOthersAsTheyWere) {
  fault_mask all;
  all.set();
  auto fewer = all;
  fewer.reset(static_cast<std::size_t>(fault::cut));
  fault_set with{9, all, true}, without{9, fewer, true};
  for (int i = 0; i < 500; ++i) {
    (void)with.hit(fault::cut);
    EXPECT_FALSE(without.hit(fault::cut));
    EXPECT_EQ(with.hit(fault::result_late), without.hit(fault::result_late));
  }
}

} // namespace
} // namespace relay::sim
