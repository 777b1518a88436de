// What a rule can match of a frame. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

namespace relay::connector::faults {

/// Empty where the frame says nothing of the kind; all empty for a line that is no JSON object.
struct frame_view {
  std::string type, platform, chat, op;
  std::string request, buffer; ///< requestId, bufferId
};

/// Reads one line of the relay protocol, without its line break (protocol.md 3).
frame_view read_frame(std::string_view line);

/// Remembers which chat a request or a buffered event was about, because results and acks name only its id.
/// The last 10,000. Not thread-safe.
class frame_memory {
public:
  /// Learns from the frame, or fills in what the frame leaves out.
  void complete(std::string_view gateway, frame_view& x);
  void clear();

private:
  struct about {
    std::string platform, chat, op;
  };
  std::map<std::string, about, std::less<>> known_;
  std::deque<std::string> order_;
};

} // namespace relay::connector::faults
