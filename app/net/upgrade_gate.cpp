#include "app/net/upgrade_gate.hpp"

namespace relay::net {

std::size_t upgrade_gate::pass(std::string_view next) noexcept {
  std::size_t n = 0;
  while (n < next.size() && !done()) {
    auto c = next[n++];
    if (first_line_) {
      if (c == '\n') {
        first_line_ = false;
      } else if (c == ' ') {
        ++spaces_;
      } else if (spaces_ == 1 && digits_ < 3 && c >= '0' && c <= '9') {
        status_ = status_ * 10 + (c - '0');
        ++digits_;
      }
    }
    auto expected = matched_ % 2 == 0 ? '\r' : '\n';
    matched_ = c == expected ? matched_ + 1 : (c == '\r' ? 1 : 0);
  }
  return n;
}

} // namespace relay::net
