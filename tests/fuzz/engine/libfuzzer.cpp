// The entry that libFuzzer calls: this program has exactly one target.
#include "relay_gateway/tests/fuzz/fuzz.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto& only = relay::fuzz::targets().front();
  only.run({reinterpret_cast<const char*>(data), size});
  return 0;
}
