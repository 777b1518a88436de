// Time as a value: core/ is told what time it is, it never asks.
#pragma once

#include <chrono>
#include <optional>

namespace relay::core {

using instant = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;
using deadline = std::optional<instant>;

/// The earlier of two deadlines; none counts as never.
inline deadline earlier(deadline a, deadline b) {
  if (!a) return b;
  if (!b) return a;
  return *a < *b ? a : b;
}

} // namespace relay::core
