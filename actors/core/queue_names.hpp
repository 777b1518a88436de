// Subjects and streams of a queue that gateways and workers share.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace relay::core {

class queue_names {
public:
  explicit queue_names(std::string prefix = "relay") : prefix_(std::move(prefix)) {}

  // Subjects. Names of gateways, platforms and workers become one token each.
  std::string events(std::string_view gateway, std::string_view platform) const {
    return prefix_ + ".in." + token(gateway) + "." + token(platform);
  }
  std::string all_events() const { return prefix_ + ".in.>"; }
  std::string actions(std::string_view gateway) const { return prefix_ + ".act." + token(gateway); }
  std::string acks(std::string_view gateway) const { return prefix_ + ".ack." + token(gateway); }
  std::string results(std::string_view worker) const { return prefix_ + ".res." + token(worker); }
  /// Where workers say that they are there.
  std::string workers() const { return prefix_ + ".workers"; }

  // Streams and their consumers.
  std::string event_stream() const { return token(prefix_) + "_IN"; }
  std::string reply_stream(std::string_view gateway) const {
    return token(prefix_) + "_OUT_" + token(gateway);
  }
  static std::string worker_consumer() { return "workers"; }
  static std::string reply_consumer() { return "gateway"; }

  /// The token of the gateway in a subject of events; empty when it is none.
  std::string gateway_of(std::string_view subject) const {
    const auto head = prefix_ + ".in.";
    if (!subject.starts_with(head)) return {};
    subject.remove_prefix(head.size());
    return std::string{subject.substr(0, subject.find('.'))};
  }

  /// Letters, digits, `-` and `_` stay; every other byte becomes `=` and two hex digits. Empty: `=`. A token
  /// stays as it is when it is made one again.
  static std::string token(std::string_view name) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    std::string out;
    for (const char c : name) {
      const auto byte = static_cast<unsigned char>(c);
      if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
          c == '_' || c == '=') {
        out += c;
      } else {
        out += '=';
        out += hex[byte >> 4U];
        out += hex[byte & 15U];
      }
    }
    return out.empty() ? "=" : out;
  }

private:
  std::string prefix_;
};

} // namespace relay::core
