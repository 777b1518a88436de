#include "relay_gateway/actors/boot/core/reload_check.hpp"

#include <algorithm>

namespace relay::core {

namespace {

/// A file as a whole could not be used, as opposed to one value in it.
bool loses_a_file(const config::problem& x) {
  return x.key == "config file" || (x.key == ".env" && x.applied == "treated as empty");
}

} // namespace

std::string reload_fault(const config::resolution& next, const std::vector<config::problem>& before,
                         bool file_was_there) {
  // What was wrong then, too, has its rule applied: it bars no other change. Lines may have moved.
  const auto known = [&](const config::problem& x) {
    return std::any_of(before.begin(), before.end(),
                       [&](const auto& y) { return x.key == y.key && x.reason == y.reason; });
  };
  for (auto x : next.problems) {
    if (x.warning) continue;
    if (!x.fatal_for_run && !loses_a_file(x) && known(x)) continue;
    x.applied = "the running settings stay";
    return to_string(x);
  }
  if (file_was_there && !next.config_found) return next.config_path + ": the config file is gone";
  return {};
}

} // namespace relay::core
