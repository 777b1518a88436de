#include "relay_gateway/actors/agents/core/sse_reader.hpp"

#include <utility>

namespace relay::core {

bool sse_reader::read(std::string_view bytes, std::vector<std::string>& events) {
  while (!bytes.empty() && !failed_) {
    if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const auto end = bytes.find_first_of("\r\n");
    line_ += bytes.substr(0, end);
    failed_ = line_.size() > longest_;
    if (end == std::string_view::npos) break;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    end_line(events);
  }
  return !failed_;
}

void sse_reader::end_line(std::vector<std::string>& events) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  std::string_view line = line_;
  if (std::exchange(at_start_, false) && line.starts_with(byte_order_mark))
    line.remove_prefix(byte_order_mark.size());
  if (line.empty()) {
    if (std::exchange(has_data_, false)) events.push_back(std::exchange(data_, {}));
  } else {
    const auto colon = line.find(':');
    auto value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (line.substr(0, colon) == "data") {
      if (has_data_) data_ += '\n';
      data_ += value;
      has_data_ = true;
      failed_ = failed_ || data_.size() > longest_;
    }
  }
  line_.clear();
}

void sse_reader::finish(std::vector<std::string>& events) {
  if (failed_) return;
  if (!line_.empty()) end_line(events);
  end_line(events);
}

} // namespace relay::core
