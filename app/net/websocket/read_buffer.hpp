// Where a socket's bytes are put before its listener gets them. Private to app/net.
#pragma once

#include <cstddef>
#include <memory>

namespace relay::net {

/// Small until a piece fills it whole: of a thousand links in a process most have little to say.
class read_buffer {
public:
  static constexpr std::size_t small = 2UL * 1024, large = 16UL * 1024;

  char* data() noexcept { return bytes_.get(); }
  const char* data() const noexcept { return bytes_.get(); }
  std::size_t size() const noexcept { return size_; }
  /// Before a read: what the last one brought is not needed any more.
  void make_room() {
    if (size_ == wanted_) return;
    bytes_ = std::make_unique_for_overwrite<char[]>(wanted_);
    size_ = wanted_;
  }
  /// So much came.
  void filled(std::size_t n) noexcept {
    if (n == size_) wanted_ = large;
  }

private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0, wanted_ = small;
};

} // namespace relay::net
