// From a command to a process of its own group, with three pipes. Private to app/child.
#pragma once

#include "relay_gateway/app/child/descriptor.hpp"
#include "relay_gateway/app/child/keeper.hpp"

#include <functional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace relay::child {

struct spawn_plan {
  std::vector<std::string> argv;        ///< the first is looked up on PATH unless it has a `/` in it
  std::vector<std::string> environment; ///< NAME=value; nothing else is inherited
};

struct spawned {
  pid_t pid = 0;                    ///< 0 = it did not start; then `error` says why
  descriptor input, output, errors; ///< our ends of its pipes
  keeper kept_by;                   ///< tells of its end; the child ends with it
  std::string error;
};

/// Starts it and waits until the program itself runs, or certainly will not. The child leads a process group,
/// has nothing but its three pipes open, all signals at their defaults, and ends with this process, as does
/// all that it has started (keeper.hpp). `forked` gets its id before it may run the program, so that it can
/// be killed even if that takes for ever, and 0 when the fork failed. Blocks.
spawned spawn(const spawn_plan& what, const std::function<void(pid_t)>& forked);

} // namespace relay::child
