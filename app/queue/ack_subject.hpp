// What JetStream says about a message in its reply subject. Pure.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace relay::queue {

struct ack_subject {
  std::uint64_t deliveries = 0, sequence = 0;
  std::uint64_t consumer_sequence = 0; ///< counts whatever the consumer gives out
};

/// `$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<consumer sequence>.<...>`, or with domain and
/// account behind `ACK`; none when it is no such subject.
inline std::optional<ack_subject> parse_ack_subject(std::string_view text) {
  constexpr std::size_t plain = 9, with_domain = 11; // tokens
  std::vector<std::string_view> tokens;
  while (true) {
    const auto dot = text.find('.');
    tokens.push_back(text.substr(0, dot));
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
  }
  if (tokens.size() < plain || tokens[0] != "$JS" || tokens[1] != "ACK") return std::nullopt;
  const std::size_t at = tokens.size() >= with_domain ? 6 : 4;
  const auto number = [](std::string_view digits, std::uint64_t& out) {
    const auto* end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, out);
    return !digits.empty() && read.ec == std::errc{} && read.ptr == end;
  };
  ack_subject out;
  if (!number(tokens[at], out.deliveries) || !number(tokens[at + 1], out.sequence) ||
      !number(tokens[at + 2], out.consumer_sequence))
    return std::nullopt;
  return out;
}

} // namespace relay::queue
