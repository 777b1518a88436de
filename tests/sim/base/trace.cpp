#include "relay_gateway/tests/sim/base/trace.hpp"

#include <cstring>
#include <iomanip>

namespace relay::sim {

void trace::mix(std::string_view text) noexcept {
  constexpr std::uint64_t prime = 0x100000001B3ULL;
  // Eight bytes a step: the hash is made of every line of every run.
  auto* p = text.data();
  auto left = text.size();
  for (; left >= 8; left -= 8, p += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, p, 8);
    hash_ = (hash_ ^ word) * prime;
    hash_ ^= hash_ >> 29;
  }
  for (; left > 0; --left, ++p) hash_ = (hash_ ^ static_cast<unsigned char>(*p)) * prime;
  hash_ = (hash_ ^ text.size()) * prime;
}

void trace::line(usec when, std::string_view what, std::string_view who, std::string_view text) {
  ++lines_;
  hash_ ^= static_cast<std::uint64_t>(when.count());
  mix(what);
  mix(who);
  mix(text);
  if (!out_) return;
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  *out_ << std::fixed << std::setprecision(6) << std::setw(12) << static_cast<double>(when.count()) / 1e6
        << ' ' << std::left << std::setw(14) << what << std::right << ' ' << who << ' ' << text << '\n';
}

} // namespace relay::sim
