// A text that a peer chose, as 128 bits: tables that are filled by strangers hold these instead of texts.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace relay::core {

/// Secret of this process, or nobody could be kept from choosing ids that collide.
struct fingerprint_key {
  std::uint64_t low = 0, high = 0;
};

struct fingerprint {
  std::uint64_t low = 0, high = 0;
  friend bool operator==(const fingerprint&, const fingerprint&) = default;
};

/// SipHash with 128 bits of output (Aumasson and Bernstein).
template <int Compressions, int Finalizations>
class siphash {
public:
  explicit siphash(fingerprint_key key)
      : v_{0x736f6d6570736575ULL ^ key.low, 0x646f72616e646f6dULL ^ key.high ^ 0xee,
           0x6c7967656e657261ULL ^ key.low, 0x7465646279746573ULL ^ key.high} {}
  fingerprint of(std::string_view text) && {
    const char* p = text.data();
    auto left = text.size();
    for (; left >= 8; left -= 8, p += 8) absorb(word(p));
    absorb(rest(text, left) | static_cast<std::uint64_t>(text.size()) << 56);
    fingerprint out;
    v_[2] ^= 0xee;
    rounds<Finalizations>();
    out.low = v_[0] ^ v_[1] ^ v_[2] ^ v_[3];
    v_[1] ^= 0xdd;
    rounds<Finalizations>();
    out.high = v_[0] ^ v_[1] ^ v_[2] ^ v_[3];
    return out;
  }

private:
  /// As little-endian machines read it; nothing of this leaves the process.
  static std::uint64_t word(const char* p) {
    std::uint64_t out = 0;
    std::memcpy(&out, p, sizeof out);
    return out;
  }
  /// The last bytes, fewer than eight: of a text that is longer than that, by way of its last word.
  static std::uint64_t rest(std::string_view text, std::size_t size) {
    std::uint64_t out = 0;
    if (size == 0) return out;
    if (text.size() >= 8) return word(text.data() + text.size() - 8) >> (64 - 8 * size);
    for (auto at = size; at > 0; --at) out = out << 8 | static_cast<unsigned char>(text[at - 1]);
    return out;
  }
  void absorb(std::uint64_t m) {
    v_[3] ^= m;
    rounds<Compressions>();
    v_[0] ^= m;
  }
  template <int N>
  void rounds() {
    auto [a, b, c, d] = v_;
    for (int i = 0; i < N; ++i) {
      a += b;
      c += d;
      b = std::rotl(b, 13) ^ a;
      d = std::rotl(d, 16) ^ c;
      a = std::rotl(a, 32) + d;
      c += b;
      d = std::rotl(d, 21) ^ a;
      b = std::rotl(b, 17) ^ c;
      c = std::rotl(c, 32);
    }
    v_ = {a, b, c, d};
  }
  struct state {
    std::uint64_t a, b, c, d;
    std::uint64_t& operator[](int i) { return i == 0 ? a : i == 1 ? b : i == 2 ? c : d; }
  } v_;
};

/// With the rounds that are usual for tables.
inline fingerprint fingerprint_of(std::string_view text, fingerprint_key key) {
  return siphash<1, 3>{key}.of(text);
}

} // namespace relay::core
