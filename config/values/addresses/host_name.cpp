#include "relay_gateway/config/values/addresses/host_name.hpp"

#include <algorithm>

namespace relay::config {

namespace {

bool only(std::string_view text, std::string_view allowed) noexcept {
  return text.find_first_not_of(allowed) == std::string_view::npos;
}

bool is_pod_of_deployment(std::string_view host) noexcept {
  // Kubernetes makes both suffixes of these: no vowels, and no digits that look like letters.
  constexpr std::string_view alphabet = "bcdfghjklmnpqrstvwxz2456789";
  constexpr std::string_view digits = "2456789";
  auto last = host.rfind('-');
  if (last == std::string_view::npos || last == 0) return false;
  auto before = host.rfind('-', last - 1);
  if (before == std::string_view::npos || before == 0) return false;
  auto pod = host.substr(last + 1), set = host.substr(before + 1, last - before - 1);
  // A digit in it tells a hash from a word without vowels.
  return pod.size() == 5 && set.size() >= 8 && set.size() <= 10 && only(pod, alphabet) &&
         only(set, alphabet) && set.find_first_of(digits) != std::string_view::npos;
}

} // namespace

bool is_generated_host_name(std::string_view host) noexcept {
  host = host.substr(0, host.find('.'));
  bool container = (host.size() == 12 || host.size() == 64) && only(host, "0123456789abcdef");
  return container || is_pod_of_deployment(host);
}

} // namespace relay::config
