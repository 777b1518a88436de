// Log events of actors and application as lines on standard error; standard output is for program output.
//
// Lines are made and written on the thread that logs: at most one system call, which does not wait
// (log_output.hpp). That keeps order, loses nothing at the end, and needs no thread that could hang a
// shutdown. A line that the reader has no room for is dropped and counted; the next one that gets through is
// preceded by `log.dropped`. Of warnings and errors a burst of each event is written, its repeats are
// counted: `log.repeated` tells how many (repeat_limiter.hpp). Secrets cannot get here: a field's value is a
// string, and a `secret` gives none but `***`.
#pragma once

#include "relay_gateway/actors/ports.hpp"
#include "relay_gateway/app/log/log_output.hpp"
#include "relay_gateway/app/log/recent_lines.hpp"
#include "relay_gateway/config/settings.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace relay {

/// Thread-safe.
class configurable_log : public log_port {
public:
  /// `level`: trace debug info warn error critical off. `automatic` is text on a terminal, else JSON.
  virtual void configure(const std::string& level, config::log_format format) = 0;
  /// Lines that were lost.
  virtual std::uint64_t dropped() const noexcept = 0;
  /// Writes what is due about repeats that were left out. To be called now and then: nothing else may happen.
  virtual void tell_repeats() noexcept = 0;
  /// The last lines that were written, as JSON objects, oldest first.
  virtual std::vector<std::string> recent(std::size_t limit) const = 0;
  /// The lines after a number, those at debug included; those at trace may hold messages' texts.
  virtual numbered_lines::part recent_after(std::uint64_t seen) const = 0;
  /// As write(), with `gateway` as the first field. Repeats are counted for each gateway by itself.
  virtual void write_of(const std::string& gateway, severity level, std::string_view id,
                        std::initializer_list<log_field> fields) noexcept = 0;
};

std::shared_ptr<configurable_log> make_log(std::shared_ptr<line_output> to, const std::string& level = "info",
                                           config::log_format format = config::log_format::automatic);

/// A log whose lines are those of one gateway of a fleet, and say so.
std::shared_ptr<log_port> log_of_gateway(std::shared_ptr<configurable_log> to, std::string gateway);
/// Those of `lines`, JSON objects, that are of this gateway.
std::vector<std::string> lines_of_gateway(std::vector<std::string> lines, const std::string& gateway);

} // namespace relay
