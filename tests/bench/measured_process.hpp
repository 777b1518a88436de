// A program that a benchmark starts, and what it takes of the machine.
#pragma once

#include <cstddef>
#include <string>
#include <sys/types.h>
#include <vector>

namespace relay::bench {

/// Of a process, since its start.
struct usage {
  double cpu_s = 0;
  std::size_t rss_kib = 0;
};
usage usage_of(pid_t pid);

/// The calling thread and those that it makes run on this processor only; -1, or one that there is not: on
/// any.
void pin_to(int processor);

struct program {
  std::vector<std::string> words;       ///< path and arguments
  std::vector<std::string> environment; ///< `NAME=value`, and nothing else is set
  int processor = -1;
  bool silent = false; ///< its standard output goes nowhere
};
/// 0 when it cannot be started.
pid_t start(program what);
/// SIGTERM, and waits for its end.
void stop(pid_t pid);

/// A program of the directory that `self` (argv[0]) is in.
std::string beside(const std::string& self, const std::string& name);

} // namespace relay::bench
