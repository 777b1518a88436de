// Watches the answer to a WebSocket upgrade go by. Private to app/net.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace relay::net {

/// Lets the head of an HTTP answer pass and tells its status. It is there for two reasons. Beast reads a
/// refusal to the end of its body before it tells the status, so a body that never ends would hide a 401. And
/// Beast fails when a long head (over 1,536 bytes) is followed at once by more frames than its read buffer
/// takes; so nothing behind the head passes until the head was handed over.
class upgrade_gate {
public:
  /// How many of these next bytes may pass: up to the end of the head.
  std::size_t pass(std::string_view next);
  /// The head has passed entirely.
  bool done() const noexcept { return matched_ == 4; }
  /// The status of the answer; 0 until its first line was seen.
  int status() const noexcept { return digits_ == 3 ? status_ : 0; }
  /// The head has passed and refuses: the body is of no interest.
  bool refused() const noexcept { return done() && status() != 101; }
  /// A header of the answer, of those that a refusal is judged by (Retry-After, Date); empty without one.
  const std::string& retry_after() const noexcept { return retry_after_; }
  const std::string& date() const noexcept { return date_; }

private:
  void end_of_line();

  int matched_ = 0; // characters of \r\n\r\n
  int spaces_ = 0;  // in the first line, up to the status
  int digits_ = 0, status_ = 0;
  bool first_line_ = true;
  std::string line_; // the present one, as far as it is of interest
  std::string retry_after_, date_;
};

} // namespace relay::net
