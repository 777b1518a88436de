// Where log lines leave the process, without ever waiting.
#pragma once

#include <memory>
#include <string_view>

namespace relay {

/// Takes finished lines. One thread at a time.
class line_output {
public:
  virtual ~line_output() = default;
  /// Takes the line (with its line break) as a whole or not at all; never waits. False = not taken.
  virtual bool write(std::string_view line) noexcept = 0;
  /// Somebody is looking.
  virtual bool terminal() const noexcept { return false; }
};

/// Lines to a descriptor that others may use too (standard error). Whoever reads it may stop reading: a pipe,
/// a socket or a terminal that is full refuses a line instead of holding up the thread that writes. The
/// descriptor's own flags are left alone, because a parent or a child may share them; a file is simply
/// written.
std::shared_ptr<line_output> make_descriptor_output(int descriptor);

} // namespace relay
