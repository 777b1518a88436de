// The log port of a program that logs with spdlog. Header only: this library itself does not link spdlog, a
// program that includes this does.
#pragma once

#include "relay_gateway/actors/ports.hpp"

#include <spdlog/logger.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace relay {

/// One line per event: `link.lost epoch=3 why="the connection was lost: timed out"`. The logger's level
/// decides what is wanted; secrets never come here.
class spdlog_log final : public log_port {
public:
  explicit spdlog_log(std::shared_ptr<spdlog::logger> to) : to_(std::move(to)) {}

  bool wants(severity level) const noexcept override { return to_->should_log(level_of(level)); }
  void write(severity level, std::string_view id, std::initializer_list<log_field> fields) noexcept override {
    if (!wants(level)) return;
    try {
      std::string line{id};
      for (const auto& x : fields) append(line, x);
      to_->log(level_of(level), spdlog::string_view_t{line.data(), line.size()});
    } catch (...) { // NOLINT(bugprone-empty-catch): a log that fails must not end what it tells of
    }
  }

private:
  static spdlog::level::level_enum level_of(severity x) noexcept {
    switch (x) {
    case severity::debug: return spdlog::level::debug;
    case severity::info: return spdlog::level::info;
    case severity::warn: return spdlog::level::warn;
    case severity::error: return spdlog::level::err;
    }
    return spdlog::level::info;
  }
  static void append(std::string& line, const log_field& x) {
    line += ' ';
    line += x.key;
    line += '=';
    const auto plain = !x.value.empty() && x.value.find_first_of(" \"=\\\n\r\t") == std::string::npos;
    if (plain) {
      line += x.value;
      return;
    }
    line += '"';
    for (char c : x.value) {
      if (c == '"' || c == '\\') line += '\\';
      line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c; // one event is one line
    }
    line += '"';
  }

  std::shared_ptr<spdlog::logger> to_;
};

} // namespace relay
