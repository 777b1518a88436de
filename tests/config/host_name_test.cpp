// Which host names nobody has given.
#include "relay_gateway/config/values/addresses/host_name.hpp"

#include <gtest/gtest.h>

#include <string>

namespace relay::config {
namespace {

TEST(host_name, containers_and_pods_of_a_deployment_have_generated_ones) {
  for (const auto* x : {"4f1c2b9a7d3e", "4f1c2b9a7d3e.lan", "000000000000", "relay-gateway-5d4f8c7b9d-x2x7k",
                        "gw-7f9b6c5d4-zzzzz"})
    EXPECT_TRUE(is_generated_host_name(x)) << x;
  EXPECT_TRUE(is_generated_host_name(std::string(64, 'a')));
}

TEST(host_name, given_ones_and_those_of_a_stateful_set_are_kept) {
  for (const auto* x :
       {"", "box", "relay-gateway-0", "4f1c2b9a7d3", "4F1C2B9A7D3E", "4f1c2b9a7d3g", "web-01-fra",
        "-5d4f8c7b9d-x2x7k", "gw-production-north", "my-tstng-hst-bxxxx", "gw-bcdfghjkl-bcdfg"})
    EXPECT_FALSE(is_generated_host_name(x)) << x;
}

} // namespace
} // namespace relay::config
