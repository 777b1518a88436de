// Two gateways of a fleet never use one connection, however they come to want it.
#include "relay_gateway/app/fleet/connections.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

namespace relay::fleet {
namespace connections_test {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct connections : ::testing::Test {
  connection_registry all;

  connections() {
    all.begin("a", 1);
    all.begin("b", 2);
  }
};

TEST_F(connections, are_of_one_gateway) {
  EXPECT_EQ(all.reserve("a", 1, "x"), "");
  EXPECT_EQ(all.reserve("a", 1, "x"), "") << "it has it already";
  EXPECT_EQ(all.reserve("b", 2, "x"), "a");
  EXPECT_EQ(all.reserve("b", 2, ""), "") << "no connection is none of anybody's";
}

// A reload that was refused for something else gives back what was reserved for it.
TEST_F(connections, that_are_not_kept_are_free) {
  all.reserve("a", 1, "x");
  all.reserve("a", 1, "y");
  EXPECT_EQ(all.reserve("b", 2, "y"), "a");
  EXPECT_THAT(all.keep_only("a", 1, "x"), ElementsAre("b"));
  EXPECT_THAT(all.keep_only("a", 1, "x"), IsEmpty()) << "it is told once";
  EXPECT_EQ(all.reserve("b", 2, "y"), "");
  EXPECT_EQ(all.reserve("b", 2, "x"), "a");
}

TEST_F(connections, end_with_their_gateway) {
  all.reserve("a", 1, "x");
  all.reserve("b", 2, "x");
  EXPECT_THAT(all.end("a", 1), ElementsAre("b"));
  EXPECT_EQ(all.reserve("b", 2, "x"), "");
}

// A reload that is still being resolved when its gateway ends must not keep the id for ever.
TEST_F(connections, of_an_earlier_life_do_not_count) {
  all.end("a", 1);
  EXPECT_EQ(all.reserve("a", 1, "x"), "");
  EXPECT_EQ(all.reserve("b", 2, "x"), "") << "nobody has it";
  all.begin("a", 3);
  EXPECT_THAT(all.keep_only("a", 1, ""), IsEmpty());
  EXPECT_EQ(all.reserve("a", 3, "x"), "b");
  EXPECT_THAT(all.end("b", 1), IsEmpty());
  EXPECT_EQ(all.reserve("a", 3, "x"), "b");
}

TEST(Connections, OneOfManyThatAskAtOnceGetsIt) {
  for (int round = 0; round < 50; ++round) {
    connection_registry all;
    std::atomic<int> got{0};
    std::vector<std::thread> askers;
    for (std::uint64_t i = 0; i < 4; ++i) all.begin(std::to_string(i), i);
    for (std::uint64_t i = 0; i < 4; ++i)
      askers.emplace_back([&, i] {
        if (all.reserve(std::to_string(i), i, "x").empty()) ++got;
      });
    for (auto& one : askers) one.join();
    EXPECT_EQ(got, 1);
  }
}

TEST(Connections, AreMadeOfConnectorAndId) {
  config::settings x;
  x.relay.default_gateway_id = "gw-box-a";
  EXPECT_EQ(connection_of(x), "") << "the relay is off";
  x.relay.url = "https://c.example";
  EXPECT_EQ(connection_of(x), "https://c.example gw-box-a") << "what it will provision";
  x.relay.gateway_id = "gw-1";
  EXPECT_EQ(connection_of(x), "https://c.example gw-1");
  x.relay.vetoed = true;
  EXPECT_EQ(connection_of(x), "");
}

} // namespace connections_test
} // namespace relay::fleet
