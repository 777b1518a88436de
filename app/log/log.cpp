#include "relay_gateway/app/log/log.hpp"

#include "relay_gateway/app/log/log_line.hpp"
#include "relay_gateway/app/log/recent_lines.hpp"
#include "relay_gateway/app/log/repeat_limiter.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include <atomic>
#include <chrono>
#include <mutex>

namespace relay {

namespace {

spdlog::level::level_enum level_of(severity x) {
  switch (x) {
  case severity::debug: return spdlog::level::debug;
  case severity::info: return spdlog::level::info;
  case severity::warn: return spdlog::level::warn;
  case severity::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string line_of(bool json, severity level, std::string_view id, std::span<const log_field> fields) {
  auto now = std::chrono::system_clock::now();
  return json ? json_line(now, level, id, fields) : text_line(now, level, id, fields);
}

/// spdlog's end: counts what the output does not take, and says so as soon as it takes something again.
class output_sink final : public spdlog::sinks::base_sink<std::mutex> {
public:
  explicit output_sink(std::shared_ptr<line_output> to) : to_(std::move(to)) { set_pattern_("%v"); }

  std::atomic<std::uint64_t> lost = 0;
  std::atomic<bool> json = false;

private:
  void sink_it_(const spdlog::details::log_msg& what) override {
    if (auto all = lost.load(std::memory_order_relaxed); all != told_) {
      const log_field count[] = {{"count", all - told_}};
      auto line = line_of(json, severity::warn, "log.dropped", count) + '\n';
      if (!to_->write(line)) {
        ++lost;
        return;
      }
      told_ = all;
    }
    spdlog::memory_buf_t line;
    formatter_->format(what, line);
    if (!to_->write({line.data(), line.size()})) ++lost;
  }
  void flush_() override {}

  std::shared_ptr<line_output> to_;
  std::uint64_t told_ = 0;
};

class spdlog_port final : public configurable_log {
public:
  spdlog_port(const spdlog_port&) = delete;
  spdlog_port& operator=(const spdlog_port&) = delete;
  ~spdlog_port() override {
    try {
      tell(repeats_.all(repeat_limiter::clock::now()));
    } catch (...) {
      ++sink_->lost;
    }
  }
  explicit spdlog_port(std::shared_ptr<line_output> to)
      : terminal_(to->terminal()), sink_(std::make_shared<output_sink>(std::move(to))),
        logger_("relay", sink_) {
    // spdlog would print its own failures to standard error, waiting if need be.
    logger_.set_error_handler([sink = sink_](const std::string&) { ++sink->lost; });
  }

  bool wants(severity level) const noexcept override { return logger_.should_log(level_of(level)); }

  void write(severity level, std::string_view id, std::initializer_list<log_field> fields) noexcept override {
    write_all(level, id, id, {fields.begin(), fields.size()});
  }

  void write_of(const std::string& gateway, severity level, std::string_view id,
                std::initializer_list<log_field> fields) noexcept override {
    if (!wants(level)) return;
    try {
      write_all(level, id, gateway + "/" + std::string{id},
                with_gateway(gateway, {fields.begin(), fields.size()}));
    } catch (...) {
      ++sink_->lost;
    }
  }

  void tell_repeats() noexcept override {
    try {
      std::vector<repeat_limiter::summary> left_out;
      {
        std::lock_guard guard{repeats_lock_};
        const auto now = repeat_limiter::clock::now();
        if (now < repeats_.due()) return;
        left_out = repeats_.finished(now);
      }
      tell(left_out);
    } catch (...) {
      ++sink_->lost;
    }
  }
  std::vector<std::string> recent(std::size_t limit) const override { return recent_.last(limit); }
  numbered_lines::part recent_after(std::uint64_t seen) const override { return followed_.after(seen); }

  void configure(const std::string& level, config::log_format format) override {
    logger_.set_level(spdlog::level::from_str(level));
    sink_->json =
        format == config::log_format::json || (format == config::log_format::automatic && !terminal_);
  }

  std::uint64_t dropped() const noexcept override { return sink_->lost; }

private:
  /// Lines of the same `kind` are repeats of each other: an event's id, behind `NAME/` of its gateway.
  void write_all(severity level, std::string_view id, std::string_view kind,
                 std::span<const log_field> fields) noexcept {
    if (!wants(level)) return;
    try {
      const auto now = repeat_limiter::clock::now();
      bool admitted = true;
      std::vector<repeat_limiter::summary> left_out;
      // What a person turned on for a while (debug, an agent's own lines) is never thinned out.
      if (level >= severity::warn) {
        std::lock_guard guard{repeats_lock_};
        if (now >= repeats_.due()) left_out = repeats_.finished(now);
        admitted = repeats_.admit(kind, now);
      }
      tell(left_out);
      if (admitted) put(level, id, fields);
    } catch (...) {
      ++sink_->lost; // no memory, most likely: a line less
    }
  }

  void put(severity level, std::string_view id, std::span<const log_field> fields) {
    auto line = line_of(sink_->json, level, id, fields);
    logger_.log(level_of(level), spdlog::string_view_t{line.data(), line.size()});
    if (level < severity::debug) return;
    auto kept = sink_->json ? std::move(line) : line_of(true, level, id, fields);
    if (level >= severity::info) recent_.add(kept);
    followed_.add(std::move(kept));
  }
  void tell(const std::vector<repeat_limiter::summary>& left_out) {
    for (const auto& x : left_out) {
      const auto slash = x.id.find('/');
      const bool of_one = slash != std::string::npos;
      const log_field fields[] = {
          {"of", of_one ? x.id.substr(slash + 1) : x.id}, {"count", x.count}, {"seconds", x.within.count()}};
      if (of_one)
        put(severity::warn, "log.repeated", with_gateway(x.id.substr(0, slash), fields));
      else
        put(severity::warn, "log.repeated", fields);
    }
  }
  /// First, because a long line loses its end.
  static std::vector<log_field> with_gateway(const std::string& name, std::span<const log_field> fields) {
    std::vector<log_field> out{{"gateway", name}};
    out.insert(out.end(), fields.begin(), fields.end());
    return out;
  }

  bool terminal_;
  std::mutex repeats_lock_;
  repeat_limiter repeats_;
  recent_lines recent_;
  numbered_lines followed_{static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                                          std::chrono::system_clock::now().time_since_epoch())
                                                          .count())};
  std::shared_ptr<output_sink> sink_;
  spdlog::logger logger_;
};

class gateway_log final : public log_port {
public:
  gateway_log(std::shared_ptr<configurable_log> to, std::string gateway)
      : to_(std::move(to)), gateway_(std::move(gateway)) {}
  bool wants(severity level) const noexcept override { return to_->wants(level); }
  void write(severity level, std::string_view id, std::initializer_list<log_field> fields) noexcept override {
    to_->write_of(gateway_, level, id, fields);
  }

private:
  const std::shared_ptr<configurable_log> to_;
  const std::string gateway_;
};

} // namespace

std::shared_ptr<log_port> log_of_gateway(std::shared_ptr<configurable_log> to, std::string gateway) {
  return std::make_shared<gateway_log>(std::move(to), std::move(gateway));
}

std::vector<std::string> lines_of_gateway(std::vector<std::string> lines, const std::string& gateway) {
  // A quote within a value is escaped, so no value looks like this.
  const auto field = ",\"gateway\":\"" + gateway + "\"";
  std::erase_if(lines, [&](const std::string& x) { return x.find(field) == std::string::npos; });
  return lines;
}

std::shared_ptr<configurable_log> make_log(std::shared_ptr<line_output> to, const std::string& level,
                                           config::log_format format) {
  auto result = std::make_shared<spdlog_port>(std::move(to));
  result->configure(level, format);
  return result;
}

} // namespace relay
