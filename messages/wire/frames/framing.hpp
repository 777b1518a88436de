// Newline framing over arbitrary chunks (protocol.md 3): a frame may span messages, a message may hold
// several.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace relay::wire {

/// Splits a byte stream at `\n`. Holds at most `max_line` bytes of an unfinished line; a longer one is a
/// defined failure, not memory growth (F13). Not thread-safe: one per stream.
class line_splitter {
public:
  explicit line_splitter(std::size_t max_line) : max_line_(max_line) {}

  /// Calls `sink(std::string_view line)` for every finished, non-blank line, without its `\n`. Returns false
  /// when a line exceeds the bound; the splitter is then broken and refuses everything until reset().
  template <class Sink>
  bool feed(std::string_view chunk, Sink&& sink) {
    if (broken_) return false;
    while (!chunk.empty()) {
      auto end = chunk.find('\n');
      auto part = chunk.substr(0, end);
      if (partial_.size() + part.size() > max_line_) return fail();
      if (end == std::string_view::npos) {
        partial_.append(part);
        return true;
      }
      finish(part, sink);
      chunk.remove_prefix(end + 1);
    }
    return true;
  }
  /// As feed(), for a stream that outlives an over-long line: only that line is lost. `lost()` is called once
  /// for each of them, at the byte that breaks the bound; nothing of it is kept.
  template <class Sink, class Lost>
  void feed_on(std::string_view chunk, Sink&& sink, Lost&& lost) {
    while (!chunk.empty()) {
      auto end = chunk.find('\n');
      auto part = chunk.substr(0, end);
      if (!broken_ && partial_.size() + part.size() > max_line_) {
        fail();
        lost();
      }
      if (end == std::string_view::npos) {
        if (!broken_) partial_.append(part);
        return;
      }
      if (!std::exchange(broken_, false)) finish(part, sink);
      chunk.remove_prefix(end + 1);
    }
  }
  /// Drops an unfinished line: a partial one never survives its connection.
  void reset() {
    partial_.clear();
    broken_ = false;
  }
  std::size_t held() const noexcept { return partial_.size(); }

private:
  template <class Sink>
  static void emit(std::string_view line, Sink&& sink) {
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) sink(line);
  }
  /// `part` ends the line that was begun before.
  template <class Sink>
  void finish(std::string_view part, Sink& sink) {
    if (partial_.empty()) return emit(part, sink);
    partial_.append(part);
    emit(partial_, sink);
    partial_.clear();
  }
  bool fail() {
    partial_.clear();
    partial_.shrink_to_fit();
    broken_ = true;
    return false;
  }
  std::size_t max_line_;
  std::string partial_;
  bool broken_ = false;
};

} // namespace relay::wire
