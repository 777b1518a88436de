#include "relay_gateway/messages/wire/http/hex.hpp"

#include <gtest/gtest.h>

namespace relay::wire {
namespace hex_test {

TEST(Hex, NumbersHaveAWidthAndBytesTwoDigitsEach) {
  EXPECT_EQ(hex(0xABCULL, 8), "00000abc");
  EXPECT_EQ(hex(0x123456789ULL, 4), "6789");
  EXPECT_EQ(hex(std::string_view{"\x00\x7f\xff", 3}), "007fff");
  EXPECT_EQ(hex(""), "");
}

} // namespace hex_test
} // namespace relay::wire
