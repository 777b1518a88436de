// Server-sent events (WHATWG HTML, "event stream interpretation"): bytes cut anywhere in, the data of each
// event out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace relay::core {

/// Lines end with LF, CR LF or CR. Comments and all fields but `data` are skipped.
class sse_reader {
public:
  /// `longest`: bytes of one event's data, and of one line.
  explicit sse_reader(std::size_t longest = 1U << 20) : longest_(longest) {}

  /// Appends the data of each event that is complete to `events`. False when one is too long; then nothing
  /// more is read.
  bool read(std::string_view bytes, std::vector<std::string>& events);
  /// The stream is over. An event that lacks only its last line end counts: some servers leave it out.
  void finish(std::vector<std::string>& events);

private:
  void end_line(std::vector<std::string>& events);

  std::size_t longest_;
  std::string line_, data_;
  bool has_data_ = false, after_cr_ = false, at_start_ = true, failed_ = false;
};

} // namespace relay::core
