#include "relay_gateway/app/net/http/upgrade_gate.hpp"

#include "relay_gateway/app/net/http/http_text.hpp"

#include <string_view>
#include <utility>

namespace relay::net {

namespace {
constexpr std::size_t longest_line = 256; // no header that counts is longer
}

/// The header's value when it is one of those that count, the first of its name.
void upgrade_gate::end_of_line() {
  const std::string_view line = line_;
  const auto colon = line.find(':');
  if (colon != std::string_view::npos && line.size() < longest_line) {
    const auto name = line.substr(0, colon);
    for (auto [known, to] : {std::pair{"retry-after", &retry_after_}, std::pair{"date", &date_}}) {
      if (!to->empty() || !equal_ignoring_case(name, known)) continue;
      const auto value = line.substr(colon + 1);
      const auto from = value.find_first_not_of(" \t");
      if (from != std::string_view::npos) to->assign(value.substr(from));
    }
  }
  line_.clear();
}

std::size_t upgrade_gate::pass(std::string_view next) {
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
    if (c == '\n')
      end_of_line();
    else if (c != '\r' && line_.size() < longest_line)
      line_ += c;
    auto expected = matched_ % 2 == 0 ? '\r' : '\n';
    matched_ = c == expected ? matched_ + 1 : (c == '\r' ? 1 : 0);
  }
  return n;
}

} // namespace relay::net
